"""PostgreSQL's own SQL, run through DuckDB's extension: one connection, one transaction, read only.

DuckDB ends its own transaction when the server refuses a statement, so after an error the next statement connects anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from hanse.base import HanseError
from hanse.drivers.duckdb.databases import ATTACHED, DuckDBSnapshot
from hanse.drivers.duckdb.postgres import Postgres
from hanse.interfaces import PostgresDatabase, SessionLimits, SourceTable, StagedFile
from hanse.interfaces.hosted import Family, HostedColumn

T = TypeVar("T")
_HEADER = 4
# PostgreSQL's name → its family, and the engine's type.
_TYPES: dict[str, tuple[Family, str | None]] = {
    "bool": ("boolean", "BOOLEAN"),
    "int2": ("integer", "SMALLINT"),
    "int4": ("integer", "INTEGER"),
    "int8": ("integer", "BIGINT"),
    "float4": ("float", "FLOAT"),
    "float8": ("double", "DOUBLE"),
    "text": ("text", "VARCHAR"),
    "varchar": ("text", "VARCHAR"),
    "uuid": ("other", "UUID"),
    "bytea": ("binary", "BLOB"),
    "date": ("date", "DATE"),
    "time": ("time", "TIME"),
    "timestamp": ("timestamp", "TIMESTAMP"),
    "timestamptz": ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
    "json": ("json", None),
    "jsonb": ("json", None),
}
# Resolved at the server's own catalog: a function that somebody made in `public` is never called.
_PATH = "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true) AS path"
_ENCODING = "SELECT pg_catalog.current_setting('server_encoding') AS encoding"


class PostgresHosted:
    """See :class:`hanse.interfaces.HostedDatabase`."""

    def __init__(
        self, database: PostgresDatabase, *, writable: Sequence[str], limits: SessionLimits, temp_directory: str
    ) -> None:
        self._database = database
        self._writable = tuple(writable)
        self._limits = limits
        self._temp = temp_directory
        self._bytewise = True
        self._snapshot: DuckDBSnapshot | None = None
        self.fetch(_PATH)

    @property
    def dialect(self) -> Literal["postgres", "mysql", "sqlite"]:
        """The SQL that it understands."""
        return "postgres"

    def columns(self, table: SourceTable) -> tuple[HostedColumn, ...]:
        """Return the columns of a table or view, in order.

        Raises:
            IngestError: HNS-I024: there is none of this name; HNS-I028: its columns' names cannot be told apart.
        """
        return self._run(lambda snapshot: tuple(self._column(row) for row in snapshot.described(table)))

    def fetch(self, select: str) -> list[tuple[Any, ...]]:
        """Run a SELECT that returns few rows."""
        return self._run(lambda snapshot: snapshot.query(select))

    def stage(self, select: str, columns: Sequence[str], path: str, *, binary: Collection[str] = ()) -> StagedFile:
        """Run a SELECT and write its rows to one Parquet file: whole and on disk, or not at all."""
        del binary  # the extension knows by itself
        return self._run(lambda snapshot: snapshot.stage_query(select, columns, path))

    def reads(self, select: str) -> frozenset[tuple[str, ...]] | None:
        """Return None: what runs statements here can explain none. DuckDB's parser, which is PostgreSQL's, reads them.

        Raises:
            IngestError: the server refuses the statement.
        """
        del select
        return None

    def interrupt(self) -> None:
        """End whatever runs, in the server too; it raises."""
        if self._snapshot is not None:
            self._snapshot.interrupt()

    def close(self) -> None:
        """Give everything back. Closing twice is harmless."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            snapshot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, work: Callable[[DuckDBSnapshot], T]) -> T:
        try:
            if self._snapshot is None:
                self._snapshot = self._open()
            return work(self._snapshot)
        except HanseError:
            self.close()
            raise

    def _open(self) -> DuckDBSnapshot:
        snapshot = DuckDBSnapshot(
            Postgres(self._database, ATTACHED), writable=self._writable, limits=self._limits, temp_directory=self._temp
        )
        try:
            snapshot.query(_PATH)
            self._bytewise = snapshot.query(_ENCODING)[0][0] == "UTF8"
        except BaseException:
            snapshot.close()
            raise
        return snapshot

    def _column(self, row: Sequence[Any]) -> HostedColumn:
        _, name, declared, modifier, type_, kind, item, _item_kind = row
        if item:
            return HostedColumn(name, declared, "json", None)
        if type_ == "numeric":
            return HostedColumn(name, declared, "decimal", _decimal(modifier))
        family, holds = _TYPES.get(type_, ("other", "VARCHAR")) if kind == "b" else ("other", "VARCHAR")
        return HostedColumn(name, declared, family, holds, self._bytewise)


def _decimal(modifier: int) -> str | None:
    if modifier < _HEADER:  # any number of digits
        return None
    precision, scale = (modifier - _HEADER) >> 16, (modifier - _HEADER) & 0x7FF
    return f"DECIMAL({precision},{scale})" if precision <= 38 and scale <= precision else None
