"""A mesh that must not be written: everything that reads works, everything that writes says why not."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hanse
from hanse.base.readonly import ReadableCopy
from hanse.testing.meshes import MeshFolder

RAW = "domains/sales/orders/data/raw.csv"
CLI = "import sys; from hanse.cli.main import main; main(sys.argv[1:])"
READS = (
    ["query", "SELECT sum(v) AS total FROM sales.orders.orders"],
    ["list"],
    ["show", "sales.orders"],
    ["runs"],
    ["releases"],
    ["events", "verify"],
    ["doctor", "--deep"],
    ["plan"],
    ["check"],
)
WRITES = (["run"], ["run", "--force"], ["maintain"], ["rollback", "sales.orders", "--yes"])


def without_overriding() -> None:
    """Give up the superuser's right to ignore permissions; others have none."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; counts from the next exec


def lock(root: Path, *, locked: bool = True) -> None:
    for path in (root, *root.rglob("*")):
        path.chmod((0o555 if path.is_dir() else 0o444) if locked else 0o755)


@pytest.fixture
def sales(tmp_path: Path) -> Iterator[MeshFolder]:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "sales.orders",
        {"orders": {"v": "integer"}},
        transforms={"orders": "SELECT v FROM raw"},
        data={"raw.csv": "v\n1\n"},
    )
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        for rows in ("v\n1\n", "v\n1\n2\n"):
            folder.write(RAW, rows)
            assert mesh.run()["succeeded"] == 1
    yield folder
    lock(folder.root, locked=False)


def cli(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CLI, "-C", str(root), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=without_overriding, check=False, stdin=subprocess.DEVNULL
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.mark.slow
def test_what_reads_works_and_what_writes_says_why_not(sales: MeshFolder) -> None:
    before = {p: p.read_bytes() for p in sales.root.rglob("*") if p.is_file()}
    lock(sales.root)
    for command in READS:
        done = cli(sales.root, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert "3" in cli(sales.root, *READS[0]).stdout.split()
    assert "cannot be written by this user" in cli(sales.root, "doctor").stdout
    for command in WRITES:
        done = cli(sales.root, *command)
        assert done.returncode == 1, command
        assert "HNS-G007" in done.stderr, command
    assert {p: p.read_bytes() for p in sales.root.rglob("*") if p.is_file()} == before
    lock(sales.root, locked=False)
    sales.write(RAW, "v\n5\n")
    with hanse.open_mesh(sales.root) as mesh:
        assert mesh.run()["succeeded"] == 1


READER = """
import sys
import hanse

with hanse.open_mesh(sys.argv[1]) as mesh:
    for _ in sys.stdin:
        with mesh.query("SELECT sum(v) AS total FROM sales.orders.orders") as result:
            print(result.to_arrow().to_pylist()[0]["total"], flush=True)
"""


@pytest.mark.slow
def test_a_reader_without_rights_sees_what_the_owner_releases(sales: MeshFolder) -> None:
    """Also while the owner's process holds the databases open, with what is new only in their logs."""
    lock(sales.root)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(sales.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=without_overriding,
    )
    asked, answers = reader.stdin, reader.stdout
    assert asked is not None
    assert answers is not None

    def total() -> int:
        print("go", file=asked, flush=True)
        return int(answers.readline())

    assert total() == 3
    lock(sales.root, locked=False)
    sales.write(RAW, "v\n10\n")
    with hanse.open_mesh(sales.root) as mesh:
        assert mesh.run()["succeeded"] == 1
        lock(sales.root)
        assert total() == 10
        lock(sales.root, locked=False)
    lock(sales.root)
    assert total() == 10
    asked.close()
    assert reader.wait(timeout=60) == 0
    answers.close()


def test_copies_are_private_and_do_not_pile_up(tmp_path: Path) -> None:
    original = tmp_path / "a.db"
    original.write_bytes(b"one")
    copy = ReadableCopy(original)
    first = copy.current()
    assert (first.read_bytes(), copy.current()) == (b"one", first)
    assert first.parent.stat().st_mode & 0o077 == 0
    original.write_bytes(b"other")
    (tmp_path / "a.db-wal").write_bytes(b"log")
    second = copy.current()
    assert second.read_bytes() == b"other"
    assert [p.name for p in sorted(first.parent.iterdir())] == [second.name, f"{second.name}-wal"]
    folder = first.parent
    del copy
    assert not folder.exists()


def test_a_full_disk_can_be_read(sales: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has no room for its index then; `scripts/full_disk.sh` fills a real one."""
    full = shutil.disk_usage(sales.root)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    before = {p.name for p in (sales.root / ".hanse").iterdir()}
    with hanse.open_mesh(sales.root) as mesh:
        with mesh.query("SELECT sum(v) AS total FROM sales.orders.orders") as result:
            assert result.to_arrow().to_pylist() == [{"total": 3}]
        assert mesh.doctor()["healthy"]
        assert {p.name for p in (sales.root / ".hanse").iterdir()} - before <= {"cache.json", "products"}
        sales.write(RAW, "v\n7\n")
        assert mesh.run()["succeeded"] == 1, "there was room, after all"
        with mesh.query("SELECT sum(v) AS total FROM sales.orders.orders") as result:
            assert result.to_arrow().to_pylist() == [{"total": 7}]
