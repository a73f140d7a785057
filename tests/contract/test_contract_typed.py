"""Files that have types of their own: verified in those, where they lie."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hanse
from contract_verdicts import bad, checks, only_table
from hanse.base import TableName
from hanse.drivers.duckdb import DuckDBEngine
from hanse.drivers.iceberg import IcebergTables
from hanse.interfaces import ColumnDraft, Replacement
from hanse.spec.types import Scalar
from hanse.testing.engine.documents import write_avro, write_workbook

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("logical", "kind"),
    [
        *[("integer", kind) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint64())],
        *[("number", kind) for kind in (pa.float32(), pa.float64(), pa.int32(), pa.decimal128(10, 2))],
        *[("string", kind) for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()))],
        *[("timestamp", pa.timestamp(unit)) for unit in ("ms", "us", "ns")],
        *[("timestamp", pa.timestamp(unit, "Europe/Berlin")) for unit in ("ms", "us", "ns")],
        ("date", pa.date32()),
        ("time", pa.time64("us")),
        ("boolean", pa.bool_()),
        ("array", pa.list_(pa.int16())),
        ("object", pa.struct([("n", pa.int8()), ("more", pa.string())])),
    ],
    ids=str,
)
def test_another_width_or_unit_satisfies_a_logical_type(here: Path, contract: Write, logical: str, kind: Any) -> None:
    column: dict[str, Any] = {"logicalType": logical}
    if logical == "array":
        column["items"] = {"logicalType": "integer"}
    if logical == "object":
        column["properties"] = [{"name": "n", "logicalType": "integer"}]
    pq.write_table(pa.table({"c": pa.nulls(3, kind)}), "t.parquet")
    assert bad(hanse.test_contract(contract(t={"c": column}), data="t.parquet")) == set()


@pytest.mark.parametrize(
    ("logical", "kind"),
    [
        ("integer", pa.float64()),
        ("integer", pa.decimal128(10, 2)),
        ("integer", pa.string()),
        ("number", pa.string()),
        ("string", pa.int64()),
        ("date", pa.timestamp("us")),
        ("timestamp", pa.date32()),
        ("boolean", pa.int8()),
        ("array", pa.list_(pa.string())),
        ("object", pa.struct([("other", pa.int8())])),
        ("object", pa.map_(pa.string(), pa.int8())),
    ],
    ids=str,
)
def test_another_kind_of_type_does_not(here: Path, contract: Write, logical: str, kind: Any) -> None:
    column: dict[str, Any] = {"logicalType": logical}
    if logical == "array":
        column["items"] = {"logicalType": "integer"}
    if logical == "object":
        column["properties"] = [{"name": "n", "logicalType": "integer"}]
    pq.write_table(pa.table({"c": pa.nulls(3, kind)}), "t.parquet")
    found = checks(hanse.test_contract(contract(t={"c": column}), data="t.parquet"))
    assert found["type(c)"]["verdict"] == "failed"
    assert "the contract says" in found["type(c)"]["message"]


@pytest.mark.parametrize(
    ("logical", "physical", "kind", "verdict"),
    [
        ("integer", "INT32", pa.int32(), "passed"),
        ("integer", "int32", pa.int64(), "failed"),
        ("integer", "BIGINT", pa.int64(), "passed"),
        ("integer", "BIGINT", pa.int32(), "failed"),
        ("integer", "INTEGER", pa.int64(), "not_applicable"),
        ("number", "DOUBLE", pa.float32(), "failed"),
        ("number", "DECIMAL(10, 2)", pa.decimal128(10, 2), "passed"),
        ("number", "DECIMAL(12,2)", pa.decimal128(10, 2), "passed"),
        ("number", "DECIMAL(19,0)", pa.uint64(), "failed"),
        ("number", "DECIMAL(10,1)", pa.decimal128(10, 2), "failed"),
        ("string", "VARCHAR(3)", pa.string(), "passed"),
        ("string", "NCLOB2", pa.string(), "not_applicable"),
        ("date", "DATE", pa.date32(), "passed"),
    ],
)
def test_physical_types_are_those_of_the_file_where_both_are_known(
    here: Path, contract: Write, logical: str, physical: str, kind: Any, verdict: str
) -> None:
    pq.write_table(pa.table({"c": pa.nulls(3, kind)}), "t.parquet")
    (here / "t.csv").write_text("c\n")
    path = contract(t={"c": {"logicalType": logical, "physicalType": physical}})
    found = {name: checks(hanse.test_contract(path, data=name))["physicalType(c)"] for name in ("t.parquet", "t.csv")}
    assert found["t.parquet"]["verdict"] == verdict
    # Texts have no type, but values: `VARCHAR(3)` and `INT32` say something of them.
    bounded = physical.upper() in ("VARCHAR(3)", "INT32")
    assert found["t.csv"]["verdict"] == ("passed" if bounded else "not_applicable")


def test_avro_and_excel_are_data_too(here: Path, contract: Write) -> None:
    write_avro(here / "t.avro", "note", ["a", "b", ""])
    write_workbook(
        here / "t.xlsx", {"data": [["note", "on"], ["a", dt.date(2024, 2, 29)], ["b", "never"], [None, None]]}
    )
    note = {"logicalType": "string", "required": True, "logicalTypeOptions": {"minLength": 1}}
    assert bad(hanse.test_contract(contract(t={"note": note}), data="t.avro")) == {"minLength(note)"}
    document = hanse.test_contract(contract(t={"note": note, "on": "date"}), data="t.xlsx")
    assert bad(document) == {"required(note)", "type(on)"}
    assert checks(document)["type(on)"]["failed_rows"] == 1


def test_columns_are_found_by_either_name_in_any_case(here: Path, contract: Write) -> None:
    columns = {
        "order_id": {"logicalType": "integer", "required": True},
        "status": {"logicalType": "string", "physicalName": "ST", "required": True},
        "gone": {"logicalType": "string", "required": True},
    }
    pq.write_table(pa.table({"ORDER_ID": [1, None], "st": ["a", None], "more": [1, 2]}), "t.parquet")
    found = checks(hanse.test_contract(contract(t=columns), data="t.parquet"))
    assert (found["required(order_id)"]["failed_rows"], found["required(order_id)"]["method"]) == (1, "statistics")
    assert found["required(status)"]["failed_rows"] == 1
    assert found["required(gone)"]["status"] == found["type(gone)"]["status"] == "error"
    assert found["columns"]["verdict"] == "warned"
    assert "`more`" in found["columns"]["message"]


def test_many_files_are_one_table(here: Path, contract: Write) -> None:
    for number, folder in enumerate(("a", "b/c")):
        (here / "orders" / folder).mkdir(parents=True)
        pq.write_table(pa.table({"id": [1, number]}), here / "orders" / folder / "part-0.parquet")
    (here / "orders" / "_SUCCESS").touch()
    path = contract(t={"id": {"logicalType": "integer", "unique": True}})
    for data in ("orders", "orders/**/*.parquet", ["orders/a/part-0.parquet", "orders/b/c/part-0.parquet"]):
        found = checks(hanse.test_contract(path, data=data))
        assert (found["unique(id)"]["failed_rows"], found["unique(id)"]["total_rows"]) == (3, 4)


def test_nothing_is_copied_or_left_behind(here: Path, contract: Write) -> None:
    pq.write_table(pa.table({"id": [1, 1]}), "t.parquet")
    path = contract(t={"id": {"logicalType": "integer", "unique": True}})
    before = {p: p.stat().st_mtime_ns for p in here.rglob("*")}
    hanse.test_contract(path, data="t.parquet")
    assert {p: p.stat().st_mtime_ns for p in here.rglob("*")} == before


@pytest.fixture
def iceberg(here: Path) -> Path:
    """A folder of an Iceberg table of two columns, `id` written as `old`, and two rows."""
    name = TableName("d", "p", "orders")
    store = IcebergTables(str(here / "warehouse"), f"sqlite:///{here / 'catalog.db'}")
    schema = store.create(name, [ColumnDraft("old", Scalar.BIGINT), ColumnDraft("note", Scalar.VARCHAR)])
    staging = store.staging(name, "run")
    select = "SELECT 1::BIGINT AS old, 'a' AS note UNION ALL SELECT NULL, 'b'"
    with DuckDBEngine().open(writable=[str(Path(staging).parent)]) as session:
        file = session.stage(select, staging, schema.columns)
    store.commit([Replacement(name, (file,), None)], run_id="run")
    store.alter(name, [ColumnDraft("id", Scalar.BIGINT, was="old"), ColumnDraft("note", Scalar.VARCHAR)])
    return here / "warehouse" / "d" / "p" / "orders"


def test_iceberg_folders_are_read_by_field_id(here: Path, contract: Write, iceberg: Path) -> None:
    path = contract(orders={"id": {"logicalType": "integer", "required": True}, "note": "string"})
    moved = here / "elsewhere" / "orders"
    shutil.copytree(iceberg, moved)
    for data in (iceberg, moved, moved.parent):
        document = hanse.test_contract(path, data=data)
        assert bad(document) == {"required(id)"}
        assert checks(document)["required(id)"]["method"] == "statistics"


def test_iceberg_folders_lead_nowhere_else(here: Path, contract: Write, iceberg: Path) -> None:
    """Metadata that names files outside of the folder is refused, whoever wrote it."""
    moved = here / "elsewhere" / "orders"
    shutil.copytree(iceberg, moved)
    newest = max((moved / "metadata").glob("*.metadata.json"))
    document = json.loads(newest.read_text())
    document["location"] = "/nowhere"
    (moved / "metadata" / "00099-x.metadata.json").write_text(json.dumps(document))
    problem = only_table(hanse.test_contract(contract(orders={"id": "integer"}), data=moved))["problem"]
    assert problem["code"] == "HNS-T008"
    assert "outside of its folder" in problem["what"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format-version": 1}', '{"format-version": 2, "schemas": 3}'])
def test_damaged_iceberg_metadata_is_told(here: Path, contract: Write, content: str) -> None:
    (here / "t" / "metadata").mkdir(parents=True)
    (here / "t" / "metadata" / "v1.metadata.json").write_text(content)
    problem = only_table(hanse.test_contract(contract(t={"id": "integer"}), data="t"))["problem"]
    assert problem["code"] in ("HNS-T007", "HNS-T013")
