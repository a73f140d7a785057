"""A locked DuckDB database in memory, over files."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb

from hanse.base import EngineError, new_id
from hanse.base.suggest import did_you_mean
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.batches import Batches, start_stream
from hanse.drivers.duckdb.csv_files import csv_select, sift
from hanse.drivers.duckdb.documents import avro_select, excel_select, json_select
from hanse.drivers.duckdb.errors import translate, useful_text
from hanse.drivers.duckdb.flights import Flight, Tower
from hanse.drivers.duckdb.footers import read_statistics
from hanse.drivers.duckdb.quoting import fold, identifier, local_path, text, texts
from hanse.drivers.duckdb.references import read_references
from hanse.drivers.duckdb.scans import folder_prefix, parquet_select, table_select
from hanse.drivers.duckdb.signals import hearing
from hanse.drivers.duckdb.staging import stage_file, stage_files
from hanse.interfaces import (
    ArrowScan,
    AvroScan,
    ColumnStatistics,
    CsvScan,
    DuckDBScan,
    ExcelScan,
    FileSizes,
    JsonScan,
    ParquetScan,
    References,
    RejectedLine,
    Relation,
    SessionLimits,
    StagedFile,
    StoredColumn,
    TableScan,
)

if TYPE_CHECKING:
    import pyarrow as pa

# Rows out of these are made from their arguments alone; other table functions read files, settings or the catalog.
TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"})
# Scalar functions that tell of the process, its settings or other statements, or that change the session.
OUTSIDE_FUNCTIONS = frozenset(
    {
        "add_parquet_key", "current_connection_id", "current_query", "current_query_id", "current_setting",
        "current_transaction_id", "currval", "getenv", "getvariable", "in_search_path", "json_deserialize_sql",
        "json_execute_serialized_sql", "json_serialize_plan", "json_serialize_sql", "nextval",
        "parse_duckdb_log_message", "setseed", "txid_current", "write_log",
    }
)  # fmt: skip
OUTSIDE_PREFIXES = ("__internal", "duckdb_", "pg_get_", "pragma_")

# The external file cache gives stale rows of a file written anew within a tick of the clock; the system caches anyway.
# NULLS_LAST is DuckDB's own default and what sqlglot assumes of DuckDB, so that SQL of other dialects keeps its order.
FIXED_SETTINGS = """
SET GLOBAL TimeZone='UTC';
SET GLOBAL default_null_order='NULLS_LAST';
SET GLOBAL preserve_insertion_order=true;
SET GLOBAL python_enable_replacements=false;
SET GLOBAL autoinstall_known_extensions=false;
SET GLOBAL autoload_known_extensions=false;
SET GLOBAL allow_community_extensions=false;
SET GLOBAL allow_persistent_secrets=false;
SET GLOBAL enable_external_file_cache=false;
"""
_LOCK = "SET GLOBAL enable_external_access=false; SET GLOBAL lock_configuration=true"


class DuckDBSession:
    """See :class:`hanse.interfaces.Session`. Every call runs on a connection of its own to one in-memory database."""

    def __init__(
        self,
        *,
        readable: Sequence[str],
        writable: Sequence[str],
        limits: SessionLimits,
        temp_directory: str,
        extensions: Sequence[str] = (),
    ) -> None:
        self._seconds = limits.seconds
        self._spill = f"{local_path(temp_directory)}/duckdb-{new_id()}"
        self._tower = Tower()
        self._binding = threading.Lock()
        self._bound: dict[str, str] = {}
        self._tables: dict[str, str] = {}
        self._read_references = lru_cache(maxsize=256)(self._parse)
        # Told of one thread beforehand, DuckDB starts none that it would have to end again.
        self._connection = duckdb.connect(":memory:", config={"threads": 1} if limits.threads == 1 else {})
        try:
            os.makedirs(temp_directory, exist_ok=True)  # DuckDB makes the last folder only, when it spills
            self._connection.execute(_settings(readable, writable, limits, self._spill, extensions))
        except (duckdb.Error, ValueError, OSError) as error:
            self._connection.close()
            raise EngineError(
                codes.IMPOSSIBLE_LIMITS, f"the engine refuses its settings: {useful_text(error)}"
            ) from error

    def bind(self, name: str, relation: Relation) -> None:
        """Make a relation readable under a name; files are looked at now, so that damage is reported by name.

        CSV files are sniffed once, here; Arrow tables are copied into the session's own memory.
        """
        with self._binding, self._flight(_path(relation)) as flight:
            cursor = flight.cursor
            key = fold(name)
            table = None
            if isinstance(relation, ArrowScan):
                table = f"__rows_{new_id()}"
                cursor.register(f"{table}_arrow", relation.table)
                cursor.execute(f"CREATE TABLE {identifier(table)} AS FROM {identifier(table + '_arrow')}")
                cursor.unregister(f"{table}_arrow")
                select = f"FROM {identifier(table)}"
            else:
                select = hearing(cursor, lambda: _select(cursor, relation))
            cursor.execute(f"CREATE OR REPLACE VIEW {identifier(name)} AS {select}")
            self._bound[key] = name
            self._drop_rows(cursor, key)
            if table:
                self._tables[key] = table

    def hold(self, name: str, select: str) -> int:
        """Run a SELECT and bind its rows, kept in the session's memory, under a name."""
        self._admit(select)
        with self._binding, self._flight() as flight:
            table = f"__rows_{new_id()}"
            # The line break ends a comment that the SELECT may close with.
            create = f"CREATE TABLE {identifier(table)} AS {select}\n"
            row = hearing(flight.cursor, lambda: flight.cursor.execute(create).fetchone())
            flight.cursor.execute(f"CREATE OR REPLACE VIEW {identifier(name)} AS FROM {identifier(table)}")
            key = fold(name)
            self._bound[key] = name
            self._drop_rows(flight.cursor, key)
            self._tables[key] = table
        return int(row[0]) if row else 0

    def derive(self, name: str, select: str) -> None:
        """Bind a SELECT over bound relations under a name."""
        self._admit(select)
        with self._binding, self._flight() as flight:
            # The line break ends a comment that the SELECT may close with.
            flight.cursor.execute(f"CREATE OR REPLACE VIEW {identifier(name)} AS {select}\n")
            key = fold(name)
            self._bound[key] = name
            self._drop_rows(flight.cursor, key)

    def unbind(self, name: str) -> None:
        """Forget a relation; unknown names are ignored."""
        key = fold(name)
        with self._binding, self._flight() as flight:
            if self._bound.pop(key, None) is not None:
                flight.cursor.execute(f"DROP VIEW IF EXISTS {identifier(name)}")
                self._drop_rows(flight.cursor, key)

    def references(self, sql: str) -> References:
        """Parse with DuckDB's parser and return what the statement names.

        Raises:
            EngineError: HNS-E001, HNS-E002 or HNS-E023.
        """
        self._check_open()
        return self._read_references(sql)

    def describe(self, select: str) -> tuple[tuple[str, str], ...]:
        """Return (column name, type name) of a SELECT without running it."""
        self._admit(select)
        with self._flight() as flight:
            return _describe(flight.cursor, select)

    def stream(self, select: str, *, batch_rows: int = 65_536) -> pa.RecordBatchReader:
        """Run a SELECT; its time limit runs until its last batch was read or its reader was dropped."""
        import pyarrow as pa

        self._admit(select)
        flight = self._start()
        try:
            with flight.busy:
                reader = hearing(flight.cursor, lambda: start_stream(flight.cursor, select, batch_rows))
                flight.result = reader
        except duckdb.Error as error:
            self._tower.land(flight)
            raise translate(error, code=flight.verdict) from error
        except BaseException:
            self._tower.land(flight)
            raise
        return pa.RecordBatchReader.from_batches(reader.schema, Batches(flight, self._tower))

    def fetch(self, select: str) -> pa.Table:
        """Run a SELECT and return all its rows."""
        self._admit(select)
        with self._flight() as flight:
            return hearing(flight.cursor, lambda: flight.cursor.execute(select).to_arrow_table())

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """Run a SELECT of few rows of numbers, texts and truth values, and return them."""
        self._admit(select)
        with self._flight() as flight:
            return hearing(flight.cursor, lambda: flight.cursor.execute(select).fetchall())

    def stage(self, select: str, path: str, columns: Sequence[StoredColumn] | None = None) -> StagedFile:
        """Run a SELECT and write its rows to one Parquet file: whole and on disk, or not at all.

        Raises:
            EngineError: HNS-E022 when the SELECT's columns are not ``columns``, and whatever the statement raises.
        """
        self._admit(select)
        with self._flight(path) as flight:
            if columns is not None:
                _check_columns(flight.cursor, select, columns)
            target = local_path(path)
            return hearing(flight.cursor, lambda: stage_file(flight.cursor, select, target, columns))

    def stage_several(
        self,
        select: str,
        path_of: Callable[[int], str],
        columns: Sequence[StoredColumn] | None = None,
        *,
        sizes: FileSizes,
    ) -> tuple[StagedFile, ...]:
        """Run a SELECT and write its rows, in their order, to as many files as they are worth.

        Raises:
            EngineError: as :meth:`stage`.
        """
        self._admit(select)
        with self._flight(path_of(0)) as flight:
            if columns is not None:
                _check_columns(flight.cursor, select, columns)

            def target(number: int) -> str:
                return local_path(path_of(number))

            return hearing(flight.cursor, lambda: stage_files(flight.cursor, select, target, columns, sizes))

    def sift(self, scan: CsvScan, path: str, *, at_most: int) -> tuple[RejectedLine, ...]:
        """Copy the sound lines of a CSV file, and return the others in their order."""
        with self._flight(scan.path) as flight:
            return hearing(flight.cursor, lambda: sift(flight.cursor, scan, local_path(path), at_most))

    def statistics(
        self, files: Sequence[str], columns: Sequence[StoredColumn] | None = None
    ) -> Mapping[str, ColumnStatistics]:
        """See :meth:`hanse.interfaces.Session.statistics`."""
        with self._flight() as flight:
            return read_statistics(flight.cursor, files, columns)

    def interrupt(self) -> None:
        """End whatever runs in this session; it raises HNS-E009."""
        self._tower.end_all()

    def close(self) -> None:
        """Give everything back. Rows still being read end with HNS-E018. Closing twice is harmless."""
        self._tower.end_all(codes.SESSION_CLOSED)
        self._read_references.cache_clear()
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._tower.closed:
            raise EngineError(codes.SESSION_CLOSED, "the session is closed")

    def _start(self) -> Flight:
        self._check_open()
        try:
            cursor = self._connection.cursor()
        except duckdb.Error as error:
            raise EngineError(codes.SESSION_CLOSED, "the session is closed") from error
        flight = self._tower.start(cursor, self._seconds)
        if flight.verdict is not None:
            self._tower.land(flight)
            raise EngineError(flight.verdict, "the session is closed")
        return flight

    @contextmanager
    def _flight(self, path: str | None = None) -> Iterator[Flight]:
        flight = self._start()
        try:
            with flight.busy:
                yield flight
        except duckdb.Error as error:
            raise translate(error, path=path, code=flight.verdict) from error
        except ValueError as error:  # a name or text with NUL
            raise EngineError(codes.SYNTAX, str(error)) from error
        finally:
            self._tower.land(flight)

    def _drop_rows(self, cursor: duckdb.DuckDBPyConnection, key: str) -> None:
        rows = self._tables.pop(key, None)
        if rows:
            cursor.execute(f"DROP TABLE IF EXISTS {identifier(rows)}")

    def _parse(self, sql: str) -> References:
        with self._flight() as flight:
            # As a literal: to pass a parameter, DuckDB imports pandas wherever that is installed (0.6 s, 60 MB).
            row = flight.cursor.execute(f"SELECT json_serialize_sql({text(sql)})").fetchone()
        return read_references(row[0] if row else "")

    def _admit(self, select: str) -> None:
        """Refuse what is not one SELECT over bound relations and harmless functions, whoever wrote it."""
        found = self.references(select)
        for relation in found.relations:
            if len(relation) != 1 or fold(relation[0]) not in self._bound:
                name = ".".join(relation)
                raise EngineError(
                    codes.UNKNOWN_NAME,
                    f"there is no relation `{name}` in this session",
                    fix=did_you_mean(name, self._bound.values()),
                )
        for function in found.table_functions - TABLE_FUNCTIONS:
            raise EngineError(codes.OUTSIDE, f"`{function}` in FROM reaches outside the session")
        for function in found.functions:
            if function in OUTSIDE_FUNCTIONS or function.startswith(OUTSIDE_PREFIXES):
                raise EngineError(codes.OUTSIDE, f"function `{function}` reaches outside the session")


def _settings(
    readable: Sequence[str], writable: Sequence[str], limits: SessionLimits, spill: str, extensions: Sequence[str]
) -> str:
    places = [*readable, *writable]
    settings = [
        FIXED_SETTINGS,
        *(f"LOAD {text(file)};" for file in extensions),
        f"SET GLOBAL allowed_directories={texts([folder_prefix(p) for p in places])};",
        f"SET GLOBAL allowed_paths={texts([local_path(p) for p in places])};",
        f"SET GLOBAL temp_directory={text(spill)};",
    ]
    if limits.threads is not None:
        settings.append(f"SET GLOBAL threads={int(limits.threads)};")
    if limits.memory is not None:
        if limits.memory <= 0:
            raise ValueError("memory must be more than nothing")
        settings.append(f"SET GLOBAL memory_limit='{int(limits.memory)}B';")
    return "".join([*settings, _LOCK])


def _path(relation: Relation) -> str | None:
    return relation.path if isinstance(relation, CsvScan | JsonScan | ExcelScan | AvroScan | DuckDBScan) else None


def _select(
    cursor: duckdb.DuckDBPyConnection,
    relation: TableScan | ParquetScan | CsvScan | JsonScan | ExcelScan | AvroScan | DuckDBScan,
) -> str:
    match relation:
        case TableScan():
            return table_select(cursor, relation)
        case ParquetScan():
            return parquet_select(cursor, relation)
        case JsonScan():
            return json_select(cursor, relation)
        case ExcelScan():
            return excel_select(cursor, relation)
        case AvroScan():
            return avro_select(relation)
        case DuckDBScan():
            return _attached(cursor, relation)
        case CsvScan():
            return csv_select(cursor, relation)


def _describe(cursor: duckdb.DuckDBPyConnection, select: str) -> tuple[tuple[str, str], ...]:
    rows = cursor.execute(f"DESCRIBE {select}").fetchall()
    return tuple((name, kind) for name, kind, *_ in rows)


def _check_columns(cursor: duckdb.DuckDBPyConnection, select: str, columns: Sequence[StoredColumn]) -> None:
    found = _describe(cursor, select)
    wanted = tuple((c.name, str(c.type)) for c in columns)
    if found != wanted and any(c.children for c in columns):  # nested types are spelt without needless quotes
        nothing = ", ".join(f"CAST(NULL AS {c.type}) AS {identifier(c.name)}" for c in columns)
        wanted = _describe(cursor, f"SELECT {nothing}")
    if found == wanted:
        return
    for (name, kind), (wanted_name, wanted_kind) in zip(found, wanted, strict=False):
        if (name, kind) != (wanted_name, wanted_kind):
            what = f"column `{name}` of type {kind} stands where `{wanted_name}` of type {wanted_kind} is meant"
            raise EngineError(codes.COLUMNS_DIFFER, what, fix="cast and order the last projection like the table")
    what = f"the SELECT has {len(found)} columns, the table has {len(wanted)}"
    raise EngineError(codes.COLUMNS_DIFFER, what, fix="select exactly the table's columns")


def _attached(cursor: duckdb.DuckDBPyConnection, relation: DuckDBScan) -> str:
    """Open a database's file, once, and return the SELECT of a table in it."""
    name = f"__file_{sha256(relation.path.encode()).hexdigest()[:16]}"
    cursor.execute(f"ATTACH IF NOT EXISTS {text(local_path(relation.path))} AS {identifier(name)} (READ_ONLY)")
    return f"FROM {identifier(name)}.{identifier(relation.schema)}.{identifier(relation.name)}"
