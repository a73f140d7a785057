from __future__ import annotations

from pathlib import Path

from hanse.drivers.iceberg import IcebergTables
from hanse.interfaces import TableStore
from hanse.testing.tables import TablesConformance


class TestIcebergTables(TablesConformance):
    def open_store(self, folder: Path) -> TableStore:
        return IcebergTables(str(folder / "warehouse"), f"sqlite:///{folder}/state/catalog.db")

    def close_store(self, store: TableStore) -> None:
        assert isinstance(store, IcebergTables)
        store.close()
