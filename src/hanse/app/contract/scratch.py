"""Folders for copies of what is tested: private, and gone at the end, also if that end came from outside.

A process that is killed removes nothing. So a folder has a lock that its process holds as long as it lives, and whoever
makes the next folder removes those that nobody holds any more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PREFIX = "hanse-contract-"
_LOCK = ".lock"


@contextmanager
def scratch_folder() -> Iterator[str]:
    """Make a folder that only this user can read; remove it afterwards, and those of processes that were killed.

    Raises:
        OSError: there can be none.
    """
    _sweep(tempfile.gettempdir())
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        # Locked before it has its name: a sweep takes a folder without a lock for one that is being made.
        with open(os.path.join(folder, f"{_LOCK}.new"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.rename(lock.name, os.path.join(folder, _LOCK))
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: str) -> None:
    with suppress(OSError), os.scandir(parent) as entries:
        left = [e.path for e in entries if e.name.startswith(_PREFIX) and e.is_dir(follow_symlinks=False)]
        for folder in left:
            with suppress(OSError):
                if os.lstat(folder).st_uid == os.getuid() and _is_abandoned(folder):
                    shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: str) -> bool:
    with open(os.path.join(folder, _LOCK), "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
