"""The seam of files elsewhere: object stores, web servers, other machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hanse.spec.urls import Url


@dataclass(frozen=True, slots=True)
class Validator:
    """What tells, without reading it, whether a file is still the same.

    Attributes:
        etag: an opaque text that another content would change: an ETag, a generation, a checksum.
        modified: when it was last written, as the place spells it; together with its size where that is known.
    """

    etag: str | None = None
    modified: str | None = None

    @property
    def tells(self) -> bool:
        """Whether it says anything."""
        return bool(self.etag or self.modified)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as its place lists it.

    Attributes:
        url: its address.
        bytes: size, None: not told.
        validator: None: only asking for it will tell.
    """

    url: Url
    bytes: int | None = None
    validator: Validator | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched whole.

    Attributes:
        bytes: size of what was written.
        sha256: of what was written, 64 hexadecimal characters.
        validator: to ask with the next time; None: the place gives none, so it has to be fetched again.
    """

    bytes: int
    sha256: str
    validator: Validator | None


class FileSource(Protocol):
    """A place that files are fetched from.

    Every method raises :class:`~hanse.base.IngestError` with a code F of :mod:`hanse.interfaces.codes`; neither
    addresses nor headers are in its message, because they may hold secrets. Methods may be called by several threads.
    """

    def find(self, url: Url) -> Sequence[RemoteFile]:
        """Return the files that an address means: those that match a pattern, sorted by address, or the one named.

        A pattern that matches nothing is no error. One file may be returned without being looked for.

        Raises:
            IngestError: HNS-F001: the one file named is not there. HNS-F009: the place cannot list.
        """

    def fetch(
        self, url: Url, target: str, *, known: Validator | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | None:
        """Fetch one file whole, or not at all.

        Args:
            url: its address, no pattern.
            target: path of the file to write; it does not exist. What is left there is to be removed by the caller.
            known: a validator of the content that is known already.
            headers: to ask with, where the protocol has any.

        Returns:
            What was fetched; None: it is what ``known`` stands for, and nothing was fetched.

        Raises:
            IngestError: it could not be fetched, was cut off, is too large, or changed meanwhile.
        """
