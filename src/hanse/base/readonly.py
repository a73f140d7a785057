"""SQLite databases that lie where this process must not write.

SQLite keeps files beside a database with a write-ahead log, also to read it. Where it cannot, on a disk that is full or
mounted read-only, or in a folder of somebody else, a private copy is read instead.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path

_ATTEMPTS = 20
_ROOM_BYTES = 1 << 20
_Signature = tuple[tuple[int, int, int] | None, ...]


class ReadableCopy:
    """A private copy of a database, made anew whenever the original has changed.

    Args:
        path: the database file. Its log, if there is one, is copied with it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._folder: str | None = None
        self._copied: _Signature | None = None
        self._number = 0

    @staticmethod
    def is_needed(path: str | os.PathLike[str]) -> bool:
        """Say whether a database is there and cannot be read where it lies: no rights, or no room."""
        return is_closed(path) or _is_full(path)

    @property
    def is_current(self) -> bool:
        """Whether the original is as it was when it was copied."""
        return self._copied is not None and self._copied == self._look()

    def current(self) -> Path:
        """Return a copy of the database as it is now. Earlier copies stay readable for who has them open.

        Raises:
            OSError: the original cannot be read, the copy cannot be written, or others write too often to copy between.
        """
        if not self.is_current:
            self._renew()
        return self._place(self._number)

    def _renew(self) -> None:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="hanse-copy-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        for _ in range(_ATTEMPTS):
            before = self._look()
            self._number += 1
            copy = self._place(self._number)
            shutil.copyfile(self._path, copy)
            if before[1] is not None:
                shutil.copyfile(f"{self._path}-wal", f"{copy}-wal")
            if before == self._look():
                self._copied = before
                for end in ("", "-wal", "-shm"):
                    Path(f"{self._place(self._number - 1)}{end}").unlink(missing_ok=True)
                return
        raise OSError(f"{self._path} is written too often to be copied")

    def _place(self, number: int) -> Path:
        assert self._folder is not None
        return Path(self._folder, f"{number}.db")

    def _look(self) -> _Signature:
        return tuple(_signature(f"{self._path}{end}") for end in ("", "-wal"))


def is_closed(path: str | os.PathLike[str]) -> bool:
    """Say whether a database is there, in a folder that this process must not write."""
    return os.path.exists(path) and not os.access(os.path.dirname(os.path.abspath(path)), os.W_OK | os.X_OK)


def _is_full(path: str | os.PathLike[str]) -> bool:
    """Say whether there is no room for the index that SQLite makes beside a log, and nobody has made it yet."""
    place = os.fspath(path)
    if not os.path.exists(place) or os.path.exists(f"{place}-shm"):
        return False
    return shutil.disk_usage(os.path.dirname(os.path.abspath(place))).free < _ROOM_BYTES


def _signature(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
