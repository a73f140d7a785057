"""What a run promises: consumers see what passed its contract, and nothing else."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.pipelines.staging import nodes as staging
from hanse.testing.meshes import Columns, MeshFolder

ORDERS = "order_id,amount\n1,10\n2,20\n"
KEYED: Columns = {"order_id": {"logicalType": "integer", "primaryKey": True, "required": True}, "amount": "integer"}


def rows(mesh: Mesh, sql: str) -> list[dict[str, Any]]:
    with mesh.query(sql) as result:
        return list(result.to_arrow().to_pylist())


@pytest.fixture
def sales(folder: MeshFolder) -> MeshFolder:
    folder.product(
        "sales.orders",
        {"orders": KEYED, "totals": {"amount": "integer"}},
        transforms={"totals": "SELECT sum(amount) AS amount FROM orders"},
        data={"orders.csv": ORDERS},
    )
    return folder


def build(folder: MeshFolder, **options: Any) -> tuple[Mesh, dict[str, Any]]:
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    return mesh, mesh.run(**options)


def test_a_described_product_becomes_queryable(sales: MeshFolder) -> None:
    mesh, document = build(sales)
    assert [r["status"] for r in document["runs"]] == ["succeeded"]
    assert rows(mesh, "SELECT * FROM sales.orders.orders ORDER BY order_id") == [
        {"order_id": 1, "amount": 10},
        {"order_id": 2, "amount": 20},
    ]
    assert rows(mesh, "SELECT amount FROM sales.orders.totals") == [{"amount": 30}]


def test_nothing_is_visible_before_the_first_run(sales: MeshFolder) -> None:
    mesh = hanse.open_mesh(sales.root)
    mesh.apply()
    with pytest.raises(hanse.HanseError, match="hanse run"):
        mesh.query("SELECT * FROM sales.orders.orders")


def test_unchanged_inputs_and_code_are_nothing_to_do(sales: MeshFolder) -> None:
    mesh, _ = build(sales)
    again = mesh.run()
    assert again["unchanged"] == 1
    assert len(mesh.releases()["releases"]) == 1
    forced = mesh.run(force=True)
    assert forced["succeeded"] == 1
    assert sorted(forced["runs"][0]["built"]) == ["sales.orders.orders", "sales.orders.totals"]


def test_only_what_changed_is_built(sales: MeshFolder) -> None:
    mesh, _ = build(sales)
    sales.write("domains/sales/orders/transforms/totals.sql", "SELECT max(amount) AS amount FROM orders")
    mesh.apply()
    document = mesh.run()
    assert document["runs"][0]["built"] == ["sales.orders.totals"]
    assert rows(mesh, "SELECT amount FROM sales.orders.totals") == [{"amount": 20}]


def test_new_words_are_a_release_of_the_same_data(sales: MeshFolder) -> None:
    mesh, first = build(sales)
    sales.contract("sales.orders", {"orders": KEYED, "totals": {"amount": "integer"}}, description="Better words.")
    mesh.apply()
    second = mesh.run()
    assert second["runs"][0]["built"] == []
    before, after = first["runs"][0]["release"], second["runs"][0]["release"]
    assert after["kind"] == "metadata"
    assert [t["snapshot"] for t in after["tables"]] == [t["snapshot"] for t in before["tables"]]


def test_a_bad_delivery_is_held_back_and_explained(sales: MeshFolder) -> None:
    mesh, _ = build(sales)
    sales.write("domains/sales/orders/data/orders.csv", "order_id,amount\n1,10\n1,20\n,30\n")
    document = mesh.run()
    run = document["runs"][0]
    assert run["status"] == "blocked"
    assert run["error"]["code"] == "HNS-L013"
    failed = {r["check"]: r["failed_rows"] for r in run["checks"]["results"] if r["status"] == "failed"}
    assert len(failed) >= 2
    assert all(r["sample"] for r in run["checks"]["results"] if r["status"] == "failed")
    assert len(rows(mesh, "SELECT * FROM sales.orders.orders")) == 2
    sales.write("domains/sales/orders/data/orders.csv", "order_id,amount\n7,70\n")
    assert mesh.run()["succeeded"] == 1
    assert rows(mesh, "SELECT amount FROM sales.orders.totals") == [{"amount": 70}]


def test_a_warning_publishes_and_is_recorded(folder: MeshFolder) -> None:
    rule = {"name": "many", "type": "library", "metric": "rowCount", "mustBeGreaterThan": 100, "severity": "warning"}
    folder.product("sales.orders", {"orders": KEYED}, data={"orders.csv": ORDERS}, rules={"orders": [rule]})
    mesh, document = build(folder)
    run = document["runs"][0]
    assert run["status"] == "succeeded"
    assert run["release"]["warnings"] == 1
    assert len(rows(mesh, "SELECT * FROM sales.orders.orders")) == 2


def test_values_of_another_type_are_failed_rows(folder: MeshFolder) -> None:
    folder.product("sales.orders", {"orders": KEYED}, data={"orders.csv": "order_id,amount\n1,ten\n2,20\n3,x\n"})
    _, document = build(folder)
    run = document["runs"][0]
    assert run["status"] == "blocked"
    (result,) = [r for r in run["checks"]["results"] if r["status"] == "failed"]
    assert result["column"] == "amount"
    assert (result["failed_rows"], result["total_rows"]) == (2, 3)
    assert {s["row"]["amount"] for s in result["sample"]} == {"ten", "x"}


def test_sound_rows_are_checked_too_when_others_cannot_be_cast(folder: MeshFolder) -> None:
    folder.product("sales.orders", {"orders": KEYED}, data={"orders.csv": "order_id,amount\n1,ten\n2,20\n2,30\n"})
    mesh, document = build(folder)
    failed = {r["id"]: r["failed_rows"] for r in document["runs"][0]["checks"]["results"] if r["status"] == "failed"}
    assert failed == {"cast": 1, "primaryKey(order_id)": 2}
    assert not list(Path(mesh.config.root, mesh.config.warehouse).rglob("*.parquet"))


def test_text_keeps_what_a_guess_would_lose(folder: MeshFolder) -> None:
    folder.product("geo.places", {"places": {"zip": "string"}}, data={"places.csv": "zip\n01069\n20095\n"})
    mesh, _ = build(folder)
    assert [r["zip"] for r in rows(mesh, "SELECT zip FROM geo.places.places ORDER BY zip")] == ["01069", "20095"]


def test_columns_that_differ_from_the_contract_are_an_error(folder: MeshFolder) -> None:
    folder.product("sales.orders", {"orders": KEYED}, data={"orders.csv": "order_id,total\n1,10\n"})
    _, document = build(folder)
    error = document["runs"][0]["error"]
    assert error["code"] == "HNS-L003"
    assert "lacks `amount`" in error["what"]
    assert "extra `total`" in error["what"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "HNS-I002"),
        (b'order_id,amount\n1,"unterminated\n', "HNS-I004"),
        ("order_id,amount\n1,1\n2,\xff\n".encode("latin-1"), "HNS-I004"),
        (b"order_id,amount\n" + b"1,2\n" * 50 + b"1,2,3,4\n", "HNS-I004"),
    ],
    ids=["empty", "unterminated", "wrong encoding", "ragged"],
)
def test_a_file_that_cannot_be_read(folder: MeshFolder, content: bytes, code: str) -> None:
    folder.product("sales.orders", {"orders": KEYED}, data={"orders.csv": ORDERS})
    mesh, _ = build(folder)
    folder.write("domains/sales/orders/data/orders.csv", content)
    run = mesh.run()["runs"][0]
    assert run["status"] in {"failed", "refused"}
    assert run["error"]["code"] == code
    assert len(rows(mesh, "SELECT * FROM sales.orders.orders")) == 2


def test_a_truncated_parquet_file(folder: MeshFolder, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"order_id": [1, 2], "amount": [3, 4]}), tmp_path / "orders.parquet")
    whole = (tmp_path / "orders.parquet").read_bytes()
    folder.product("sales.orders", {"orders": KEYED}, data={"orders.parquet": whole})
    mesh, document = build(folder)
    assert document["succeeded"] == 1
    folder.write("domains/sales/orders/data/orders.parquet", whole[:-20])
    assert mesh.run()["runs"][0]["error"]["code"] == "HNS-I004"
    assert len(rows(mesh, "SELECT * FROM sales.orders.orders")) == 2


@pytest.mark.parametrize("packing", ["zip", "gz"])
def test_packed_files(folder: MeshFolder, packing: str) -> None:
    buffer = io.BytesIO()
    if packing == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../escape.csv", ORDERS)  # a member's own path is never used
    else:
        buffer.write(gzip.compress(ORDERS.encode()))
    folder.product("sales.orders", {"orders": KEYED}, data={f"orders.csv.{packing}": buffer.getvalue()})
    mesh, document = build(folder)
    assert document["succeeded"] == 1
    assert len(rows(mesh, "SELECT * FROM sales.orders.orders")) == 2
    assert not list(folder.root.rglob("escape.csv"))


def test_a_damaged_archive(folder: MeshFolder) -> None:
    folder.product("sales.orders", {"orders": KEYED}, data={"orders.csv.zip": b"PK\x03\x04 cut off"})
    _, document = build(folder)
    assert document["runs"][0]["error"]["code"] == "HNS-I003"


def test_a_transform_that_fails_names_its_file(folder: MeshFolder) -> None:
    folder.product(
        "sales.orders",
        {"orders": KEYED},
        transforms={"orders": "SELECT order_id, CAST('x' || amount AS INTEGER) AS amount FROM raw"},
        data={"raw.csv": ORDERS},
    )
    _, document = build(folder)
    error = document["runs"][0]["error"]
    assert error["code"] == "HNS-L012"
    assert "transforms/orders.sql" in error["where"]
    assert "x10" in error["why"]


def test_products_read_one_release_of_each_other(sales: MeshFolder) -> None:
    sales.product(
        "reports.daily",
        {"daily": {"orders": "integer", "amount": "integer"}},
        transforms={
            "daily": "SELECT count(*) AS orders, any_value(t.amount) AS amount FROM orders.orders, orders.totals AS t"
        },
        inputs={"orders": "sales.orders"},
    )
    mesh, document = build(sales)
    assert [r["product"] for r in document["runs"]] == ["sales.orders", "reports.daily"]
    assert rows(mesh, "SELECT * FROM reports.daily.daily") == [{"orders": 2, "amount": 30}]
    details = mesh.run_details(document["runs"][1]["id"])
    assert details["inputs"][0]["release"] == document["runs"][0]["release"]["id"]
    # A blocked upstream leaves its old release, and so there is nothing to do downstream.
    sales.write("domains/sales/orders/data/orders.csv", "order_id,amount\n1,1\n1,1\n")
    assert [r["status"] for r in mesh.run()["runs"]] == ["blocked", "unchanged"]


def test_a_product_whose_upstream_has_no_release(sales: MeshFolder) -> None:
    sales.product(
        "reports.daily",
        {"daily": {"n": "integer"}},
        transforms={"daily": "SELECT count(*) AS n FROM sales.orders.orders"},
        inputs={"orders": "sales.orders"},
    )
    mesh = hanse.open_mesh(sales.root)
    mesh.apply()
    run = mesh.run(["reports.daily"])["runs"][0]
    assert run["error"]["code"] == "HNS-L011"


def test_a_table_added_upstream_after_its_release(sales: MeshFolder) -> None:
    daily: Columns = {"n": "integer"}
    sales.product(
        "reports.daily",
        {"daily": daily},
        transforms={"daily": "SELECT count(*) AS n FROM sales.orders.orders"},
        inputs={"orders": "sales.orders"},
    )
    mesh, _ = build(sales)
    tables: dict[str, Columns] = {"orders": KEYED, "totals": {"amount": "integer"}, "more": KEYED}
    sales.contract("sales.orders", tables)
    sales.write("domains/sales/orders/transforms/more.sql", "SELECT * FROM orders")
    sales.write("domains/reports/daily/transforms/daily.sql", "SELECT count(*) AS n FROM sales.orders.more")
    mesh.apply()
    run = mesh.run(["reports.daily"])["runs"][0]
    assert (run["status"], run["error"]["code"]) == ("failed", "HNS-L011")
    assert mesh.run()["succeeded"] == 2


def test_files_that_were_not_applied_are_not_run(sales: MeshFolder) -> None:
    mesh, _ = build(sales)
    sales.write("domains/sales/orders/transforms/totals.sql", "SELECT 1 AS amount")
    assert mesh.run()["runs"][0]["error"]["code"] == "HNS-L010"


def test_volatile_sql_always_runs(folder: MeshFolder) -> None:
    folder.product("sales.dice", {"rolls": {"x": "number"}}, transforms={"rolls": "SELECT random() AS x"})
    mesh, _ = build(folder)
    assert mesh.run()["succeeded"] == 1


def test_private_transforms_are_staged_and_never_published(folder: MeshFolder) -> None:
    folder.product(
        "sales.orders",
        {"orders": KEYED},
        transforms={
            "raw_orders": "SELECT order_id, amount * 2 AS amount FROM raw",
            "orders": "SELECT * FROM raw_orders",
        },
        data={"raw.csv": ORDERS},
    )
    mesh, document = build(folder)
    assert document["succeeded"] == 1
    assert rows(mesh, "SELECT sum(amount) AS s FROM sales.orders.orders") == [{"s": 60}]
    with pytest.raises(hanse.HanseError):
        mesh.query("SELECT * FROM sales.orders.raw_orders")


def test_large_private_results_keep_every_digit(folder: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "HELD_ROWS", 0)  # as for inputs of many rows
    folder.product(
        "a.b",
        {"t": {"n": "integer"}},
        data={"raw.csv": "n\n9007199254740993\n"},
        transforms={"t": "SELECT n FROM summed", "summed": "SELECT sum(n) AS n FROM raw"},
    )
    mesh, document = build(folder)
    assert document["succeeded"] == 1
    assert rows(mesh, "SELECT n FROM a.b.t") == [{"n": 9007199254740993}]


def test_two_meshes_in_one_process(tmp_path: Path) -> None:
    meshes = []
    for number in (1, 2):
        folder = MeshFolder(tmp_path / str(number), name=f"mesh{number}")
        folder.product("sales.orders", {"orders": KEYED}, data={"orders.csv": f"order_id,amount\n{number},{number}\n"})
        meshes.append(build(folder)[0])
    assert [rows(m, "SELECT amount FROM sales.orders.orders") for m in meshes] == [[{"amount": 1}], [{"amount": 2}]]
