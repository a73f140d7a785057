from __future__ import annotations

from functools import cached_property
from pathlib import Path

from hanse.interfaces import TableStore
from hanse.testing.memory_tables import MemoryTables
from hanse.testing.tables import TablesConformance


class TestMemoryTables(TablesConformance):
    @cached_property
    def stores(self) -> dict[Path, MemoryTables]:
        return {}

    def open_store(self, folder: Path) -> TableStore:
        return self.stores.setdefault(folder, MemoryTables(str(folder)))
