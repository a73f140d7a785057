"""What a full draft promises of single values: bounds that come from meanings, and how texts are written.

A bound is taken from what a column is called, if all its values keep it: a share is at most 1, a latitude at most 90, a
quantity never negative. The least and the greatest value seen are never bounds, because the next delivery leaves them.
A length is at least twice that of the longest text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hanse.blueprints.yaml_text import text

Profile = Mapping[str, Any]
ENOUGH = 20
"""Least number of values that a promise about all values is made from."""
_BOUNDS: tuple[tuple[re.Pattern[str], int, int | None], ...] = (
    (re.compile(r"(?:.*_)?lat(?:itude)?"), -90, 90),
    (re.compile(r"(?:.*_)?(?:lon|lng|long|longitude)"), -180, 180),
    (re.compile(r"(?:.*_)?(?:percent|percentage|pct)(?:_.*)?"), 0, 100),
    (re.compile(r"(?:.*_)?(?:share|ratio|probability|fraction)(?:_.*)?"), 0, 1),
    (re.compile(r"(?:.*_)?month"), 1, 12),
    (re.compile(r"(?:.*_)?(?:day|day_of_month)"), 1, 31),
    (re.compile(r"(?:.*_)?hour"), 0, 23),
    (re.compile(r"(?:.*_)?minute"), 0, 59),
    (
        re.compile(
            r"(?:.*_)?(?:quantity|qty|count|counts|number_of_.*|num_.*|n_.*|price|amount|cost|fee|fare|age|size|length|"
            r"width|height|distance|duration|weight|area|volume|stock|seats|passengers|population|salary|wage|speed)"
            r"(?:_.*)?"
        ),
        0,
        None,
    ),
)
_IDENTIFIER = re.compile(r"(?:.*_)?(?:id|uuid|guid|isbn|ean|iban|sku)")
_NUMERIC = ("BIGINT", "DOUBLE")
_LENGTHS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 4_000)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_EXAMPLES = 3


def options(name: str, column: Profile, rows: int, *, is_code_list: bool) -> Iterator[str]:
    """Yield the line of a column's ``logicalTypeOptions``, if anything can be promised of its values."""
    found = dict(_bounds(name, column, rows))
    if not is_code_list:
        found |= _written(column, rows)
    if found:
        yield "  logicalTypeOptions: { " + ", ".join(f"{key}: {value}" for key, value in found.items()) + " }"


def is_surely_unique(name: str, column: Profile, rows: int) -> bool:
    """Say whether values that all differ do so by their nature: identifiers, by name or by form."""
    shape = column["shape"] or {}
    return rows >= ENOUGH and (shape.get("format") == "uuid" or bool(_IDENTIFIER.fullmatch(_plain(name))))


def examples(column: Profile) -> Iterator[str]:
    """Yield the line of a column's ``examples``: a few of the values there are."""
    shape = column["shape"] or {}
    if column["values"]:
        found = [text(value) for value in column["values"][:_EXAMPLES]]
    elif shape.get("example"):
        found = [text(shape["example"])]
    elif column["type"] in ("BIGINT", "DOUBLE", "DATE") or column["type"].startswith("DECIMAL"):
        ends = dict.fromkeys(str(value) for value in (column["minimum"], column["maximum"]) if value is not None)
        if column["type"] == "DATE":
            found = [text(end) for end in ends]
        else:
            found = [end for end in ends if _NUMBER.fullmatch(end) and len(end) <= 15]
    else:
        found = []
    if found:
        yield f"  examples: [{', '.join(found)}]"


def _bounds(name: str, column: Profile, rows: int) -> Iterator[tuple[str, str]]:
    kind = column["type"]
    if rows - column["nulls"] < ENOUGH or not (kind in _NUMERIC or kind.startswith("DECIMAL")):
        return
    low, high = _number(column["minimum"]), _number(column["maximum"])
    if low is None or high is None:
        return
    for pattern, least, most in _BOUNDS:
        if pattern.fullmatch(_plain(name)) and least <= low and (most is None or high <= most):
            yield "minimum", str(least)
            if most is not None:
                yield "maximum", str(most)
            return


def _number(value: Any) -> float | None:
    """Return a number; None for what is none, NaN and infinities too."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None


def _written(column: Profile, rows: int) -> dict[str, str]:
    shape = column["shape"]
    if not shape or rows - column["nulls"] < ENOUGH:
        return {}
    if shape["format"]:
        return {"format": str(shape["format"])}
    if shape["pattern"]:
        return {"pattern": text(shape["pattern"])}
    found = {"minLength": "1"} if shape["shortest"] else {}
    longest = next((length for length in _LENGTHS if length >= 2 * (shape["longest"] or 0)), None)
    return found | ({"maxLength": str(longest)} if longest else {})


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")
