"""What people read about products, over real releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.testing.meshes import MeshFolder

POSITIVE: dict[str, str | dict[str, Any]] = {
    "n": {"logicalType": "integer", "required": True, "logicalTypeOptions": {"minimum": 0}},
    "price": {"logicalType": "number", "physicalType": "DECIMAL(9,2)"},
}


@pytest.fixture
def folder(tmp_path: Path) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "a.source",
        {"t": POSITIVE, "total": {"n": "integer"}},
        transforms={"total": "SELECT sum(n)::BIGINT AS n FROM t"},
        data={"t.csv": "n,price\n1,1.5\n2,\n"},
    )
    folder.product(
        "b.reader",
        {"sums": {"n": "integer"}},
        transforms={"sums": "SELECT n FROM a.source.total"},
        inputs={"source": "a.source"},
    )
    return folder


@pytest.fixture
def mesh(folder: MeshFolder) -> Iterator[Mesh]:
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        mesh.run()
        yield mesh


def table(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(t for t in document["tables"] if t["table"].endswith(f".{name}"))


def test_the_list_is_short_and_complete(mesh: Mesh) -> None:
    document = mesh.list_products()
    assert [p["product"] for p in document["products"]] == ["a.source", "b.reader"]
    first = document["products"][0]
    assert (first["rows"], first["tables_count"], first["owner"], first["release_sequence"]) == (3, 2, "a team", 1)
    assert document["not_applied"] == []


def test_a_product_without_a_release_is_listed_without_rows(folder: MeshFolder, mesh: Mesh) -> None:
    folder.product("c.later", {"x": {"n": "integer"}}, data={"x.csv": "n\n1\n"})
    assert mesh.list_products()["not_applied"] == ["c.later"]
    mesh.apply()
    later = mesh.list_products()["products"][-1]
    assert (later["product"], later["rows"], later["released_at"]) == ("c.later", None, None)
    shown = mesh.show("c.later")
    assert shown["release"] is None
    assert shown["last_run"] is None
    assert table(shown, "x")["sample"] is None
    assert table(shown, "x")["checks"]["results"] == []


def test_lineage_is_one_level_up_and_down(mesh: Mesh) -> None:
    source, reader = mesh.show("a.source", sample=False), mesh.show("b.reader", sample=False)
    assert source["lineage"]["files"] == ["t"]
    assert source["lineage"]["read_by"] == ["b.reader"]
    assert source["lineage"]["tables"]["total"] == ["file:t"]
    assert reader["lineage"]["reads"] == ["a.source.source"]
    assert reader["lineage"]["read_by"] == []


def test_samples_are_what_a_query_gives(mesh: Mesh) -> None:
    shown = table(mesh.show("a.source"), "t")
    assert shown["sample"] == {"columns": ["n", "price"], "rows": [[1, "1.50"], [2, None]], "error": None}
    assert mesh.show("a.source", sample=False)["tables"][0]["sample"] is None
    with mesh.query(shown["how_to_query"]["cli"].split('"')[1]) as result:
        assert result.to_arrow().num_rows == 2


def test_a_sample_that_cannot_be_read_says_why(mesh: Mesh) -> None:
    for file in (Path(mesh.config.root) / ".hanse/warehouse/a/source").rglob("*.parquet"):
        file.unlink()
    with hanse.open_mesh(mesh.config.root) as again:
        sample = table(again.show("a.source"), "t")["sample"]
    assert sample["rows"] == []
    assert sample["error"]["code"].startswith("HNS-")


def test_checks_are_those_of_what_is_visible(folder: MeshFolder, mesh: Mesh) -> None:
    def totals() -> dict[str, dict[str, int]]:
        shown = mesh.show("a.source", sample=False)
        return {t["table"]: t["checks"]["totals"] for t in shown["tables"]}

    before = totals()
    assert all(t["passed"] and not t["failed"] for t in before.values())
    folder.write("domains/a/source/data/t.csv", "n,price\n-1,2\n")
    document = mesh.run(["a.source"])
    assert document["blocked"] == 1
    assert totals() == before
    assert mesh.show("a.source", sample=False)["last_run"]["status"] == "blocked"


def test_checks_of_a_table_that_was_not_built_again_are_found(folder: MeshFolder, mesh: Mesh) -> None:
    folder.write("domains/a/source/transforms/total.sql", "SELECT max(n)::BIGINT AS n FROM t")
    mesh.apply()
    run = mesh.run(["a.source"])["runs"][0]
    assert run["built"] == ["a.source.total"]
    shown = mesh.show("a.source", sample=False)
    assert shown["release"]["sequence"] == 2
    assert all(t["checks"]["totals"]["passed"] for t in shown["tables"])
