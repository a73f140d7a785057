"""Evolution: a name may come back, its old values never."""

from __future__ import annotations

import decimal
import tempfile
from collections.abc import Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.interfaces import ColumnDraft, Snapshot, StoredColumn, TableSchema, TableStore
from hanse.spec.types import DataType, Decimal, Field, List, Scalar, Struct
from hanse.testing.parquet import read_rows
from hanse.testing.tables.suite import ORDERS, TWO, TablesSuite, all_ids, publish

_POOL: tuple[tuple[DataType, Any], ...] = (
    (Scalar.BIGINT, 7),
    (Scalar.VARCHAR, "seven"),
    (Decimal(5, 2), decimal.Decimal("7.25")),
    (Decimal(9, 2), decimal.Decimal("1234567.25")),
    (Decimal(5, 3), decimal.Decimal("7.125")),
    (List(Scalar.BIGINT), [7]),
    (Struct((Field("m", Scalar.BIGINT),)), {"m": 7}),
    (Struct((Field("m", Scalar.VARCHAR),)), {"m": "seven"}),
)
_VALUES = dict(_POOL)


@st.composite
def column_drafts(draw: st.DrawFn) -> tuple[ColumnDraft, ...]:
    """Draw one to four columns out of few names and types, so that names come back with other types."""
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True))
    kinds = st.sampled_from([kind for kind, _ in _POOL])
    return tuple(ColumnDraft(name, draw(kinds), required=draw(st.booleans())) for name in names)


def keeps_id(old: DataType, new: DataType) -> bool:
    """Whether a column whose type changes from old to new is still the same column."""
    if isinstance(old, Decimal) and isinstance(new, Decimal):
        return old.scale == new.scale and old.precision <= new.precision
    return old == new


class EvolutionSuite(TablesSuite):
    """Alter."""

    def test_alter_to_the_same_changes_nothing(self, store: TableStore, orders: TableSchema) -> None:
        """Altering twice is altering once."""
        assert store.alter(ORDERS, TWO) == orders

    def test_a_column_keeps_its_id_when_moved_or_required(self, store: TableStore, orders: TableSchema) -> None:
        """Order and nullability do not make another column."""
        turned = (changed(TWO[1], required=True), changed(TWO[0], required=False))
        schema = store.alter(ORDERS, turned)
        assert [c.field_id for c in schema.columns] == [c.field_id for c in orders.columns[::-1]]
        assert [c.required for c in schema.columns] == [True, False]
        assert schema.schema_id != orders.schema_id
        assert store.alter(ORDERS, TWO) == orders

    def test_a_wider_decimal_is_the_same_column(self, store: TableStore) -> None:
        """Widening keeps the id, narrowing does not."""
        before = store.create(ORDERS, [ColumnDraft("a", Decimal(5, 2))])
        first = publish(store, ORDERS, "r1", [{"a": decimal.Decimal("1.25")}], None)
        after = store.alter(ORDERS, [ColumnDraft("a", Decimal(9, 2))])
        assert after.columns[0].field_id == before.columns[0].field_id
        assert after.columns[0].type == Decimal(9, 2)
        assert store.scan(ORDERS, first.snapshot_id).columns == before.columns
        assert store.alter(ORDERS, [ColumnDraft("a", Decimal(5, 2))]).columns[0].field_id != before.columns[0].field_id

    def test_a_dropped_name_comes_back_as_another_column(self, store: TableStore, orders: TableSchema) -> None:
        """Old values never come back under a name used again."""
        first = publish(store, ORDERS, "r1", [{"id": 1, "name": "old"}], None)
        store.alter(ORDERS, TWO[:1])
        schema = store.alter(ORDERS, TWO)
        assert schema.columns[1].field_id not in all_ids(orders.columns)
        renewed = changed(store.scan(ORDERS, first.snapshot_id), columns=schema.columns)
        assert read_rows(renewed) == [{"id": 1, "name": None}]
        assert read_rows(store.scan(ORDERS, first.snapshot_id)) == [{"id": 1, "name": "old"}]

    # One suite runs over several stores: an example that failed with one is worth trying with all.
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(steps=st.lists(column_drafts(), min_size=2, max_size=6))
    def test_laws_of_alter(self, steps: list[tuple[ColumnDraft, ...]]) -> None:
        """Ids are kept exactly as promised, never used twice, and no old snapshot ever changes."""
        with tempfile.TemporaryDirectory() as folder:
            store = self.open_store(Path(folder))
            schema = store.create(ORDERS, steps[0])
            used = set(all_ids(schema.columns))
            written: list[tuple[Snapshot, tuple[StoredColumn, ...], list[dict[str, Any]]]] = []
            for number, drafts in enumerate(steps):
                before, schema = schema, store.alter(ORDERS, drafts)
                self._check_evolution(before, schema, drafts, used)
                used |= set(all_ids(schema.columns))
                row = {draft.name: _VALUES[draft.type] for draft in drafts}
                parent = written[-1][0] if written else None
                snapshot = publish(store, ORDERS, f"r{number}", [row], parent)
                assert snapshot.schema_id == schema.schema_id
                written.append((snapshot, schema.columns, [row]))
                for old, columns, rows in written:
                    scan = store.scan(ORDERS, old.snapshot_id)
                    assert (scan.columns, read_rows(scan)) == (columns, rows)
            self.close_store(store)

    @staticmethod
    def _check_evolution(
        before: TableSchema, after: TableSchema, drafts: Sequence[ColumnDraft], used: set[int]
    ) -> None:
        present = {column.name: column for column in before.columns}
        assert [(c.name, c.type, c.required) for c in after.columns] == [(d.name, d.type, d.required) for d in drafts]
        for column in after.columns:
            old = present.get(column.name)
            if old is not None and keeps_id(old.type, column.type):
                assert all_ids([column]) == all_ids([old])
            else:
                assert used.isdisjoint(all_ids([column]))
