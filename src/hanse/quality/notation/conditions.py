"""The ``mustBe…`` conditions of quality rules: are they sound, and do they hold of a measured value?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hanse.spec.contract import Condition

_WORDS = {
    "mustBe": "must be {}",
    "mustNotBe": "must not be {}",
    "mustBeGreaterThan": "must be greater than {}",
    "mustBeGreaterOrEqualTo": "must be at least {}",
    "mustBeLessThan": "must be less than {}",
    "mustBeLessOrEqualTo": "must be at most {}",
    "mustBeBetween": "must be between {} and {}",
    "mustNotBeBetween": "must not be between {} and {}",
}
_ORDERED: dict[str, Callable[[Any, Sequence[Any]], bool]] = {
    "mustBeGreaterThan": lambda v, b: bool(v > b[0]),
    "mustBeGreaterOrEqualTo": lambda v, b: bool(v >= b[0]),
    "mustBeLessThan": lambda v, b: bool(v < b[0]),
    "mustBeLessOrEqualTo": lambda v, b: bool(v <= b[0]),
    "mustBeBetween": lambda v, b: bool(b[0] <= v <= b[1]),
    "mustNotBeBetween": lambda v, b: not b[0] <= v <= b[1],
}


def fault(condition: Condition) -> str | None:
    """Say what is wrong with a condition, or return None."""
    operator, values = condition.operator, condition.values
    if operator not in _WORDS:
        return f"`{operator}` is not a condition of ODCS"
    wanted = 2 if operator.endswith("Between") else 1
    if len(values) != wanted:
        return f"`{operator}` takes {'two values' if wanted == 2 else 'one value'}"
    if operator in _ORDERED and any(_number(v) is None or isinstance(v, bool) for v in values):
        return f"`{operator}` compares numbers"
    if wanted == 2 and _sized(values[0]) > _sized(values[1]):
        return f"`{operator}` must have the smaller number first"
    return None


def words(conditions: Sequence[Condition], unit: str = "rows") -> str:
    """Write conditions for people: ``must be less than 1 percent``."""
    suffix = " percent" if unit == "percent" else ""
    return " and ".join(_WORDS[c.operator].format(*c.values) + suffix for c in conditions)


def holds(measured: Any, condition: Condition) -> bool:
    """Tell whether a sound condition holds of a measured value. Numbers compare exactly, as written in the contract.

    Args:
        measured: number, truth value or text; None satisfies nothing.
        condition: a condition without :func:`fault`.
    """
    if measured is None:
        return False
    number = _number(measured)
    test = _ORDERED.get(condition.operator)
    if test:
        return number is not None and test(number, [_sized(v) for v in condition.values])
    expected = condition.values[0]
    expected_number = _number(expected)
    if number is not None and expected_number is not None:
        equal = number == expected_number
    else:
        equal = str(measured) == str(expected)
    return equal is (condition.operator == "mustBe")


def _sized(value: Any) -> Fraction | float:
    number = _number(value)
    assert number is not None  # `fault` was asked first
    return number


def _number(value: Any) -> Fraction | float | None:
    """Return a number as the decimal it is written as, so that 0.1 is one tenth; infinities and NaN stay floats."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool | int):
        return Fraction(int(value))
    if isinstance(value, float):
        return Fraction(repr(value)) if value - value == 0 else value
    if isinstance(value, Decimal):
        return Fraction(value) if value.is_finite() else float(value)
    return None
