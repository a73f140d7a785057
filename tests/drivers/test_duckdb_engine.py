"""DuckDB against the suite that every engine passes."""

from __future__ import annotations

import subprocess
import sys
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


def test_reading_a_statement_loads_nothing_that_only_happens_to_be_installed() -> None:
    program = (
        "import sys; from hanse.drivers.duckdb import DuckDBEngine; session = DuckDBEngine().open();"
        "session.references('SELECT 1'); session.describe('SELECT 1');"
        "print(sorted({'numpy', 'pandas', 'polars', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
