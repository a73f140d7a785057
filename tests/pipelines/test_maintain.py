"""Maintenance: the same rows in fewer files, and nothing removed that somebody may read."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.base import ProductName, new_id
from hanse.pipelines.lease import LEASE_SECONDS, owner_identity
from hanse.pipelines.upkeep.maintain import Upkeep, maintain
from hanse.registry import Run, RunStatus
from hanse.spec import ContentCache, load
from hanse.testing.meshes import MeshFolder

NAME = ProductName("a", "b")
AT_ONCE: dict[str, Any] = {"grace": timedelta(0), "stray_age": timedelta(0)}


@pytest.fixture
def grown(folder: MeshFolder) -> Mesh:
    folder.product(
        "a.b",
        {"t": {"n": "integer"}},
        data={"raw.csv": "n\n0\n"},
        pipeline={"raw": {"file": "data/raw.csv"}},
        transforms={"t": "SELECT n FROM raw"},
    )
    folder.settings("a.b", {"t": {"materialize": "append"}})
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    for number in range(12):
        folder.write("domains/a/b/data/raw.csv", f"n\n{number}\n")
        assert mesh.run()["succeeded"] == 1
    return mesh


def upkeep(mesh: Mesh, **options: Any) -> Upkeep:
    cache = ContentCache(Path(mesh.config.state, "other.json"))
    workspace = load(mesh.config.root)
    around = replace(mesh.surroundings(workspace), hashes=cache)
    return maintain(around, NAME, **options)


def numbers(mesh: Mesh) -> list[int]:
    with mesh.query("SELECT n FROM a.b.t ORDER BY n") as result:
        return [int(n) for n in result.to_arrow().column("n").to_pylist()]


def files(mesh: Mesh) -> set[Path]:
    return set(Path(mesh.config.root, mesh.config.warehouse).rglob("*.parquet"))


def test_small_files_become_one_and_rows_stay(grown: Mesh) -> None:
    done = upkeep(grown)
    assert done.compacted == {"a.b.t": (12, 1)}
    assert numbers(grown) == list(range(12))
    newest = grown.releases()["releases"][0]
    assert (newest["kind"], newest["rows"]) == ("maintenance", 12)
    assert upkeep(grown).compacted == {}


def test_columns_that_no_run_has_published_stay_unseen(folder: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hanse.pipelines.upkeep.maintain.FEW_FILES", 0)

    def describe(columns: dict[str, Any], sql: str) -> None:
        source = {"raw": {"file": "data/raw.csv"}}
        data = {"raw.csv": "n\n1\n"}
        folder.product("a.b", {"t": columns}, data=data, pipeline=source, transforms={"t": sql}, status="draft")
        folder.settings("a.b", {"t": {"materialize": "append"}})

    describe({"n": "integer"}, "SELECT n FROM raw")
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    mesh.run()
    renamed = {"logicalType": "integer", "customProperties": [{"property": "was", "value": "n"}]}
    describe({"m": renamed, "o": "integer"}, "SELECT n AS m, 5 AS o FROM raw")
    mesh.apply()
    assert upkeep(mesh, dry_run=True).compacted == {}
    assert upkeep(mesh).compacted == {}
    assert numbers(mesh) == [1]
    assert mesh.run()["succeeded"] == 1
    assert upkeep(mesh).compacted == {"a.b.t": (1, 1)}
    with mesh.query("SELECT * FROM a.b.t") as result:
        assert result.to_arrow().to_pylist() == [{"m": 1, "o": None}]


def test_deliveries_are_remembered_across_compaction(grown: Mesh, folder: MeshFolder) -> None:
    upkeep(grown)
    folder.write("domains/a/b/data/raw.csv", "n\n3\n")
    grown.run()
    assert numbers(grown) == list(range(12))
    folder.write("domains/a/b/data/raw.csv", "n\n77\n")
    grown.run()
    assert numbers(grown) == [*range(12), 77]


def test_nothing_is_removed_that_a_release_names(grown: Mesh) -> None:
    before = files(grown)
    done = upkeep(grown, **AT_ONCE)
    assert done.removed == 0
    assert before <= files(grown)
    with grown.query("SELECT count(*) AS n FROM a.b.t", at=3) as result:
        assert result.to_arrow().column("n").to_pylist() == [3]


def test_expired_releases_give_their_files_back_after_the_grace(grown: Mesh) -> None:
    upkeep(grown)
    old = [r["id"] for r in grown.releases(limit=None)["releases"][1:]]
    done = upkeep(grown, expire=old, stray_age=timedelta(0))
    assert len(done.expired) == len(old)
    assert done.removed == 0  # somebody may still be reading them
    done = upkeep(grown, **AT_ONCE)
    assert done.removed > 12
    assert numbers(grown) == list(range(12))
    assert len(files(grown)) == 1
    assert grown.doctor()["healthy"]


def test_a_dry_run_changes_nothing(grown: Mesh) -> None:
    before, events = files(grown), len(grown.events()["events"])
    told = upkeep(grown, dry_run=True)
    assert told.compacted == {"a.b.t": (12, 1)}
    assert files(grown) == before
    assert len(grown.events()["events"]) == events


def test_a_run_under_way_comes_first(grown: Mesh) -> None:
    run = Run(new_id(), NAME, RunStatus.RUNNING, "k", "manual", grown.clock.now(), owner=owner_identity())
    with grown.registry.write() as writer:
        writer.begin_run(run, lease_seconds=LEASE_SECONDS)
    with pytest.raises(hanse.HanseError):
        upkeep(grown)


def test_a_run_whose_process_died_keeps_no_maintenance_out(grown: Mesh) -> None:
    dead = Run(new_id(), NAME, RunStatus.RUNNING, "k", "manual", grown.clock.now(), owner=_dead_process())
    with grown.registry.write() as writer:
        writer.begin_run(dead, lease_seconds=LEASE_SECONDS)
    assert grown.maintain()["products"][0]["error"] is None
    ended = grown.registry.reader().run(dead.id)
    assert ended is not None
    assert ended.status is RunStatus.ABANDONED
    assert numbers(grown) == list(range(12))


def _dead_process() -> str:
    child = subprocess.Popen([sys.executable, "-c", ""])
    owner = f"{socket.gethostname()}:{child.pid}:"
    child.wait()
    return owner


def test_files_are_removed_while_the_lease_is_held(grown: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compaction's release gives the lease back; nothing may be removed after it."""
    upkeep(grown)
    old = [r["id"] for r in grown.releases(limit=None)["releases"][1:]]
    collect, under_way = grown.store.collect, []

    def collected(*arguments: Any) -> int:
        under_way.append(len(grown.registry.reader().runs(NAME, status=RunStatus.RUNNING)))
        return collect(*arguments)

    monkeypatch.setattr(grown.store, "collect", collected)
    monkeypatch.setattr("hanse.pipelines.upkeep.maintain.FEW_FILES", 0)  # so that there is something to compact
    assert upkeep(grown, expire=old, **AT_ONCE).release is not None
    assert under_way == [1]


def test_what_a_killed_process_left_beside_the_tables_is_cleared(grown: Mesh) -> None:
    state = Path(grown.config.state)
    left = [
        state / "runs/gone/input-raw.parquet",
        state / "spill/duckdb-gone/part.tmp",
        state / "cache.json.1.a.part",
        state / "staged/a/b/.x.y.partial",
    ]
    alive = Run(new_id(), NAME, RunStatus.RUNNING, "k", "manual", grown.clock.now(), owner=owner_identity())
    with grown.registry.write() as writer:
        writer.begin_run(alive, lease_seconds=LEASE_SECONDS)
    kept = state / "runs" / alive.id / "input-raw.parquet"
    for path in (*left, kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    grown.maintain()
    assert all(path.exists() for path in left)  # too young: somebody may be writing it
    for path in (*left, kept):
        for aged in (path, path.parent):
            os.utime(aged, (0, 0))
    grown.maintain(dry_run=True)
    assert all(path.exists() for path in left)
    grown.maintain()
    assert not any(path.exists() for path in left)
    assert kept.exists()
