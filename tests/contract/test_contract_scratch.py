"""What a test copies of the data is gone afterwards, however the test ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import hanse
from hanse.app.contract.scratch import scratch_folder

_HOLD = """
import sys
from hanse.app.contract.scratch import scratch_folder
with scratch_folder() as folder:
    open(f"{folder}/copy.csv", "w").write("confidential")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders are made."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_a_killed_tests_copies_are_removed_by_the_next_and_a_living_ones_are_not(temporary: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        copy = Path(process.stdout.readline().strip(), "copy.csv")
        assert os.stat(copy.parent).st_mode & 0o077 == 0
        with scratch_folder() as mine, scratch_folder():
            assert copy.exists()
            assert os.path.isdir(mine)
        process.send_signal(signal.SIGKILL)
    with scratch_folder():
        assert not copy.parent.exists()
    assert list(temporary.iterdir()) == []


def test_what_only_looks_like_a_folder_of_ours_stays(temporary: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / ".lock").touch()
    (temporary / "hanse-contract-link").symlink_to(other)
    (temporary / "hanse-contract-unfinished").mkdir()
    with scratch_folder():
        pass
    assert sorted(p.name for p in temporary.iterdir()) == ["hanse-contract-link", "hanse-contract-unfinished"]
    assert (other / ".lock").exists()


def test_a_test_leaves_nothing_behind(contract: Callable[..., Path], here: Path, temporary: Path) -> None:
    (here / "t.csv").write_text("id\n1\n")
    assert hanse.test_contract(contract(t={"id": "integer"}), data=here / "t.csv")["status"] == "passed"
    assert list(temporary.iterdir()) == []


def test_no_rule_makes_what_no_limit_holds(contract: Callable[..., Path], here: Path) -> None:
    (here / "t.csv").write_text("id\n1\n")
    query = "SELECT length(repeat('x', 3000000000)) FROM t"
    rule = {"type": "sql", "query": query, "mustBe": 0}
    found = hanse.test_contract(
        contract(t={"properties": {"id": "integer"}, "quality": [rule]}), data=here / "t.csv", seconds=5
    )
    (check,) = (c for c in found["contracts"][0]["tables"][0]["checks"] if c["clause"].startswith("sql"))
    assert check["verdict"] == "error"
    assert "`repeat` makes texts or lists of great or unknown length" in check["error"]
