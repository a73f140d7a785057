"""Numbers of two types as numbers of one, so that keys are compared by value.

The engine compares a whole number with a floating-point one as the latter, where 2^53 + 1 is 2^53, and refuses decimals
that no common type holds. Here the less exact side is converted to the other's type, where that is the same number:
one value is the other if each, converted to the other's type, is the other. Of floating-point numbers whole ones are
what they are, all others are what they are written as: 0.1 is the decimal 0.10.
"""

from __future__ import annotations

from sqlglot import exp

from hanse.quality.predicates import DIALECT, call
from hanse.spec.types import DataType, Decimal, Scalar

_WHOLE = Decimal(19, 0)
_MOST_DIGITS = 38


def equal(left: exp.Expr, left_type: DataType, right: exp.Expr, right_type: DataType) -> exp.Expr:
    """Return the condition that two values are the same, false or null where one is not there."""
    if not are_converted(left_type, right_type):
        return exp.EQ(this=left, expression=right)
    if _exactness(left_type) < _exactness(right_type):
        return exp.EQ(this=_as(left, left_type, right_type), expression=right)
    return exp.EQ(this=left, expression=_as(right, right_type, left_type))


def are_converted(one: DataType, other: DataType) -> bool:
    """Tell whether two types hold numbers that the engine's own equality does not compare exactly."""
    if one == other or not (_is_number(one) and _is_number(other)):
        return False
    if Scalar.DOUBLE in (one, other):
        return True
    first, second = (_WHOLE if t is Scalar.BIGINT else t for t in (one, other))
    assert isinstance(first, Decimal)
    assert isinstance(second, Decimal)
    whole = max(first.precision - first.scale, second.precision - second.scale)
    return whole + max(first.scale, second.scale) > _MOST_DIGITS


def _is_number(type_: DataType) -> bool:
    return isinstance(type_, Decimal) or type_ in (Scalar.BIGINT, Scalar.DOUBLE)


def _exactness(type_: DataType) -> int:
    return 2 if type_ is Scalar.BIGINT else 0 if type_ is Scalar.DOUBLE else 1


def _as(value: exp.Expr, have: DataType, want: DataType) -> exp.Expr:
    """Return a number in another type, null where it is not there."""
    if have is not Scalar.DOUBLE or want is Scalar.BIGINT:
        there = _try(value, want)
        back = _try(there, have)
    else:
        # The engine computes the digits behind the point, which need not find the nearest number.
        is_whole = exp.EQ(this=value.copy(), expression=call("trunc", value.copy()))
        whole = exp.If(this=is_whole, true=_try(exp.TryCast(this=value.copy(), to=_named("HUGEINT")), want))
        there = exp.Case(ifs=[whole], default=_try(_text(value), want))
        back = _try(_text(there), have)
    return exp.Case(ifs=[exp.If(this=exp.EQ(this=back, expression=value.copy()), true=there.copy())])


def _text(value: exp.Expr) -> exp.Expr:
    return exp.Cast(this=value.copy(), to=_named("VARCHAR"))


def _try(value: exp.Expr, type_: DataType) -> exp.Expr:
    return exp.TryCast(this=value.copy(), to=_named(str(type_)))


def _named(type_: str) -> exp.DataType:
    return exp.DataType.build(type_, dialect=DIALECT)
