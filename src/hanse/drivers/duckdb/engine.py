"""Where sessions come from."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Collection, Sequence
from functools import cached_property
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.drivers.duckdb.extensions import EXTENSIONS, extension_file
from hanse.interfaces import Database, PostgresDatabase, SessionLimits, SqliteDatabase

if TYPE_CHECKING:
    from hanse.drivers.duckdb.databases import DuckDBSnapshot
    from hanse.drivers.duckdb.hosted import PostgresHosted
    from hanse.drivers.duckdb.session import DuckDBSession

# Raise when a setting of the sessions changes what statements return.
_REVISION = 1


class DuckDBEngine:
    """DuckDB, embedded: every session is an in-memory database of its own over files.

    Args:
        threads: worker threads of a session, None: one per processor.
        memory: bytes a session may use before it spills, None: 80 % of the machine.
        temp_directory: folder to spill into, made when needed; None: the system's folder for temporary files.
    """

    def __init__(
        self, threads: int | None = None, memory: int | None = None, temp_directory: str | Path | None = None
    ) -> None:
        self._threads = threads
        self._memory = memory
        self._temp_directory = str(temp_directory or tempfile.gettempdir())

    @property
    def name(self) -> str:
        """``duckdb``."""
        return "duckdb"

    @cached_property
    def version(self) -> str:
        """DuckDB's version and a revision of our settings, for example ``1.5.5+1``; found without importing duckdb."""
        return f"{installed_version()}+{_REVISION}"

    def open(
        self,
        *,
        readable: Sequence[str] = (),
        writable: Sequence[str] = (),
        limits: SessionLimits | None = None,
        formats: Collection[str] = (),
    ) -> DuckDBSession:
        """Open a locked session (about 8 ms, most of it DuckDB's own start).

        Args:
            readable: folders and files that relations may live in; a folder may be one that does not exist yet.
            writable: folders that a session may stage files in.
            limits: what it may use; what it leaves open is the engine's own limit.
            formats: ``xlsx`` (40 ms more) and ``avro`` (30 ms) are read by extensions, which are loaded now or never.

        Raises:
            EngineError: HNS-E026, the engine refuses these settings; HNS-E027, a format's package is not installed.
        """
        from hanse.drivers.duckdb.session import DuckDBSession  # imports duckdb

        given = limits or SessionLimits()
        return DuckDBSession(
            readable=readable,
            writable=writable,
            limits=SessionLimits(given.threads or self._threads, given.memory or self._memory, given.seconds),
            temp_directory=self._temp_directory,
            extensions=[extension_file(f) for f in sorted(formats) if f in EXTENSIONS],
        )


class DuckDBDatabases:
    """Reads databases by DuckDB's extensions, as :class:`hanse.interfaces.Databases`.

    Args:
        temp_directory: folder to spill into, made when needed; None: the system's folder for temporary files.
    """

    def __init__(self, temp_directory: str | Path | None = None) -> None:
        self._temp_directory = str(temp_directory or tempfile.gettempdir())

    def open(
        self, database: Database, *, writable: Sequence[str] = (), limits: SessionLimits | None = None
    ) -> DuckDBSnapshot:
        """Connect (about 0.2 s, most of it loading the extension), and hold on to what the database is now.

        Raises:
            IngestError: HNS-I021 to I034: it cannot be reached, refuses who asks, or is no database.
            EngineError: HNS-E027: a package is not installed.
        """
        from hanse.drivers.duckdb.databases import ATTACHED, DuckDBSnapshot  # imports duckdb
        from hanse.drivers.duckdb.postgres import Postgres
        from hanse.drivers.duckdb.sqlite import Sqlite

        dialect: Postgres | Sqlite
        match database:
            case PostgresDatabase():
                dialect = Postgres(database, ATTACHED)
            case SqliteDatabase():
                dialect = Sqlite(database, ATTACHED)
        return DuckDBSnapshot(
            dialect, writable=writable, limits=limits or SessionLimits(), temp_directory=self._temp_directory
        )

    def open_hosted(
        self, database: PostgresDatabase, *, writable: Sequence[str] = (), limits: SessionLimits | None = None
    ) -> PostgresHosted:
        """Connect to a server whose own SQL is to answer; see :meth:`open`."""
        from hanse.drivers.duckdb.hosted import PostgresHosted  # imports duckdb

        return PostgresHosted(
            database, writable=writable, limits=limits or SessionLimits(), temp_directory=self._temp_directory
        )


def installed_version() -> str:
    """Return the version of the installed duckdb package, without importing it (importlib.metadata takes 30 ms)."""
    loaded = sys.modules.get("duckdb")
    if loaded is not None:
        return str(loaded.__version__)
    spec = util.find_spec("duckdb")
    if spec is not None and spec.origin:
        for folder in Path(spec.origin).parent.parent.glob("duckdb-*.dist-info"):
            match = re.fullmatch(r"duckdb-(\d.*)\.dist-info", folder.name)
            if match:
                return match.group(1)
    from importlib import metadata

    return metadata.version("duckdb")
