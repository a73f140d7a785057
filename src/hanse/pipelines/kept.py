"""Private results kept between runs, so that a small change does not rebuild everything that leads up to it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

KEPT_BYTES = 1 << 30
"""Private results of a product are kept up to this size in all, the smallest first; others are built anew each time."""


class KeptResults:
    """Files by name and key: a file of the right key is the right file, whoever staged it.

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

    def forget_all_but(self, current: Iterable[str]) -> None:
        """Remove files of earlier keys, and of the current ones those that are too large to keep.

        Args:
            current: paths of the current keys.
        """
        if not os.path.isdir(self.folder):
            return
        keep = set(current)
        budget = KEPT_BYTES
        for file in sorted((p for p in Path(self.folder).iterdir() if p.is_file()), key=lambda f: f.stat().st_size):
            budget -= file.stat().st_size
            if str(file) not in keep or budget < 0:
                file.unlink(missing_ok=True)
