"""Floor 4: SQL as trees. Pure functions: parse, dependencies, projections.

Importing this room is cheap; the parser is loaded when something of it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanse.sql.build import (
        align,
        count,
        count_values,
        exact,
        limit,
        project,
        quote,
        select_exact,
        select_star,
        union_all,
    )
    from hanse.sql.casts import (
        CastFailures,
        bad_values,
        cast_failures,
        cast_projection,
        cast_some,
        row_of,
        same_type,
        try_projection,
    )
    from hanse.sql.columns import output_columns
    from hanse.sql.condition import Condition, parse_condition
    from hanse.sql.lineage import column_lineage
    from hanse.sql.origins import ColumnLineage, How, Lineage, Origin
    from hanse.sql.parse import parse_select
    from hanse.sql.records import Bound, RelationRef, Value
    from hanse.sql.second import second_reading
    from hanse.sql.statement import Statement

_HOMES = {
    "Bound": "records",
    "CastFailures": "casts",
    "ColumnLineage": "origins",
    "Condition": "condition",
    "How": "origins",
    "Lineage": "origins",
    "Origin": "origins",
    "RelationRef": "records",
    "Statement": "statement",
    "Value": "records",
    "align": "build",
    "bad_values": "casts",
    "cast_failures": "casts",
    "cast_projection": "casts",
    "cast_some": "casts",
    "column_lineage": "lineage",
    "count": "build",
    "count_values": "build",
    "exact": "build",
    "limit": "build",
    "output_columns": "columns",
    "parse_condition": "condition",
    "parse_select": "parse",
    "project": "build",
    "quote": "build",
    "row_of": "casts",
    "same_type": "casts",
    "second_reading": "second",
    "select_exact": "build",
    "select_star": "build",
    "try_projection": "casts",
    "union_all": "build",
}

__all__ = [
    "Bound",
    "CastFailures",
    "ColumnLineage",
    "Condition",
    "How",
    "Lineage",
    "Origin",
    "RelationRef",
    "Statement",
    "Value",
    "align",
    "bad_values",
    "cast_failures",
    "cast_projection",
    "cast_some",
    "column_lineage",
    "count",
    "count_values",
    "exact",
    "limit",
    "output_columns",
    "parse_condition",
    "parse_select",
    "project",
    "quote",
    "row_of",
    "same_type",
    "second_reading",
    "select_exact",
    "select_star",
    "try_projection",
    "union_all",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
