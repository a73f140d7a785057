"""Relations as SELECTs that DuckDB can bind."""

from __future__ import annotations

import os
from collections.abc import Sequence

import duckdb

from hanse.base import EngineError
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.footers import Shape, check_present, read_shapes
from hanse.drivers.duckdb.quoting import fold, identifier, literal_paths, local_path, text
from hanse.interfaces import ParquetScan, StoredColumn, TableScan
from hanse.spec.types import List, Map

# Folder names like `day=1` would add columns, and are not part of a file.
_PLAIN = "hive_partitioning=false, union_by_name=false"


def table_select(cursor: duckdb.DuckDBPyConnection, scan: TableScan) -> str:
    """Read a snapshot's files by field id, at every depth.

    Top-level columns go by id through ``read_parquet(schema=MAP {id: …})``, as fast as a plain read. DuckDB matches the
    members of nested columns by name, so files whose nested ids stand under other names get an explicit projection.
    Files that all have just the table's columns need neither: read plainly, DuckDB knows how many rows they have, which
    it does not under a MAP, and joins the smaller side to the greater one.

    Raises:
        EngineError: delete files (HNS-E021), files without field ids (HNS-E019), damaged or missing files.
    """
    if scan.deletes:
        raise EngineError(
            codes.DELETE_FILES,
            "the table holds row-level deletes of an outside writer, which cannot be applied here",
            fix="compact the table with the writer that left them",
        )
    if not scan.files:
        nothing = [f"CAST(NULL AS {c.type}) AS {identifier(c.name)}" for c in scan.columns]
        if scan.file_column is not None:
            nothing.append(f"CAST(NULL AS VARCHAR) AS {identifier(scan.file_column)}")
        return f"SELECT {', '.join(nothing)} WHERE false"
    found = list(zip(scan.files, read_shapes(cursor, scan.files), strict=True))
    for path, shapes in found:
        _check_ids(path, shapes)
    if all(_same(shapes, scan.columns) for _, shapes in found):
        return _as_it_is(scan)
    groups: dict[tuple[Shape, ...], list[str]] = {}
    for path, shapes in found:
        groups.setdefault(_disagreeing(shapes, scan.columns), []).append(path)
    return " UNION ALL ".join(_by_id(files, scan, odd) for odd, files in groups.items())


def _check_ids(path: str, shapes: Sequence[Shape]) -> None:
    for shape in shapes:
        if shape.field_id is None:
            raise EngineError(
                codes.NO_FIELD_IDS,
                f"column `{shape.name}` of `{path}` has no field id",
                why="without ids, a column that was dropped and added again would show its old values",
            )
        _check_ids(path, shape.members)


def _same(shapes: Sequence[Shape], columns: Sequence[StoredColumn], *, named: bool = True) -> bool:
    """Say whether a file's columns are the table's: the same ids, names and types in the same order, at every depth."""
    return len(shapes) == len(columns) and all(
        shape.field_id == column.field_id
        and str(shape) == str(column.type)
        and (not named or shape.name == column.name)
        # What the item of a list and the sides of a map are called is the writer's matter.
        and (shape.kind == "leaf" or _same(shape.members, column.children, named=shape.kind == "struct"))
        for shape, column in zip(shapes, columns, strict=True)
    )


def _as_it_is(scan: TableScan) -> str:
    names = [identifier(c.name) for c in scan.columns]
    options = _PLAIN
    if scan.file_column is not None:
        options = f"{_PLAIN}, filename={text(scan.file_column)}"
        names.append(identifier(scan.file_column))
    return f"SELECT {', '.join(names)} FROM read_parquet({literal_paths(scan.files)}, {options})"  # noqa: S608 - quoted


def _disagreeing(shapes: Sequence[Shape], columns: Sequence[StoredColumn]) -> tuple[Shape, ...]:
    """Return a file's nested columns that matching by name would read wrongly."""
    by_id = {s.field_id: s for s in shapes}
    pairs = ((by_id.get(c.field_id), c) for c in columns if c.children)
    return tuple(shape for shape, column in pairs if shape is not None and not _agrees(shape, column))


def _agrees(shape: Shape, column: StoredColumn) -> bool:
    if shape.kind != "struct":
        pairs = zip(shape.members, column.children, strict=False)
        return all(s.field_id == c.field_id and (not c.children or _agrees(s, c)) for s, c in pairs)
    names = {fold(m.name): m for m in shape.members}
    ids = {m.field_id for m in shape.members}
    met = 0
    for child in column.children:
        member = names.get(fold(child.name))
        if member is None and child.field_id not in ids:
            continue  # added later: NULL either way
        if member is None or member.field_id != child.field_id or (child.children and not _agrees(member, child)):
            return False
        met += 1
    return met > 0


def _by_id(files: Sequence[str], scan: TableScan, odd: Sequence[Shape]) -> str:
    odd_by_id = {s.field_id: s for s in odd}
    entries, projection = [], []
    for column in scan.columns:
        shape = odd_by_id.get(column.field_id)
        stored = str(shape) if shape else str(column.type)
        entries.append(f"{column.field_id}: {{name: {text(column.name)}, type: {text(stored)}, default_value: NULL}}")
        name = identifier(column.name)
        value = _rebuild(name, shape, column, 0) if shape else name
        projection.append(f"CAST({value} AS {column.type}) AS {name}" if shape else name)
    options = _PLAIN
    if scan.file_column is not None:
        options = f"{_PLAIN}, filename={text(scan.file_column)}"
        projection.append(identifier(scan.file_column))
    source = f"read_parquet({literal_paths(files)}, schema=MAP {{{', '.join(entries)}}}, {options})"
    return f"SELECT {', '.join(projection)} FROM {source}"  # noqa: S608 - every name and text is quoted


def _rebuild(value: str, shape: Shape, column: StoredColumn, depth: int) -> str:
    """Return an expression that gives a nested value of a file the members of the table's column, by field id."""
    if not column.children or not shape.members:
        return value
    item = f"item_{depth}"
    if isinstance(column.type, List):
        inner = _rebuild(item, shape.members[0], column.children[0], depth + 1)
        return f"list_transform({value}, lambda {item}: {inner})"
    if isinstance(column.type, Map):
        key = _rebuild(f"{item}.key", shape.members[0], column.children[0], depth + 1)
        content = _rebuild(f"{item}.value", shape.members[1], column.children[1], depth + 1)
        pairs = f"list_transform(map_entries({value}), lambda {item}: {{'key': {key}, 'value': {content}}})"
        return f"CASE WHEN {value} IS NOT NULL THEN map_from_entries({pairs}) END"
    members = {m.field_id: m for m in shape.members}
    fields = []
    for child in column.children:
        member = members.get(child.field_id)
        content = f"CAST(NULL AS {child.type})"
        if member is not None:
            content = _rebuild(f"struct_extract({value}, {text(member.name)})", member, child, depth + 1)
        fields.append(f"{identifier(child.name)} := {content}")
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"


def parquet_select(cursor: duckdb.DuckDBPyConnection, scan: ParquetScan) -> str:
    """Read Parquet files as they are.

    Raises:
        EngineError: files of different columns (HNS-E020), damaged or missing files, no files at all (HNS-E011).
    """
    if not scan.files:
        raise EngineError(codes.FILE_MISSING, "a Parquet relation needs at least one file")
    if len(scan.files) == 1:
        check_present(local_path(scan.files[0]))  # with nothing to compare, binding reads the footer soon enough
    else:
        _check_alike(cursor, scan.files)
    return f"SELECT * FROM read_parquet({literal_paths(scan.files)}, {_PLAIN})"  # noqa: S608 - quoted paths


def _check_alike(cursor: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    shapes = read_shapes(cursor, files)
    first = [(s.name, str(s)) for s in shapes[0]]
    for path, columns in zip(files, shapes, strict=True):
        other = [(s.name, str(s)) for s in columns]
        if other != first:
            odd = sorted({name for name, _ in set(other) ^ set(first)}) or ["the order of columns"]
            raise EngineError(
                codes.SCHEMAS_DIFFER,
                f"`{path}` and `{files[0]}` have different columns: {', '.join(odd)}",
                fix="deliver files of one shape, or make them separate inputs",
            )


def folder_prefix(path: str) -> str:
    """Return a folder as the prefix that DuckDB compares paths with."""
    return local_path(path).rstrip(os.sep) + os.sep
