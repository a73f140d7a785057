"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself; only Hanse is not installed anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
description: { purpose: "to test" }
team: { name: sales, members: [{ username: rosa }] }
schema:
  - name: orders
    description: one row per order
    properties:
      - { name: id, logicalType: integer, required: true, primaryKey: true, description: d }
      - { name: note, logicalType: string, description: d }
"""
CONFIG = """\
repos:
  - repo: {hooks}
    rev: {rev}
    hooks:
      - {{ id: hanse-contract-lint, language: unsupported }}
      - {{ id: hanse-contract-diff, language: unsupported }}
"""


class Repository:
    """A git repository whose commits are looked at by pre-commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self._environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | names
        self._environ |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder.parent)}
        self._environ |= {"PRE_COMMIT_HOME": str(folder.parent / "cache"), "GIT_CONFIG_NOSYSTEM": "1"}
        folder.mkdir()
        self.run("git", "init", "-q", "-b", "main")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.folder, env=self._environ, capture_output=True, text=True, check=False)

    def commit(self, **files: str) -> subprocess.CompletedProcess[str]:
        for name, text in files.items():
            (self.folder / f"{name}.odcs.yaml").write_text(text)
        self.run("git", "add", "-A")
        return self.run("git", "commit", "-m", "a commit")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    source = Repository(tmp_path / "hooks")
    shutil.copy(HOOKS, source.folder)
    source.commit()
    rev = source.run("git", "rev-parse", "HEAD").stdout.strip()
    mine = Repository(tmp_path / "mine")
    (mine.folder / ".pre-commit-config.yaml").write_text(CONFIG.format(hooks=source.folder, rev=rev))
    installed = mine.run("pre-commit", "install")
    assert installed.returncode == 0, installed.stderr
    return mine


@pytest.mark.slow
def test_contracts_are_looked_at_before_they_are_committed(repository: Repository) -> None:
    first = repository.commit(orders=CONTRACT)
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stderr.count("Passed") == 2, first.stderr

    nonsense = repository.commit(orders=CONTRACT.replace("integer", "whole number"))
    assert nonsense.returncode == 1
    assert "orders.odcs.yaml:12" in nonsense.stderr

    less = CONTRACT[: CONTRACT.rindex("      - {")]
    breaking = repository.commit(orders=less)
    assert breaking.returncode == 1
    assert "column `note` removed" in breaking.stderr
    assert "that calls for 2.0.0" in breaking.stderr

    raised = repository.commit(orders=less.replace("1.0.0", "2.0.0"))
    assert raised.returncode == 0, raised.stdout + raised.stderr


@pytest.mark.slow
def test_other_files_are_none_of_their_business(repository: Repository) -> None:
    (repository.folder / "notes.yaml").write_text("not: a contract\n")
    ended = repository.commit()
    assert ended.returncode == 0
    assert ended.stderr.count("Skipped") == 2
