"""Uniqueness over more keys than fit into memory goes to disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from hanse.base import TableName
from hanse.drivers.duckdb import DuckDBEngine
from hanse.interfaces import ParquetScan
from hanse.quality import verify
from hanse.spec.contract import Column, Contract, Table
from hanse.spec.types import Scalar

ROWS = 3_000_000
LIMIT = 96 * 2**20


@pytest.mark.slow
def test_uniqueness_spills(tmp_path: Path) -> None:
    """Three million keys of 32 characters in no order, one of them twice, under 96 MiB."""
    files, spill = tmp_path / "files", tmp_path / "spill"
    files.mkdir()
    path = str(files / "keys.parquet")
    with DuckDBEngine(threads=2).open(readable=[str(files)], writable=[str(files)]) as session:
        session.stage(f"SELECT md5(CAST(i % {ROWS - 1} AS VARCHAR)) AS k FROM range({ROWS}) r(i)", path)
    table = Table("keys", (Column("k", Scalar.VARCHAR, "string", unique=True),))
    contract = Contract("keys", "1.0.0", "v3.1.0", "active", (table,), "keys.odcs.yaml", "")
    engine = DuckDBEngine(threads=2, memory=LIMIT, temp_directory=spill)
    with engine.open(readable=[str(files)], writable=[]) as session:
        session.bind("__keys", ParquetScan((path,)))
        verdict = verify(
            session,
            table,
            contract,
            "__keys",
            [path],
            run_id="run",
            table_name=TableName("a", "b", "keys"),
            relations={},
        )
    result = next(r for r in verdict.results if r.check_id == "unique(k)")
    assert (result.error, result.failed_rows, result.method) == (None, 2, "group")
    assert len(verdict.failed_rows) == 2
