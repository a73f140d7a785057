"""Several at once: threads, handles, writers."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from hanse.base import Conflict, TableName
from hanse.interfaces import Snapshot, TableSchema, TableStore
from hanse.testing.parquet import read_rows
from hanse.testing.tables.suite import ORDERS, TWO, TablesSuite, publish


class ConcurrencySuite(TablesSuite):
    """What one does, others see; nobody loses anything."""

    def test_what_one_handle_writes_another_reads(self, store: TableStore, orders: TableSchema, tmp_path: Path) -> None:
        """No handle serves what another one has changed."""
        other = self.open_store(tmp_path)
        first = publish(store, ORDERS, "r1", [{"id": 1}], None)
        assert other.schema(ORDERS) == orders
        assert other.find(ORDERS, "r1") == first
        assert other.scan(ORDERS, first.snapshot_id) == store.scan(ORDERS, first.snapshot_id)
        second = publish(other, ORDERS, "r2", [{"id": 2}], first)
        assert store.find(ORDERS, "r2") == second
        store.alter(ORDERS, TWO[:1])
        assert other.schema(ORDERS) == store.schema(ORDERS) != orders
        store.drop(ORDERS)
        assert other.schema(ORDERS) is None
        if other is not store:
            self.close_store(other)

    @pytest.mark.usefixtures("orders")
    def test_two_writers_lose_nothing(self, store: TableStore, tmp_path: Path) -> None:
        """Two handles commit in parallel: each commit is whole and kept, or raises a conflict."""
        handles = (store, self.open_store(tmp_path))
        results: dict[str, Snapshot] = {}
        unexpected: list[BaseException] = []

        def work(writer: int) -> None:
            for number in range(15):
                run_id = f"w{writer}-{number}"
                try:
                    results[run_id] = publish(handles[writer], ORDERS, run_id, [{"id": number, "name": run_id}], None)
                except Conflict:
                    continue
                except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                    unexpected.append(error)

        threads = [threading.Thread(target=work, args=(writer,)) for writer in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert unexpected == []
        assert results
        for run_id, snapshot in results.items():
            for handle in handles:
                assert handle.find(ORDERS, run_id) == snapshot
                assert [row["name"] for row in read_rows(handle.scan(ORDERS, snapshot.snapshot_id))] == [run_id]
        lost = [f"w{w}-{n}" for w in (0, 1) for n in range(15) if f"w{w}-{n}" not in results]
        assert all(store.find(ORDERS, run_id) is None for run_id in lost)
        if handles[1] is not store:
            self.close_store(handles[1])

    def test_one_handle_serves_many_threads(self, store: TableStore) -> None:
        """A handle may be shared."""
        names = [TableName("sales", "orders", f"t{number}") for number in range(12)]
        found: dict[TableName, list[Any]] = {}

        def work(name: TableName) -> None:
            store.create(name, TWO)
            snapshot = publish(store, name, "r1", [{"id": 1, "name": name.table}], None)
            found[name] = read_rows(store.scan(name, snapshot.snapshot_id))

        threads = [threading.Thread(target=work, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {name: [{"id": 1, "name": name.table}] for name in names}
        assert sorted(store.tables()) == sorted(names)
