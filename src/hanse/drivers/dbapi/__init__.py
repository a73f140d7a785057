"""Drivers of databases that Python's own database interface reaches (PEP 249)."""

from __future__ import annotations

from hanse.interfaces import HostedDatabase, MySqlDatabase, SqliteDatabase


def open_hosted(database: MySqlDatabase | SqliteDatabase) -> HostedDatabase:
    """Connect, and hold on to what the database is at this moment.

    Raises:
        IngestError: it cannot be reached, refuses who asks, or is no database.
        EngineError: HNS-E029: a package that reads it is not installed.
    """
    if isinstance(database, SqliteDatabase):
        from hanse.drivers.dbapi.sqlite import SqliteHosted

        return SqliteHosted(database)
    from hanse.drivers.dbapi.mysql import MySqlHosted

    return MySqlHosted(database)


__all__ = ["open_hosted"]
