"""Clauses about a property's type itself: what other systems call it, zones, members of objects, vectors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hanse.quality.codes import NONSENSE_CLAUSE
from hanse.quality.notation.formats import text_format, together
from hanse.quality.notation.values import bound
from hanse.quality.records import (
    AllOf,
    Bound,
    Broken,
    Each,
    Length,
    Measure,
    OneOf,
    Required,
    Settled,
    Target,
    UnitLength,
    ValueTest,
    Violations,
)
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column
from hanse.spec.odcs_types import PhysicalType
from hanse.spec.types import DataType, Decimal, List, Scalar, Struct

# Names that mean the same width wherever they are used; `INTEGER`, `SMALLINT` and `TINYINT` are 38 digits in Snowflake.
_WIDTHS = {
    "SHORT": (-(2**15), 2**15 - 1),
    "MEDIUMINT": (-(2**23), 2**23 - 1),
    "USMALLINT": (0, 2**16 - 1),
    "UINTEGER": (0, 2**32 - 1),
    "UTINYINT": (0, 2**8 - 1),
    **{f"INT{bytes_}": (-(2 ** (8 * bytes_ - 1)), 2 ** (8 * bytes_ - 1) - 1) for bytes_ in (2, 4)},
    **{f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (16, 32)},
    **{f"UINT{bits}": (0, 2**bits - 1) for bits in (16, 32)},
}
_ELEMENTS = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "float16": (-65504.0, 65504.0),
    "bfloat16": (-3.3895313892515355e38, 3.3895313892515355e38),
    "float32": (-3.4028234663852886e38, 3.4028234663852886e38),
    "float64": (-1.7976931348623157e308, 1.7976931348623157e308),
}
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*|[+\-][0-9]{2}:?[0-9]{2}")
_UTC = frozenset({"utc", "etc/utc", "z", "gmt", "etc/gmt", "+00:00", "+0000"})
_LOGICAL = {
    Scalar.BOOLEAN: "boolean",
    Scalar.BIGINT: "integer",
    Scalar.DOUBLE: "number",
    Scalar.VARCHAR: "string",
    Scalar.BLOB: "string",
    Scalar.DATE: "date",
    Scalar.TIME: "time",
    Scalar.TIMESTAMP: "timestamp",
    Scalar.TIMESTAMPTZ: "timestamp",
}


def type_clauses(column: Column, target: Target) -> Iterator[tuple[str, Any, Measure]]:
    """Yield ODCS key, stated value and measure of every clause about a property's type that its type does not settle.

    Args:
        column: the property.
        target: what it is about.
    """
    limits = column.limits
    if column.physical_type:
        yield "physicalType", column.physical_type, _physical(column.physical_type, target)
    if limits.timezone is not None:
        words = f"stored as a {target.type}"
        yield "timezone", str(limits.timezone).lower(), Settled(CheckStatus.PASSED, words)
    if limits.default_timezone is not None:
        yield "defaultTimezone", limits.default_timezone, _default_zone(limits.default_timezone, target.type)
    if isinstance(target.type, Struct):
        size = len(target.type.fields)
        for kind, stated, kept in (
            ("minProperties", limits.min_properties, size >= (limits.min_properties or 0)),
            ("maxProperties", limits.max_properties, size <= (limits.max_properties or size)),
        ):
            if stated is not None:
                yield kind, stated, _members(kind, size, kept, target)
    if isinstance(target.type, List):
        yield from _vector(column, target, target.type)


def _physical(stated: str, target: Target) -> Measure:
    """Measure what a physical type says of values, where it says the same in all systems."""
    type_, parsed = target.type, PhysicalType.parse(stated)
    logical = "number" if isinstance(type_, Decimal) else _LOGICAL.get(type_) if isinstance(type_, Scalar) else None
    if parsed is None or parsed.logical_type is None or parsed.logical_type != logical:
        return Settled(CheckStatus.NOT_APPLICABLE, f"how another system stores it; here it is a {type_}")
    if type_ is Scalar.VARCHAR and parsed.arguments and parsed.arguments[0].isdigit():
        return Violations(target, Length("<=", int(parsed.arguments[0])))
    if type_ is Scalar.VARCHAR and parsed.name == "UUID":
        return Violations(target, together(text_format("uuid") or ()))
    if type_ is Scalar.BIGINT and parsed.name in _WIDTHS:
        low, high = _WIDTHS[parsed.name]
        sides = (bound("minimum", low, type_), bound("maximum", high, type_))
        return Violations(target, together(tuple(s for s in sides if isinstance(s, Bound))))
    if type_ is Scalar.VARCHAR and parsed.name in ("JSON", "JSONB"):
        return Settled(CheckStatus.NOT_APPLICABLE, "stored as text; whether it is JSON is not looked at")
    return Settled(CheckStatus.PASSED, f"stored as a {type_}")


def _default_zone(stated: str, type_: DataType) -> Measure:
    if not _ZONE.fullmatch(stated):
        return Broken(NONSENSE_CLAUSE, f"`defaultTimezone`: `{stated}` is no time zone", "for example `Europe/Berlin`")
    if type_ is Scalar.TIMESTAMPTZ and stated.lower() in _UTC:
        return Settled(CheckStatus.PASSED, "what is written without a zone is read as UTC")
    why = "a stored moment has no zone of its own" if type_ is Scalar.TIMESTAMPTZ else "stored without a zone"
    return Settled(CheckStatus.NOT_APPLICABLE, f"{why}: this tells people in which zone it was written")


def _members(kind: str, size: int, kept: bool, target: Target) -> Measure:
    if kept:
        return Settled(CheckStatus.PASSED, f"a stored object always has all its members, here {size}")
    return Broken(NONSENSE_CLAUSE, f"`{kind}` of `{target}`: it always has {size} members", f"change `{kind}`")


def _vector(column: Column, target: Target, type_: List) -> Iterator[tuple[str, Any, Measure]]:
    limits = column.limits
    if limits.dimensions is None:
        return
    sides = (Length(">=", limits.dimensions), Length("<=", limits.dimensions))
    yield "dimensions", limits.dimensions, Violations(target, AllOf(sides))
    kind = limits.element_type or "float32"
    element = replace(target, type=type_.item, path=(*target.path, Each()))
    yield "elementType", kind, Violations(element, AllOf(_element_tests(kind, type_.item)))
    if limits.normalized:
        yield "normalized", "true", Violations(target, UnitLength())


def _element_tests(kind: str, type_: DataType) -> tuple[ValueTest, ...]:
    """Every element is there and within its format; NaN and infinity are in none."""
    if kind == "binary":
        return (Required(), OneOf((0, 1)))
    low, high = _ELEMENTS[kind]
    sides = (bound("minimum", low, type_), bound("maximum", high, type_))
    return (Required(), *(side for side in sides if isinstance(side, Bound)))
