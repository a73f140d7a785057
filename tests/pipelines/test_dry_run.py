"""What the engine's binder refuses is known at plan time."""

from __future__ import annotations

import pytest

import hanse
from hanse.testing.meshes import Columns, MeshFolder

COLUMNS: Columns = {"id": "integer", "v": "integer"}


def told(folder: MeshFolder, what: str) -> list[tuple[str, str | None]]:
    with hanse.open_mesh(folder.root) as mesh:
        return [(r["code"], r["where"]) for r in mesh.plan()[what]]


def refusals(folder: MeshFolder) -> list[tuple[str, str | None]]:
    return told(folder, "refusals")


def test_unknown_columns_of_the_mesh_are_refused_with_their_place(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"s": COLUMNS, "t": COLUMNS},
        data={"s.csv": "id,v\n1,2\n"},
        transforms={"t": "SELECT id, v FROM mid", "mid": "SELECT id,\n  sum(vv) AS v\nFROM s GROUP BY id"},
    )
    assert refusals(folder) == [("HNS-L012", "domains/a/b/transforms/mid.sql:2:7")]
    with hanse.open_mesh(folder.root) as mesh, pytest.raises(hanse.HanseError, match="vv"):
        mesh.apply()


def test_what_depends_on_the_present_delivery_is_a_warning(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": COLUMNS},
        data={"raw.csv": "id,v\n1,2\n"},
        transforms={"t": "SELECT id, v FROM mid", "mid": "SELECT id, vv AS v FROM raw"},
    )
    assert refusals(folder) == []
    assert told(folder, "warnings") == [("HNS-L012", "domains/a/b/transforms/mid.sql:1:12")]


def test_columns_that_a_star_brings_are_compared_with_the_contract(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": COLUMNS}, data={"raw.csv": "id,v,w\n1,2,3\n"}, transforms={"t": "SELECT * FROM raw"})
    assert [code for code, _ in told(folder, "warnings")] == ["HNS-L003"]


def test_types_that_do_not_go_together(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": COLUMNS}, data={"t.csv": "id,v\n1,2\n"})
    folder.product(
        "a.c",
        {"u": {"n": "integer"}},
        transforms={"u": "SELECT year(v) AS n FROM b.t"},
        inputs={"b": "a.b"},
    )
    assert refusals(folder) == [("HNS-L012", "domains/a/c/transforms/u.sql")]


def test_a_damaged_delivery_is_no_matter_of_the_plan(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": COLUMNS}, data={"raw.parquet": b"nothing"}, transforms={"t": "SELECT * FROM raw"})
    assert refusals(folder) == []
