"""Drivers of databases that Python's own database interface reaches (PEP 249)."""

from __future__ import annotations

from dataclasses import replace

from hanse.interfaces import HostedDatabase, MySqlDatabase, SqliteDatabase


def open_hosted(database: MySqlDatabase | SqliteDatabase, *, seconds: float | None = None) -> HostedDatabase:
    """Connect, and hold on to what the database is at this moment.

    Args:
        database: which.
        seconds: how long one statement may take, None: as the database says, or as long as it takes.

    Raises:
        IngestError: it cannot be reached, refuses who asks, or is no database.
        EngineError: HNS-E029: a package that reads it is not installed.
    """
    if isinstance(database, SqliteDatabase):
        from hanse.drivers.dbapi.sqlite import SqliteHosted

        return SqliteHosted(database, seconds)
    from hanse.drivers.dbapi.mysql import MySqlHosted

    return MySqlHosted(database if seconds is None else replace(database, seconds=seconds))


__all__ = ["open_hosted"]
