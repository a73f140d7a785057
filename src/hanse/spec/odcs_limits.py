"""From ``logicalTypeOptions`` to limits on a column's values."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any, TypeVar

from hanse.base import Problem
from hanse.spec import codes
from hanse.spec.contract import Limits
from hanse.spec.document import Document, Map, as_written, plain
from hanse.spec.types import DataType, Decimal, Scalar

_FORMAT_BOUNDS = {
    f"{sign}{bits}": (-(2 ** (bits - 1)) if sign == "i" else 0, 2 ** (bits - (sign == "i")) - 1)
    for sign in "iu"
    for bits in (8, 16, 32)
}
_T = TypeVar("_T")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LENGTHS = {"array": ("minItems", "maxItems"), "string": ("minLength", "maxLength")}
_TIMES = (Scalar.DATE, Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ, Scalar.TIME)


def read_limits(
    document: Document, options: Map, logical: str | None, type_: DataType, problems: list[Problem], *, of: str
) -> Limits:
    """Read the options of a column.

    A property without a ``logicalType`` may hold options of any form as far as the standard is concerned, so their
    values are looked at here, too.

    Args:
        document: where they stand.
        options: ``logicalTypeOptions``; may be empty.
        logical: the column's logical type.
        type_: the column's type.
        problems: what is wrong is added here.
        of: the column, for messages.
    """
    if not options:
        return Limits()
    found = len(problems)
    for key in (*_BOUNDS, "multipleOf", *_LENGTHS["array"], *_LENGTHS["string"]):
        problem = _fault(document, options, key, type_, of)
        if problem:
            problems.append(problem)
    if len(problems) > found:
        return Limits()
    limits = _limits(options, logical)
    why = _crossed(limits, type_)
    if why:
        problems.append(
            Problem(
                codes.BAD_VALUE,
                f"no value of {of} can keep its bounds",
                document.at(options),
                why=why,
                fix="widen one of them",
            )
        )
    return limits


def _limits(options: Map, logical: str | None) -> Limits:
    low, high, above, below = (plain(options.get(key)) for key in _BOUNDS)
    if isinstance(above, bool):  # ODCS 3.0 said whether `minimum` itself is excluded
        low, above = (None, low) if above else (low, None)
    if isinstance(below, bool):
        high, below = (None, high) if below else (high, None)
    if logical == "integer" and str(options.get("format")) in _FORMAT_BOUNDS:
        smallest, greatest = _FORMAT_BOUNDS[str(options["format"])]
        low = smallest if low is None else max(low, smallest)
        high = greatest if high is None else min(high, greatest)
    shortest, longest = _LENGTHS["array" if logical == "array" else "string"]
    dimensions = options.get("dimensions") if logical == "vector" else None
    return Limits(
        minimum=low,
        maximum=high,
        exclusive_minimum=above,
        exclusive_maximum=below,
        multiple_of=plain(options.get("multipleOf")),
        min_length=dimensions or options.get(shortest),
        max_length=dimensions or options.get(longest),
        pattern=_text(options.get("pattern")),
        format=_text(options.get("format")),
        unique_items=options.get("uniqueItems") is True,
        timezone=_typed(options.get("timezone"), bool),
        default_timezone=_text(options.get("defaultTimezone")),
        min_properties=_typed(options.get("minProperties"), int),
        max_properties=_typed(options.get("maxProperties"), int),
        dimensions=dimensions,
        element_type=_text(options.get("elementType")),
        normalized=options.get("normalized") is True,
    )


def _typed(value: Any, kind: type[_T]) -> _T | None:
    return value if isinstance(value, kind) else None


def _text(value: Any) -> str | None:
    return None if value is None else str(as_written(value))


def _fault(document: Document, options: Map, key: str, type_: DataType, of: str) -> Problem | None:
    value = options.get(key)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or (isinstance(value, bool) and key.startswith("exclusive")):
        return None
    if key not in _BOUNDS:
        whole = isinstance(value, int) and number and value >= 0
        if whole or (key == "multipleOf" and number and value > 0):
            return None
        fix = "write a number above 0" if key == "multipleOf" else "write a whole number, 0 or more"
    elif type_ in _TIMES:
        if isinstance(value, str) and _is_iso(value, type_):
            return None
        fix = "write it like `2013-01-31`, `2013-01-31T12:00:00` or `12:00:00`"
    elif number or not (isinstance(type_, Decimal) or type_ in (Scalar.BIGINT, Scalar.DOUBLE)):
        return None
    else:
        fix = "write a number"
    why = "bounds of dates and times are written as in ISO 8601" if type_ in _TIMES else None
    return Problem(
        codes.BAD_VALUE, f"`{key}` of {of} cannot be `{plain(value)}`", document.at(options, key), why=why, fix=fix
    )


def _crossed(limits: Limits, type_: DataType) -> str | None:
    """Say why no value keeps all the bounds, or return None if one does as far as can be told here."""
    if _above(limits.min_length, limits.max_length):
        return f"{limits.min_length} is more than {limits.max_length}"
    lows = ((limits.minimum, False), (limits.exclusive_minimum, True))
    highs = ((limits.maximum, False), (limits.exclusive_maximum, True))
    for (low, above), (high, below) in itertools.product(lows, highs):
        if _above(low, high):
            return f"`{low}` is above `{high}`"
        if (above or below) and low is not None and low == high:
            return f"nothing is both {'above' if above else 'at least'} and {'below' if below else 'at most'} `{low}`"
        if type_ is Scalar.BIGINT and above and below and _follows(low, high):
            return f"no whole number lies between `{low}` and `{high}`"
    return None


def _follows(low: Any, high: Any) -> bool:
    return isinstance(low, int) and isinstance(high, int) and high - low == 1


def _above(low: Any, high: Any) -> bool:
    if low is None or high is None or isinstance(low, str) is not isinstance(high, str):
        return False
    if isinstance(low, str) and len(low) != len(high):
        return False  # ISO texts of different precision do not compare as texts
    return bool(low > high)


def _is_iso(text: str, type_: DataType) -> bool:
    try:
        if type_ is Scalar.TIME:
            dt.time.fromisoformat(text)
        else:
            dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
