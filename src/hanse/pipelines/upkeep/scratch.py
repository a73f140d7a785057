"""Clearing away what processes that were killed left in the mesh's own folder, beside the tables."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from hanse.pipelines.due.situation import Surroundings
from hanse.registry import RunStatus

STRAY_AGE = timedelta(days=1)
"""How old what is to be cleared must be: younger, it may belong to a process that is just beginning."""


def clear_scratch(around: Surroundings, stray_age: timedelta = STRAY_AGE) -> int:
    """Remove folders of runs that have ended, what was spilled, and halves of files.

    A process that is killed leaves them, and no later run has a reason to look there. What cannot be removed is left
    for next time.

    Args:
        around: the mesh.
        stray_age: how old they must be.

    Returns:
        How many were removed.
    """
    limit = (around.clock.now() - stray_age).timestamp()
    count = 0
    for path in _strays(around):
        try:
            if os.lstat(path).st_mtime >= limit:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError:
            continue
        count += 1
    return count


def _strays(around: Surroundings) -> Iterator[Path]:
    state = Path(around.state)
    folders = list(state.glob("runs/*"))
    # Looked up after the folders: a run that has one by now began before.
    under_way = {run.id for run in around.registry.reader().runs(status=RunStatus.RUNNING)}
    yield from (path for path in folders if path.name not in under_way)
    yield from state.glob("spill/*")
    yield from state.glob("cache.json.*.part")
    yield from state.glob("staged/**/*.part")
    yield from state.glob("staged/**/.*.partial")
