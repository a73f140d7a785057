"""The seam to databases that are read from: one snapshot of whole tables, written as Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Protocol, Self

from hanse.interfaces.engine import SessionLimits
from hanse.interfaces.tables import StagedFile
from hanse.spec.types import DataType


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A database of a PostgreSQL server.

    Attributes:
        password: None: what libpq finds. It is in no text form of this value.
        tls: as libpq calls it.
        ca: file of certificates to trust, absolute; None: the system's.
        seconds: how long reading one table may take.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    tls: Literal["disable", "require", "verify-ca", "verify-full"] = "require"
    ca: str | None = None
    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """An SQLite file, by its absolute path."""

    path: str


Database = PostgresDatabase | SqliteDatabase


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table or view, by its names as the database spells them.

    Attributes:
        schema: None where there are none (SQLite).
    """

    name: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of a table or view.

    Attributes:
        name: as the database spells it.
        declared: its type as the database spells it.
        type: what its values are meant to be, where the staged file holds them as text so that nothing is lost that
            this type cannot hold. None: as the staged file has them.
        readable: whether there is a way to read it that loses nothing.
        how: the driver's own note of that way.
    """

    name: str
    declared: str
    type: DataType | None = None
    readable: bool = True
    how: str = ""


class Connection(Protocol):
    """Something that holds on to a database until it is closed."""

    def interrupt(self) -> None:
        """End whatever runs, in the database too; it raises."""
        ...

    def close(self) -> None:
        """Give everything back. Closing twice is harmless."""
        ...

    def __enter__(self) -> Self:
        """Return self."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        ...


class DatabaseSnapshot(Connection, Protocol):
    """A database at one moment: whatever is read through it belongs together, whoever writes meanwhile.

    It is read only, and sees nothing but names of tables and columns: no SQL of anybody's crosses this seam. Every
    method raises :class:`~hanse.base.IngestError` (codes HNS-I…), or :class:`~hanse.base.EngineError` for faults of
    this machine. After an error it can only be closed. One thread uses it; any may interrupt it.
    """

    def columns(self, table: SourceTable) -> tuple[SourceColumn, ...]:
        """Return the columns of a table or view, in order."""
        ...

    def stage(self, table: SourceTable, columns: Sequence[SourceColumn], path: str) -> StagedFile:
        """Write some columns of all rows to one Parquet file: whole, or not at all. Equal rows make equal files."""
        ...


class Databases(Protocol):
    """Something that reads databases."""

    def open(
        self, database: Database, *, writable: Sequence[str] = (), limits: SessionLimits | None = None
    ) -> DatabaseSnapshot:
        """Connect, and hold on to what the database is at this moment.

        Args:
            database: which.
            writable: folders that staged files may be written to.
            limits: what reading may use of this machine.

        Raises:
            IngestError: it cannot be reached, refuses who asks, or is no database.
            EngineError: a package that reads it is not installed.
        """
        ...
