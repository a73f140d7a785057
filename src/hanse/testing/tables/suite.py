"""What the parts of the suite share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hanse.base import Code, StorageError, TableName
from hanse.interfaces import ColumnDraft, Snapshot, StoredColumn, TableSchema, TableStore
from hanse.spec.types import Scalar
from hanse.testing.parquet import Row, commit_files, stage_rows

ORDERS = TableName("sales", "orders", "orders")
ITEMS = TableName("sales", "orders", "items")
TWO = (
    ColumnDraft("id", Scalar.BIGINT, required=True),
    ColumnDraft("name", Scalar.VARCHAR, doc="as the customer wrote it"),
)


def all_ids(columns: Sequence[StoredColumn]) -> list[int]:
    """Return the field ids of columns and of everything inside them."""
    return [field_id for column in columns for field_id in (column.field_id, *all_ids(column.children))]


def publish(store: TableStore, table: TableName, run_id: str, rows: Sequence[Row], parent: Snapshot | None) -> Snapshot:
    """Stage rows and commit them as all that the table holds."""
    staged = stage_rows(store, table, run_id, rows)
    return commit_files(store, table, [staged], parent_id=parent.snapshot_id if parent else None, run_id=run_id)


def refused(code: Code) -> Any:
    """Expect a :class:`~hanse.base.StorageError` with this code."""
    return pytest.raises(StorageError, match=f"^error\\[{code.id}\\]")


class TablesSuite:
    """How to open the store under test. Every test has a store of its own in an empty folder."""

    def open_store(self, folder: Path) -> TableStore:
        """Open the store under test with all its files below ``folder``; a second call opens the same store again."""
        raise NotImplementedError

    def close_store(self, store: TableStore) -> None:
        """Give back what :meth:`open_store` took."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[TableStore]:
        """A new store."""
        store = self.open_store(tmp_path)
        yield store
        self.close_store(store)

    @pytest.fixture
    def orders(self, store: TableStore) -> TableSchema:
        """The table ``sales.orders.orders`` with two columns."""
        return store.create(ORDERS, TWO)
