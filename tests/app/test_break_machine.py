"""The machine fails: full disks, missing rights, damaged files, interruptions, clocks that go back, and no leaks."""

from __future__ import annotations

import ctypes
import gc
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import hanse
from hanse.app import Mesh
from hanse.base import SystemClock
from hanse.pipelines.staging import nodes as building
from hanse.testing.meshes import Columns, MeshFolder

RAW = "domains/sales/orders/data/raw.csv"
KEYED: Columns = {"id": {"logicalType": "integer", "primaryKey": True}, "v": "integer"}
CLI = "import sys; from hanse.cli.main import main; main(sys.argv[1:])"
# Some 10^12 rows: hours.
ENDLESS = "(SELECT count(*) FROM range(1000000) AS a(i), range(1000000) AS b(j) WHERE (a.i * b.j + a.i) % 7 = 3)"


def delivery(count: int) -> str:
    return "id,v\n" + "".join(f"{i},{i * i}\n" for i in range(count))


def product(folder: MeshFolder) -> None:
    folder.product(
        "sales.orders",
        {"orders": KEYED, "totals": {"n": "integer"}},
        transforms={
            "clean": "SELECT id, v FROM raw",
            "orders": "SELECT id, v FROM clean",
            "totals": "SELECT count(*) AS n FROM clean",
        },
        data={"raw.csv": delivery(3)},
        status="draft",
    )


@pytest.fixture
def sales(tmp_path: Path) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    product(folder)
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        assert mesh.run()["succeeded"] == 1
    return folder


def counts(mesh: Mesh) -> tuple[int, int]:
    with mesh.query(
        "SELECT (SELECT count(*) FROM sales.orders.orders) AS a, (SELECT n FROM sales.orders.totals) AS b"
    ) as result:
        row = result.to_arrow().to_pylist()[0]
    return row["a"], row["b"]


def cli(root: Path, *arguments: str, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CLI, "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=before, check=False, timeout=60)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def files_left(root: Path) -> list[str]:
    """Return what should never be left behind: halves, scratch, spill."""
    names = (str(p.relative_to(root)) for p in (root / ".hanse").rglob("*") if p.is_file())
    return [n for n in names if n.endswith((".partial", ".part")) or "/runs/" in n or "/spill/" in n]


# Disks and rights


@pytest.mark.parametrize("limit", [1_000, 60_000, 300_000])
def test_a_disk_that_is_full(sales: MeshFolder, limit: int) -> None:
    """A limit on the size of files refuses writes as a full disk does, and needs no right to mount one."""
    sales.write(RAW, delivery(100_000))

    def filled() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = cli(sales.root, "run", before=filled)
    assert done.returncode != 0
    assert "HNS-" in done.stdout + done.stderr
    assert "cannot be read as" not in done.stdout + done.stderr  # the delivery is sound
    with hanse.open_mesh(sales.root) as mesh:
        assert counts(mesh) == (3, 3)
        assert mesh.run()["succeeded"] == 1
        assert counts(mesh) == (100_000, 100_000)
        assert mesh.doctor()["healthy"]
    assert files_left(sales.root) == []


@pytest.mark.slow
def test_every_command_on_a_full_disk(sales: MeshFolder) -> None:
    """What writes says what is full; with room again, everything goes on."""

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    root = sales.root
    sales.write("domains/sales/orders/transforms/totals.sql", "SELECT count(*) + 0 AS n FROM clean")
    for command in (["apply", "--yes"], ["run", "--force"], ["rollback", "sales.orders", "--yes"]):
        done = cli(root, *command, before=full)
        assert done.returncode != 0, command
        assert re.search(r"error\[HNS-[A-Z]\d{3}\]", done.stderr), (command, done.stdout, done.stderr)
    with hanse.open_mesh(root) as mesh:
        assert counts(mesh) == (3, 3)
        mesh.apply()
        assert mesh.run()["succeeded"] == 1
        assert mesh.doctor(deep=True)["healthy"]
    assert files_left(root) == []


def without_overriding() -> None:
    """Give up the superuser's right to ignore permissions; others have none."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; counts from the next exec


@pytest.fixture
def locked(sales: MeshFolder) -> Iterator[Callable[[str], None]]:
    def lock(pattern: str) -> None:
        found = sorted(sales.root.glob(pattern))
        assert found
        for path in found:
            path.chmod(0o555 if path.is_dir() else 0o444)

    yield lock
    for path in [sales.root, *sales.root.rglob("*")]:
        path.chmod(0o755)


@pytest.mark.parametrize("place", [".hanse", ".hanse/warehouse/sales/orders/*/data", ".hanse/warehouse/**/metadata"])
def test_a_place_that_must_not_be_written(sales: MeshFolder, locked: Callable[[str], None], place: str) -> None:
    sales.write(RAW, delivery(5))
    locked(place)
    done = cli(sales.root, "run", before=without_overriding)
    assert done.returncode != 0
    assert "HNS-" in done.stdout + done.stderr
    for path in sales.root.rglob("*"):
        path.chmod(0o755)
    with hanse.open_mesh(sales.root) as mesh:
        assert counts(mesh) == (3, 3)
        assert mesh.run()["succeeded"] == 1
        assert counts(mesh) == (5, 5)


def test_a_delivery_that_must_not_be_read(sales: MeshFolder) -> None:
    (sales.root / RAW).chmod(0)
    done = cli(sales.root, "run", before=without_overriding)
    (sales.root / RAW).chmod(0o644)
    assert done.returncode != 0
    assert "HNS-I004" in done.stdout + done.stderr


# Damage


def garble(path: Path) -> None:
    path.write_bytes(b"garbage" * 100)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.parametrize("damage", [garble, cut, Path.unlink])
@pytest.mark.parametrize("files", [".hanse/warehouse/**/*.parquet", ".hanse/warehouse/**/*.avro", ".hanse/tables.db"])
def test_damage_is_named_and_a_forced_run_mends_what_can_be_mended(
    sales: MeshFolder, files: str, damage: Callable[[Path], None]
) -> None:
    for path in list(sales.root.glob(files)):
        damage(path)
    with hanse.open_mesh(sales.root) as mesh:
        if not (files.endswith(".db") and damage is cut):  # SQLite may not need its last bytes
            with pytest.raises(hanse.HanseError, match=r"HNS-[TE]"):
                counts(mesh)
            assert not mesh.doctor()["healthy"]
        run = mesh.run(force=True)["runs"][0]
    if files.endswith(".db") and damage is not Path.unlink:
        assert run["status"] == "succeeded" or run["error"]["code"].startswith("HNS-T")
        return
    assert run["status"] == "succeeded"
    with hanse.open_mesh(sales.root) as mesh:
        assert counts(mesh) == (3, 3)
        assert mesh.doctor()["healthy"]


def test_damage_of_the_registry_is_told(sales: MeshFolder) -> None:
    for name in ("registry.db-wal", "registry.db-shm"):
        (sales.root / ".hanse" / name).unlink(missing_ok=True)
    garble(sales.root / ".hanse/registry.db")
    for command in (["plan"], ["run"], ["list"], ["runs"], ["events"], ["query", "SELECT 1 AS x"], ["doctor"]):
        done = cli(sales.root, *command)
        assert done.returncode != 0
        assert "HNS-G003" in done.stdout + done.stderr or command == ["doctor"]


@pytest.mark.parametrize("damage", [garble, cut, Path.unlink, lambda p: p.write_bytes(p.read_bytes())])
def test_damage_of_kept_private_results_is_never_used(
    sales: MeshFolder, damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a file that somebody put in its place, whatever it holds."""
    monkeypatch.setattr(building, "HELD_ROWS", 0)
    with hanse.open_mesh(sales.root) as mesh:
        mesh.run(force=True)
        (kept,) = (sales.root / ".hanse/staged").rglob("*.parquet")
        sales.write("domains/sales/orders/transforms/totals.sql", "SELECT count(*) + 0 AS n FROM clean")
        mesh.apply()
        assert "reused" in {s["status"] for s in mesh.run_details(mesh.run()["runs"][0]["id"])["steps"]}
        damage(kept)
        sales.write("domains/sales/orders/transforms/totals.sql", "SELECT 0 + count(*) AS n FROM clean")
        mesh.apply()
        run = mesh.run()["runs"][0]
        assert run["status"] == "succeeded"
        assert "reused" not in {s["status"] for s in mesh.run_details(run["id"])["steps"]}
        assert counts(mesh) == (3, 3)


def test_what_failing_runs_keep_does_not_grow(sales: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "HELD_ROWS", 0)
    with hanse.open_mesh(sales.root) as mesh:
        before = len(list((sales.root / ".hanse/warehouse").rglob("*.parquet")))
        for number in range(3):
            sales.write(RAW, f"id,v\n1,{number}\n1,{number}\n")
            assert mesh.run()["blocked"] == 1
        assert len(list((sales.root / ".hanse/staged").rglob("*.parquet"))) == 1
        assert len(list((sales.root / ".hanse/warehouse").rglob("*.parquet"))) == before
        # One table is staged when the other fails.
        sales.write("domains/sales/orders/transforms/totals.sql", "SELECT CAST('x' || v AS INTEGER) AS n FROM orders")
        sales.write(RAW, delivery(4))
        mesh.apply()
        run = mesh.run()["runs"][0]
        assert run["status"] in {"failed", "blocked"}
        assert {s["name"] for s in mesh.run_details(run["id"])["steps"]} >= {"stage:orders", "stage:clean"}
        assert len(list((sales.root / ".hanse/warehouse").rglob("*.parquet"))) == before
    assert files_left(sales.root) == []


# Clocks


class Backwards(SystemClock):
    """A clock that jumps back by an hour every time."""

    def __init__(self) -> None:
        self._jumps = 0

    def now(self) -> datetime:
        self._jumps += 1
        return super().now() - timedelta(hours=self._jumps)


def test_a_clock_that_goes_back(sales: MeshFolder) -> None:
    with hanse.open_mesh(sales.root, clock=Backwards()) as mesh:
        for count in (5, 6):
            sales.write(RAW, delivery(count))
            assert mesh.run()["succeeded"] == 1
            assert counts(mesh) == (count, count)
        assert mesh.run()["unchanged"] == 1
        assert [r["sequence"] for r in mesh.releases()["releases"]] == [3, 2, 1]
        assert mesh.verify_events()["ok"]


# Interruptions


@pytest.mark.parametrize(
    "place",
    [
        "transform",
        "query",
        pytest.param("private", marks=pytest.mark.slow),
        pytest.param("rule", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_ends_everything_at_once(tmp_path: Path, place: str) -> None:
    folder = MeshFolder(tmp_path / "mesh")
    product(folder)
    tables: dict[str, Columns] = {"orders": KEYED, "totals": {"n": "integer"}}
    if place == "transform":
        folder.write("domains/sales/orders/transforms/totals.sql", f"SELECT {ENDLESS} AS n")
    elif place == "private":
        folder.write("domains/sales/orders/transforms/clean.sql", f"SELECT id, {ENDLESS} AS v FROM raw")
    elif place == "rule":
        rule = {"name": "long", "type": "sql", "query": f"SELECT {ENDLESS}", "mustBeGreaterThan": 0}
        folder.contract("sales.orders", tables, rules={"totals": [rule]}, status="draft")
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
    arguments = ["query", f"SELECT {ENDLESS} AS n"] if place == "query" else ["run"]
    command = [sys.executable, "-c", CLI, "-C", str(folder.root), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until_busy(process.pid)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert files_left(folder.root) == []
    assert not list((folder.root / ".hanse").glob("warehouse/**/*.parquet"))
    with hanse.open_mesh(folder.root) as mesh:
        assert [r["status"] for r in mesh.runs()["runs"]] == ([] if place == "query" else ["failed"])


def wait_until_busy(pid: int) -> None:
    """Wait until a process has worked for two seconds: more than starting takes."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        out = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
        minutes, seconds = out.strip().split(":")[-2:]
        if int(minutes) * 60 + float(seconds) >= 2:
            return
        time.sleep(0.1)
    pytest.fail("the process never had anything to do")


# Leaks


@pytest.mark.slow
def test_many_runs_leave_nothing_behind(sales: MeshFolder) -> None:
    open_files = Path("/proc/self/fd") if Path("/proc/self/fd").exists() else Path("/dev/fd")
    found: list[tuple[int, int]] = []
    with hanse.open_mesh(sales.root) as mesh:
        for number in range(50):
            bad = number % 4 == 1
            sales.write(RAW, f"id,v\n1,{number}\n1,1\n" if bad else delivery(number % 7 + 1))
            document = mesh.run()
            assert document["failed"] + document["refused"] == 0
            counts(mesh)
            if number in (20, 49):
                gc.collect()
                found.append((len(os.listdir(open_files)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
        named = sum(r["status"] == "succeeded" for r in mesh.runs(limit=None)["runs"]) * 2
    (files, memory), (files_later, memory_later) = found
    assert files_later <= files + 2
    assert memory_later <= memory * 1.25
    assert len(list((sales.root / ".hanse/warehouse").rglob("*.parquet"))) == named
    assert files_left(sales.root) == []
