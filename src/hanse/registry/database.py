"""Connections to one SQLite control database: many readers, one writer at a time.

Write-ahead log: readers see the last commit and never wait. ``synchronous=FULL``: a release that a consumer has seen is
still there after a power cut; the price is one flush to disk per transaction, of which a run has a handful.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from hanse.base import RegistryError
from hanse.base.readonly import ReadableCopy
from hanse.registry.codes import CANNOT_OPEN, LOCKED
from hanse.registry.failures import mapped, reading


class Database:
    """One control database.

    Attributes:
        path: its file, absolute.
        place: how messages call it.
    """

    def __init__(self, path: Path, *, place: str, busy_seconds: float) -> None:
        self.path = path
        self.place = place
        self._busy_seconds = busy_seconds
        self._turn = threading.Lock()
        self._writing_thread: int | None = None
        self._closed = False
        self._copy = ReadableCopy(path) if ReadableCopy.is_needed(path) else None
        self._copying = threading.Lock()
        self._readers = self._engine("ro", "BEGIN", query_only=True)
        self._writer = self._engine("rw", "BEGIN IMMEDIATE", foreign_keys=True, synchronous="FULL")

    def _engine(self, mode: str, begin: str, *, pool: type[QueuePool | NullPool] = QueuePool, **pragmas: Any) -> Engine:
        def connect() -> sqlite3.Connection:
            path = self.path
            if mode == "ro" and self._copy is not None:
                path, writable = self._copied(self._copy), "rw"
            else:
                writable = mode
            connection = sqlite3.connect(
                f"{path.as_uri()}?mode={writable}",
                uri=True,
                timeout=self._busy_seconds,
                isolation_level=None,  # transactions are begun below, never by the driver's own guess
                check_same_thread=False,
            )
            for name, value in pragmas.items():
                connection.execute(f"PRAGMA {name}={value}")
            return connection

        sizes = {"max_overflow": -1} if pool is QueuePool else {}
        engine = create_engine("sqlite://", creator=connect, poolclass=pool, hide_parameters=True, **sizes)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a read transaction: everything read in it is one state.

        Raises:
            RegistryError: the database cannot be read.
        """
        self._refuse_if_closed()
        if self._copy is not None and not self._copy.is_current:
            self._readers.dispose()  # what is read meanwhile goes on in the copy of before
        with reading(self.place), self._readers.begin() as connection:
            yield connection

    def _copied(self, copy: ReadableCopy) -> Path:
        with self._copying:
            try:
                return copy.current()
            except OSError as error:
                raise RegistryError(
                    CANNOT_OPEN,
                    f"the registry {self.place} cannot be copied, and it cannot be read where it lies",
                    why=str(error),
                    fix="change the permissions of the file and its folder, or make room for the copy",
                ) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the write transaction; it commits at the end, or rolls back when the body raises.

        Statements of the body are mapped by whoever makes them: errors of the body itself pass through as they are.

        Raises:
            RegistryError: HNS-G006: another process holds the write lock for too long; or the database failed.
        """
        self._refuse_if_closed()
        with self._one_at_a_time():
            with mapped(self.place):
                connection = self._writer.connect()
            try:
                with mapped(self.place):
                    transaction = connection.begin()
                try:
                    yield connection
                except BaseException:
                    transaction.rollback()
                    raise
                with mapped(self.place):
                    transaction.commit()
            finally:
                connection.close()

    @contextmanager
    def upgrading(self) -> Iterator[Connection]:
        """Open a write transaction for changes of the schema: the only one in all processes.

        Foreign keys are not enforced in it, because SQLite alters tables by writing them anew.
        """
        engine = self._engine("rw", "BEGIN IMMEDIATE", pool=NullPool, foreign_keys=False, synchronous="FULL")
        with mapped(self.place), engine.connect() as connection:
            self._use_write_ahead_log(connection)
            with connection.begin():
                yield connection

    def _use_write_ahead_log(self, connection: Connection) -> None:
        """Switch the journal; the mode stays with the file. SQLite does not wait for other processes here, so we do."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                driver.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Queue the threads of this process; SQLite would let them poll."""
        me = threading.get_ident()
        if self._writing_thread == me:
            raise RuntimeError("this thread is already writing to the registry: use the open writer")
        if not self._turn.acquire(timeout=self._busy_seconds):
            raise RegistryError(
                LOCKED, f"the registry {self.place} is locked by another thread of this process", fix="try again"
            )
        self._writing_thread = me
        try:
            yield
        finally:
            self._writing_thread = None
            self._turn.release()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError(f"the registry {self.place} was closed")

    def close(self) -> None:
        """Close all connections. Closing twice is harmless."""
        self._closed = True
        self._readers.dispose()
        self._writer.dispose()
