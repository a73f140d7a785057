"""A suite that cannot fail is worthless: engines with one fault each must be found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hanse.base import EngineError
from hanse.drivers.duckdb import DuckDBEngine
from hanse.drivers.duckdb.session import DuckDBSession
from hanse.interfaces import (
    ArrowScan,
    ColumnStatistics,
    ParquetScan,
    Relation,
    SessionLimits,
    StagedFile,
    StoredColumn,
    TableScan,
)
from hanse.testing.engine import EngineConformance


class _Unlocked(DuckDBSession):
    def _admit(self, select: str) -> None:
        """Let everything through."""


class _Forgetful(DuckDBSession):
    def stage(self, select: str, path: str, columns: Sequence[StoredColumn] | None = None) -> StagedFile:
        del columns
        return super().stage(select, path)


class _ByName(DuckDBSession):
    def bind(self, name: str, relation: Relation) -> None:
        if isinstance(relation, TableScan) and relation.files:
            relation = ParquetScan(relation.files)
        super().bind(name, relation)


class _Trusting(DuckDBSession):
    def statistics(
        self, files: Sequence[str], columns: Sequence[StoredColumn] | None = None
    ) -> Mapping[str, ColumnStatistics]:
        return {
            name: ColumnStatistics(s.rows, s.nulls, s.minimum, s.maximum or 2.0)
            for name, s in super().statistics(files, columns).items()
        }


def _open(kind: type[DuckDBSession], folder: Path) -> Any:
    session = kind(
        readable=[str(folder)],
        writable=[str(folder)],
        limits=SessionLimits(1),
        temp_directory=str(folder.parent / "state"),
    )
    session.bind("numbers", ArrowScan(pa.table({"n": range(5_000)})))
    return session


def _verdict(kind: type[DuckDBSession], folder: Path, check: str, **arguments: Any) -> bool:
    suite = EngineConformance()
    with _open(kind, folder) as session:
        try:
            getattr(suite, check)(session=session, folder=folder, **arguments)
        except (AssertionError, EngineError, TypeError, KeyError, pytest.fail.Exception):
            return False
    return True


_FAULTS: list[tuple[type[DuckDBSession], str]] = [
    (_Forgetful, "test_staged_file_carries_ids"),
    (_ByName, "test_columns_follow_their_ids"),
    (_ByName, "test_file_without_ids_is_refused"),
    (_Trusting, "test_no_bounds_where_a_nan_may_hide"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "inside"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("kind", "check"), _FAULTS)
def test_fault_is_found(folder: Path, kind: type[DuckDBSession], check: str) -> None:
    assert not _verdict(kind, folder, check)


@pytest.mark.parametrize("check", sorted({check for _, check in _FAULTS}))
def test_sound_engine_passes(folder: Path, check: str) -> None:
    assert _verdict(DuckDBSession, folder, check)


@pytest.mark.parametrize("attempt", ["SELECT * FROM duckdb_settings()", "SET VARIABLE x = 1", "DROP VIEW numbers"])
def test_missing_lock_is_found(folder: Path, tmp_path: Path, attempt: str) -> None:
    check = "test_nothing_reaches_outside"
    assert not _verdict(_Unlocked, folder, check, tmp_path=tmp_path, attempt=attempt)


def test_suite_needs_an_engine() -> None:
    assert DuckDBEngine().name == "duckdb"
    assert not EngineConformance.__name__.startswith("Test"), "pytest must not collect the suite itself"
