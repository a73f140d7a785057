"""Files as inputs: what they hold, told by content, and how an engine reads them."""

from __future__ import annotations

import hashlib
import lzma
import os
import struct
import time
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hanse.base import IngestError, digest
from hanse.ingest.codes import ARCHIVE_TOO_LARGE, ARCHIVE_UNREADABLE, FILE_EMPTY, FILE_MISSING, FILE_UNREADABLE
from hanse.interfaces import AvroScan, CsvScan, ExcelScan, JsonScan, ParquetScan
from hanse.spec import FileInput, FileReference

_CHUNK = 1 << 20
# A file changed within this time before it was looked at may change again without its time stamps moving on.
_RACY_SECONDS = 2.0
# What the standard library raises for archives that are cut off, damaged, encrypted or packed in a way it cannot read.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
# Text packs to 5 to 20 %; a thousandfold is no honest delivery. Small archives may unpack to anything below the floor.
_GREATEST_EXPANSION = 1000
_EXPANSION_FLOOR = 1 << 30


class HashStore(Protocol):
    """Where hashes of unchanged files are kept between runs."""

    def get(self, kind: str, key: str) -> Any:
        """Return the document kept, or None."""

    def put(self, kind: str, key: str, document: Any) -> None:
        """Keep a document."""


Stamp = tuple[int, int, int, int]
"""Size, modification time, change time and inode. The change time is the kernel's: nobody can set it back."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file at one moment.

    Attributes:
        path: absolute path; empty: it is elsewhere, and was not brought here.
        sha256: of its bytes, 64 hexadecimal characters.
        bytes: size.
        stamp: of :func:`_stamp`: equal stamps of files that are not brand new mean equal content.
        is_settled: the file was not brand new, so its stamp alone tells whether it changed.
        url: where the original is, if ``path`` is a copy of our own. It may hold secrets.
    """

    path: str
    sha256: str
    bytes: int
    stamp: Stamp
    is_settled: bool = True
    url: str = field(default="", repr=False)


def locate(source: FileInput | FileReference, folder: str) -> str:
    """Return the absolute path of a file input of the product in ``folder``."""
    return os.path.normpath(os.path.join(folder, source.path))


def observe(source: FileInput | FileReference, folder: str, hashes: HashStore | None = None) -> FileState:
    """Tell what a file holds now.

    Args:
        source: the input.
        folder: the product's folder, absolute.
        hashes: remembers hashes by stamp, as git's index does, so that unchanged files are not read again.

    Raises:
        IngestError: HNS-I001 missing or not a file, HNS-I002 empty, HNS-I004 not readable.
    """
    return look(source, locate(source, folder), source.shown, hashes)


def look(source: FileInput | FileReference, path: str, shown: str, hashes: HashStore | None = None) -> FileState:
    """Tell what one file of an input holds now: see :func:`observe`.

    Args:
        source: the input.
        path: absolute.
        shown: what messages call the file.
        hashes: as of :func:`observe`.
    """
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        raise IngestError(
            FILE_MISSING,
            f"input `{source.name}`: there is no file {shown}",
            where=source.where,
            fix="put the delivery there, or correct the path",
        ) from None
    except OSError as error:
        raise _unreadable(source, error.strerror or type(error).__name__) from error
    if not os.path.isfile(path):
        raise IngestError(FILE_MISSING, f"input `{source.name}`: {shown} is not a file", where=source.where)
    if status.st_size == 0:
        raise IngestError(
            FILE_EMPTY,
            f"input `{source.name}`: {shown} is empty",
            where=source.where,
            fix="deliver it again; a table without rows still needs its header line",
        )
    stamp = _stamp(status)
    # Keys are digests: a path may hold values of variables, and those never reach a cache.
    key = digest(path)
    known = hashes.get("files", key) if hashes else None
    if isinstance(known, dict) and known.get("stamp") == list(stamp):
        return FileState(path, str(known.get("sha256")), status.st_size, stamp)
    try:
        sha256 = _hash(path)
    except OSError as error:
        raise _unreadable(source, error.strerror or type(error).__name__) from error
    settled = time.time() - max(status.st_mtime, status.st_ctime) > _RACY_SECONDS
    if hashes and settled:
        hashes.put("files", key, {"stamp": list(stamp), "sha256": sha256})
    return FileState(path, sha256, status.st_size, stamp, settled)


def staged_state(path: str) -> FileState:
    """Tell what a file of our own holds, which nobody else writes."""
    status = Path(path).stat()
    return FileState(path, _hash(path), status.st_size, _stamp(status))


def unchanged(state: FileState) -> bool:
    """Say whether a file still is what :func:`observe` saw; one that was brand new then is read again."""
    if state.url:
        return True  # a copy of its content, which nobody writes to
    try:
        status = Path(state.path).stat()
        return _stamp(status) == state.stamp and (state.is_settled or _hash(state.path) == state.sha256)
    except OSError:
        return False


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


FileScan = CsvScan | JsonScan | ParquetScan | ExcelScan | AvroScan


def relation(source: FileInput, path: str, *, text: bool, scratch: str) -> FileScan:
    """Return how an engine reads a file; one that is packed is unpacked into ``scratch`` first.

    Args:
        source: the input.
        path: absolute path of the file.
        text: read values as text where the format has no types of its own (CSV, JSON, Excel): types come from the
            contract later, losing nothing on the way.
        scratch: folder for unpacked files; must exist.

    Raises:
        IngestError: HNS-I003 or HNS-I005: the archive cannot be unpacked.
    """
    compression: str = source.compression
    if compression == "zip":
        path, compression = _unpack(source, path, scratch), "none"
    elif compression != "none":
        path, compression = _inflate(source, path, compression, scratch), "none"
    match source.format:
        case "parquet":
            return ParquetScan((path,))
        case "avro":
            return AvroScan(path)
        case "xlsx":
            return ExcelScan(path, text=text, sheet=source.sheet, header=source.header is not False)
        case "json" | "ndjson":
            lines, texts = source.format == "ndjson", text and not source.columns
            return JsonScan(path, lines=lines, text=texts, columns=source.columns, compression=compression)
        case "csv":
            return _csv(source, path, compression, text=text)


def _csv(source: FileInput, path: str, compression: str, *, text: bool) -> CsvScan:
    return CsvScan(
        path,
        text=text and not source.columns,
        columns=source.columns,
        delimiter=source.delimiter,
        quote=source.quote,
        # A guess whether the first line is a header may turn out otherwise with the next delivery.
        header=True if source.header is None else source.header,
        encoding=source.encoding,
        null_values=source.null_values,
        compression=compression,
        style=source.style,
    )


def _unpack(source: FileInput, path: str, scratch: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
            if len(members) != 1:
                raise IngestError(
                    ARCHIVE_UNREADABLE,
                    f"input `{source.name}`: {source.shown} holds {len(members)} files, not one",
                    where=source.where,
                    fix="deliver one file per archive",
                )
            # The member's own name is never used as a path: it may try to climb out of the folder.
            with archive.open(members[0]) as packed:
                return _extract(source, packed, path, scratch)
    except OSError as error:
        raise _unreadable(source, error.strerror or type(error).__name__) from error
    except _DAMAGED as error:
        raise IngestError(
            ARCHIVE_UNREADABLE,
            f"input `{source.name}`: {source.shown} cannot be unpacked",
            where=source.where,
            why=str(error),
            fix="deliver it again; an encrypted archive cannot be read",
        ) from error


def _inflate(source: FileInput, path: str, compression: str, scratch: str) -> str:
    """Unpack a file to its checked end; the engine would take a gzip file that was cut off, or damaged, for whole."""
    import pyarrow as pa

    try:
        with pa.input_stream(path, compression=compression) as packed:
            return _extract(source, packed, path, scratch)
    except OSError as error:
        if error.errno:
            raise _unreadable(source, error.strerror or type(error).__name__) from error
        raise IngestError(
            ARCHIVE_UNREADABLE,
            f"input `{source.name}`: {source.shown} cannot be unpacked",
            where=source.where,
            why=str(error).partition(". Detail:")[0],
            fix="deliver it again",
        ) from error


def _extract(source: FileInput, packed: _Readable, path: str, scratch: str) -> str:
    ceiling = max(os.path.getsize(path) * _GREATEST_EXPANSION, _EXPANSION_FLOOR)
    target = os.path.join(scratch, f"{source.name}-{digest(path)[:16]}.{source.format}")
    written = 0
    with Path(target).open("wb") as unpacked:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > ceiling:
                raise IngestError(
                    ARCHIVE_TOO_LARGE,
                    f"input `{source.name}`: {source.shown} unpacks to more than {ceiling:,} bytes",
                    where=source.where,
                    fix="deliver it unpacked",
                )
            unpacked.write(chunk)
    if not written:
        raise IngestError(FILE_EMPTY, f"input `{source.name}`: the file in {source.shown} is empty", where=source.where)
    return target


def _hash(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(source: FileInput | FileReference, why: str) -> IngestError:
    return IngestError(
        FILE_UNREADABLE, f"input `{source.name}`: {source.shown} cannot be read", where=source.where, why=why
    )
