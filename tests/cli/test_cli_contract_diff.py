from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

OLD = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.2.0
status: active
schema:
  - name: orders
    properties:
      - { name: id, logicalType: integer, required: true, primaryKey: true }
      - { name: amount, logicalType: number, required: true }
      - { name: note, logicalType: string }
"""
BROKEN = OLD.replace("      - { name: note, logicalType: string }\n", "")
MORE = OLD + "      - { name: paid, logicalType: boolean }\n"
WORDS = OLD.replace("name: note,", "name: note, description: what the customer wrote,")
Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(OLD)
    return tmp_path


def version(text: str, number: str) -> str:
    return text.replace("version: 1.2.0", f"version: {number}")


@pytest.mark.parametrize(
    ("new", "status", "exit_code", "strict", "suggested"),
    [
        (OLD, "same", 0, 0, "1.2.0"),
        (BROKEN, "breaking", 6, 6, "2.0.0"),
        (version(BROKEN, "1.3.0"), "breaking", 6, 6, "2.0.0"),
        (version(BROKEN, "2.0.0"), "compatible", 0, 0, "2.0.0"),
        (MORE, "compatible", 0, 6, "1.3.0"),
        (version(MORE, "1.3.0"), "compatible", 0, 0, "1.3.0"),
        (WORDS, "compatible", 0, 6, "1.2.1"),
        (version(WORDS, "1.2.1"), "compatible", 0, 0, "1.2.1"),
    ],
)
def test_what_breaks_calls_for_a_major_version(
    run_hanse: Run, folder: Path, new: str, status: str, exit_code: int, strict: int, suggested: str
) -> None:
    (folder / "new.yaml").write_text(new)
    ended = run_hanse("contract", "diff", "old.yaml", "new.yaml", "--json")
    (contract,) = ended.document["contracts"]
    assert (ended.exit, ended.document["status"]) == (exit_code, status)
    assert contract["version"]["suggested"] == suggested
    assert run_hanse("contract", "diff", "old.yaml", "new.yaml", "--strict").exit == strict


def test_every_change_says_what_happened_and_whom_it_concerns(run_hanse: Run, folder: Path) -> None:
    new = MORE.replace("name: amount, logicalType: number, required: true", "name: amount, logicalType: number")
    new = new.replace("name: note, logicalType: string", "name: note, logicalType: string, required: true")
    new = new.replace("name: id,", "name: order_id, customProperties: [{ property: was, value: id }],")
    (folder / "new.yaml").write_text(new)
    (contract,) = run_hanse("contract", "diff", "old.yaml", "new.yaml", "--json").document["contracts"]
    told = {(c["subject"], c["movement"]): c["concerns"] for c in contract["changes"]}
    assert told["orders.amount", "loosened"] == ["readers"]
    assert told["orders.note", "tightened"] == ["producers"]
    assert told["orders.paid", "added"] == ["producers"]
    assert told["orders.order_id", "renamed"] == ["readers", "producers"]


def test_relationships_are_promises_to_those_who_join(run_hanse: Run, folder: Path) -> None:
    key = "relationships: [{ to: orders.id }]"
    (folder / "new.yaml").write_text(OLD.replace("name: note,", f"name: note, {key},"))
    (added,) = run_hanse("contract", "diff", "old.yaml", "new.yaml", "--json").document["contracts"]
    (removed,) = run_hanse("contract", "diff", "new.yaml", "old.yaml", "--json").document["contracts"]
    assert [(c["kind"], c["movement"], c["subject"]) for c in added["changes"]] == [
        ("additive", "tightened", "orders.note")
    ]
    assert [(c["kind"], c["movement"]) for c in removed["changes"]] == [("breaking", "loosened")]
    (folder / "moved.yaml").write_text("# further down\n" + (folder / "new.yaml").read_text())
    (same,) = run_hanse("contract", "diff", "new.yaml", "moved.yaml", "--json").document["contracts"]
    assert (same["status"], same["changes"]) == ("same", [])


def test_a_draft_may_change_freely(run_hanse: Run, folder: Path) -> None:
    (folder / "old.yaml").write_text(OLD.replace("active", "draft"))
    (folder / "new.yaml").write_text(BROKEN.replace("active", "draft"))
    ended = run_hanse("contract", "diff", "old.yaml", "new.yaml")
    assert ended.exit == 0
    assert "it was a draft, which may change freely" in ended.out


def test_markdown_is_a_changelog(run_hanse: Run, folder: Path) -> None:
    (folder / "new.yaml").write_text(BROKEN)
    ended = run_hanse("contract", "diff", "old.yaml", "new.yaml", "--format", "markdown")
    assert ended.out.splitlines()[:4] == [
        "### ✗ `orders` 1.2.0 → 1.2.0",
        "",
        "This calls for version `2.0.0`.",
        "",
    ]
    assert "- `orders.note`: column `note` removed; statements that name it fail" in ended.out


# Revisions


def git(*arguments: str) -> None:
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}
    subprocess.run(["git", *arguments], check=True, capture_output=True, env=os.environ | names)


@pytest.fixture
def repository(folder: Path) -> Path:
    git("init", "-q", "-b", "main")
    (folder / "contracts").mkdir()
    (folder / "contracts" / "orders.odcs.yaml").write_text(OLD)
    git("add", "contracts")
    git("commit", "-q", "-m", "first")
    (folder / "contracts" / "orders.odcs.yaml").write_text(BROKEN)
    (folder / "contracts" / "new.odcs.yaml").write_text(OLD.replace("id: orders", "id: new"))
    return folder


def test_a_file_at_a_revision(run_hanse: Run, repository: Path) -> None:
    ended = run_hanse("contract", "diff", "main:contracts/orders.odcs.yaml", "contracts/orders.odcs.yaml")
    assert ended.exit == 6
    assert "orders.note  column `note` removed" in ended.out
    os.chdir("contracts")
    assert run_hanse("contract", "diff", "HEAD:orders.odcs.yaml", "orders.odcs.yaml").exit == 6


def test_everything_since_a_revision(run_hanse: Run, repository: Path) -> None:
    ended = run_hanse("contract", "diff", "--since", "HEAD", "contracts", "--json")
    found = {c["contract"]: (c["status"], c["old"] and c["old"]["path"]) for c in ended.document["contracts"]}
    assert found == {
        "new": ("compatible", None),
        "orders": ("breaking", "HEAD:contracts/orders.odcs.yaml"),
    }
    assert ended.exit == 6


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--since", "nowhere", "contracts"], "HNS-A009"),
        (["--since", "--upload-pack=x", "contracts"], "HNS-A009"),
        (["--since", "HEAD:contracts", "contracts"], "HNS-A009"),
        (["main:contracts/none.yaml", "old.yaml"], "HNS-A005"),
        (["nothing.yaml", "old.yaml"], "HNS-A005"),
    ],
)
def test_what_is_not_there_is_said(run_hanse: Run, repository: Path, arguments: list[str], code: str) -> None:
    ended = run_hanse("contract", "diff", *arguments)
    assert ended.exit == 1
    assert code in ended.err


def test_outside_a_repository_there_are_no_revisions(
    run_hanse: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    ended = run_hanse("contract", "diff", "--since", "main", "old.yaml")
    assert ended.exit == 1
    assert "is in no git repository" in ended.err


def test_no_git_is_said(run_hanse: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    ended = run_hanse("contract", "diff", "main:old.yaml", "old.yaml")
    assert ended.exit == 1
    assert "there is no `git` on this machine" in ended.err
