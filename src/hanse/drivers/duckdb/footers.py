"""What Parquet footers say: field ids, shapes and statistics, read through DuckDB without scanning."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from hanse.base import EngineError
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.quoting import identifier, literal_paths, local_path
from hanse.interfaces import ColumnStatistics, StoredColumn

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Shape:
    """One column of a file, or a member of a nested one, as written.

    Attributes:
        kind: ``leaf``, ``struct``, ``list`` or ``map``.
        type: the leaf's SQL type as DuckDB reads it; empty for nested ones.
        members: of a struct, its fields; of a list, its item; of a map, key and value.
        leaves: number of leaf columns in it.
    """

    name: str
    field_id: int | None
    kind: str
    type: str
    members: tuple[Shape, ...]
    leaves: int

    def __str__(self) -> str:
        if self.kind == "leaf":
            return self.type
        if self.kind == "list":
            return f"{self.members[0]}[]"
        if self.kind == "map":
            return f"MAP({self.members[0]}, {self.members[1]})"
        return "STRUCT(" + ", ".join(f"{identifier(m.name)} {m}" for m in self.members) + ")"


_SCHEMA = """SELECT file_name, name, coalesce(num_children, 0), field_id, coalesce(duckdb_type, ''),
coalesce(converted_type, ''), coalesce(logical_type, ''), repetition_type FROM parquet_schema({files})"""
Row = tuple[str, str, int, int | None, str, str, str, str | None]


def read_shapes(cursor: duckdb.DuckDBPyConnection, files: Sequence[str]) -> list[tuple[Shape, ...]]:
    """Return the columns of each file, in the order of the files (a file named twice is read once and returned twice).

    Raises:
        EngineError: a file is missing (HNS-E011) or empty (HNS-E012).
    """
    paths = [local_path(f) for f in files]
    for path in paths:
        check_present(path)
    names = list(dict.fromkeys(paths))
    rows: list[Row] = cursor.execute(_SCHEMA.format(files=literal_paths(names))).fetchall()
    by_file: dict[str, list[Row]] = {}
    for row in rows:
        by_file.setdefault(row[0], []).append(row)
    shapes = {name: _columns(file_rows) for name, file_rows in by_file.items()}
    return [shapes[path] for path in paths]


def check_present(path: str) -> None:
    """Refuse a file that is missing or has no bytes.

    Raises:
        EngineError: HNS-E011 or HNS-E012.
    """
    try:
        size = os.stat(path).st_size
    except OSError as error:
        what = f"`{path}` cannot be read: {(error.strerror or 'unknown reason').lower()}"
        raise EngineError(codes.FILE_MISSING, what) from error
    if not size:
        raise EngineError(codes.FILE_DAMAGED, f"`{path}` is empty")


def _columns(rows: list[Row]) -> tuple[Shape, ...]:
    stream = iter(rows)
    root = next(stream)
    return tuple(_shape(next(stream), stream) for _ in range(root[2]))


def _shape(row: Row, stream: Iterator[Row]) -> Shape:
    _, name, children, field_id, kind, converted, logical, _ = row
    if not children:
        return Shape(name, field_id, "leaf", kind or "BLOB", (), 1)
    inner = tuple((child, _shape(child, stream)) for child in _take(children, stream))
    members = tuple(shape for _, shape in inner)
    leaves = sum(m.leaves for m in members)
    repeated = len(inner) == 1 and inner[0][0][7] == "REPEATED"
    if repeated and (converted == "LIST" or logical.startswith("List")):
        # three levels: list → repeated group of one → item; two levels (old writers): list → repeated item
        item = members[0].members[0] if members[0].kind == "struct" and len(members[0].members) == 1 else members[0]
        return Shape(name, field_id, "list", "", (item,), leaves)
    if repeated and (converted in {"MAP", "MAP_KEY_VALUE"} or logical.startswith("Map")):
        return Shape(name, field_id, "map", "", members[0].members, leaves)
    return Shape(name, field_id, "struct", "", members, leaves)


def _take(count: int, stream: Iterator[Row]) -> Iterator[Row]:
    for _ in range(count):
        yield next(stream)


_CHUNKS = """SELECT file_name, column_id, num_values, stats_null_count, stats_min_value, stats_max_value,
coalesce(min_is_exact, false), coalesce(max_is_exact, false) FROM parquet_metadata({files})"""
_FILES = "SELECT num_rows, coalesce(created_by, '') FROM parquet_file_metadata({files})"
Chunk = tuple[int, int | None, str | None, str | None, bool, bool]


def read_statistics(
    cursor: duckdb.DuckDBPyConnection, files: Sequence[str], columns: Sequence[StoredColumn] | None = None
) -> Mapping[str, ColumnStatistics]:
    """Return exact facts per top-level column over all files, by name, or by field id where ``columns`` are given.

    A column that a file lacks is left out: nothing exact is known of it. Floating point bounds are believed only when
    DuckDB wrote the file, because it leaves them out when a NaN is present; other writers ignore NaNs silently.
    """
    paths = list(dict.fromkeys(local_path(f) for f in files))
    if not paths:
        return {}
    shapes = read_shapes(cursor, paths)
    totals = cursor.execute(_FILES.format(files=literal_paths(paths))).fetchall()
    rows = sum(total for total, _ in totals)
    nan_safe = all(writer.startswith("DuckDB version v1.") for _, writer in totals)
    chunks: dict[tuple[str, int], list[Chunk]] = {}
    for name, leaf, *chunk in cursor.execute(_CHUNKS.format(files=literal_paths(paths))).fetchall():
        chunks.setdefault((name, leaf), []).append(tuple(chunk))
    named = [[_name_of(shape, columns) for shape in file] for file in shapes]
    common = set.intersection(*(set(names) for names in named)) - {None}
    facts: dict[str, list[Chunk]] = {name: [] for name in named[0] if name in common and name is not None}
    types: dict[str, set[str]] = {name: set() for name in facts}
    for path, file, names in zip(paths, shapes, named, strict=True):
        leaf = 0
        for shape, name in zip(file, names, strict=True):
            if name is not None and name in facts:
                facts[name] += chunks.get((path, leaf), []) if shape.kind == "leaf" else []
                types[name].add(shape.type if shape.kind == "leaf" else "")
            leaf += shape.leaves
    return {name: _sum_up(rows, types[name], facts[name], nan_safe) for name in facts}


def _name_of(shape: Shape, columns: Sequence[StoredColumn] | None) -> str | None:
    """Return what a file's column is called: by the file, or by the table that it belongs to."""
    if columns is None:
        return shape.name
    return next((c.name for c in columns if c.field_id == shape.field_id), None)


def _sum_up(rows: int, types: set[str], chunks: list[Chunk], nan_safe: bool) -> ColumnStatistics:
    if len(types) != 1 or "" in types:
        return ColumnStatistics(rows, None if rows else 0)
    counts = [chunk[1] for chunk in chunks]
    known = [n for n in counts if n is not None]
    nulls = sum(known) if len(known) == len(counts) else None
    sql_type = next(iter(types))
    if sql_type in {"DOUBLE", "FLOAT"} and not nan_safe:
        return ColumnStatistics(rows, nulls)
    filled = [c for c in chunks if c[1] is None or c[1] < c[0]]
    low = _typed(sql_type, [c[2] if c[4] else None for c in filled])
    high = _typed(sql_type, [c[3] if c[5] else None for c in filled])
    return ColumnStatistics(rows, nulls, min(low, default=None), max(high, default=None))


def _typed(sql_type: str, texts: list[str | None]) -> list[Any]:
    """Return all texts as values, or nothing when one of them is missing or cannot be held exactly."""
    read = _READERS.get(sql_type.partition("(")[0])
    if read is None:
        return []
    values = []
    for text in texts:
        if text is None:
            return []
        try:
            values.append(read(text))
        except (ValueError, OverflowError, InvalidOperation):  # a date before year 1, infinity
            return []
    return values


def _single(text: str) -> float:
    """Return the number of 32 bits that is meant: as one of 64, 0.1 is another."""
    found: float = struct.unpack("f", struct.pack("f", float(text)))[0]
    return found


def _timestamp(text: str) -> datetime:
    return datetime.fromisoformat(text)  # without a zone: TIMESTAMP has none


def _timestamptz(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_BOOLEANS = {"true": True, "false": False}
_READERS: dict[str, Any] = {
    "BOOLEAN": lambda text: _BOOLEANS[text],
    "TINYINT": int,
    "SMALLINT": int,
    "INTEGER": int,
    "BIGINT": int,
    "UTINYINT": int,
    "USMALLINT": int,
    "UINTEGER": int,
    "UBIGINT": int,
    "FLOAT": _single,
    "DOUBLE": float,
    "DECIMAL": Decimal,
    "VARCHAR": str,
    "DATE": date.fromisoformat,
    "TIME": time.fromisoformat,
    "TIMESTAMP": _timestamp,
    "TIMESTAMP WITH TIME ZONE": _timestamptz,
}
