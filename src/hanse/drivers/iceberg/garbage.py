"""Files of a table that no snapshot needs."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from datetime import datetime

from hanse.base import StorageError
from hanse.drivers.iceberg.files import storage_errors
from hanse.drivers.iceberg.manifest import local_path
from hanse.drivers.iceberg.reading import Reader, TableState
from hanse.interfaces.codes import FOREIGN_FILE


def needed(reader: Reader, state: TableState) -> frozenset[str]:
    """Return the real paths of all files that the table's snapshots and its metadata need.

    Raises:
        StorageError: the metadata of a snapshot cannot be read.
    """
    return frozenset(os.path.realpath(local_path(path)) for path in _needed(reader, state))


def _needed(reader: Reader, state: TableState) -> Iterator[str]:
    document = state.document
    yield state.path
    for entry in document.get("metadata-log") or ():
        yield entry["metadata-file"]
    for name in ("statistics", "partition-statistics"):
        for entry in document.get(name) or ():
            yield entry["statistics-path"]
    seen: set[str] = set()
    for snapshot in document.get("snapshots") or ():
        for manifest in reader.manifests(state, snapshot):
            if manifest.path not in seen:
                seen.add(manifest.path)
                yield manifest.path
                yield from (file.path for file in reader.live_files(state, manifest))
        yield snapshot["manifest-list"]


def unneeded(
    location: str, needed_files: Collection[str], older_than: datetime, protected: Collection[str]
) -> Iterator[str]:
    """Yield the files below a folder that nobody needs, sorted.

    Args:
        location: the table's folder, a real path.
        needed_files: real paths.
        older_than: files changed at this time or later are left out.
        protected: run ids whose staged files, whole ones and halves, are left out.

    Raises:
        StorageError: a folder cannot be read.
    """
    limit = older_than.timestamp()
    with storage_errors(f"look through `{location}`"):
        for folder, folders, names in os.walk(location, onerror=_raise):
            folders.sort()
            for name in sorted(names):
                path = f"{folder}/{name}"
                if path in needed_files or _is_staged_by(name, protected):
                    continue
                try:
                    changed = os.lstat(path).st_mtime
                except FileNotFoundError:
                    continue
                if changed < limit:
                    yield path


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _is_staged_by(name: str, runs: Collection[str]) -> bool:
    """Whether a file is ``<run>.parquet``, ``<run>~<part>.parquet`` or one of their halves (``.<name>.*.partial``)."""
    bare = name.removeprefix(".")
    return any(bare.startswith((f"{run}.parquet", f"{run}~")) for run in runs)


def check_inside(location: str, paths: Collection[str], table: str) -> list[str]:
    """Return the paths with their folders' links resolved.

    Raises:
        StorageError: HNS-T017: one lies outside the folder.
    """
    resolved = []
    for path in paths:
        folder, name = os.path.split(path)
        real = f"{os.path.realpath(folder)}/{name}"
        if not path.startswith("/") or name in {"", ".", ".."} or not real.startswith(f"{location}/"):
            raise StorageError(FOREIGN_FILE, f"`{path}` lies outside `{location}`", subject=table)
        resolved.append(real)
    return resolved
