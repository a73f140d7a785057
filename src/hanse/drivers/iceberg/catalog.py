"""The catalog: which metadata file each table points to.

The SQLite tables are those of PyIceberg's SqlCatalog (schema v1).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hanse.base.readonly import ReadableCopy, is_closed

_TABLES = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS iceberg_tables (
    catalog_name VARCHAR(255) NOT NULL,
    table_namespace VARCHAR(255) NOT NULL,
    table_name VARCHAR(255) NOT NULL,
    metadata_location VARCHAR(1000),
    previous_metadata_location VARCHAR(1000),
    iceberg_type VARCHAR(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name)
);
CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
    catalog_name VARCHAR(255) NOT NULL,
    namespace VARCHAR(255) NOT NULL,
    property_key VARCHAR(255) NOT NULL,
    property_value VARCHAR(1000) NOT NULL,
    PRIMARY KEY (catalog_name, namespace, property_key)
);
COMMIT;
"""


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


@dataclass(frozen=True, slots=True)
class Swap:
    """One table's pointer moving from the metadata file that was read to the one that was written."""

    namespace: str
    table: str
    old: str
    new: str


class Catalog:
    """Pointers of all tables of one catalog. Safe for use by several threads; opened at first use.

    Errors are :class:`sqlite3.Error`; the store gives them codes.

    Args:
        path: the database file. Reading does not create it.
        name: the catalog's name within the file.
        busy_seconds: how long to wait for another process's transaction.
    """

    def __init__(self, path: str, name: str, busy_seconds: float) -> None:
        self._path = path
        self._name = name
        self._busy_seconds = busy_seconds
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._copy: ReadableCopy | None = None

    def pointer(self, namespace: str, table: str) -> str | None:
        """Return the path of a table's newest metadata file."""
        with self._lock:
            connection = self._open(create=False)
            if connection is None:
                return None
            row = connection.execute(
                "SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? "
                "AND table_name = ? AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)",  # others are views
                (self._name, namespace, table),
            ).fetchone()
            return None if row is None else row[0]

    def names(self) -> list[tuple[str, str]]:
        """Return namespace and name of all tables, sorted."""
        with self._lock:
            connection = self._open(create=False)
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT table_namespace, table_name FROM iceberg_tables WHERE catalog_name = ? "
                "AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL) ORDER BY 1, 2",
                (self._name,),
            )
            return [(namespace, table) for namespace, table in rows]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock of the database; what is done inside is committed at the end, or not at all."""
        with self._lock:
            connection = self._open(create=True)
            assert connection is not None
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def insert(self, namespace: str, table: str, location: str) -> None:
        """Add a table, and its namespace; inside :meth:`writing`."""
        assert self._connection is not None
        self._connection.execute(
            "INSERT OR IGNORE INTO iceberg_namespace_properties VALUES (?, ?, 'exists', 'true')",
            (self._name, namespace),
        )
        self._connection.execute(
            "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, iceberg_type) "
            "VALUES (?, ?, ?, ?, 'TABLE')",
            (self._name, namespace, table, location),
        )

    def swap(self, swaps: Sequence[Swap]) -> Swap | None:
        """Move pointers; inside :meth:`writing`.

        Returns:
            The first one that points elsewhere by now; the caller must then let nothing be committed.
        """
        assert self._connection is not None
        for swap in swaps:
            changed = self._connection.execute(
                "UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ? "
                "WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?",
                (swap.new, swap.old, self._name, swap.namespace, swap.table, swap.old),
            ).rowcount
            if not changed:
                return swap
        return None

    def delete(self, namespace: str, table: str) -> None:
        """Forget a table, and its namespace when it was the last one; inside :meth:`writing`."""
        assert self._connection is not None
        self._connection.execute(
            "DELETE FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?",
            (self._name, namespace, table),
        )
        self._connection.execute(
            "DELETE FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND namespace = ?2 AND NOT EXISTS "
            "(SELECT 1 FROM iceberg_tables WHERE catalog_name = ?1 AND table_namespace = ?2)",
            (self._name, namespace),
        )

    def faults(self) -> list[str]:
        """Return what is wrong with the database, in SQLite's words; nothing if it is whole, or not there.

        Raises:
            sqlite3.Error: it cannot be looked at, which does not mean that it is damaged.
        """
        with self._lock:
            try:
                connection = self._open(create=False)
                if connection is None:
                    return []
                found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
                connection.execute("SELECT metadata_location, iceberg_type FROM iceberg_tables LIMIT 1").fetchall()
            except UnicodeDecodeError:
                return ["the schema holds what is no text"]
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                    return [str(error)]
                raise
            return [] if found == ["ok"] else found

    def set_aside(self, *, dry_run: bool) -> str:
        """Give the database another name, and return it; the next use makes a new one.

        Raises:
            OSError: it cannot be renamed.
        """
        with self._lock:
            number = 1
            while os.path.exists(aside := f"{self._path}.damaged-{number}"):
                number += 1
            if not dry_run:
                self.close()
                # The journal first: with the new database it would be taken for its own.
                for end in ("-wal", "-shm", ""):
                    with suppress(FileNotFoundError):
                        os.rename(self._path + end, aside + end)
            return aside

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self, *, create: bool) -> sqlite3.Connection | None:
        if self._copy is not None and (create or not self._copy.is_current):
            self.close()
            self._copy = None
        if self._connection is None:
            if not create and not Path(self._path).exists():
                return None
            if create:
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._connect(create=create)
        return self._connection

    def _connect(self, *, create: bool) -> sqlite3.Connection:
        mode = "rwc" if create else "rw"
        path = self._path
        if is_closed(path) if create else ReadableCopy.is_needed(path):
            self._copy = ReadableCopy(path)
            mode, path = "rw", str(self._copy.current())
        connection = sqlite3.connect(
            f"file:{quote(path)}?mode={mode}",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # The registry may name a snapshot as soon as this database has it, so a commit must outlive a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'iceberg_tables'").fetchone():
                connection.executescript(_TABLES)
            if self._copy is not None:
                connection.execute("PRAGMA query_only = 1")  # whoever writes is told so
        except BaseException:
            connection.close()
            raise
        return connection
