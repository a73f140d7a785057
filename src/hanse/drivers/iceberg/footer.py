"""Parquet footers: does a staged file fit its table, and what do its statistics say."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from hanse.base import StorageError
from hanse.drivers.iceberg.manifest import Footer
from hanse.interfaces import StagedFile, StoredColumn
from hanse.interfaces.codes import BAD_FILE
from hanse.spec.types import DataType, Decimal, List, Map, Scalar, Struct

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_FIELD_ID = b"PARQUET:field_id"
# Iceberg's default: bounds of text and binary columns are cut to this many characters or bytes.
_BOUND_LENGTH = 16
_AGAIN = "run again; the file was changed or not written by Hanse"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A column of the Parquet file. ``column`` has its id; ``repeated``: inside a list or map."""

    column: StoredColumn
    repeated: bool
    required: bool


def read_file(staged: StagedFile, columns: Sequence[StoredColumn]) -> Footer:
    """Read a staged file's footer and check it against the columns that it must have.

    Raises:
        StorageError: HNS-T005: unreadable, other size or rows than said, other field ids or types, nulls in a required
            column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(staged.path)
        schema = footer.schema.to_arrow_schema()
    except FileNotFoundError as error:
        raise StorageError(BAD_FILE, f"the staged file `{staged.path}` is missing", fix=_AGAIN) from error
    except (pa.ArrowException, ValueError) as error:
        raise _bad(staged, f"it is no whole Parquet file: {error}") from error
    if footer.num_rows != staged.rows:
        raise _bad(staged, f"it has {footer.num_rows} rows, not {staged.rows}")
    leaves = _leaves(staged, schema, columns)
    return _with_statistics(staged, footer, leaves)


def _leaves(staged: StagedFile, schema: pa.Schema, columns: Sequence[StoredColumn]) -> list[_Leaf]:
    wanted = {column.field_id: column for column in columns}
    leaves: list[_Leaf] = []
    for field in schema:
        column = wanted.pop(_id(field), None)
        if column is None:
            raise _bad(staged, f"its column `{field.name}` (field id {_id(field)}) is not one of the table's columns")
        leaves.extend(_walk(staged, field, column, repeated=False, required=True))
    if wanted:
        missing = ", ".join(f"`{column.name}` (field id {column.field_id})" for column in wanted.values())
        raise _bad(staged, f"it lacks {missing}")
    return leaves


def _walk(
    staged: StagedFile, field: pa.Field, column: StoredColumn, *, repeated: bool, required: bool
) -> Iterator[_Leaf]:
    import pyarrow as pa

    if _id(field) != column.field_id:
        raise _bad(staged, f"`{field.name}` has field id {_id(field)}, not {column.field_id}")
    kind = field.type
    required = required and column.required
    match column.type:
        case Struct() if pa.types.is_struct(kind) and kind.num_fields == len(column.children):
            by_id = {child.field_id: child for child in column.children}
            for index in range(kind.num_fields):
                member = kind.field(index)
                child = by_id.get(_id(member))
                if child is None:
                    raise _bad(staged, f"`{field.name}.{member.name}` has the unknown field id {_id(member)}")
                yield from _walk(staged, member, child, repeated=repeated, required=required)
        case List() if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            yield from _walk(staged, kind.value_field, column.children[0], repeated=True, required=False)
        case Map() if pa.types.is_map(kind):
            yield from _walk(staged, kind.key_field, column.children[0], repeated=True, required=False)
            yield from _walk(staged, kind.item_field, column.children[1], repeated=True, required=False)
        case leaf if _holds(leaf, kind):
            yield _Leaf(column, repeated, required)
        case _:
            raise _bad(staged, f"`{field.name}` has the type {kind}, not {column.type}")


def _holds(wanted: DataType, kind: pa.DataType) -> bool:
    """Whether a Parquet column of this Arrow type holds exactly this type."""
    import pyarrow as pa

    if isinstance(wanted, Decimal):
        return bool(kind == pa.decimal128(wanted.precision, wanted.scale))
    return isinstance(wanted, Scalar) and kind in _arrow_types()[wanted]


@cache
def _arrow_types() -> dict[Scalar, tuple[pa.DataType, ...]]:
    import pyarrow as pa

    return {
        Scalar.BOOLEAN: (pa.bool_(),),
        Scalar.BIGINT: (pa.int64(),),
        Scalar.DOUBLE: (pa.float64(),),
        Scalar.VARCHAR: (pa.string(), pa.large_string(), pa.string_view()),
        Scalar.BLOB: (pa.binary(), pa.large_binary(), pa.binary_view()),
        Scalar.DATE: (pa.date32(),),
        Scalar.TIME: (pa.time64("us"),),
        Scalar.TIMESTAMP: (pa.timestamp("us"),),
        Scalar.TIMESTAMPTZ: (pa.timestamp("us", tz="UTC"),),
    }


def _id(field: pa.Field) -> int:
    """Return a field's id, or -1, which no column has."""
    raw = (field.metadata or {}).get(_FIELD_ID)
    return -1 if raw is None else int(raw)


def _with_statistics(staged: StagedFile, footer: pq.FileMetaData, leaves: Sequence[_Leaf]) -> Footer:
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    sizes: dict[int, int] = {}
    values: dict[int, int] = {}
    nulls: dict[int, int] = {}
    lower: dict[int, bytes] = {}
    upper: dict[int, bytes] = {}
    for index, leaf in enumerate(leaves):
        field_id = leaf.column.field_id
        chunks = [group.column(index) for group in groups]
        sizes[field_id] = sum(chunk.total_compressed_size for chunk in chunks)
        if leaf.repeated:
            continue
        values[field_id] = sum(chunk.num_values for chunk in chunks)
        statistics = [chunk.statistics for chunk in chunks]
        if all(s is not None and s.has_null_count for s in statistics):
            nulls[field_id] = sum(s.null_count for s in statistics)
            if leaf.required and nulls[field_id]:
                raise _bad(staged, f"the required column `{leaf.column.name}` has {nulls[field_id]} nulls")
        bounds = _bounds(leaf.column.type, chunks, statistics)
        if bounds is not None:
            low, high = bounds
            lower[field_id] = low
            if high is not None:
                upper[field_id] = high
    offsets = tuple(offset for group in groups if group.num_columns and (offset := _offset(group.column(0))) > 0)
    return Footer(staged.path, staged.rows, staged.bytes, sizes, values, nulls, lower, upper, offsets)


def _offset(chunk: pq.ColumnChunkMetaData) -> int:
    data: int = chunk.data_page_offset
    dictionary: int | None = chunk.dictionary_page_offset
    return data if dictionary is None or dictionary <= 0 else min(data, dictionary)


def _bounds(kind: DataType, chunks: Sequence[Any], statistics: Sequence[Any]) -> tuple[bytes, bytes | None] | None:
    """Return the serialised bounds over all row groups, or None when they are not known."""
    low = high = None
    for chunk, known in zip(chunks, statistics, strict=True):
        if known is None:
            return None
        if not known.has_min_max:
            if known.has_null_count and known.null_count == chunk.num_values:
                continue
            return None
        least, greatest = known.min_raw, known.max_raw
        if isinstance(kind, Decimal) and isinstance(least, bytes):
            least, greatest = int.from_bytes(least, "big", signed=True), int.from_bytes(greatest, "big", signed=True)
        if isinstance(least, float) and (math.isnan(least) or math.isnan(greatest)):
            return None
        low = least if low is None or least < low else low
        high = greatest if high is None or greatest > high else high
    if low is None or high is None:
        return None
    return _serialised(kind, low, high)


def _serialised(kind: DataType, low: Any, high: Any) -> tuple[bytes, bytes | None] | None:
    match kind:
        case Decimal():
            return _unscaled(low), _unscaled(high)
        case Scalar.VARCHAR:
            return _text_bounds(low, high)
        case Scalar.BLOB:
            return low[:_BOUND_LENGTH], high if len(high) <= _BOUND_LENGTH else _next_bytes(high[:_BOUND_LENGTH])
        case Scalar.BOOLEAN:
            return (b"\x01" if low else b"\x00"), (b"\x01" if high else b"\x00")
        case Scalar.DOUBLE:
            return struct.pack("<d", low), struct.pack("<d", high)
        case Scalar.DATE:
            return struct.pack("<i", low), struct.pack("<i", high)
        case Scalar.BIGINT | Scalar.TIME | Scalar.TIMESTAMP | Scalar.TIMESTAMPTZ:
            return struct.pack("<q", low), struct.pack("<q", high)
        case _:
            return None


def _unscaled(value: int) -> bytes:
    """Two's complement, big end first, in as few bytes as hold it."""
    length = ((value if value >= 0 else ~value).bit_length() + 8) // 8
    return value.to_bytes(length, "big", signed=True)


def _text_bounds(low: bytes, high: bytes) -> tuple[bytes, bytes | None] | None:
    try:
        first, last = low.decode(), high.decode()
    except UnicodeDecodeError:  # the writer cut a bound inside a character
        return None
    return first[:_BOUND_LENGTH].encode(), last.encode() if len(last) <= _BOUND_LENGTH else _next_text(
        last[:_BOUND_LENGTH]
    )


def _next_text(prefix: str) -> bytes | None:
    """Return the least text that is greater than every text with this prefix."""
    for index in range(len(prefix) - 1, -1, -1):
        point = ord(prefix[index]) + 1
        point = 0xE000 if 0xD800 <= point <= 0xDFFF else point  # surrogates are no characters
        if point <= 0x10FFFF:
            return (prefix[:index] + chr(point)).encode()
    return None


def _next_bytes(prefix: bytes) -> bytes | None:
    for index in range(len(prefix) - 1, -1, -1):
        if prefix[index] < 0xFF:
            return prefix[:index] + bytes([prefix[index] + 1])
    return None


def _bad(staged: StagedFile, why: str) -> StorageError:
    return StorageError(BAD_FILE, f"the staged file `{staged.path}` cannot be published", why=why, fix=_AGAIN)
