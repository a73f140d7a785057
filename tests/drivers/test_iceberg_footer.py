from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal as Number
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.conversions import from_bytes
from pyiceberg.types import DecimalType

from hanse.drivers.iceberg import IcebergTables
from hanse.drivers.iceberg.footer import _next_bytes, _next_text, _text_bounds, _unscaled, read_file
from hanse.interfaces import ColumnDraft, StagedFile, StoredColumn, TableScan
from hanse.spec.types import Decimal, Field, List, Map, Scalar, Struct
from hanse.testing.parquet import commit_files, read_rows, write_rows
from hanse.testing.tables.suite import ORDERS


@given(text=st.text(min_size=1, max_size=20), rest=st.text(max_size=5))
def test_the_next_text_is_greater_than_all_with_the_prefix(text: str, rest: str) -> None:
    following = _next_text(text)
    if following is None:
        assert set(text) == {"\U0010ffff"}
    else:
        assert following > (text + rest).encode()


@given(prefix=st.binary(min_size=1, max_size=20), rest=st.binary(max_size=5))
def test_the_next_bytes_are_greater_than_all_with_the_prefix(prefix: bytes, rest: bytes) -> None:
    following = _next_bytes(prefix)
    assert set(prefix) == {255} if following is None else following > prefix + rest


@given(low=st.text(max_size=30), high=st.text(max_size=30))
def test_text_bounds_enclose(low: str, high: str) -> None:
    bounds = _text_bounds(low.encode(), high.encode())
    assert bounds is not None
    least, greatest = bounds
    assert least <= low.encode()
    assert len(least.decode()) <= 16
    assert greatest is None or greatest >= high.encode()


def test_a_bound_cut_inside_a_character_is_no_bound() -> None:
    assert _text_bounds("aé".encode()[:-1], b"b") is None


@given(value=st.integers(-(10**38) + 1, 10**38 - 1))
def test_decimals_are_written_as_iceberg_reads_them(value: int) -> None:
    assert from_bytes(DecimalType(38, 0), _unscaled(value)) == Number(value)
    assert len(_unscaled(value)) == max(1, math.ceil(((value if value >= 0 else ~value).bit_length() + 1) / 8))


def test_nan_is_no_bound(tmp_path: Path) -> None:
    columns = (StoredColumn(1, "x", Scalar.DOUBLE),)
    path = str(tmp_path / "nan.parquet")
    duckdb.execute(f"COPY (SELECT unnest(['1', 'nan', '3'])::DOUBLE AS x) TO '{path}' (FIELD_IDS {{x: 1}})")
    file = read_file(StagedFile(path, 3, Path(path).stat().st_size), columns)
    bounds = [*file.lower_bounds.values(), *file.upper_bounds.values()]
    assert not any(math.isnan(from_bytes_double(bound)) for bound in bounds)


def from_bytes_double(content: bytes) -> float:
    import struct

    value: float = struct.unpack("<d", content)[0]
    return value


def test_only_nulls_have_no_bounds(tmp_path: Path) -> None:
    columns = (StoredColumn(1, "x", Scalar.BIGINT), StoredColumn(2, "y", Scalar.VARCHAR))
    staged = write_rows(str(tmp_path / "nulls.parquet"), columns, [{"x": None, "y": "a"}, {}])
    file = read_file(staged, columns)
    assert dict(file.null_counts) == {1: 2, 2: 1}
    assert dict(file.value_counts) == {1: 2, 2: 2}
    assert dict(file.lower_bounds) == {2: b"a"}


# DuckDB writes and reads the files that Hanse publishes

DRAFTS = (
    ColumnDraft("id", Scalar.BIGINT, required=True),
    ColumnDraft("select", Scalar.VARCHAR),
    ColumnDraft("flag", Scalar.BOOLEAN),
    ColumnDraft("x", Scalar.DOUBLE),
    ColumnDraft("price", Decimal(9, 2)),
    ColumnDraft("wide", Decimal(38, 10)),
    ColumnDraft("day", Scalar.DATE),
    ColumnDraft("at", Scalar.TIMESTAMP),
    ColumnDraft("zoned", Scalar.TIMESTAMPTZ),
    ColumnDraft("clock", Scalar.TIME),
    ColumnDraft("raw", Scalar.BLOB),
    ColumnDraft("tags", List(Scalar.VARCHAR)),
    ColumnDraft("place", Struct((Field("lat", Scalar.DOUBLE), Field("names", List(Scalar.VARCHAR))))),
    ColumnDraft("extra", Map(Scalar.VARCHAR, Scalar.BIGINT)),
)
ROWS = """
    SELECT i::BIGINT AS id, 'n' || i AS "select", i % 2 = 0 AS flag, i / 7.0 AS x, (i * 1.25)::DECIMAL(9,2) AS price,
        (i * 1000000007)::DECIMAL(38,10) AS wide, DATE '2020-01-01' + i::INT AS day,
        TIMESTAMP '2020-01-01 00:00:00.000001' + i * INTERVAL 1 HOUR AS at,
        TIMESTAMPTZ '2020-01-01 00:00:00+02' + i * INTERVAL 1 DAY AS zoned, TIME '01:02:03.000004' AS clock,
        ('b' || i)::BLOB AS raw, [i::VARCHAR, NULL] AS tags, {'lat': i::DOUBLE, 'names': ['a']} AS place,
        MAP {'k': i::BIGINT} AS extra
    FROM range(500) AS r(i)
"""


def field_ids(columns: tuple[StoredColumn, ...]) -> str:
    def one(column: StoredColumn) -> str:
        inside = "".join(f", '{child.name}': {one(child)}" for child in column.children)
        return f"{{__duckdb_field_id: {column.field_id}{inside}}}" if inside else str(column.field_id)

    return "{" + ", ".join(f"'{column.name}': {one(column)}" for column in columns) + "}"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def duckdb_rows(connection: duckdb.DuckDBPyConnection, scan: TableScan) -> list[dict[str, Any]]:
    """Read flat columns by field id, as the engine does."""
    members = ", ".join(
        f"{column.field_id}: {{name: '{column.name}', type: '{column.type}', default_value: NULL}}"
        for column in scan.columns
    )
    relation = connection.sql(f"SELECT * FROM read_parquet({list(scan.files)}, schema = MAP {{{members}}})")
    rows: list[dict[str, Any]] = relation.to_arrow_table().to_pylist()
    return rows


def test_a_file_of_duckdb_is_published_whole(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    uri = f"sqlite:///{tmp_path}/catalog.db"
    with IcebergTables(str(tmp_path / "warehouse"), uri) as store:
        columns = store.create(ORDERS, DRAFTS).columns
        path = store.staging(ORDERS, "r1")
        connection.execute(f"COPY ({ROWS}) TO '{path}' (FIELD_IDS {field_ids(columns)}, ROW_GROUP_SIZE 2048)")
        staged = StagedFile(path, 500, Path(path).stat().st_size)
        snapshot = commit_files(store, ORDERS, [staged], parent_id=None, run_id="r1")
        ours = read_rows(store.scan(ORDERS, snapshot.snapshot_id))
        catalog = SqlCatalog("hanse", uri=uri)
        table = catalog.load_table(("sales", "orders", "orders"))
        assert table.scan().to_arrow().to_pylist() == ours == connection.sql(ROWS).to_arrow_table().to_pylist()
        (file,) = [task.file for task in table.scan().plan_files()]
        flat = {column.field_id for column in columns if not column.children}
        lat = columns[12].children[0].field_id
        assert set(file.lower_bounds) == set(file.upper_bounds) == flat | {lat}
        assert set(file.null_value_counts.values()) == {0}
        assert table.scan(row_filter="id = 500 or price < 0 or day < '2019-01-01'").to_arrow().num_rows == 0
        assert not list(table.scan(row_filter="id > 499").plan_files())
        catalog.close()


def test_duckdb_and_pyiceberg_agree_by_ids(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """After every kind of change, old and new snapshots read the same with both, and as written."""
    uri = f"sqlite:///{tmp_path}/catalog.db"
    steps = [
        [ColumnDraft("a", Scalar.BIGINT), ColumnDraft("b", Decimal(5, 2)), ColumnDraft("c", Scalar.VARCHAR)],
        [ColumnDraft("c", Scalar.VARCHAR), ColumnDraft("a", Scalar.VARCHAR), ColumnDraft("b", Decimal(12, 2))],
        [ColumnDraft("b", Decimal(12, 2))],
        [ColumnDraft("a", Scalar.BIGINT), ColumnDraft("c", Scalar.VARCHAR), ColumnDraft("b", Scalar.DATE)],
    ]
    values = {"a": "1", "b": "1.25", "c": "'x'"}
    with IcebergTables(str(tmp_path / "warehouse"), uri) as store:
        store.create(ORDERS, steps[0])
        written, parent = {}, None
        for number, drafts in enumerate(steps):
            columns = store.alter(ORDERS, drafts).columns
            path = store.staging(ORDERS, f"r{number}")
            select = ", ".join(
                f"{'DATE ' + repr('2020-01-01') if c.type == Scalar.DATE else values[c.name]}::{c.type} AS {c.name}"
                for c in columns
            )
            connection.execute(f"COPY (SELECT {select}) TO '{path}' (FIELD_IDS {field_ids(columns)})")
            staged = StagedFile(path, 1, Path(path).stat().st_size)
            parent = commit_files(store, ORDERS, [staged], parent_id=parent, run_id=f"r{number}").snapshot_id
            written[parent] = connection.sql(f"SELECT {select}").to_arrow_table().to_pylist()
        catalog = SqlCatalog("hanse", uri=uri)
        table = catalog.load_table(("sales", "orders", "orders"))
        for snapshot_id, rows in written.items():
            scan = store.scan(ORDERS, snapshot_id)
            assert read_rows(scan) == duckdb_rows(connection, scan) == rows
            assert table.scan(snapshot_id=snapshot_id).to_arrow().to_pylist() == rows
        newest = store.schema(ORDERS)
        assert newest is not None
        first = store.scan(ORDERS, next(iter(written)))
        resurrected = TableScan(first.files, newest.columns)
        assert duckdb_rows(connection, resurrected) == [{"a": None, "c": None, "b": None}]
        catalog.close()
