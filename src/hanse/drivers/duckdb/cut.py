"""Cutting a Parquet file between its row groups into several, without reading a value.

The groups' bytes are copied as they are; only the footers are new. So a large result, which the engine writes to one
file to keep the order of its rows, becomes several at the price of copying it once, and a later merge need not write
all of it anew. Source: ``parquet.thrift`` of Apache Parquet.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from hanse.drivers.duckdb.thrift import Items, Struct, ThriftError, read_struct, write_struct

_MAGIC = b"PAR1"
_TAIL = 8  # the footer's length, and the magic
_AT_ONCE = 4 << 20
# What kernels and file systems say that cannot copy from file to file.
_CANNOT = frozenset({errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM})
# FileMetaData
_NUM_ROWS, _ROW_GROUPS = 3, 4
# RowGroup
_COLUMNS, _GROUP_ROWS, _GROUP_OFFSET, _GROUP_BYTES, _ORDINAL = 1, 3, 5, 6, 7
# ColumnChunk
_CHUNK_OFFSET, _META, _INDEXES = 2, 3, (4, 5, 6, 7)
# ColumnMetaData
_COMPRESSED, _DATA_PAGE, _INDEX_PAGE, _DICTIONARY_PAGE, _BLOOM, _BLOOM_LENGTH = 7, 9, 10, 11, 14, 15


@dataclass(frozen=True, slots=True)
class Group:
    """A row group: what the footer says of it, and where its bytes begin and end."""

    struct: Struct
    rows: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A file's footer and its row groups, in their order."""

    footer: Struct
    groups: tuple[Group, ...]


def read_whole(file: BinaryIO) -> Whole | None:
    """Read a file's footer; None if it is not laid out so that it can be cut: one group's bytes after the other's."""
    size = file.seek(0, 2)
    file.seek(max(size - _TAIL, 0))
    tail = file.read()
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or length + _TAIL > size:
        return None
    file.seek(size - _TAIL - length)
    try:
        footer = read_struct(file.read(length))
        groups = tuple(_group(struct) for struct in footer[_ROW_GROUPS][1].values)
    except (ThriftError, KeyError):
        return None
    ends = [len(_MAGIC), *(group.end for group in groups)]
    if any(group.begin < end for group, end in zip(groups, ends, strict=False)):
        return None
    return Whole(footer, groups)


def parts_of(whole: Whole, wanted: int) -> list[tuple[Group, ...]]:
    """Share the groups out, in their order, among parts of this size or a little more; the last has at least half."""
    parts: list[list[Group]] = []
    size = wanted
    for group in whole.groups:
        if size >= wanted:
            parts.append([])
            size = 0
        parts[-1].append(group)
        size += group.end - group.begin
    if len(parts) > 1 and size < wanted / 2:
        last = parts.pop()
        parts[-1] += last
    return [tuple(part) for part in parts]


def write_part(file: BinaryIO, whole: Whole, part: Sequence[Group], path: Path) -> None:
    """Write some groups that follow each other as a file of their own."""
    begin, end = part[0].begin, part[-1].end
    shift = len(_MAGIC) - begin
    with path.open("xb") as out:
        out.write(_MAGIC)
        _copy(file, begin, end - begin, out)
        groups = [_moved(file, group, shift, ordinal, out) for ordinal, group in enumerate(part)]
        footer = dict(whole.footer)
        footer[_NUM_ROWS] = (footer[_NUM_ROWS][0], sum(group.rows for group in part))
        footer[_ROW_GROUPS] = (footer[_ROW_GROUPS][0], Items(footer[_ROW_GROUPS][1].kind, groups))
        content = write_struct(footer)
        out.write(content + len(content).to_bytes(4, "little") + _MAGIC)


def _group(struct: Struct) -> Group:
    spans = []
    for chunk in struct[_COLUMNS][1].values:
        meta = chunk[_META][1]
        pages = [meta[page][1] for page in (_DATA_PAGE, _DICTIONARY_PAGE) if page in meta and meta[page][1] > 0]
        begin = min(pages)
        spans.append((begin, begin + meta[_COMPRESSED][1]))
    return Group(struct, struct[_GROUP_ROWS][1], min(b for b, _ in spans), max(e for _, e in spans))


def _moved(file: BinaryIO, group: Group, shift: int, ordinal: int, out: BinaryIO) -> Struct:
    """Return what the new footer says of a group; its filters are written behind the groups, its page indexes left out.

    DuckDB writes no page indexes; they only help readers to skip.
    """
    struct = dict(group.struct)
    chunks = []
    for chunk in struct[_COLUMNS][1].values:
        moved = {field: value for field, value in chunk.items() if field not in _INDEXES}
        meta = dict(chunk[_META][1])
        for page in (_DATA_PAGE, _INDEX_PAGE, _DICTIONARY_PAGE):
            _shift(meta, page, shift)
        _shift(moved, _CHUNK_OFFSET, shift)
        bloom = meta.pop(_BLOOM, None)
        if bloom is not None and _BLOOM_LENGTH in meta:
            at = out.tell()
            _copy(file, bloom[1], meta[_BLOOM_LENGTH][1], out)
            meta[_BLOOM] = (bloom[0], at)
        else:
            meta.pop(_BLOOM_LENGTH, None)
        moved[_META] = (chunk[_META][0], dict(sorted(meta.items())))
        chunks.append(moved)
    struct[_COLUMNS] = (struct[_COLUMNS][0], Items(struct[_COLUMNS][1].kind, chunks))
    _shift(struct, _GROUP_OFFSET, shift)
    if _ORDINAL in struct:
        struct[_ORDINAL] = (struct[_ORDINAL][0], ordinal)
    return struct


def _shift(struct: dict[int, tuple[int, Any]], field: int, shift: int) -> None:
    if field in struct and struct[field][1] > 0:
        kind, offset = struct[field]
        struct[field] = (kind, offset + shift)


def _copy(file: BinaryIO, begin: int, length: int, out: BinaryIO) -> None:
    copied = _copied_by_the_kernel(file, begin, length, out)
    begin, length = begin + copied, length - copied
    file.seek(begin)
    while length:
        content = file.read(min(length, _AT_ONCE))
        if not content:
            raise OSError(f"`{file.name}` ended while it was copied")
        out.write(content)
        length -= len(content)


def _copied_by_the_kernel(file: BinaryIO, begin: int, length: int, out: BinaryIO) -> int:
    """Copy as much as Linux copies without showing the bytes to this process, and return how much that is."""
    if not hasattr(os, "copy_file_range"):
        return 0
    out.flush()
    done = 0
    while done < length:
        try:
            count = os.copy_file_range(file.fileno(), out.fileno(), length - done, begin + done, out.tell())
        except OSError as error:
            if error.errno in _CANNOT:
                break
            raise
        if not count:
            break
        out.seek(count, os.SEEK_CUR)
        done += count
    return done
