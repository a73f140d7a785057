"""A run that goes on after a kill publishes one state of everything, also of SQL that is otherwise each time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hanse
from hanse.pipelines.staging import nodes as building
from hanse.testing.meshes import MeshFolder

# Kills its own process at the n-th table's check: every table is staged and recorded by then, or before the n-th stage.
KILLED = """
import os, signal, sys
import hanse
from hanse.drivers.duckdb.session import DuckDBSession
from hanse.pipelines import records
from hanse.pipelines.staging import nodes as staging

records._FLUSH_SECONDS = 0.0
staging.HELD_ROWS = int(sys.argv[3])
staging._workers = lambda: 1
stage, fatal = DuckDBSession.stage, int(sys.argv[2])
count = 0

def staged(self, select, path, columns=None):
    global count
    if columns:
        count += 1
        if count == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
    return stage(self, select, path, columns)

DuckDBSession.stage = staged
with hanse.open_mesh(sys.argv[1]) as mesh:
    mesh.run()
"""


@pytest.fixture
def dice(tmp_path: Path) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "games.dice",
        {"one": {"x": "number"}, "two": {"x": "number"}, "still": {"n": "integer"}},
        transforms={
            "thrown": "SELECT random() AS x FROM raw",
            "one": "SELECT x FROM thrown",
            "two": "SELECT x FROM thrown",
            "still": "SELECT count(*) AS n FROM raw",
        },
        data={"raw.csv": "id\n1\n2\n3\n"},
    )
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
    return folder


@pytest.mark.parametrize("held_rows", [0, 100])
@pytest.mark.parametrize("fatal", [2, 3])
def test_one_throw_of_the_dice_for_all_tables(
    dice: MeshFolder, fatal: int, held_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", KILLED, str(dice.root), str(fatal), str(held_rows)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    monkeypatch.setattr(building, "HELD_ROWS", held_rows)
    with hanse.open_mesh(dice.root) as mesh:
        killed = mesh.runs()["runs"][0]["id"]
        run = mesh.run()["runs"][0]
        assert (run["id"], run["status"]) == (killed, "succeeded")
        throws = []
        for table in ("one", "two"):
            with mesh.query(f"SELECT x FROM games.dice.{table} ORDER BY x") as result:
                throws.append(result.to_arrow().to_pylist())
        assert throws[0] == throws[1]
        assert mesh.doctor()["healthy"]
        assert mesh.run()["succeeded"] == 1  # dice are thrown in every run


def test_halves_of_a_killed_run_are_cleared_by_the_next(dice: MeshFolder) -> None:
    command = [sys.executable, "-c", KILLED, str(dice.root), "3", "0"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with hanse.open_mesh(dice.root) as mesh:
        dead = mesh.runs()["runs"][0]["id"]
        whole = sorted((dice.root / ".hanse/warehouse").rglob(f"*{dead}*.parquet"))
        assert whole
        half = whole[0].with_name(f".{whole[0].name}.x.partial")
        half.write_bytes(b"half")
        dice.write("domains/games/dice/data/raw.csv", "id\n1\n")  # so that it is not gone on with
        assert mesh.run()["succeeded"] == 1
        assert mesh.runs()["runs"][-1]["status"] == "abandoned"
    assert not half.exists()
    assert not any(path.exists() for path in whole)
    assert os.listdir(dice.root / ".hanse/runs") == []


KILLED_AFTER_COMMIT = """
import os, signal, sys
import hanse
from hanse.drivers.iceberg import IcebergTables

commit = IcebergTables.commit

def committed(self, *arguments, **options):
    commit(self, *arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

IcebergTables.commit = committed
with hanse.open_mesh(sys.argv[1]) as mesh:
    mesh.run()
"""


@pytest.mark.parametrize("way", ["append", "merge"])
def test_what_was_committed_is_not_written_again(tmp_path: Path, way: str) -> None:
    folder = MeshFolder(tmp_path / "mesh")
    key = {"logicalType": "integer", "primaryKey": True, "required": True}
    folder.product(
        "a.b",
        {"t": {"id": key, "v": "string"}},
        transforms={"t": "SELECT id, v FROM raw"},
        data={"raw.csv": "id,v\n1,a\n2,b\n"},
        pipeline={"raw": {"file": "data/raw.csv"}},
    )
    folder.settings("a.b", {"t": {"materialize": way}})
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        mesh.run()
    folder.write("domains/a/b/data/raw.csv", "id,v\n3,c\n" + ("1,z\n" if way == "merge" else ""))
    command = [sys.executable, "-c", KILLED_AFTER_COMMIT, str(folder.root)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    files = {f: os.stat(f).st_mtime_ns for f in (folder.root / ".hanse/warehouse").rglob("data/*.parquet")}
    with hanse.open_mesh(folder.root) as mesh:
        dead = mesh.runs()["runs"][0]["id"]
        run = mesh.run()["runs"][0]
        assert (run["id"], run["status"]) == (dead, "succeeded")
        with mesh.query("SELECT id, v FROM a.b.t ORDER BY id") as result:
            rows = [(r["id"], r["v"]) for r in result.to_arrow().to_pylist()]
        assert rows == [(1, "z" if way == "merge" else "a"), (2, "b"), (3, "c")]
        assert mesh.doctor()["healthy"]
    assert {f: os.stat(f).st_mtime_ns for f in files} == files
