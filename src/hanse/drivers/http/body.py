"""The body of an answer, written to a file: counted, unpacked, hashed, and believed only when it is whole."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from http.client import HTTPResponse, IncompleteRead
from types import TracebackType
from typing import BinaryIO, Self

from hanse.base import IngestError
from hanse.drivers.http.connect import Interrupted
from hanse.interfaces.codes import FETCH_FAILED, FETCH_INCOMPLETE, REMOTE_TOO_LARGE

_CHUNK = 1 << 20
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Download:
    """A file that grows over one or several answers; use it in a ``with`` statement.

    Args:
        target: path of the file; it must not exist.
        limit: bytes that it may have.
        keep_packed: bytes that come gzipped are what the file holds, because it is a ``.gz`` file.

    Attributes:
        received: bytes of bodies so far.
        bytes: bytes written so far.
    """

    def __init__(self, target: str, limit: int, *, keep_packed: bool) -> None:
        self._file: BinaryIO = open(target, "xb")  # noqa: SIM115 - closed by __exit__
        self._limit, self._keep_packed = limit, keep_packed
        self.restart()

    def restart(self) -> None:
        """Forget everything that has arrived."""
        self._file.seek(0)
        self._file.truncate()
        self.received = self.bytes = 0
        self.etag: str | None = None
        self._raw, self._written = hashlib.sha256(), hashlib.sha256()
        self._unpacker: _Unpacker | None = None

    @property
    def sha256(self) -> str:
        """Of what was written."""
        return self._written.hexdigest()

    @property
    def is_resumable(self) -> bool:
        """Whether the rest may be asked for: only if it is sure to be the rest of the same."""
        return self.received > 0 and self._unpacker is None and bool(self.etag) and not str(self.etag).startswith("W/")

    def take(self, response: HTTPResponse) -> None:
        """Write the body of an answer, which is the whole file, or its rest.

        Raises:
            Interrupted: the connection was cut; what has arrived so far stays.
            IngestError: HNS-F006, HNS-F007: it cannot be told whole, or is too large.
        """
        rest = response.status == 206
        if not rest:
            self.restart()
            self.etag = response.getheader("ETag")
            self._unpacker = self._unpacker_of(response)
        wanted = self._wanted(response, rest=rest)
        md5 = None if rest or not response.getheader("Content-MD5") else hashlib.md5(usedforsecurity=False)
        try:
            while chunk := response.read(_CHUNK):
                if md5:
                    md5.update(chunk)
                self._take(chunk)
        except IncompleteRead as error:
            self._take(error.partial)
            raise Interrupted("the connection was cut") from None
        if wanted is not None and self.received != wanted:
            raise Interrupted("the connection was cut")
        if self._unpacker and not self._unpacker.is_whole:
            raise Interrupted("what it unpacks to has no end")
        self._verify(response, md5.digest() if md5 else None)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _take(self, chunk: bytes) -> None:
        self.received += len(chunk)
        self._raw.update(chunk)
        if self._unpacker is None:
            self._write(chunk)
            return
        for piece in self._unpacker.unpack(chunk):
            self._write(piece)

    def _write(self, data: bytes) -> None:
        self.bytes += len(data)
        if self.bytes > self._limit:
            raise too_large(self._limit)
        self._written.update(data)
        self._file.write(data)

    def _wanted(self, response: HTTPResponse, *, rest: bool) -> int | None:
        """Return how many bytes of bodies there will be in all; None: chunks tell their end."""
        length = response.getheader("Content-Length")
        if response.chunked:
            wanted = None
        elif length is not None and length.strip().isdecimal():
            wanted = self.received + int(length)
        else:
            raise IngestError(
                FETCH_INCOMPLETE,
                "its server does not say how long it is",
                why="a download that was cut off could not be told from a whole one",
                fix="let the server send `Content-Length`, or deliver the file some other way",
            )
        if rest:
            wanted = self._of_range(response, wanted)
        if wanted is not None and wanted > self._limit:
            raise too_large(self._limit)
        return wanted

    def _of_range(self, response: HTTPResponse, wanted: int | None) -> int | None:
        found = _RANGE.fullmatch((response.getheader("Content-Range") or "").strip())
        whole = found and found.group(3) != "*" and int(found.group(2)) + 1 == int(found.group(3))
        if not found or int(found.group(1)) != self.received or not whole or response.getheader("ETag") != self.etag:
            self.restart()
            raise Interrupted("its server sent another part than the one asked for")
        total = int(found.group(3))
        if wanted is not None and wanted != total:
            self.restart()
            raise Interrupted("its server contradicts itself about its length")
        return total

    def _unpacker_of(self, response: HTTPResponse) -> _Unpacker | None:
        encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
        if encoding in ("identity", ""):
            return None
        if encoding not in ("gzip", "x-gzip"):
            raise IngestError(
                FETCH_FAILED,
                "its server packs it in a way that was not asked for",
                why=f"`Content-Encoding` is neither `identity` nor `gzip`: it is {len(encoding)} letters long",
                fix="let the server send it as it is",
            )
        return None if self._keep_packed else _Unpacker()

    def _verify(self, response: HTTPResponse, md5: bytes | None) -> None:
        """Compare with the checksums that the server gives, if it does."""
        checks = [(response.getheader("Content-MD5"), md5)] if md5 else []
        for header, pattern in (("Repr-Digest", r"sha-256=:([^:]+):"), ("Digest", r"sha-256=([^,;\s]+)")):
            found = re.search(pattern, response.getheader(header) or "", re.IGNORECASE)
            if found:
                checks.append((found.group(1), self._raw.digest()))
        for told, have in checks:
            if _decoded(told or "") != have:
                self.restart()
                raise Interrupted("its checksum is not the one that its server gives")

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()


class _Unpacker:
    """Gzip, piece by piece: no piece is larger than a chunk, whatever the bytes claim."""

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = None
        self.is_whole = False

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what some bytes unpack to.

        Raises:
            Interrupted: they are no gzip.
        """
        while data:
            if self._member is None:
                self._member, self.is_whole = zlib.decompressobj(31), False
            try:
                yield self._member.decompress(data, _CHUNK)
            except zlib.error:
                raise Interrupted("it is not packed as its server says") from None
            data = self._member.unconsumed_tail
            if self._member.eof:
                data, self._member, self.is_whole = self._member.unused_data, None, True


def too_large(limit: int) -> IngestError:
    """Return the error of a file beyond the limit."""
    return IngestError(
        REMOTE_TOO_LARGE,
        f"it has more than {limit:,} bytes",
        fix="raise `sources.max_size` in `mesh.yaml`, or deliver it in parts",
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
