"""Parquet files with field ids, written and read with pyarrow alone: for suites that must not depend on an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from hanse.base import TableName
from hanse.interfaces import Replacement, Snapshot, StagedFile, StoredColumn, TableScan, TableStore
from hanse.spec.types import Decimal, List, Map, Scalar, Struct

FIELD_ID = b"PARQUET:field_id"
Row = Mapping[str, Any]

_ARROW = {
    Scalar.BOOLEAN: pa.bool_(),
    Scalar.BIGINT: pa.int64(),
    Scalar.DOUBLE: pa.float64(),
    Scalar.VARCHAR: pa.string(),
    Scalar.BLOB: pa.binary(),
    Scalar.DATE: pa.date32(),
    Scalar.TIME: pa.time64("us"),
    Scalar.TIMESTAMP: pa.timestamp("us"),
    Scalar.TIMESTAMPTZ: pa.timestamp("us", tz="UTC"),
}


def arrow_schema(columns: Sequence[StoredColumn]) -> pa.Schema:
    """Return the Arrow schema of a table's columns, with their field ids."""
    return pa.schema([_field(column) for column in columns])


def _field(column: StoredColumn, *, nullable: bool = True) -> pa.Field:
    return pa.field(column.name, _type(column), nullable, {FIELD_ID: str(column.field_id)})


def _type(column: StoredColumn) -> pa.DataType:
    match column.type:
        case Decimal(precision, scale):
            return pa.decimal128(precision, scale)
        case Struct():
            return pa.struct([_field(child) for child in column.children])
        case List():
            return pa.list_(_field(column.children[0]))
        case Map():
            return pa.map_(_field(column.children[0], nullable=False), _field(column.children[1]))
        case Scalar():
            return _ARROW[column.type]


def write_rows(path: str, columns: Sequence[StoredColumn], rows: Sequence[Row]) -> StagedFile:
    """Write rows to one Parquet file with the columns' field ids.

    Args:
        path: file to write.
        columns: columns of the file.
        rows: column name → value; an absent name is null.
    """
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(columns))
    pq.write_table(table, path)
    return StagedFile(path, len(rows), Path(path).stat().st_size)


def stage_rows(
    store: TableStore, table: TableName, run_id: str, rows: Sequence[Row], part: str | None = None
) -> StagedFile:
    """Write rows where a run's staged file of a table must lie, with its newest columns."""
    schema = store.schema(table)
    assert schema is not None
    return write_rows(store.staging(table, run_id, part), schema.columns, rows)


def commit_files(
    store: TableStore,
    table: TableName,
    files: Sequence[StagedFile],
    *,
    parent_id: int | None,
    run_id: str,
    properties: Mapping[str, str] | None = None,
    keep: tuple[str, ...] | Literal["all"] = (),
    same_rows: bool = False,
) -> Snapshot:
    """Commit to one table alone; the arguments are those of :class:`~hanse.interfaces.Replacement`."""
    replacement = Replacement(table, tuple(files), parent_id, properties or {}, keep=keep, same_rows=same_rows)
    return store.commit((replacement,), run_id=run_id)[0]


def read_rows(scan: TableScan) -> list[dict[str, Any]]:
    """Return the rows of a scan, columns and members by field id; an id that a file lacks is null."""
    rows: list[dict[str, Any]] = []
    for path in scan.files:
        table = pq.read_table(path)
        rows.extend(_record(row, table.schema, scan.columns) for row in table.to_pylist())
    return rows


def _record(row: Mapping[str, Any], fields: Iterable[pa.Field], columns: Sequence[StoredColumn]) -> dict[str, Any]:
    present = {int(field.metadata[FIELD_ID]): field for field in fields if FIELD_ID in (field.metadata or {})}
    found = {column.name: present.get(column.field_id) for column in columns}
    return {
        column.name: None if (field := found[column.name]) is None else _value(row[field.name], field.type, column)
        for column in columns
    }


def _value(value: Any, kind: pa.DataType, column: StoredColumn) -> Any:
    if value is None:
        return None
    match column.type:
        case Struct():
            return _record(value, [kind.field(index) for index in range(kind.num_fields)], column.children)
        case List():
            return [_value(item, kind.value_type, column.children[0]) for item in value]
        case Map():
            key, content = column.children
            return [(_value(k, kind.key_type, key), _value(v, kind.item_type, content)) for k, v in value]
        case _:
            return value
