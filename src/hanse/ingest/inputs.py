"""File inputs at one moment: one file, or all that match a pattern, or those of them that were not taken in before."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from hanse.base import IngestError, digest
from hanse.ingest.codes import NO_MATCH
from hanse.ingest.files import FileState, HashStore, locate, look
from hanse.ingest.remote import RemoteFiles
from hanse.spec.globs import fixed_folder, is_glob, matches
from hanse.spec.urls import is_remote
from hanse.spec.workspace import FileReference


@dataclass(frozen=True, slots=True)
class InputState:
    """A file input at one moment.

    Attributes:
        files: what a run reads, in the order of the paths; with ``only_new`` each content once, and none that was
            taken in before.
        names: of each of these, without the folders that are written in the pattern.
        present: all files that match.
        taken: hashes of what was taken in before; ``only_new``.
        is_glob: the path is a pattern.
        only_new: only files that were not taken in before are read.
    """

    files: tuple[FileState, ...]
    names: tuple[str, ...]
    present: tuple[FileState, ...]
    taken: frozenset[str] = frozenset()
    is_glob: bool = False
    only_new: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing new."""
        return self.only_new and not self.files

    @property
    def content(self) -> Any:
        """What decides whether there is something to do: with ``only_new``, everything that was ever taken in."""
        if self.only_new:
            return sorted(self.taken.union(f.sha256 for f in self.present))
        return self.delivered

    @property
    def delivered(self) -> Any:
        """What decides the rows that a run reads."""
        return [f.sha256 for f in self.files] if self.is_glob else self.files[0].sha256

    def document(self, name: str, path: str) -> dict[str, Any]:
        """Return the record of what a run reads; values of variables are not in it.

        Args:
            name: the input's name.
            path: as written.
        """
        found = {"kind": "file", "name": name, "path": path, "bytes": sum(f.bytes for f in self.files)}
        if not self.is_glob:
            return {**found, "sha256": self.files[0].sha256}
        pairs = zip(self.names, self.files, strict=True)
        files = [{"path": name, "sha256": f.sha256, "bytes": f.bytes} for name, f in pairs]
        return {**found, "sha256": digest(self.delivered), "files": files}


def observe_input(
    source: FileReference,
    folder: str,
    hashes: HashStore | None = None,
    taken: Collection[str] = (),
    require: Callable[[str], None] | None = None,
    remote: RemoteFiles | None = None,
) -> InputState:
    """Tell what a file input holds now.

    Args:
        source: the input.
        folder: the product's folder, absolute.
        hashes: remembers hashes of unchanged files.
        taken: hashes of the files that were taken in before.
        require: raises for a local path that may not be read.
        remote: looks at files elsewhere.

    Raises:
        IngestError: as :func:`hanse.ingest.observe` and :meth:`hanse.ingest.RemoteFiles.look`; HNS-I007: nothing
            matches a pattern.
    """
    several = is_glob(source.path)
    if remote is not None and is_remote(source.path):
        found = remote.look(source)
    else:
        found = _look_here(source, folder, hashes, require, several=several)
    if not found and not (source.only_new and taken):
        raise IngestError(
            NO_MATCH,
            f"input `{source.name}`: no file matches {source.shown}",
            where=source.where,
            fix="put a delivery there, or correct the pattern",
        )
    present = tuple(f for _, f in found)
    first = {f.sha256: f for f in reversed(present) if f.sha256 not in taken} if source.only_new else {}
    read = [(name, f) for name, f in found if not source.only_new or first.get(f.sha256) is f]
    files, names = tuple(f for _, f in read), tuple(name for name, _ in read)
    return InputState(files, names, present, frozenset(taken), several, source.only_new)


def _look_here(
    source: FileReference,
    folder: str,
    hashes: HashStore | None,
    require: Callable[[str], None] | None,
    *,
    several: bool,
) -> tuple[tuple[str, FileState], ...]:
    """Return the local files of an input with their names."""
    paths = matches(source.path, folder) if several else (locate(source, folder),)
    for path in paths:
        if require:
            require(path)
    start = os.path.normpath(os.path.join(folder, fixed_folder(source.path)))
    names = {path: os.path.relpath(path, start) for path in paths}
    return tuple(
        (names[p], look(source, p, f"{names[p]} of {source.shown}" if several else source.shown, hashes)) for p in paths
    )
