"""What the database library reports, said in our words and codes. Values never appear in messages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from hanse.base import Code, RegistryError
from hanse.registry.codes import (
    CANNOT_OPEN,
    CORRUPT,
    DATABASE_FAILED,
    INCONSISTENT,
    LOCKED,
    NOT_A_REGISTRY,
    NOT_WRITABLE,
    STORAGE_FAILED,
    UNRECORDABLE,
)

_TO_WRITE = "change the permissions of the file and its folder, or mount the disk for writing"
# Primary result codes: https://www.sqlite.org/rescode.html
_BY_SQLITE_CODE: dict[int, tuple[Code, str, str]] = {
    sqlite3.SQLITE_BUSY: (LOCKED, "is locked by another process", "try again"),
    sqlite3.SQLITE_LOCKED: (LOCKED, "is locked by another process", "try again"),
    sqlite3.SQLITE_READONLY: (NOT_WRITABLE, "cannot be written", _TO_WRITE),
    sqlite3.SQLITE_PERM: (CANNOT_OPEN, "cannot be opened", "change the permissions of the file and its folder"),
    sqlite3.SQLITE_AUTH: (CANNOT_OPEN, "cannot be opened", "change the permissions of the file and its folder"),
    sqlite3.SQLITE_CANTOPEN: (CANNOT_OPEN, "cannot be opened", "check that its folder exists and may be written"),
    sqlite3.SQLITE_CORRUPT: (CORRUPT, "is damaged", "restore it from a backup"),
    sqlite3.SQLITE_NOTADB: (NOT_A_REGISTRY, "is not a database", "restore it from a backup, or correct `registry.url`"),
    sqlite3.SQLITE_FULL: (STORAGE_FAILED, "cannot grow: the disk is full", "make room and try again"),
    sqlite3.SQLITE_IOERR: (STORAGE_FAILED, "cannot be read or written", "check the disk"),
    sqlite3.SQLITE_TOOBIG: (UNRECORDABLE, "cannot hold a value this long", "keep less in the record"),
}
_UNRECORDABLE = (TypeError, ValueError, OverflowError)  # UnicodeEncodeError is a ValueError


@contextmanager
def mapped(place: str) -> Iterator[None]:
    """Turn errors of the database library into :class:`~hanse.base.RegistryError`.

    Args:
        place: how the registry is called in messages; no secrets.

    Raises:
        RegistryError: HNS-G002 to HNS-G008, HNS-G014 to HNS-G016.
    """
    try:
        yield
    except exc.StatementError as error:
        raise _mapped(place, error.orig or error) from error
    except (exc.SQLAlchemyError, sqlite3.Error) as error:
        raise _mapped(place, error) from error
    except UnicodeDecodeError as error:
        # SQLite quotes a damaged schema in its message, and Python cannot read that.
        what = f"the registry {place} is damaged"
        raise RegistryError(CORRUPT, what, why="it holds what is no text", fix="restore it from a backup") from error


@contextmanager
def recording(place: str) -> Iterator[None]:
    """As :func:`mapped`, around statements that carry records: a value that has no stored form is HNS-G015."""
    try:
        with mapped(place):
            yield
    except _UNRECORDABLE as error:
        raise _mapped(place, error) from error


@contextmanager
def reading(place: str) -> Iterator[None]:
    """As :func:`mapped`, around the reading of records: one that cannot be read back is HNS-G004."""
    try:
        with mapped(place):
            yield
    except ValueError as error:
        raise RegistryError(
            CORRUPT, f"the registry {place} holds a record that cannot be read", why=str(error), fix="restore a backup"
        ) from error


def _mapped(place: str, error: BaseException) -> RegistryError:
    if isinstance(error, sqlite3.IntegrityError):
        return RegistryError(INCONSISTENT, f"the registry {place} refuses the record", why=str(error))
    if isinstance(error, sqlite3.Error):
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary in _BY_SQLITE_CODE:
            code, what, fix = _BY_SQLITE_CODE[primary]
            return RegistryError(code, f"the registry {place} {what}", why=str(error), fix=fix)
    if isinstance(error, _UNRECORDABLE):
        return RegistryError(UNRECORDABLE, f"a value cannot be recorded in the registry {place}", why=str(error))
    return RegistryError(DATABASE_FAILED, f"the registry {place} failed", why=str(error))
