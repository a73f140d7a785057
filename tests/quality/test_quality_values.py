from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal as Number
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.quality.notation.values import as_json, bound, coerce, divisor
from hanse.quality.records import Bound
from hanse.spec.types import DataType, Decimal, List, Scalar


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        (3, Scalar.BIGINT, 3),
        (3.0, Scalar.BIGINT, 3),
        ("3", Scalar.BIGINT, 3),
        (1.5, Decimal(9, 2), Number("1.50")),
        ("0.10", Decimal(9, 2), Number("0.10")),
        (1, Scalar.DOUBLE, 1.0),
        ("DE", Scalar.VARCHAR, "DE"),
        (2013, Scalar.VARCHAR, "2013"),
        (True, Scalar.BOOLEAN, True),
        ("False", Scalar.BOOLEAN, False),
        ("2013-01-31", Scalar.DATE, date(2013, 1, 31)),
        (date(2013, 1, 31), Scalar.DATE, date(2013, 1, 31)),
        ("12:30", Scalar.TIME, time(12, 30)),
        ("2013-01-31T12:30:00", Scalar.TIMESTAMP, datetime.fromisoformat("2013-01-31T12:30:00")),
        ("2013-01-31T12:30:00+01:00", Scalar.TIMESTAMPTZ, datetime(2013, 1, 31, 11, 30, tzinfo=UTC)),
        ("2013-01-31", Scalar.TIMESTAMPTZ, datetime(2013, 1, 31, tzinfo=UTC)),
    ],
)
def test_values_become_values_of_the_type(value: Any, type_: DataType, expected: Any) -> None:
    found = coerce(value, type_)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "type_", "why"),
    [
        ("abc", Scalar.BIGINT, "not a number"),
        (1.5, Scalar.BIGINT, "not a whole number"),
        (2**63, Scalar.BIGINT, "64 bits"),
        (True, Scalar.BIGINT, "not a number"),
        (float("nan"), Scalar.BIGINT, "finite"),
        ("1e999999999", Scalar.BIGINT, "out of any range"),
        (0.001, Decimal(9, 2), "does not fit"),
        (10**7, Decimal(9, 2), "does not fit"),
        (True, Scalar.DOUBLE, "not a number"),
        (None, Scalar.DOUBLE, "not a number"),
        (float("nan"), Scalar.DOUBLE, "not a number"),
        (False, Scalar.VARCHAR, "quotes"),
        (1.1, Scalar.VARCHAR, "quotes"),
        ("a\0b", Scalar.VARCHAR, "NUL"),
        ("yes", Scalar.BOOLEAN, "neither true nor false"),
        (1, Scalar.BOOLEAN, "neither true nor false"),
        ("31.01.2013", Scalar.DATE, "form 2013-01-31"),
        ("2013-02-30", Scalar.DATE, "form 2013-01-31"),
        ("2013-01-31T12:30:00Z", Scalar.TIMESTAMP, "offset"),
        ("12:30Z", Scalar.TIME, "offset"),
        ("x", Scalar.BLOB, "cannot be written"),
        ("x", List(Scalar.VARCHAR), "cannot be written"),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(value: Any, type_: DataType, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        coerce(value, type_)


numbers = st.decimals(min_value=-2000, max_value=2000, places=3)


@given(stated=numbers, value=st.integers(-200_000, 200_000), scale=st.sampled_from([None, 0, 2]))
def test_moved_bounds_keep_the_same_values(stated: Number, value: int, scale: int | None) -> None:
    type_: DataType = Scalar.BIGINT if scale is None else Decimal(6, scale)
    held = Fraction(value, 10 ** (scale or 0))
    for clause, keeps in {
        "minimum": held >= Fraction(stated),
        "maximum": held <= Fraction(stated),
        "exclusiveMinimum": held > Fraction(stated),
        "exclusiveMaximum": held < Fraction(stated),
    }.items():
        found = bound(clause, str(stated), type_)
        assert isinstance(found, Bound)
        limit = Fraction(found.value)
        same = {">=": held >= limit, ">": held > limit, "<=": held <= limit, "<": held < limit}[found.operator]
        assert same is keeps


@pytest.mark.parametrize(
    ("clause", "stated", "type_", "expected"),
    [
        ("maximum", 2**63, Scalar.BIGINT, True),
        ("maximum", 2**63 - 1, Scalar.BIGINT, True),
        ("minimum", -(2**63), Scalar.BIGINT, True),
        ("minimum", "99.99", Decimal(4, 2), Bound(">=", Number("99.99"), "99.99")),
        ("minimum", 1e30, Scalar.BIGINT, False),
        ("exclusiveMinimum", -(2**70), Scalar.BIGINT, True),
        ("maximum", -1e9, Decimal(4, 2), False),
    ],
)
def test_bounds_beyond_the_type_are_settled(clause: str, stated: Any, type_: DataType, expected: bool | Bound) -> None:
    assert bound(clause, stated, type_) == expected


@pytest.mark.parametrize("stated", ["2013-01-31", "2013-01-31T00:00:00", "2013-01-31T12:00:00"])
def test_moments_bound_dates_by_their_first_instant(stated: str) -> None:
    moment = datetime.fromisoformat(stated)
    for day in (date(2013, 1, 30), date(2013, 1, 31), date(2013, 2, 1)):
        first = datetime.combine(day, time())
        for clause, keeps in {
            "minimum": first >= moment,
            "maximum": first <= moment,
            "exclusiveMinimum": first > moment,
            "exclusiveMaximum": first < moment,
        }.items():
            found = bound(clause, stated, Scalar.DATE)
            assert isinstance(found, Bound)
            limit = found.value
            same = {">=": day >= limit, ">": day > limit, "<=": day <= limit, "<": day < limit}[found.operator]
            assert same is keeps


def test_truth_values_have_no_bounds() -> None:
    with pytest.raises(ValueError, match="no order"):
        bound("minimum", 0, Scalar.BOOLEAN)


@given(stated=st.decimals(min_value="0.001", max_value=100, places=3), value=st.integers(-(10**6), 10**6))
def test_multiples_of_a_divisor_are_multiples_of_the_stated_number(stated: Number, value: int) -> None:
    for type_, held in ((Scalar.BIGINT, Fraction(value)), (Decimal(12, 2), Fraction(value, 100))):
        wanted = (held / Fraction(stated)).denominator == 1
        assert ((held / Fraction(divisor(str(stated), type_))).denominator == 1) is wanted


@pytest.mark.parametrize("stated", [0, -1, "x", True, float("inf")])
def test_divisors_are_positive_numbers(stated: Any) -> None:
    for type_ in (Scalar.BIGINT, Scalar.DOUBLE, Decimal(9, 2)):
        with pytest.raises(ValueError, match="it is"):
            divisor(stated, type_)


def test_every_value_has_a_json_form() -> None:
    from hanse.base import canonical_json

    value = {
        "a": [1, None, True, 1.5, float("nan"), float("-inf")],
        "b": (Number("1.10"), date(2013, 1, 1), time(1), datetime(2013, 1, 1, tzinfo=UTC), b"\x00\xff", object),
        3: {"x": [("k", 1)]},
    }
    found = as_json(value)
    assert canonical_json(found)
    assert found["a"][4:] == ["nan", "-inf"]
    assert found["b"][:2] == ["1.10", "2013-01-01"]
    assert found["b"][4] == "00ff"
