"""File inputs elsewhere: looked at by their validators, fetched when they are new, kept by content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from hanse.base import HanseError, IngestError, digest
from hanse.ingest.codes import FILE_EMPTY, FILE_UNREADABLE
from hanse.ingest.copies import Copies, Known
from hanse.ingest.files import FileState
from hanse.interfaces import FileSource, RemoteFile, Validator
from hanse.interfaces.codes import REMOTE_CHANGED
from hanse.spec import FileInput, FileReference
from hanse.spec.allowed import fault_problem, not_allowed, parsed
from hanse.spec.globs import is_glob
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import Url, parse_url, without_secrets

Drivers = Callable[[str], FileSource]
"""Scheme → what fetches files of it; made when first needed."""


class RemoteFiles:
    """What a mesh knows and keeps of files elsewhere.

    Args:
        folder: for copies, absolute.
        settings: what may be read.
        drivers: what fetches.
    """

    def __init__(self, folder: str, settings: SourceSettings, drivers: Drivers) -> None:
        self._copies = Copies(folder, settings.cache_bytes)
        self._settings, self._drivers = settings, drivers

    def look(self, source: FileReference) -> tuple[tuple[str, FileState], ...]:
        """Tell what an input elsewhere holds now: its files with their names, without the folders of the pattern.

        What is new is fetched; what its place says is unchanged is not. Files are not handed out: see :meth:`bring`.

        Raises:
            IngestError: with a code F of :mod:`hanse.interfaces.codes`; HNS-I002: a file is empty; HNS-I004: a copy
                could not be kept; HNS-S047 to S049: it may not be read.
        """
        url = self._allowed(source)
        with _told(source):
            found = self._drivers(url.scheme).find(url)
        states = []
        for file in found:
            name = file.url.path.removeprefix(url.folder) if is_glob(source.path) else file.url.path
            with _told(source, name if is_glob(source.path) else None):
                self._require(source, file.url)
                known = self._look_at(file, source)
                if known.bytes == 0:
                    raise IngestError(FILE_EMPTY, "it is empty", fix="deliver it again")
            states.append((name, FileState("", known.sha256, known.bytes, (0, 0, 0, 0), url=str(file.url))))
        self._copies.trim()
        return tuple(states)

    def bring(self, source: FileReference, state: FileState, folder: str) -> FileState:
        """Return a file with a local copy of its own.

        Args:
            source: the input.
            state: a file of it, as :meth:`look` returned it.
            folder: for the copy, absolute; made when needed.

        Raises:
            IngestError: HNS-F008: the copy is gone, and the file is another by now; others as of :meth:`look`.
        """
        target = os.path.join(folder, state.sha256)
        known = Known(state.sha256, state.bytes, None)
        with _told(source):
            if not self._copies.link(known, target):
                again = self._fetch(parse_url(state.url), source, None)
                if again is None or again.sha256 != state.sha256 or not self._copies.link(known, target):
                    raise IngestError(REMOTE_CHANGED, "it was written anew since it was looked at", fix="run again")
        return replace(state, path=target)

    def last(self, source: FileInput | FileReference) -> str | None:
        """Return the copy of what an address held when it was last asked, without asking again; None: there is none."""
        url, _ = parsed(source.path)
        known = self._copies.known(_key(url)) if url else None
        return self._copies.path(known) if known else None

    def trim(self, *, dry_run: bool = False) -> tuple[int, int]:
        """Remove copies beyond the limit and what was left behind; see :meth:`hanse.ingest.copies.Copies.trim`."""
        return self._copies.trim(dry_run=dry_run)

    def _look_at(self, file: RemoteFile, source: FileReference) -> Known:
        known = self._copies.known(_key(file.url))
        if known and known.validator and file.validator == known.validator:
            return known
        fetched = self._fetch(file.url, source, known.validator if known else None)
        if fetched is None:
            assert known is not None  # nothing is unchanged without a validator
            return known
        return fetched

    def _fetch(self, url: Url, source: FileReference, known: Validator | None) -> Known | None:
        with self._copies.part() as part:
            fetched = self._drivers(url.scheme).fetch(url, part, known=known, headers=source.headers)
            if fetched is None:
                return None
            return self._copies.keep(_key(url), part, fetched)

    def _allowed(self, source: FileReference) -> Url:
        url, fault = parsed(source.path)
        if url is None:
            problem = fault_problem(source.name, source.path, fault or "", source.where)
        elif self._settings.permits(url, url.folder if is_glob(source.path) else None):
            return url
        else:
            problem = not_allowed(source, None)
        raise IngestError(problem.code, problem.what, where=problem.where, why=problem.why, fix=problem.fix)

    def _require(self, source: FileReference, url: Url) -> None:
        if not self._settings.permits(url):
            problem = not_allowed(source, None)
            raise IngestError(problem.code, problem.what, where=problem.where, why=problem.why, fix=problem.fix)


def _key(url: Url) -> str:
    # A digest, because an address may hold values of variables, and those never reach a file.
    return digest(without_secrets(url))


@contextmanager
def _told(source: FileReference, name: str | None = None) -> Iterator[None]:
    """Say of which input's file an error is, by its path as written."""
    shown = f"{name} of {source.shown}" if name else source.shown
    try:
        yield
    except HanseError as error:
        found = error.problem
        what = found.what if found.where else f"input `{source.name}`: {shown}: {found.what}"
        raise IngestError(found.code, what, where=source.where, why=found.why, fix=found.fix) from None
    except OSError as error:
        raise IngestError(
            FILE_UNREADABLE,
            f"input `{source.name}`: {shown} was fetched, but could not be kept",
            where=source.where,
            why=error.strerror or type(error).__name__,
            fix="make room, or give this user the right to write to the mesh's `.hanse`",
        ) from error
