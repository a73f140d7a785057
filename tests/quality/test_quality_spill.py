"""Uniqueness over more keys than fit into memory."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from hanse.base import EngineError, TableName
from hanse.drivers.duckdb import DuckDBEngine
from hanse.interfaces import ParquetScan
from hanse.quality import verify
from hanse.quality.compile import groups
from hanse.quality.records import Target
from hanse.spec.contract import Column, Contract, Table
from hanse.spec.types import Scalar

ROWS = 2_500_000
LIMIT = 64 * 2**20


@pytest.mark.slow
def test_more_keys_than_memory_holds(tmp_path: Path) -> None:
    """Two and a half million keys of 32 characters, one of them twice, under 64 MiB: at once, the engine gives up."""
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
        with pytest.raises(EngineError, match="HNS-E007"):
            session.fetch(groups((Target("k", Scalar.VARCHAR),), "__keys"))
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


def test_parts_hold_every_key_once(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("a", Scalar.DOUBLE), words.column("b", Scalar.VARCHAR))
    rows = [{"a": a, "b": b} for a in (0.0, -0.0, 1.5, math.nan, math.nan, None) for b in ("x", "y", "x")]
    relation, _ = laboratory.bind(subject, rows)
    for targets in ([Target("a", Scalar.DOUBLE)], [Target("a", Scalar.DOUBLE), Target("b", Scalar.VARCHAR)]):
        (whole,) = laboratory.session.rows(groups(targets, relation))
        parts = [laboratory.session.rows(groups(targets, relation, part=(i, 5)))[0] for i in range(5)]
        assert tuple(map(sum, zip(*parts, strict=True))) == tuple(whole)
