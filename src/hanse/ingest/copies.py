"""Copies of files from elsewhere: by content, bounded, and never taken for whole unless they are."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from hanse.base import new_id
from hanse.interfaces import Fetched, Validator

_STALE_SECONDS = 86_400.0
"""A part that nobody has written to for so long belongs to nobody."""
_FORGET_SECONDS = 180 * 86_400.0
"""What is known of an address that nobody has asked for so long is forgotten."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an address held when it was last asked.

    Attributes:
        sha256: of the content.
        bytes: size.
        validator: to ask with, None: it has none.
    """

    sha256: str
    bytes: int
    validator: Validator | None


class Copies:
    """A folder of copies. Several processes may use it at once.

    ``content`` holds the copies, each under its own SHA-256; ``known`` what each address held last; ``parts`` what is
    being fetched. A file appears in the first two by renaming only, so that whatever is there is whole.

    Args:
        folder: absolute; made when needed.
        limit: bytes that copies may take in all; those that were not used for the longest time go first.
    """

    def __init__(self, folder: str, limit: int) -> None:
        self._folder, self._limit = Path(folder), limit

    def known(self, key: str) -> Known | None:
        """Return what an address held when it was last asked; None: nothing is known, or it cannot be read."""
        try:
            note = json.loads(self._note(key).read_bytes())
            validator = note["validator"]
            return Known(str(note["sha256"]), int(note["bytes"]), Validator(**validator) if validator else None)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    @contextlib.contextmanager
    def part(self) -> Iterator[str]:
        """Hand out the path of a file to fetch to; what is left there in the end is removed."""
        path = self._made("parts") / new_id()
        try:
            yield str(path)
        finally:
            path.unlink(missing_ok=True)

    def keep(self, key: str, part: str, fetched: Fetched) -> Known:
        """Take a whole file in, and note what its address holds."""
        os.replace(part, self._made("content") / fetched.sha256)
        known = Known(fetched.sha256, fetched.bytes, fetched.validator)
        self._made("known")
        note = self._note(key)
        fresh = note.with_suffix(f".{new_id()}")
        fresh.write_text(json.dumps(asdict(known)), encoding="utf-8")
        fresh.replace(note)
        return known

    def path(self, known: Known) -> str | None:
        """Return the copy of a content, if there is one of its size; from now on it counts as just used."""
        path = self._folder / "content" / known.sha256
        try:
            status = path.stat()
            if status.st_size == known.bytes:
                os.utime(path, ns=(time.time_ns(), status.st_mtime_ns))
                return str(path)
        except OSError:
            pass
        return None

    def link(self, known: Known, target: str) -> bool:
        """Give a run a copy of its own, which stays when the folder is trimmed.

        Returns:
            Whether there was a copy that holds what it should; one that does not is removed.
        """
        path = self.path(known)
        if path is None:
            return False
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except FileExistsError:
            return True
        except FileNotFoundError:
            return False
        except OSError:  # another file system, or one without links
            shutil.copyfile(path, target)
        with Path(target).open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest() == known.sha256
        if not whole:
            Path(path).unlink(missing_ok=True)
            Path(target).unlink()
        return whole

    def trim(self, *, dry_run: bool = False) -> tuple[int, int]:
        """Remove the copies beyond the limit, parts that were left behind, and what nobody has asked for long.

        Returns:
            How many files were removed, or would be, and their size.
        """
        now, removed, size = time.time(), 0, 0
        for path in self._surplus(now):
            with contextlib.suppress(OSError):  # another process may have been quicker
                bytes_ = path.stat().st_size
                if not dry_run:
                    path.unlink()
                removed, size = removed + 1, size + bytes_
        return removed, size

    def _surplus(self, now: float) -> Iterator[Path]:
        for folder, seconds in (("parts", _STALE_SECONDS), ("known", _FORGET_SECONDS)):
            yield from (p for p, s in self._files(folder) if now - s.st_mtime > seconds)
        used = 0
        for path, status in sorted(self._files("content"), key=lambda found: -found[1].st_atime_ns):
            used += status.st_size
            if used > self._limit:
                yield path

    def _files(self, folder: str) -> list[tuple[Path, os.stat_result]]:
        found = []
        with contextlib.suppress(OSError), os.scandir(self._folder / folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found.append((Path(entry.path), entry.stat()))
        return found

    def _note(self, key: str) -> Path:
        return self._folder / "known" / key

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
