"""Nested values, which databases keep as JSON: written so that the engine reads them as the contract's types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from hanse.quality.compile import source, text
from hanse.quality.predicates import call, column
from hanse.spec.types import DataType, List, Struct


def documents(relation: str, names: Sequence[str], nested: Mapping[str, DataType]) -> str:
    """Return a SELECT of all columns in which nested values are JSON with just the members that the contract names.

    In any order of theirs, with or without those that are null. What is no such value stays as it is, and cannot be
    read afterwards: it breaks its type.
    """
    chosen = [_document(name, nested[name]) if name in nested else column(name) for name in names]
    aliased = [exp.alias_(one, name, quoted=True) for one, name in zip(chosen, names, strict=True)]
    return text(exp.select(*aliased).from_(source(relation)))


def _document(name: str, kind: DataType) -> exp.Expr:
    value = column(name)
    sound = exp.Case(
        ifs=[exp.If(this=call("json_valid", value), true=_json(value.copy()))], default=call("to_json", value.copy())
    )
    shape = exp.Literal.string(json.dumps(_shape(kind)))
    read = call("to_json", call("try", call("json_transform_strict", sound, shape)))
    is_null = exp.EQ(this=call("json_type", sound.copy()), expression=exp.Literal.string("NULL"))
    return exp.Case(ifs=[exp.If(this=is_null, true=exp.null())], default=exp.Coalesce(this=read, expressions=[sound]))


def _json(value: exp.Expr) -> exp.Expr:
    return exp.Cast(this=value, to=exp.DataType.build("JSON", dialect="duckdb"))


def _shape(kind: DataType) -> Any:
    """Return a type as DuckDB's functions of JSON write it."""
    match kind:
        case Struct(fields):
            return {field.name: _shape(field.type) for field in fields}
        case List(item):
            return [_shape(item)]
    return str(kind)
