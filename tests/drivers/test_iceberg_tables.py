from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog

from hanse.drivers.duckdb import DuckDBEngine
from hanse.drivers.iceberg import IcebergTables
from hanse.interfaces import Snapshot, TableStore
from hanse.testing.parquet import Row
from hanse.testing.tables import TablesConformance
from hanse.testing.tables.mixed import Reading


def as_pyiceberg_sees(row: Row) -> dict[str, Any]:
    """PyIceberg 0.12 takes null lists and maps that hold structs or the like for empty ones, in its own tables too."""
    return {name: without_empty(value) for name, value in row.items()}


def without_empty(value: Any) -> Any:
    match value:
        case []:
            return None
        case list() | tuple():
            return [without_empty(item) for item in value]
        case dict():
            return {name: without_empty(item) for name, item in value.items()}
        case _:
            return value


class TestIcebergTables(TablesConformance):
    def open_store(self, folder: Path) -> TableStore:
        return IcebergTables(str(folder / "warehouse"), f"sqlite:///{folder}/state/catalog.db")

    def close_store(self, store: TableStore) -> None:
        assert isinstance(store, IcebergTables)
        store.close()

    def readings(self, store: TableStore, snapshot: Snapshot) -> Iterator[Reading]:
        """PyIceberg and the DuckDB driver must read the same."""
        yield from super().readings(store, snapshot)
        assert isinstance(store, IcebergTables)
        scan = store.scan(snapshot.table, snapshot.snapshot_id)
        catalog = SqlCatalog("hanse", uri=f"sqlite:///{Path(store.warehouse).parent}/state/catalog.db")
        table = catalog.load_table(("sales", "orders", "orders"))
        rows = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow().to_pylist()
        yield Reading("PyIceberg", rows, as_pyiceberg_sees)
        catalog.close()
        with DuckDBEngine(threads=1).open(readable=[store.warehouse]) as session:
            session.bind("t", scan)
            yield Reading("DuckDB", session.fetch("SELECT * FROM t").to_pylist())
