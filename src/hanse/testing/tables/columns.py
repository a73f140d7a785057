"""Columns: what a table can hold."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

from hanse.interfaces import ColumnDraft, TableSchema, TableStore
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct
from hanse.testing.parquet import commit_files, read_rows, write_rows
from hanse.testing.tables.suite import ORDERS, TablesSuite, all_ids, publish

#: One value of every type that a store must give back unchanged.
SAMPLES: tuple[tuple[DataType, Any], ...] = (
    (Scalar.BOOLEAN, True),
    (Scalar.BIGINT, -(2**63)),
    (Scalar.DOUBLE, 1.5),
    (Scalar.VARCHAR, "naïve 🐟 \x00 text"),
    (Scalar.BLOB, b"\x00\xff"),
    (Scalar.DATE, dt.date(1, 1, 1)),
    (Scalar.TIME, dt.time(23, 59, 59, 999999)),
    (Scalar.TIMESTAMP, dt.datetime(1677, 1, 1, 0, 0, 0, 1)),  # noqa: DTZ001 - a timestamp without zone is meant
    (Scalar.TIMESTAMPTZ, dt.datetime(2262, 4, 12, tzinfo=dt.UTC)),
    (Decimal(1, 0), decimal.Decimal(-9)),
    (Decimal(18, 4), decimal.Decimal("12345678901234.5678")),
    (Decimal(38, 10), decimal.Decimal("-1234567890123456789012345678.0123456789")),
    (List(Scalar.BIGINT), [1, None, 3]),
    (Map(Scalar.VARCHAR, Decimal(9, 2)), [("a", decimal.Decimal("1.25"))]),
    (Struct((Field("a", Scalar.BIGINT, required=True), Field("b c", List(Scalar.VARCHAR)))), {"a": 1, "b c": ["x"]}),
    (List(Struct((Field("when", Scalar.TIMESTAMPTZ),))), [{"when": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, None]),
)
HOSTILE_NAMES = (
    "with space",
    'with "quotes"',
    "it's",
    "select",
    "a.b",
    "semi;colon --",
    "{brace}",
    "$dollar `tick`",
    "ünïcödé",
    "数据",
    "🐟",
    "new\nline",
    " leading",
    "trailing ",
    "back\\slash",
    "null",
    "x" * 300,
)


class ColumnSuite(TablesSuite):
    """Types, names, number and order of columns."""

    def test_every_type_comes_back(self, store: TableStore) -> None:
        """Values of all types are read as they were written, nulls too."""
        drafts = [ColumnDraft(f"c{n}", kind) for n, (kind, _) in enumerate(SAMPLES)]
        schema = store.create(ORDERS, drafts)
        assert [column.type for column in schema.columns] == [kind for kind, _ in SAMPLES]
        ids = all_ids(schema.columns)
        assert len(set(ids)) == len(ids) > len(drafts)
        rows = [{f"c{n}": value for n, (_, value) in enumerate(SAMPLES)}, dict.fromkeys(d.name for d in drafts)]
        snapshot = publish(store, ORDERS, "r1", rows, None)
        assert read_rows(store.scan(ORDERS, snapshot.snapshot_id)) == rows
        assert store.schema(ORDERS) == schema

    def test_hostile_column_names(self, store: TableStore) -> None:
        """Names are only names."""
        drafts = [ColumnDraft(name, Scalar.BIGINT, doc=f"about {name}") for name in HOSTILE_NAMES]
        schema = store.create(ORDERS, drafts)
        assert [column.name for column in schema.columns] == list(HOSTILE_NAMES)
        row = {name: number for number, name in enumerate(HOSTILE_NAMES)}
        snapshot = publish(store, ORDERS, "r1", [row], None)
        assert read_rows(store.scan(ORDERS, snapshot.snapshot_id)) == [row]
        assert store.alter(ORDERS, drafts) == schema

    def test_a_thousand_columns(self, store: TableStore) -> None:
        """Wide tables work."""
        schema = store.create(ORDERS, [ColumnDraft(f"c{n}", Scalar.BIGINT) for n in range(1000)])
        row = {column.name: column.field_id for column in schema.columns}
        snapshot = publish(store, ORDERS, "r1", [row], None)
        assert read_rows(store.scan(ORDERS, snapshot.snapshot_id)) == [row]

    def test_a_file_may_order_its_columns_otherwise(self, store: TableStore, orders: TableSchema) -> None:
        """Columns are known by id, not by place."""
        staged = write_rows(store.staging(ORDERS, "r1"), orders.columns[::-1], [{"id": 1, "name": "a"}])
        snapshot = commit_files(store, ORDERS, [staged], parent_id=None, run_id="r1")
        assert read_rows(store.scan(ORDERS, snapshot.snapshot_id)) == [{"id": 1, "name": "a"}]
