"""Tables come and go."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path

import pytest

from hanse.base import TableName
from hanse.interfaces import ColumnDraft, TableSchema, TableStore
from hanse.interfaces.codes import (
    ILLEGAL_COLUMNS,
    OTHER_COLUMNS,
    UNKNOWN_SNAPSHOT,
    UNKNOWN_TABLE,
)
from hanse.spec.types import Decimal, Field, List, Scalar, Struct
from hanse.testing.parquet import read_rows
from hanse.testing.tables.suite import ITEMS, ORDERS, TWO, TablesSuite, all_ids, publish, refused


class LifecycleSuite(TablesSuite):
    """Create, list, drop."""

    def test_a_new_store_is_empty(self, store: TableStore) -> None:
        """Nothing is there, asking for it is no error, dropping it neither."""
        assert store.tables() == ()
        assert store.schema(ORDERS) is None
        assert store.find(ORDERS, "r1") is None
        store.drop(ORDERS)

    def test_create_gives_ids_and_keeps_what_was_asked(self, store: TableStore) -> None:
        """Names, types and order are those asked for; every column gets an id."""
        schema = store.create(ORDERS, TWO)
        assert [(c.name, c.type, c.required) for c in schema.columns] == [(d.name, d.type, d.required) for d in TWO]
        assert len(set(all_ids(schema.columns))) == 2
        assert store.schema(ORDERS) == schema

    def test_create_again_changes_nothing(self, store: TableStore, orders: TableSchema) -> None:
        """Creating twice is creating once; comments are not compared."""
        assert store.create(ORDERS, TWO) == orders
        assert store.create(ORDERS, [changed(draft, doc=None) for draft in TWO]) == orders

    @pytest.mark.parametrize(
        "other",
        [TWO[:1], TWO[::-1], (*TWO, ColumnDraft("x", Scalar.DATE)), (TWO[0], ColumnDraft("name", Scalar.BLOB))],
        ids=["fewer", "order", "more", "type"],
    )
    def test_create_with_other_columns_is_refused(
        self, store: TableStore, orders: TableSchema, other: tuple[ColumnDraft, ...]
    ) -> None:
        """An existing table is never changed by creating."""
        with refused(OTHER_COLUMNS):
            store.create(ORDERS, other)
        assert store.schema(ORDERS) == orders

    @pytest.mark.parametrize(
        "drafts",
        [
            (),
            (ColumnDraft("", Scalar.BIGINT),),
            (ColumnDraft("a", Scalar.BIGINT), ColumnDraft("a", Scalar.BIGINT)),
            (ColumnDraft("a", Scalar.BIGINT), ColumnDraft("A", Scalar.BIGINT)),
            (ColumnDraft("a.b", Scalar.BIGINT), ColumnDraft("a", Struct((Field("b", Scalar.BIGINT),)))),
            (ColumnDraft("a", Struct(())),),
            (ColumnDraft("a", Struct((Field("", Scalar.DATE),))),),
            (ColumnDraft("a", Struct((Field("m", Scalar.DATE), Field("m", Scalar.DATE)))),),
            (ColumnDraft("a", Decimal(39, 0)),),
            (ColumnDraft("a", Decimal(0, 0)),),
            (ColumnDraft("a", List(Decimal(3, 4))),),
        ],
        ids=[
            "none", "empty name", "equal", "case", "dotted", "no members", "empty member", "equal members",
            "39 digits", "no digits", "scale",
        ],
    )  # fmt: skip
    def test_impossible_columns_are_refused(self, store: TableStore, drafts: tuple[ColumnDraft, ...]) -> None:
        """What no table can hold is refused with a code, and nothing is left behind."""
        with refused(ILLEGAL_COLUMNS):
            store.create(ITEMS, drafts)
        assert store.tables() == ()
        store.create(ORDERS, TWO)
        with refused(ILLEGAL_COLUMNS):
            store.alter(ORDERS, drafts)

    def test_tables_are_listed_with_their_majors(self, store: TableStore) -> None:
        """The listing gives back the names that tables were created with."""
        names = (ITEMS, ORDERS, changed(ORDERS, major=2), TableName("ops", "sites", "orders"))
        for name in names:
            store.create(name, TWO)
        assert sorted(store.tables()) == sorted(names)

    @pytest.mark.usefixtures("orders")
    def test_majors_are_tables_of_their_own(self, store: TableStore) -> None:
        """Two majors of a table share nothing."""
        second = changed(ORDERS, major=2)
        store.create(second, TWO[:1])
        publish(store, second, "r1", [{"id": 1}], None)
        store.drop(second)
        assert store.tables() == (ORDERS,)
        assert store.find(ORDERS, "r1") is None

    @pytest.mark.usefixtures("orders")
    def test_drop_removes_the_table_and_its_files(self, store: TableStore) -> None:
        """Nothing is left on disk, and dropping twice is dropping once."""
        snapshot = publish(store, ORDERS, "r1", [{"id": 1}], None)
        (path,) = store.scan(ORDERS, snapshot.snapshot_id).files
        store.drop(ORDERS)
        store.drop(ORDERS)
        assert store.tables() == ()
        assert not Path(path).exists()
        with refused(UNKNOWN_TABLE):
            store.scan(ORDERS, snapshot.snapshot_id)

    @pytest.mark.usefixtures("orders")
    def test_a_table_created_again_knows_nothing_of_the_old_one(self, store: TableStore) -> None:
        """Snapshots of a dropped table are unknown to its successor."""
        old = publish(store, ORDERS, "r1", [{"id": 1}], None)
        store.drop(ORDERS)
        store.create(ORDERS, TWO)
        assert store.find(ORDERS, "r1") is None
        with refused(UNKNOWN_SNAPSHOT):
            store.scan(ORDERS, old.snapshot_id)
        new = publish(store, ORDERS, "r1", [{"id": 2}], None)
        assert [row["id"] for row in read_rows(store.scan(ORDERS, new.snapshot_id))] == [2]
