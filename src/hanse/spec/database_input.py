"""Inputs of ``pipeline.yaml`` that are tables of databases."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.base import Location, Problem
from hanse.spec import codes
from hanse.spec.descriptors import TableInputFile
from hanse.spec.document import Document, Map
from hanse.spec.product import DatabaseInput
from hanse.spec.types import DataType, parse_type

DEFAULT_SCHEMA = "public"


def read_database_input(
    document: Document, entry: Map, name: str, model: TableInputFile, written: Mapping[str, str], where: Location
) -> tuple[DatabaseInput | None, list[Problem]]:
    """Read an input that is a table of a database.

    Args:
        document: ``pipeline.yaml``.
        entry: the input in it.
        name: the input's name.
        model: the input, known to have the right keys.
        written: its texts as written, references unexpanded.
        where: the input's place.

    Returns:
        The input, None if it cannot be told what is meant; and what is wrong with it.
    """
    if (model.connection is None) is (model.sqlite is None):
        what = f"input `{name}` must say where its table is: `connection` or `sqlite`"
        return None, [Problem(codes.BAD_VALUE, what, where, fix="write exactly one of the two")]
    problems = []
    columns: dict[str, DataType] = {}
    for column, text in (model.columns or {}).items():
        kind = parse_type(text)
        if kind is None:
            place = document.at(entry["columns"], column) if isinstance(entry.get("columns"), Map) else where
            what = f"the type of column `{column}` of input `{name}` is none that can be asked for"
            fix = "write BOOLEAN, BIGINT, DOUBLE, DECIMAL(p,s), VARCHAR, BLOB, DATE, TIME, TIMESTAMP or TIMESTAMPTZ"
            problems.append(Problem(codes.BAD_VALUE, what, place, fix=fix))
        else:
            columns[column] = kind
    schema, table = model.schema_, model.table
    if model.sqlite is not None and schema is not None:
        what = f"`schema` of input `{name}` belongs to connections, and SQLite has none"
        problems.append(Problem(codes.BAD_VALUE, what, document.at(entry, "schema"), fix="remove `schema`"))
    if model.sqlite is None and schema is None:
        head, dot, tail = table.partition(".")
        schema, table = (head, tail) if dot else (DEFAULT_SCHEMA, table)
        if not schema or not table or "." in table:
            what = f"`table` of input `{name}` is not `schema.table`"
            fix = "write the schema as `schema: …` beside it, if the table's name has a dot in it"
            return None, [*problems, Problem(codes.BAD_VALUE, what, document.at(entry, "table"), fix=fix)]
    told = written.get("table", model.table)
    if written.get("schema"):
        told = f"{written['schema']}.{told}"
    owner = f"connection `{model.connection}`" if model.connection else f"`{written.get('sqlite', model.sqlite)}`"
    return DatabaseInput(
        name=name,
        table=table,
        schema=schema,
        connection=model.connection,
        sqlite=model.sqlite,
        columns=columns,
        drift=model.drift or "fail",
        where=where,
        shown=f"table `{told}` of {owner}",
    ), problems
