"""Private results kept between runs, so that a small change does not rebuild everything that leads up to it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hanse.interfaces import StagedFile

KEPT_BYTES = 1 << 30
"""Private results of a product are kept up to this size in all, the smallest first; others are built anew each time."""


class KeptResults:
    """Files by name and key: a file of the right key is the right file, whichever run staged it.

    Beside each stands a note of its rows and its stamp. A file whose stamp is another was damaged, put back or written
    by somebody else; it counts as missing.

    Args:
        folder: the product's folder for them, absolute; made when needed.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder."""
        Path(self.folder).mkdir(parents=True, exist_ok=True)

    def path(self, name: str, key: str) -> str:
        """Return where a node's result of this key is, or shall be."""
        return os.path.join(self.folder, f"{name}-{key[:32]}.parquet")

    def rows(self, path: str) -> int | None:
        """Return the rows of a kept result; None if it is not there, or not as it was left."""
        try:
            note = json.loads(Path(_note(path)).read_bytes())
            if note["stamp"] == _stamp(path):
                return int(note["rows"])
        except (OSError, ValueError, TypeError, KeyError):
            pass  # whatever is wrong with it, it can be built again
        return None

    def remember(self, staged: StagedFile) -> None:
        """Note a result that was just staged, so that later runs may use it."""
        note = Path(_note(staged.path))
        part = note.with_suffix(".part")
        part.write_text(json.dumps({"rows": staged.rows, "stamp": _stamp(staged.path)}))
        part.replace(note)

    def forget_all_but(self, current: Iterable[str]) -> None:
        """Remove files of earlier keys, and of the current ones those that are too large to keep.

        Args:
            current: paths of the current keys.
        """
        keep = dict.fromkeys(current)
        with suppress(OSError):  # they are only a shortcut, and the next run tries again
            files = [p for p in Path(self.folder).iterdir() if p.is_file()]
            budget = KEPT_BYTES
            kept: set[str] = set()
            for file in sorted((p for p in files if str(p) in keep), key=lambda p: p.stat().st_size):
                budget -= file.stat().st_size
                if budget >= 0:
                    kept.update((str(file), _note(str(file))))
            for file in files:
                if str(file) not in kept:
                    file.unlink(missing_ok=True)


def _note(path: str) -> str:
    return f"{path}.json"


def _stamp(path: str) -> list[int]:
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
