"""Invariants that are broken are told; those of a sound mesh hold."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import hanse
from hanse.app import Mesh
from hanse.testing import invariants
from hanse.testing.meshes import MeshFolder


@pytest.fixture
def mesh(tmp_path: Path) -> Mesh:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "a.b",
        {"t": {"n": {"logicalType": "integer", "required": True}}, "u": {"n": "integer"}},
        data={"raw.csv": "n\n1\n2\n"},
        transforms={"t": "SELECT n FROM raw", "u": "SELECT sum(n) AS n FROM t"},
    )
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    mesh.run()
    folder.write("domains/a/b/data/raw.csv", "n\n3\n4\n")
    mesh.run()
    return mesh


def outputs(mesh: Mesh) -> dict[str, list[invariants.Content]]:
    return {"a.b": list(invariants.contents(mesh).values())}


def test_a_sound_mesh_holds(mesh: Mesh) -> None:
    known = invariants.contents(mesh)
    assert len(known) == 2
    assert invariants.visible_content(mesh)["a.b"] == known[mesh.releases()["releases"][0]["id"]]
    assert invariants.violations(mesh) == ()
    assert invariants.violations(mesh, outputs(mesh), known=known) == ()
    assert invariants.leftovers(mesh) == ()


def test_rows_of_no_run_are_told(mesh: Mesh) -> None:
    (older, newer) = outputs(mesh)["a.b"]
    torn = {**older, "a.b.u": newer["a.b.u"]}
    (found,) = invariants.violations(mesh, {"a.b": [newer, torn]})
    assert "is no completed run's output" in found


def test_rows_that_changed_are_told(mesh: Mesh) -> None:
    known = {release: {**content, "a.b.t": "other"} for release, content in invariants.contents(mesh).items()}
    found = invariants.violations(mesh, outputs(mesh), known=known)
    assert [f.rpartition(": ")[2] for f in found] == ["holds other rows than before"] * 2


def test_a_file_of_an_old_release_that_is_gone_is_told(mesh: Mesh) -> None:
    old = mesh.registry.reader().releases()[-1]
    Path(mesh.store.scan(old.tables[0].table, old.tables[0].snapshot_id).files[0]).unlink()
    assert any("is missing" in f and "release 1 of a.b" in f for f in invariants.violations(mesh))


def test_a_contract_that_does_not_hold_is_told(mesh: Mesh) -> None:
    path = Path(mesh.config.root, "domains/a/b/contracts/b.odcs.yaml")
    path.write_text(
        path.read_text().replace('"name": "u",', '"name": "u", "quality": [{"metric": "rowCount", "mustBe": 9}],')
    )
    assert any("contract of release 2" in f for f in invariants.violations(mesh))
    assert invariants.violations(mesh, contracts=False) == ()


def test_a_changed_event_is_told(mesh: Mesh) -> None:
    path = Path(mesh.config.state, "registry.db")
    mesh.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE event SET subject = 'a.c' WHERE sequence = 3")
    database.close()
    with hanse.open_mesh(mesh.config.root) as again:
        assert any(f.startswith("events: ") for f in invariants.violations(again))


def test_what_belongs_to_nothing_is_left_over(mesh: Mesh) -> None:
    state = Path(mesh.config.state)
    left = [state / "warehouse/a/b/t/data/x.parquet", state / "runs/gone", state / "cache.json.1.a.part"]
    for path in left:
        path.write_bytes(b"")
    assert invariants.leftovers(mesh) == tuple(sorted(map(str, left)))
