"""Files elsewhere, brought here for the time of a test: the engine itself reaches no network."""

from __future__ import annotations

import os
import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hanse.app.codes import NO_DATA
from hanse.app.contract.places import Place, alike
from hanse.base import HanseError, IngestError, Problem
from hanse.spec.globs import is_glob
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import Url, parse_url, redact

if TYPE_CHECKING:
    from hanse.interfaces import FileSource

MAX_BYTES = 100_000_000_000
# Whoever typed an address means its host, wherever that lies; redirects are held to the addresses that were typed.
_ANYWHERE = ("0.0.0.0/0", "::/0")


def bring(place: Place, folder: str) -> Place:
    """Return a place elsewhere as files in a folder.

    Args:
        place: addresses, patterns among them.
        folder: made for these files.

    Raises:
        IngestError: with a code F of :mod:`hanse.interfaces.codes`: a file cannot be had. HNS-A006: there is none.
            HNS-A008: nothing tells their format.
    """
    os.makedirs(folder)
    brought: list[str] = []
    for address in place.paths:
        for url, source in _found(address, place):
            name = f"{len(brought)}-{_name(url)}"
            target = os.path.join(folder, name)
            with _told(redact(str(url))):
                source.fetch(url, target)
            brought.append(target)
    if not brought:
        raise IngestError(NO_DATA, f"no file matches `{place.shown}`", fix="correct the pattern")
    if place.kind:
        return replace(place, paths=tuple(brought))
    here = alike(brought, place.shown)
    if isinstance(here, Problem):
        raise IngestError(here.code, here.what, fix=here.fix)
    return here


def _found(address: str, place: Place) -> list[tuple[Url, FileSource]]:
    shown = redact(address)
    with _told(shown):
        try:
            url = parse_url(address)
        except ValueError as error:
            raise IngestError(NO_DATA, str(error), fix="correct the address") from None
        source = _source(url, place)
        return [(file.url, source) for file in source.find(url)]


def _source(url: Url, place: Place) -> FileSource:
    settings = SourceSettings(allow=tuple(_prefix(r) for r in place.reach), networks=_ANYWHERE, max_bytes=MAX_BYTES)
    if url.is_http:
        from hanse.drivers.http import HttpFiles

        return HttpFiles(settings)
    from hanse.drivers.fsspec import FsspecFiles

    return FsspecFiles(settings, {"endpoint_url": place.endpoint} if place.endpoint else None)


def _prefix(address: str) -> str:
    """Return the beginning of an address that its files have in common."""
    url = parse_url(address)
    return f"{url.origin}{url.folder if is_glob(address) else url.path}"


def _name(url: Url) -> str:
    """Return a file's own name, of which only the ending matters, as a name that every file system takes."""
    name = unquote(posixpath.basename(url.path))
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)[-80:]


class _told:  # noqa: N801 - reads as a word
    """Says of which address an error is."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, HanseError):
            found = error.problem
            raise IngestError(found.code, f"`{self._shown}`: {found.what}", why=found.why, fix=found.fix) from None
