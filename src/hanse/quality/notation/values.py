"""Values of a contract, turned into values of a column's type: exactly, or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, InvalidOperation
from decimal import Decimal as Number
from fractions import Fraction
from typing import Any, Literal

from hanse.quality.records import Bound
from hanse.spec.types import DataType, Decimal, Scalar

_EXACT = Context(prec=400)
_BIGINT = (Number(-(2**63)), Number(2**63 - 1))
_OPERATORS: dict[str, Literal[">=", ">", "<=", "<"]] = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
}


def coerce(value: Any, type_: DataType) -> Any:
    """Return a contract's value as a Python value of a column's type, without loss.

    Args:
        value: as YAML gave it.
        type_: the column's type.

    Raises:
        ValueError: it is no value of the type; the message says why, without naming the value.
    """
    if isinstance(type_, Decimal):
        return _decimal(value, type_)
    reader = _READERS.get(type_) if isinstance(type_, Scalar) else None
    if reader is None:
        raise ValueError(f"values of a {type_} cannot be written in a contract")
    return reader(value)


def bound(clause: str, value: Any, type_: DataType) -> Bound | bool:
    """Return a bound in terms of a column's type, or the truth value it always has.

    Args:
        clause: ``minimum``, ``maximum``, ``exclusiveMinimum`` or ``exclusiveMaximum``.
        value: as YAML gave it.
        type_: the column's type.

    Returns:
        True when every value of the type keeps the bound, False when none does.

    Raises:
        ValueError: the value cannot be compared with the type.
    """
    operator = _OPERATORS[clause]
    if type_ is Scalar.BOOLEAN:
        raise ValueError("truth values have no order")
    if type_ is Scalar.BIGINT:
        return _exact_bound(operator, value, 0, _BIGINT)
    if isinstance(type_, Decimal):
        limit = Number(10**type_.precision - 1).scaleb(-type_.scale, _EXACT)
        return _exact_bound(operator, value, type_.scale, (-limit, limit))
    if type_ is Scalar.DATE:
        return _date_bound(operator, value)
    return Bound(operator, coerce(value, type_), value)


def _date_bound(operator: Literal[">=", ">", "<=", "<"], stated: Any) -> Bound:
    """A moment bounds dates, too: a date stands for its first instant, so the bound moves to the nearest date."""
    moment = _timestamp(stated)
    day = moment.date()
    if moment.time() == time() or operator in (">", "<="):
        return Bound(operator, day, stated)
    # Past midnight: the day itself is below, the next one above.
    return Bound(">" if operator == ">=" else "<=", day, stated)


def divisor(value: Any, type_: DataType) -> Any:
    """Return a value of a column's type whose whole multiples are exactly the column's multiples of a stated number.

    A column of scale ``s`` holds ``X / 10^s``. That is a multiple of ``d`` just when ``X`` is one of the numerator of
    ``d * 10^s`` in lowest terms: 2.5 on whole numbers is the same as 5.

    Raises:
        ValueError: the number is not greater than 0, or has no multiple but 0 in the type.
    """
    if type_ is Scalar.DOUBLE:
        number = _double(value)
        if not 0 < number < math.inf:
            raise ValueError("it is not greater than 0")
        return number
    stated = _number(value)
    if stated <= 0:
        raise ValueError("it is not greater than 0")
    scale = type_.scale if isinstance(type_, Decimal) else 0
    numerator = Fraction(stated.scaleb(scale, _EXACT)).numerator
    return coerce(Number(numerator).scaleb(-scale, _EXACT), type_)


def as_json(value: Any) -> Any:
    """Return a value as JSON holds it: decimals, times and bytes as text, NaN and infinities too."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Number):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(v) for v in value]
    return str(value)


def _exact_bound(
    operator: Literal[">=", ">", "<=", "<"], stated: Any, scale: int, limits: tuple[Number, Number]
) -> Bound | bool:
    """Move a bound to the nearest number that the column can hold, so that the engine compares within one type."""
    value = _number(stated)
    low, high = limits
    if value > high or (value == high and operator == "<="):
        return operator in ("<=", "<")
    if value < low or (value == low and operator == ">="):
        return operator in (">=", ">")
    step = Number(1).scaleb(-scale)
    rounded = value.quantize(step, ROUND_CEILING if operator in (">=", "<") else ROUND_FLOOR, _EXACT)
    kept: Any = int(rounded) if scale == 0 and limits is _BIGINT else rounded
    return Bound(operator, kept, stated)


def _number(value: Any) -> Number:
    try:
        number = Number(str(value).strip())  # of a truth value that is `True`, which is no number
    except InvalidOperation:
        raise ValueError("it is not a number") from None
    if not number.is_finite():
        raise ValueError("it is not a finite number")
    if abs(number.adjusted()) > 300:
        raise ValueError("it is out of any range")
    return number


def _integer(value: Any) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise ValueError("it is not a whole number")
    if not _BIGINT[0] <= number <= _BIGINT[1]:
        raise ValueError("it does not fit 64 bits")
    return int(number)


def _decimal(value: Any, type_: Decimal) -> Number:
    number = _number(value)
    kept = number.quantize(Number(1).scaleb(-type_.scale), ROUND_FLOOR, _EXACT)
    if kept != number or abs(number) >= Number(10) ** (type_.precision - type_.scale):
        raise ValueError(f"it does not fit {type_}")
    return kept


def _double(value: Any) -> float:
    try:
        number = float(str(value))
    except ValueError:
        raise ValueError("it is not a number") from None
    if math.isnan(number):
        raise ValueError("it is not a number")
    return number


def _text(value: Any) -> str:
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("it holds a NUL character")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("YAML does not read it as text: put it in quotes")


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError("it is neither true nor false")


def _iso(value: Any, read: Callable[[str], Any], example: str) -> Any:
    if isinstance(value, date | time):
        value = value.isoformat()
    try:
        return read(str(value).strip())
    except ValueError:
        raise ValueError(f"it is not of the form {example}") from None


def _date(value: Any) -> date:
    found: date = _iso(value, date.fromisoformat, "2013-01-31")
    return found


def _time(value: Any) -> time:
    found: time = _iso(value, time.fromisoformat, "23:59:59")
    if found.tzinfo is not None:
        raise ValueError("it has an offset, the column has none")
    return found


def _timestamp(value: Any) -> datetime:
    found: datetime = _iso(value, datetime.fromisoformat, "2013-01-31T23:59:59")
    if found.tzinfo is not None:
        raise ValueError("it has an offset, the column has none")
    return found


def _timestamptz(value: Any) -> datetime:
    found: datetime = _iso(value, datetime.fromisoformat, "2013-01-31T23:59:59Z")
    # ODCS: without a zone, UTC is meant (`defaultTimezone`).
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


_READERS: dict[Scalar, Callable[[Any], Any]] = {
    Scalar.BOOLEAN: _truth,
    Scalar.BIGINT: _integer,
    Scalar.DOUBLE: _double,
    Scalar.VARCHAR: _text,
    Scalar.DATE: _date,
    Scalar.TIME: _time,
    Scalar.TIMESTAMP: _timestamp,
    Scalar.TIMESTAMPTZ: _timestamptz,
}
