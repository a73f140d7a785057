"""SQLite through Python's own library: read only, one read transaction, and an authorizer that allows reading alone."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote

from hanse.base import IngestError
from hanse.drivers.dbapi.staging import BATCH, write
from hanse.interfaces import SourceTable, SqliteDatabase, StagedFile
from hanse.interfaces.codes import (
    DATABASE_BUSY,
    DATABASE_FAILED,
    NO_DATABASE_FILE,
    NO_SUCH_DATABASE,
    NO_SUCH_SOURCE_TABLE,
    NOT_PERMITTED,
    READ_TOO_SLOW,
    VALUE_UNREADABLE,
)
from hanse.interfaces.hosted import Family, HostedColumn

T = TypeVar("T")
_BUSY_SECONDS = 5.0
_STEPS = 100_000  # of SQLite's machine between two looks at signals: about a millisecond
_COLUMNS = 'SELECT name, "type" FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid'
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_DENIED_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})
# After SQLite's rules of affinity; values of any type may stand in any column, so a family is only what is meant.
_FAMILIES: tuple[tuple[str, Family], ...] = (
    ("BOOL", "boolean"), ("DATETIME", "timestamp"), ("TIMESTAMP", "timestamp"), ("DATE", "date"), ("INT", "integer"),
    ("CHAR", "text"), ("CLOB", "text"), ("TEXT", "text"), ("BLOB", "binary"), ("REAL", "double"), ("FLOA", "double"),
    ("DOUB", "double"), ("DEC", "decimal"), ("NUMERIC", "decimal"), ("JSON", "json"),
)  # fmt: skip
_WORDS = (
    (r"not a database", NO_DATABASE_FILE, "the file is no SQLite database, or is damaged", "restore it"),
    (r"malformed", NO_DATABASE_FILE, "the file is no SQLite database, or is damaged", "restore it"),
    (r"locked", DATABASE_BUSY, "somebody is writing to the database", "run again, or write with WAL"),
    (r"prohibited", NOT_PERMITTED, "the statement does what no check may do", "read only the tables under test"),
    (r"not authorized", NOT_PERMITTED, "the statement does what no check may do", "read only the tables under test"),
    (r"no such", NO_SUCH_SOURCE_TABLE, "the database cannot read it", "correct the name"),
    (r"decode", VALUE_UNREADABLE, "a text is not in UTF-8", "mend the text"),
)


class SqliteHosted:
    """See :class:`hanse.interfaces.HostedDatabase`."""

    def __init__(self, database: SqliteDatabase, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self._path = database.path
        self._seen: set[tuple[str, ...]] = set()
        if not os.path.isfile(self._path):
            raise IngestError(NO_SUCH_DATABASE, "there is no such file", fix="correct the path")
        address = f"file:{quote(os.path.abspath(self._path))}?mode=ro"
        self._connection = self._run(
            lambda: sqlite3.connect(
                address,
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                # A statement that is compiled already is not shown to the authorizer again.
                cached_statements=0,
            )
        )
        try:
            self._run(self._begin)
        except BaseException:
            self.close()
            raise

    @property
    def dialect(self) -> Literal["postgres", "mysql", "sqlite"]:
        """The SQL that it understands."""
        return "sqlite"

    def columns(self, table: SourceTable) -> tuple[HostedColumn, ...]:
        """Return the columns of a table or view, in order, without those that a virtual table hides.

        Raises:
            IngestError: HNS-I024: there is none of this name.
        """

        def look() -> list[tuple[str, str]]:
            self._connection.set_authorizer(None)
            try:
                return self._connection.execute(_COLUMNS, (table.name,)).fetchall()
            finally:
                self._connection.set_authorizer(self._authorize)

        rows = self._run(look)
        if not rows:
            raise IngestError(NO_SUCH_SOURCE_TABLE, "the database has no such table or view", fix="correct its name")
        return tuple(HostedColumn(name, declared or "", _family(declared or ""), None) for name, declared in rows)

    def fetch(self, select: str) -> list[tuple[Any, ...]]:
        """Run a SELECT that returns few rows."""
        return self._run(lambda: self._connection.execute(select).fetchall())

    def stage(self, select: str, columns: Sequence[str], path: str, *, binary: Collection[str] = ()) -> StagedFile:
        """Run a SELECT and write its rows to one Parquet file: whole, or not at all."""

        def batches() -> Iterator[Sequence[tuple[Any, ...]]]:
            cursor = self._connection.execute(select)
            while rows := cursor.fetchmany(BATCH):
                yield rows

        return self._run(lambda: write(batches(), columns, path, binary))

    def reads(self, select: str) -> frozenset[tuple[str, ...]]:
        """Return the tables and views that SQLite's own compiler finds in a SELECT, without running it."""
        self._seen = set()
        self._run(lambda: self._connection.execute(f"EXPLAIN {select}").fetchall())
        return frozenset(self._seen)

    def interrupt(self) -> None:
        """End whatever runs; it raises."""
        with suppress(sqlite3.ProgrammingError):  # closed meanwhile
            self._connection.interrupt()

    def close(self) -> None:
        """Give everything back. Closing twice is harmless."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        for statement in ("PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF", "BEGIN"):
            self._connection.execute(statement)
        self._connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # takes hold of this moment
        self._connection.set_authorizer(self._authorize)
        self._connection.set_progress_handler(self._go_on, _STEPS)

    def _authorize(self, action: int, first: str | None, second: str | None, *_: Any) -> int:
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _DENIED_FUNCTIONS:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and first:
            self._seen.add((first,))
        return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY

    def _go_on(self) -> int:
        """Let Python's signals in, and end a statement that took longer than it may."""
        return int(self._deadline is not None and time.monotonic() > self._deadline)

    def _run(self, work: Callable[[], T]) -> T:
        self._deadline = None if self._seconds is None else time.monotonic() + self._seconds
        try:
            return work()
        except sqlite3.Error as error:
            words = " ".join(str(error).replace(self._path, "…").split())
        if self._deadline is not None and time.monotonic() > self._deadline and "interrupted" in words:
            raise IngestError(READ_TOO_SLOW, "reading took longer than allowed", fix="allow more time")
        for pattern, code, what, fix in _WORDS:
            if pattern in words:
                raise IngestError(code, what, why=words, fix=fix)
        raise IngestError(DATABASE_FAILED, "the database reports an error", why=words, fix="look at it in the database")


def _family(declared: str) -> Family:
    upper = declared.upper()
    return next((family for part, family in _FAMILIES if part in upper), "other")
