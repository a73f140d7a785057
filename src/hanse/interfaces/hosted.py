"""The seam to databases whose own SQL answers questions about their tables, and that hand out what it cannot answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from hanse.interfaces.databases import Connection, PostgresDatabase, SourceTable, SqliteDatabase
from hanse.interfaces.tables import StagedFile

Family = Literal[
    "boolean", "integer", "decimal", "double", "float", "text", "binary", "date", "time", "timestamp", "timestamptz",
    "json", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class MySqlDatabase:
    """A database of a MySQL or MariaDB server.

    Attributes:
        password: None: none. It is in no text form of this value.
        tls: as libpq calls it; every kind but ``disable`` refuses a connection that is not encrypted.
        ca: file of certificates to trust, absolute; None: the system's.
        seconds: how long one statement may take.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    tls: Literal["disable", "require", "verify-ca", "verify-full"] = "require"
    ca: str | None = None
    seconds: float = 3600.0


QueriedDatabase = PostgresDatabase | MySqlDatabase | SqliteDatabase


@dataclass(frozen=True, slots=True)
class HostedColumn:
    """A column of a database's table.

    Attributes:
        name: as the database spells it.
        declared: its type as the database spells it.
        family: what kind of type that is; ``other`` is read as text.
        holds: the engine's type that has every value of it, in DuckDB's spelling. None: nothing but the values tell.
        bytewise: texts only: the database can compare them byte by byte and count their characters.
    """

    name: str
    declared: str
    family: Family
    holds: str | None
    bytewise: bool = True


class HostedDatabase(Connection, Protocol):
    """A database, read only, at one moment: what is read through it belongs together, whoever writes meanwhile.

    Texts that cross this seam were generated from checked trees, in the database's own dialect. Every method raises
    :class:`~hanse.base.IngestError` (codes HNS-I…), or :class:`~hanse.base.EngineError` for faults of this machine.
    Where an error ends the database's transaction, what is read next is of a later moment. One thread uses it; any may
    interrupt it.
    """

    @property
    def dialect(self) -> Literal["postgres", "mysql", "sqlite"]:
        """The SQL that it understands."""
        ...

    def columns(self, table: SourceTable) -> tuple[HostedColumn, ...]:
        """Return the columns of a table or view, in order."""
        ...

    def fetch(self, select: str) -> list[tuple[Any, ...]]:
        """Run a SELECT that returns few rows, and return them as Python's values."""
        ...

    def stage(self, select: str, columns: Sequence[str], path: str, *, binary: Collection[str] = ()) -> StagedFile:
        """Run a SELECT and write its rows to one Parquet file, whole or not at all.

        Args:
            select: what to run.
            columns: the names in the file, one per column; values are texts there unless the driver knows better.
            path: where the file goes.
            binary: those that hold bytes.
        """
        ...

    def reads(self, select: str) -> frozenset[tuple[str, ...]] | None:
        """Return what the database's own parser finds that a SELECT reads, each as its parts; None: it does not say.

        Raises:
            IngestError: the database refuses the statement.
        """
        ...
