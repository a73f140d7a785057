"""From the registry's records to Arrow tables, and to documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hanse.query.metadata.described import DESCRIBED
from hanse.query.metadata.happened import HAPPENED
from hanse.query.metadata.table import MetadataTable
from hanse.spec.types import DataType, Scalar

if TYPE_CHECKING:
    import pyarrow as pa

    from hanse.registry import Reader

TABLES: Mapping[str, MetadataTable] = {table.name: table for table in (*DESCRIBED, *HAPPENED)}
"""All metadata tables by name."""

_ARROW = {
    Scalar.BOOLEAN: "bool",
    Scalar.BIGINT: "int64",
    Scalar.DOUBLE: "float64",
    Scalar.VARCHAR: "string",
}


def build(name: str, reader: Reader) -> pa.Table:
    """Return a metadata table as it stands now.

    Args:
        name: a key of :data:`TABLES`.
        reader: the registry's read side; each of its calls sees one state.
    """
    import pyarrow as pa

    table = TABLES[name]
    columns: list[list[Any]] = [[] for _ in table.columns]
    for row in table.rows(reader):
        for values, value in zip(columns, row, strict=True):
            values.append(value)
    fields = []
    arrays = []
    for column, values in zip(table.columns, columns, strict=True):
        kind = pa.timestamp("us", tz="UTC") if column.type is Scalar.TIMESTAMPTZ else _ARROW[_scalar(column.type)]
        texts = [None if v is None else _json(v) for v in values] if column.is_json else values
        arrays.append(pa.array(texts, pa.type_for_alias(kind) if isinstance(kind, str) else kind))
        fields.append(pa.field(column.name, arrays[-1].type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def describe() -> list[dict[str, Any]]:
    """Return all metadata tables with their columns as a JSON-ready document."""
    return [
        {
            "name": f"mesh.catalog.{table.name}",
            "description": table.description,
            "columns": [{"name": c.name, "type": str(c.type), "description": c.description} for c in table.columns],
        }
        for table in TABLES.values()
    ]


def _scalar(kind: DataType) -> Scalar:
    assert isinstance(kind, Scalar)
    return kind


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
