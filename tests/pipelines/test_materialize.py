"""What a delivery means for a table: appended, merged, by partition, as history."""

from __future__ import annotations

from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.base import ProductName
from hanse.interfaces import FileSizes
from hanse.testing.meshes import Columns, MeshFolder

ITEMS: Columns = {"id": {"logicalType": "integer", "primaryKey": True, "required": True}, "v": "string"}
HEAD = "id,v\n"


def rows(mesh: Mesh, sql: str = "SELECT * FROM a.b.t ORDER BY ALL") -> list[tuple[Any, ...]]:
    with mesh.query(sql) as result:
        return [tuple(r.values()) for r in result.to_arrow().to_pylist()]


def made(folder: MeshFolder, settings: dict[str, Any], first: str, columns: Columns = ITEMS, **more: Any) -> Mesh:
    folder.product("a.b", {"t": columns}, data={"raw.csv": first}, pipeline={"raw": {"file": "data/raw.csv"}}, **more)
    folder.settings("a.b", {"t": settings})
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    return mesh


def deliver(mesh: Mesh, folder: MeshFolder, text: str) -> dict[str, Any]:
    folder.write("domains/a/b/data/raw.csv", text)
    run: dict[str, Any] = mesh.run()["runs"][0]
    return run


def test_append_adds_and_the_same_delivery_twice_changes_nothing(folder: MeshFolder) -> None:
    mesh = made(folder, {"materialize": "append"}, HEAD + "1,a\n", transforms={"t": "SELECT * FROM raw"})
    assert mesh.run()["succeeded"] == 1
    assert deliver(mesh, folder, HEAD + "2,b\n")["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "b")]
    again = deliver(mesh, folder, HEAD + "1,a\n")  # delivered before the last one
    assert again["built"] == []
    assert rows(mesh) == [(1, "a"), (2, "b")]


def test_append_is_checked_over_the_whole_table(folder: MeshFolder) -> None:
    mesh = made(folder, {"materialize": "append"}, HEAD + "1,a\n", transforms={"t": "SELECT * FROM raw"})
    mesh.run()
    run = deliver(mesh, folder, HEAD + "1,again\n")
    assert run["status"] == "blocked"
    assert rows(mesh) == [(1, "a")]
    assert deliver(mesh, folder, HEAD + "2,b\n")["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "b")]


def test_another_sql_does_not_append_the_same_files_again(folder: MeshFolder) -> None:
    mesh = made(folder, {"materialize": "append"}, HEAD + "1,a\n", transforms={"t": "SELECT * FROM raw"})
    mesh.run()
    folder.write("domains/a/b/transforms/t.sql", "SELECT id, upper(v) AS v FROM raw")
    mesh.apply()
    mesh.run()
    assert rows(mesh) == [(1, "a")]
    deliver(mesh, folder, HEAD + "2,b\n")
    assert rows(mesh) == [(1, "a"), (2, "B")]


def test_merge_inserts_updates_and_deletes(folder: MeshFolder) -> None:
    settings = {"materialize": "merge", "deleted": "gone"}
    transforms = {"t": "SELECT id, v, gone = 1 AS gone FROM raw"}
    mesh = made(folder, settings, "id,v,gone\n1,a,0\n2,b,0\n3,c,0\n", transforms=transforms)
    mesh.run()
    assert rows(mesh) == [(1, "a"), (2, "b"), (3, "c")]
    assert deliver(mesh, folder, "id,v,gone\n2,bb,0\n3,,1\n4,d,0\n9,,1\n")["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "bb"), (4, "d")]


def test_merge_rewrites_only_the_files_it_touches(folder: MeshFolder) -> None:
    mesh = made(folder, {"materialize": "merge"}, HEAD + "1,a\n2,b\n", transforms={"t": "SELECT * FROM raw"})
    mesh.run()
    deliver(mesh, folder, HEAD + "11,k\n12,l\n")
    run = deliver(mesh, folder, HEAD + "12,changed\n13,m\n")
    assert rows(mesh) == [(1, "a"), (2, "b"), (11, "k"), (12, "changed"), (13, "m")]
    (step,) = [s for s in mesh.run_details(run["id"])["steps"] if s["kind"] == "deliver"]
    assert step["rows"] == 3  # the file with 11 and 12 was written anew; the one with 1 and 2 was left alone


SHORT: Columns = {
    "id": {"logicalType": "integer", "primaryKey": True, "required": True},
    "v": {"logicalType": "string", "required": True, "logicalTypeOptions": {"maxLength": 2}},
}


@pytest.mark.parametrize("marked", [True, False])
def test_a_merge_checks_the_rows_that_come_and_no_others(folder: MeshFolder, marked: bool) -> None:
    settings = {"materialize": "merge"} | ({"deleted": "gone"} if marked else {})
    transforms = {"t": f"SELECT id, v{', gone = 1 AS gone' if marked else ''} FROM raw"}
    first = "id,v,gone\n" + "".join(f"{i},a,0\n" for i in range(50))
    mesh = made(folder, settings, first, SHORT, transforms=transforms)
    mesh.run()
    blocked = deliver(mesh, folder, "id,v,gone\n7,long,0\n8,b,0\n")
    assert blocked["status"] == "blocked"
    (failed,) = [r for r in blocked["checks"]["results"] if r["status"] == "failed"]
    assert (failed["id"], failed["failed_rows"], failed["total_rows"]) == ("maxLength(v)", 1, 2)
    # A row that is to be deleted comes to nothing, so it need not keep the contract.
    sound = deliver(mesh, folder, "id,v,gone\n7,b,0\n8,b,0\n" + ("9,,1\n" if marked else ""))
    assert sound["status"] == "succeeded"
    assert len(rows(mesh)) == (49 if marked else 50)
    assert {r["total_rows"] for r in sound["checks"]["results"] if r["id"] == failed["id"]} == {2}


def test_a_large_table_is_cut_so_that_a_merge_writes_little_of_it_anew(
    folder: MeshFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.pipelines.staging.parts.SIZES", FileSizes(least=200_000, number=1_000, greatest=1 << 30))
    spread = "SELECT id * 600000 + i AS id, v FROM raw, range(600000) r(i) ORDER BY 1"
    mesh = made(folder, {"materialize": "merge"}, HEAD + "0,a\n", transforms={"t": spread})
    mesh.run()
    folder.write("domains/a/b/transforms/t.sql", "SELECT * FROM raw")
    mesh.apply()
    run = deliver(mesh, folder, HEAD + "599999,last\n600000,new\n")
    (step,) = [s for s in mesh.run_details(run["id"])["steps"] if s["kind"] == "deliver"]
    assert 1 < step["rows"] <= 2 * 122_880
    assert rows(mesh, "SELECT count(*) AS n, max(id) AS m, count(DISTINCT v) AS v FROM a.b.t") == [
        (600_001, 600_000, 3)
    ]
    assert mesh.doctor()["healthy"]


@pytest.mark.parametrize("ways", [0, 100], ids=["all at once", "one by one"])
def test_the_files_of_a_merge_are_found_either_way(
    folder: MeshFolder, monkeypatch: pytest.MonkeyPatch, ways: int
) -> None:
    monkeypatch.setattr("hanse.pipelines.staging.deliver.ASKED_ONE_BY_ONE", ways)
    mesh = made(folder, {"materialize": "merge"}, HEAD + "1,a\n9,i\n", transforms={"t": "SELECT * FROM raw"})
    mesh.run()
    deliver(mesh, folder, HEAD + "2,b\n8,h\n")  # within the bounds of the first file, and not in it
    deliver(mesh, folder, HEAD + "3,c\n7,g\n")
    run = deliver(mesh, folder, HEAD + "2,bb\n4,d\n")
    assert rows(mesh) == [(1, "a"), (2, "bb"), (3, "c"), (4, "d"), (7, "g"), (8, "h"), (9, "i")]
    (step,) = [s for s in mesh.run_details(run["id"])["steps"] if s["kind"] == "deliver"]
    assert step["rows"] == 3


@pytest.mark.parametrize("delivery", [HEAD + "1,x\n1,y\n", HEAD + ",x\n"], ids=["twice", "null"])
def test_merge_refuses_keys_that_name_no_row(folder: MeshFolder, delivery: str) -> None:
    mesh = made(folder, {"materialize": "merge"}, HEAD + "1,a\n", transforms={"t": "SELECT * FROM raw"})
    mesh.run()
    run = deliver(mesh, folder, delivery)
    assert run["status"] == "blocked"
    assert [r["id"] for r in run["checks"]["results"] if r["status"] == "failed"] == ["delivered key(id)"]
    assert rows(mesh) == [(1, "a")]


def test_partitions_of_a_delivery_are_replaced(folder: MeshFolder) -> None:
    columns: Columns = {"day": "string", "v": "string"}
    mesh = made(
        folder,
        {"materialize": "partition", "by": ["day"]},
        "day,v\nmon,a\nmon,b\ntue,c\n,n\n",
        columns,
        transforms={"t": "SELECT * FROM raw"},
    )
    mesh.run()
    deliver(mesh, folder, "day,v\nmon,z\n,m\nwed,d\n")
    assert rows(mesh) == [("mon", "z"), ("tue", "c"), ("wed", "d"), (None, "m")]


def test_a_snapshot_keeps_history(folder: MeshFolder) -> None:
    columns: Columns = {
        "id": {"logicalType": "integer", "primaryKey": True, "primaryKeyPosition": 1, "required": True},
        "v": "string",
        "valid_from": {
            "logicalType": "timestamp",
            "primaryKey": True,
            "primaryKeyPosition": 2,
            "required": True,
        },
        "valid_to": "timestamp",
    }
    mesh = made(
        folder, {"materialize": "snapshot"}, HEAD + "1,a\n2,b\n", columns, transforms={"t": "SELECT * FROM raw"}
    )
    mesh.run()
    deliver(mesh, folder, HEAD + "1,a\n2,changed\n3,c\n")
    deliver(mesh, folder, HEAD + "1,a\n3,c\n")
    found = rows(mesh, "SELECT id, v, valid_to IS NULL AS holds FROM a.b.t ORDER BY id, valid_from")
    assert found == [(1, "a", True), (2, "b", False), (2, "changed", False), (3, "c", True)]
    overlap = """SELECT count(*) AS n FROM a.b.t AS x JOIN a.b.t AS y ON x.id = y.id AND x.valid_from < y.valid_from
                 WHERE x.valid_to > y.valid_from OR x.valid_to IS NULL"""
    assert rows(mesh, overlap) == [(0,)]
    mesh.run(force=True)
    assert rows(mesh, "SELECT count(*) AS n FROM a.b.t") == [(4,)]


def test_a_rolled_back_delivery_can_be_delivered_again(folder: MeshFolder) -> None:
    mesh = made(folder, {"materialize": "append"}, HEAD + "1,a\n", transforms={"t": "SELECT * FROM raw"})
    mesh.run()
    deliver(mesh, folder, HEAD + "2,b\n")
    name = ProductName("a", "b")
    with mesh.registry.write() as writer:
        writer.rollback(name, 1)
    assert rows(mesh) == [(1, "a")]
    with mesh.registry.write() as writer:
        writer.resume(name)
    mesh.run(["a.b"])
    assert rows(mesh) == [(1, "a"), (2, "b")]


def test_what_reads_a_growing_table_is_built_when_it_grows(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": ITEMS, "n": {"n": "integer"}},
        data={"raw.csv": HEAD + "1,a\n"},
        pipeline={"raw": {"file": "data/raw.csv"}},
        transforms={"t": "SELECT * FROM raw", "n": "SELECT count(*) AS n FROM t"},
    )
    folder.settings("a.b", {"t": {"materialize": "append"}})
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    mesh.run()
    deliver(mesh, folder, HEAD + "2,b\n")
    assert rows(mesh, "SELECT n FROM a.b.n") == [(2,)]


def test_a_new_column_is_null_in_rows_of_before(folder: MeshFolder) -> None:
    mesh = made(folder, {"materialize": "append"}, HEAD + "1,a\n", transforms={"t": "SELECT * FROM raw"})
    mesh.run()
    folder.contract("a.b", {"t": {**ITEMS, "w": "string"}}, version="1.1.0")
    folder.write("domains/a/b/transforms/t.sql", "SELECT id, v, v || '!' AS w FROM raw")
    mesh.apply()
    mesh.run()
    assert rows(mesh) == [(1, "a", None)]
    deliver(mesh, folder, HEAD + "2,b\n")
    assert rows(mesh) == [(1, "a", None), (2, "b", "b!")]
