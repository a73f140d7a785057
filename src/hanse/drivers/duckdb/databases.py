"""Databases read by DuckDB's extensions, in a session of its own that runs nothing but statements made here.

Both extensions can scan a table by several connections at once. Of SQLite these see different moments, and of
PostgreSQL they bring the rows in another order each time; so tables are read by one query over one connection, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import duckdb

from hanse.base import EngineError, HanseError, IngestError, new_id
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.errors import translate, useful_text
from hanse.drivers.duckdb.extensions import extension_file
from hanse.drivers.duckdb.quoting import fold, identifier, local_path, text
from hanse.drivers.duckdb.scans import folder_prefix
from hanse.drivers.duckdb.session import FIXED_SETTINGS
from hanse.drivers.duckdb.signals import hearing
from hanse.drivers.duckdb.staging import stage_file
from hanse.interfaces import SessionLimits, SourceColumn, SourceTable, StagedFile
from hanse.interfaces.codes import COLUMN_UNREADABLE, DATABASE_FAILED, NO_SUCH_SOURCE_TABLE

T = TypeVar("T")
ATTACHED = "__source"


class Dialect(Protocol):
    """What is different from database to database.

    Attributes:
        extension: format, as :func:`extension_file` calls it.
        loaded_as: the name that DuckDB asks the extension's file to have.
        query: DuckDB's function that runs a query there.
    """

    extension: str
    loaded_as: str
    query: str

    def attach(self) -> Sequence[str]:
        """Return the statements that connect."""
        ...

    def begin(self) -> str | None:
        """Return the query that sets a new transaction up, there."""
        ...

    def began(self, row: Sequence[Any]) -> None:
        """Take note of that query's one row."""
        ...

    def columns(self, table: SourceTable) -> str:
        """Return the query for a table's columns: one row of texts per column, for :meth:`column`."""
        ...

    def column(self, row: Sequence[Any]) -> SourceColumn:
        """Return a column from its row."""
        ...

    def read(self, table: SourceTable, columns: Sequence[SourceColumn]) -> tuple[str, Sequence[str]]:
        """Return the query for a table's rows, and an expression in DuckDB's SQL per column of its result."""
        ...

    def cancel(self) -> str | None:
        """Return the query that ends what the transaction is running, None if interrupting DuckDB is enough."""
        ...

    def explain(self, raw: str) -> IngestError | None:
        """Return what DuckDB's words mean, None if they are not about the database. They may hold secrets."""
        ...


class DuckDBSnapshot:
    """See :class:`hanse.interfaces.DatabaseSnapshot`."""

    def __init__(
        self, dialect: Dialect, *, writable: Sequence[str], limits: SessionLimits, temp_directory: str
    ) -> None:
        self._dialect = dialect
        self._temp = temp_directory
        self._interrupted = False
        self._busy = False
        self._connection = duckdb.connect(":memory:")
        try:
            self._load(extension_file(dialect.extension))
            self._run(lambda: self._connect(writable, limits))
        except BaseException:
            self.close()
            raise

    def columns(self, table: SourceTable) -> tuple[SourceColumn, ...]:
        """Return the columns of a table or view, in order.

        Raises:
            IngestError: HNS-I023: there is none of this name; HNS-I027: its columns' names cannot be told apart.
        """
        found = tuple(self._dialect.column(row) for row in self.described(table))
        names: dict[str, str] = {}
        for column in found:
            other = names.setdefault(fold(column.name), column.name)
            if other != column.name:
                raise IngestError(
                    COLUMN_UNREADABLE,
                    f"the columns `{other}` and `{column.name}` differ only by small and capital letters",
                    fix="offer a view that renames one",
                )
        return found

    def described(self, table: SourceTable) -> list[tuple[Any, ...]]:
        """Return what the database's catalog says of a table's columns, as :meth:`Dialect.column` takes it.

        Raises:
            IngestError: HNS-I024: there is none of this name.
        """
        rows = self.query(self._dialect.columns(table))
        if not rows:
            raise IngestError(
                NO_SUCH_SOURCE_TABLE,
                "the database has no such table or view",
                fix="correct its name; small and capital letters count",
            )
        return rows

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query in the database, and return its rows."""
        return self._run(lambda: self._query(query))

    def stage_query(self, query: str, columns: Sequence[str], path: str) -> StagedFile:
        """Run a query in the database, and write its rows to a Parquet file, under these names."""
        named = ", ".join(identifier(name) for name in columns)
        select = f"SELECT * FROM {self._function(query)} AS answer({named})"  # noqa: S608 - made of quoted names
        return self._run(lambda: stage_file(self._connection, select, local_path(path), None))

    def stage(self, table: SourceTable, columns: Sequence[SourceColumn], path: str) -> StagedFile:
        """Write some columns of all rows to one Parquet file: whole and on disk, or not at all.

        Raises:
            IngestError: HNS-I027 for a column that is not readable, and whatever the database answers.
            EngineError: the file cannot be written.
        """
        for column in columns:
            if not column.readable:
                raise IngestError(
                    COLUMN_UNREADABLE,
                    f"column `{column.name}` is of type `{column.declared}`, which cannot be read without loss",
                    fix="offer a view that casts it or leaves it out",
                )
        query, chosen = self._dialect.read(table, columns)
        select = f"SELECT {', '.join(chosen)} FROM {self._function(query)}"  # noqa: S608 - made of quoted names
        return self._run(lambda: stage_file(self._connection, select, local_path(path), None))

    def interrupt(self) -> None:
        """End whatever runs, in the database too; it raises."""
        if self._busy and not self._interrupted:
            self._interrupted = True
            query = self._dialect.cancel()
            if query is not None:
                # What waits for an answer of the server does not hear DuckDB's own interrupt.
                with suppress(duckdb.Error), self._connection.cursor() as other:
                    other.execute(f"FROM {self._function(query)}").fetchall()
        with suppress(duckdb.Error):  # closed meanwhile
            self._connection.interrupt()

    def close(self) -> None:
        """Give everything back. Closing twice is harmless."""
        self.interrupt()
        # Left to the destructor, a rollback that finds its connection lost would end the whole process.
        with suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _load(self, file: str) -> None:
        """Load an extension; DuckDB takes its entry point's name from the file's."""
        folder = Path(self._temp, f"extension-{new_id()}")
        link = folder / f"{self._dialect.loaded_as}.duckdb_extension"
        try:
            folder.mkdir(parents=True)
            link.symlink_to(file)
            self._connection.execute(f"{FIXED_SETTINGS} LOAD {text(str(link))}")
        except (duckdb.Error, OSError) as error:
            raise EngineError(
                codes.PACKAGE_MISSING,
                f"the package that reads `{self._dialect.extension}` cannot be loaded",
                why=useful_text(error),
                fix=f"pip install 'hanse[{self._dialect.extension}]', in the version that fits the installed DuckDB",
            ) from error
        finally:
            link.unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()

    def _connect(self, writable: Sequence[str], limits: SessionLimits) -> None:
        run = self._connection.execute
        for statement in self._dialect.attach():
            run(statement)
        settings = [
            f"SET GLOBAL allowed_directories=[{', '.join(text(folder_prefix(p)) for p in writable)}]",
            f"SET GLOBAL temp_directory={text(local_path(self._temp))}",
            *([f"SET GLOBAL threads={int(limits.threads)}"] if limits.threads else []),
            *([f"SET GLOBAL memory_limit='{int(limits.memory)}B'"] if limits.memory else []),
            "SET GLOBAL enable_external_access=false",
            "SET GLOBAL lock_configuration=true",
            "BEGIN TRANSACTION",
        ]
        for statement in settings:
            run(statement)
        query = self._dialect.begin()
        if query is not None:
            self._dialect.began(self._query(query)[0])

    def _query(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(f"FROM {self._function(query)}").fetchall()

    def _function(self, query: str) -> str:
        return f"{self._dialect.query}({text(ATTACHED)}, {text(query)})"

    def _run(self, work: Callable[[], T]) -> T:
        """Do something there; whatever is raised says nothing that is secret."""
        self._busy = True
        try:
            return hearing(self, work)
        except duckdb.Error as error:
            raised: HanseError = self._explain(error)
        except ValueError as error:  # a name with NUL
            raised = IngestError(DATABASE_FAILED, "a name cannot be written", why=str(error))
        finally:
            self._busy = False
        # Without its cause: DuckDB quotes statements in its errors, and one of these holds a password.
        raise raised from None

    def _explain(self, error: duckdb.Error) -> HanseError:
        if self._interrupted or isinstance(error, duckdb.InterruptException):
            return EngineError(codes.INTERRUPTED, "reading the database was interrupted")
        found = self._dialect.explain(useful_text(error))
        return found if found is not None else translate(error)
