"""Large results in several files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hanse.interfaces import FileSizes, Session, StagedFile, StoredColumn

SIZES = FileSizes(least=8 << 20, number=24, greatest=256 << 20)
"""Large results are cut into files, so that a merge need not write all of them anew."""


def stage_parts(
    session: Session,
    select: str,
    path_of: Callable[[int], str],
    columns: Sequence[StoredColumn],
    sizes: FileSizes | None = None,
) -> tuple[StagedFile, ...]:
    """Stage rows in files of a size of which a later merge does not mind to write some anew.

    Returns:
        The files; none if there are no rows.
    """
    added = session.stage_several(select, path_of, columns, sizes=sizes or SIZES)
    if any(f.rows for f in added):
        return added
    for file in added:
        Path(file.path).unlink(missing_ok=True)
    return ()
