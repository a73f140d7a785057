"""A folder in memory, a registry and tables on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hanse.base import SetClock
from hanse.drivers.iceberg import IcebergTables
from hanse.interfaces import TableStore
from hanse.registry import Registry
from plan_folder import NOW, Folder


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def registry(tmp_path: Path, clock: SetClock) -> Iterator[Registry]:
    opened = Registry.open(f"sqlite:///{tmp_path}/registry.db", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> TableStore:
    return IcebergTables(str(tmp_path / "warehouse"), f"sqlite:///{tmp_path}/catalog.db")
