from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from hanse.quality.notation.conditions import fault, holds, words
from hanse.spec.contract import Condition


@pytest.mark.parametrize(
    ("operator", "values", "measured", "expected"),
    [
        ("mustBe", (0,), 0, True),
        ("mustBe", (0,), 1, False),
        ("mustBe", (0.1,), Decimal("0.10"), True),  # as written, not as the nearest double
        ("mustBe", (True,), True, True),
        ("mustBe", (True,), False, False),
        ("mustBe", ("EUR",), "EUR", True),
        ("mustBe", ("EUR",), "USD", False),
        ("mustNotBe", ("EUR",), "USD", True),
        ("mustNotBe", (5,), 5.0, False),
        ("mustBeGreaterThan", (0,), 0, False),
        ("mustBeGreaterOrEqualTo", (0,), 0, True),
        ("mustBeLessThan", (33.4,), Fraction(100, 3), True),
        ("mustBeLessOrEqualTo", (10,), 10, True),
        ("mustBeBetween", (1, 3), 3, True),
        ("mustBeBetween", (1, 3), 4, False),
        ("mustNotBeBetween", (1, 3), 3, False),
        ("mustNotBeBetween", (1, 3), 0, True),
        ("mustBeGreaterThan", (0,), float("inf"), True),
        ("mustBeGreaterThan", (0,), float("nan"), False),
        ("mustBeLessThan", (5,), "many", False),
        ("mustBe", (0,), None, False),
        ("mustNotBe", (0,), None, False),
    ],
)
def test_conditions(operator: str, values: tuple[Any, ...], measured: Any, expected: bool) -> None:
    condition = Condition(operator, values)
    assert fault(condition) is None
    assert holds(measured, condition) is expected


@pytest.mark.parametrize(
    ("operator", "values", "why"),
    [
        ("mustEqual", (0,), "not a condition"),
        ("mustBe", (), "one value"),
        ("mustBeBetween", (1,), "two values"),
        ("mustBeBetween", (3, 1), "smaller number first"),
        ("mustBeLessThan", ("many",), "compares numbers"),
        ("mustBeLessThan", (True,), "compares numbers"),
    ],
)
def test_unsound_conditions_are_named(operator: str, values: tuple[Any, ...], why: str) -> None:
    found = fault(Condition(operator, values))
    assert found is not None
    assert why in found


def test_words() -> None:
    conditions = (Condition("mustBeGreaterThan", (1,)), Condition("mustBeBetween", (2, 5)))
    assert words(conditions, "percent") == "must be greater than 1 percent and must be between 2 and 5 percent"
