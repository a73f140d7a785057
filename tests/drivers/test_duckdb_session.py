"""What is DuckDB's own: settings, limits, imports, scans that other engines read differently."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.base import EngineError
from hanse.drivers.duckdb import DuckDBEngine
from hanse.drivers.duckdb.codes import SESSION_CLOSED, TIMED_OUT
from hanse.drivers.duckdb.flights import Tower
from hanse.drivers.duckdb.quoting import fold, literal_path, text
from hanse.drivers.duckdb.session import DuckDBSession
from hanse.interfaces import ArrowScan, CsvScan, ParquetScan, SessionLimits, StoredColumn, TableScan
from hanse.spec.types import List, Scalar


def _rows(session: DuckDBSession, select: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in session.fetch(select).to_pylist()]


def test_version_is_known_without_the_library() -> None:
    code = (
        "import sys; from hanse.drivers.duckdb import DuckDBEngine;"
        "print(DuckDBEngine().version, 'duckdb' in sys.modules, 'pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [DuckDBEngine().version, "False", "False"]
    assert DuckDBEngine().version.startswith(duckdb.__version__ + "+")


def test_results_do_not_depend_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with DuckDBEngine(threads=1).open() as session:
        session.bind("t", ArrowScan(pa.table({"a": [2, None, 1]})))
        assert _rows(session, "SELECT CAST(TIMESTAMPTZ '2013-01-01 00:00:00Z' AS VARCHAR) AS t") == [
            ("2013-01-01 00:00:00+00",)
        ]
        assert _rows(session, "SELECT a FROM t ORDER BY a") == [(1,), (2,), (None,)]
        assert _rows(session, "SELECT a FROM t ORDER BY a DESC") == [(2,), (1,), (None,)]


def test_python_variables_are_no_relations() -> None:
    secret = pa.table({"a": [1]})
    with DuckDBEngine(threads=1).open() as session, pytest.raises(EngineError, match="HNS-E003"):
        session.fetch("SELECT * FROM secret")
    assert secret.num_rows == 1


def test_lock_holds_below_our_own_check(tmp_path: Path) -> None:
    """The database itself refuses, even if a statement passed by the check in front of it."""
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    (tmp_path / "inside").mkdir()
    with DuckDBEngine(threads=1).open(readable=[str(tmp_path / "inside")]) as session:
        cursor = session._connection.cursor()
        for attempt in (
            f"SELECT * FROM read_csv({text(str(outside))})",
            f"SELECT * FROM read_csv({text(str(tmp_path / 'inside' / '..' / 'outside.csv'))})",
            f"COPY (SELECT 1) TO {text(str(tmp_path / 'out.csv'))}",
            f"ATTACH {text(str(tmp_path / 'x.db'))}",
            "SET enable_external_access=true",
            "SET lock_configuration=false",
            "SET allowed_directories=['/']",
            "RESET allowed_directories",
            "INSTALL httpfs",
            "LOAD httpfs",
        ):
            with pytest.raises(duckdb.Error):
                cursor.execute(attempt).fetchall()
        cursor.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["inside", "outside.csv"]


def test_memory_limit_spills_into_the_given_folder_and_leaves_nothing(tmp_path: Path) -> None:
    spill = tmp_path / "state"
    engine = DuckDBEngine(threads=1, temp_directory=spill)
    seen: list[Path] = []
    with engine.open(limits=SessionLimits(memory=48_000_000)) as session:
        reader = session.stream(
            "SELECT range AS n, repeat('x', 60) || range AS s FROM range(1_500_000) ORDER BY hash(range)"
        )
        assert reader.read_next_batch().num_rows > 0
        seen += spill.rglob("*.*")
        del reader
    assert seen, "the sort did not spill: the test proves nothing"
    assert list(spill.rglob("*")) == []


def test_memory_limit_is_an_error_with_a_code() -> None:
    with (
        DuckDBEngine(threads=1).open(limits=SessionLimits(memory=20_000_000)) as session,
        pytest.raises(EngineError, match="HNS-E007"),
    ):
        session.fetch("SELECT length(string_agg(repeat('x', 100), '')) AS n FROM range(1_000_000)")


@pytest.mark.parametrize(("threads", "memory"), [(-1, None), (None, -5)])
def test_impossible_limits(threads: int | None, memory: int | None) -> None:
    with pytest.raises(EngineError, match="HNS-E026"):
        DuckDBEngine(threads=threads, memory=memory).open()


def test_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    """DuckDB's cache of files compares times that two quick writes may share."""
    path = str(tmp_path / "t.parquet")
    with DuckDBEngine(threads=1).open(readable=[str(tmp_path)]) as session:
        for number in range(60):
            pq.write_table(pa.table({"a": [7] * (number % 3 + 1)}), path)
            session.bind("t", ParquetScan((path,)))
            assert session.fetch("SELECT * FROM t").num_rows == number % 3 + 1
            assert session.statistics([path])["a"].rows == number % 3 + 1


def test_lists_of_old_writers(tmp_path: Path) -> None:
    """Two-level lists have ids too; pyarrow's and DuckDB's names of the item differ."""
    item = pa.field("whatever", pa.int64(), metadata={"PARQUET:field_id": "2"})
    schema = pa.schema([pa.field("l", pa.list_(item), metadata={"PARQUET:field_id": "1"})])
    path = str(tmp_path / "t.parquet")
    pq.write_table(pa.table({"l": [[1, 2], None]}, schema=schema), path)
    column = StoredColumn(1, "m", List(Scalar.DOUBLE), children=(StoredColumn(2, "element", Scalar.DOUBLE),))
    with DuckDBEngine(threads=1).open(readable=[str(tmp_path)]) as session:
        session.bind("t", TableScan((path,), (column,)))
        assert _rows(session, "SELECT m FROM t") == [([1.0, 2.0],), (None,)]
        session.bind("t", ParquetScan((path, path)))
        assert _rows(session, "SELECT count(*) AS n FROM t") == [(4,)]


def test_nested_columns_without_ids_are_refused(tmp_path: Path) -> None:
    inner = pa.struct([pa.field("x", pa.int64())])
    schema = pa.schema([pa.field("s", inner, metadata={"PARQUET:field_id": "1"})])
    path = str(tmp_path / "t.parquet")
    pq.write_table(pa.table({"s": [{"x": 1}]}, schema=schema), path)
    with (
        DuckDBEngine(threads=1).open(readable=[str(tmp_path)]) as session,
        pytest.raises(EngineError, match="HNS-E019"),
    ):
        session.bind("t", TableScan((path,), (StoredColumn(1, "s", Scalar.BIGINT),)))


def test_csv_pins_and_their_faults(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    with DuckDBEngine(threads=1).open(readable=[str(tmp_path)]) as session:
        session.bind("t", CsvScan(str(path), columns={"a": "DECIMAL(9,2)"}))
        assert session.describe("SELECT * FROM t") == (("a", "DECIMAL(9,2)"), ("b", "BIGINT"))
        for columns in ({"z": "BIGINT"}, {"a": "BIGNT"}, {"a": "BIGINT'}) --"}):
            with pytest.raises(EngineError):
                session.bind("t", CsvScan(str(path), columns=columns))
        with pytest.raises(EngineError, match="HNS-E014"):
            session.bind("t", CsvScan(str(path), encoding="klingon"))
        with pytest.raises(EngineError, match="HNS-E012"):
            session.bind("t", CsvScan(str(path), compression="gzip"))


def test_csv_quotes_after_the_sniffed_part(tmp_path: Path) -> None:
    """A file whose first quote comes late is still read with quotes."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,plain\n" * 60_000 + '2,"with, comma"\n')
    with DuckDBEngine(threads=1).open(readable=[str(tmp_path)]) as session:
        session.bind("t", CsvScan(str(path)))
        assert _rows(session, "SELECT b FROM t WHERE a = 2") == [("with, comma",)]


def test_rows_in_memory_are_given_back() -> None:
    with DuckDBEngine(threads=1).open() as session:
        for name in ("t", "t", "u"):
            session.bind(name, ArrowScan(pa.table({"a": [1]})))
        session.unbind("u")
        tables = session._connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone()
        assert tables == (1,)


def test_no_thread_is_left() -> None:
    with DuckDBEngine(threads=1).open(limits=SessionLimits(seconds=60)) as session:
        assert _rows(session, "SELECT 1 AS a") == [(1,)]
        names = {t.name for t in threading.enumerate()}
        assert "hanse-duckdb-tower" in names
    for thread in threading.enumerate():
        if thread.name == "hanse-duckdb-tower":
            thread.join(5)
            assert not thread.is_alive()


def test_texts_and_paths_stay_one_token() -> None:
    assert text("it's") == "'it''s'"
    assert literal_path("/a/b*[c]?.parquet") == "'/a/b[*][[]c][?].parquet'"
    assert literal_path("file:///a/b.parquet") == "'/a/b.parquet'"
    assert literal_path("b.parquet") == text(os.path.abspath("b.parquet"))
    assert fold("ÄBC") == "Äbc"
    with pytest.raises(ValueError, match="NUL"):
        text("a\0b")


def test_names_with_nul_are_refused() -> None:
    with DuckDBEngine(threads=1).open() as session:
        with pytest.raises(EngineError):
            session.bind("a\0b", ArrowScan(pa.table({"a": [1]})))
        with pytest.raises(EngineError):
            session.bind("c", CsvScan("/tmp/a\0b.csv"))


@pytest.mark.parametrize("levels", [400, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [("SELECT * FROM (", ")"), ("SELECT (", ")"), ("SELECT -(", ")")])
def test_deep_statements_are_errors(levels: int, opening: str, closing: str) -> None:
    with DuckDBEngine(threads=1).open() as session, pytest.raises(EngineError, match=r"HNS-E0(01|23)"):
        session.fetch(opening * levels + "SELECT 1" + closing * levels)


@pytest.mark.parametrize("column", ["n", "m"])
def test_the_engine_knows_how_many_rows_a_table_has(tmp_path: Path, column: str) -> None:
    """It puts the smaller side of a join into memory; of a renamed column's files it does not know the size."""
    with DuckDBEngine(threads=1).open(writable=[str(tmp_path)]) as session:
        session.bind("rows", ArrowScan(pa.table({"n": pa.array(range(7_000), pa.int64())})))
        stored = (StoredColumn(1, "n", Scalar.BIGINT),)
        files = tuple(session.stage("SELECT n FROM rows", f"{tmp_path}/{i}.parquet", stored).path for i in range(2))
        session.bind("t", TableScan(files, (StoredColumn(1, column, Scalar.BIGINT),)))
        plan = session._connection.cursor().execute("EXPLAIN SELECT * FROM t").fetchall()[0][1]
        assert ("~14,000 rows" in plan) is (column == "n")
        assert _rows(session, f"SELECT sum({column}) AS s, count(*) AS n FROM t") == [(2 * sum(range(7_000)), 14_000)]


def test_what_was_closed_meanwhile_does_not_end_the_watch() -> None:
    """A connection that is gone cannot be interrupted; the thread that ends what is due has to live on."""
    tower = Tower()
    with duckdb.connect() as connection:
        gone, late = tower.start(connection.cursor(), 0.01), tower.start(connection.cursor(), 0.05)
        with gone.busy, late.busy:
            gone.cursor.close()
            deadline = time.monotonic() + 30
            while late.verdict is None and time.monotonic() < deadline:
                time.sleep(0.01)
        assert late.verdict is TIMED_OUT
        tower.end_all(SESSION_CLOSED)
