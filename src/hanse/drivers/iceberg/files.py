"""Files on the local disk: written so that they outlive a power cut, errors with codes."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hanse.base import Code, StorageError
from hanse.interfaces.codes import (
    CORRUPT_STORE,
    STORAGE_BUSY,
    STORAGE_FAILED,
    STORAGE_FULL,
    STORAGE_MISSING,
    STORAGE_UNWRITABLE,
)

_SERIAL_SYNCS = 12
_SYNC_THREADS = 8
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
_MISSING = {errno.ENOENT, errno.ENOTDIR}
_SQLITE = {
    sqlite3.SQLITE_FULL: STORAGE_FULL,
    sqlite3.SQLITE_READONLY: STORAGE_UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: STORAGE_UNWRITABLE,
    sqlite3.SQLITE_PERM: STORAGE_UNWRITABLE,
    sqlite3.SQLITE_BUSY: STORAGE_BUSY,
    sqlite3.SQLITE_LOCKED: STORAGE_BUSY,
    sqlite3.SQLITE_CORRUPT: CORRUPT_STORE,
    sqlite3.SQLITE_NOTADB: CORRUPT_STORE,
    sqlite3.SQLITE_ERROR: CORRUPT_STORE,  # our statements are right, so the tables in it are not ours
}
_FIXES = {
    STORAGE_FULL: "make room, then run again",
    STORAGE_UNWRITABLE: "check owner, mode and mount of the folder",
    STORAGE_MISSING: "if the mesh was moved, move it back: tables name their files by absolute path",
    STORAGE_BUSY: "try again; find the process that holds the catalog",
    CORRUPT_STORE: "restore it from a backup",
}


@contextmanager
def storage_errors(doing: str, subject: str | None = None) -> Iterator[None]:
    """Raise errors of the operating system and of SQLite as :class:`~hanse.base.StorageError` with a code.

    Args:
        doing: what is being done, to follow "cannot".
        subject: the table concerned.
    """
    try:
        yield
    except OSError as error:
        raise storage_error(_os_code(error), f"cannot {doing}", str(error), subject) from error
    except sqlite3.Error as error:
        number = getattr(error, "sqlite_errorcode", None)
        code = STORAGE_FAILED if number is None else _SQLITE.get(number & 0xFF, STORAGE_FAILED)
        raise storage_error(code, f"cannot {doing}", str(error), subject) from error
    except UnicodeDecodeError as error:
        # SQLite quotes a damaged schema in its message, and Python cannot read that.
        raise storage_error(CORRUPT_STORE, f"cannot {doing}", "it holds what is no text", subject) from error


def storage_error(code: Code, what: str, why: str, subject: str | None = None) -> StorageError:
    """Return an error with the fix that belongs to its code."""
    return StorageError(code, what, why=why, fix=_FIXES.get(code), subject=subject)


def _os_code(error: OSError) -> Code:
    if error.errno in _FULL:
        return STORAGE_FULL
    if error.errno in _UNWRITABLE:
        return STORAGE_UNWRITABLE
    return STORAGE_MISSING if error.errno in _MISSING else STORAGE_FAILED


def write_new(path: str, *content: bytes) -> None:
    """Write a file that must not exist. Nothing names it before :func:`sync`, so it needs no second name meanwhile."""
    with open(path, "xb") as file:
        file.writelines(content)


def sync(paths: Collection[str]) -> None:
    """Wait until the disk has what was written to these files, and the entries of these folders.

    Many are synced side by side: the file system's journal then serves several with one write.
    """
    if len(paths) <= _SERIAL_SYNCS:
        for path in paths:
            _sync(path)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_SYNC_THREADS) as threads:
        for _ in threads.map(_sync, paths):
            pass


@contextmanager
def hasten(paths: Collection[str]) -> Iterator[None]:
    """Let the disk begin to take large files while the block works on them; errors are for :func:`sync` to find."""
    if not paths:
        yield
        return
    from threading import Thread

    def begin() -> None:
        for path in paths:
            with suppress(OSError):
                _sync(path)

    thread = Thread(target=begin, name="hanse-sync")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(paths: Iterable[str]) -> int:
    """Remove files that nobody names, and return how many; one that cannot be removed is only space wasted."""
    count = 0
    for path in paths:
        with suppress(OSError):
            Path(path).unlink()
            count += 1
    return count
