"""DuckDB against the suite that every engine passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hanse.drivers.duckdb import DuckDBEngine
from hanse.interfaces import Engine
from hanse.testing.engine import EngineConformance


class TestDuckDBEngine(EngineConformance):
    @pytest.fixture
    def engine(self, tmp_path_factory: pytest.TempPathFactory) -> Engine:
        folder: Path = tmp_path_factory.mktemp("state")
        return DuckDBEngine(threads=2, temp_directory=folder)
