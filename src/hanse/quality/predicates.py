"""Tests as SQL trees: expressions that are true of exactly the values that break a test.

Identifiers are always quoted and values always typed literals, so neither a column's name nor a contract's text can
become SQL. Trees are DuckDB's dialect of sqlglot.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, assert_never

from sqlglot import exp

from hanse.quality.records import (
    AllOf,
    Bound,
    Each,
    Length,
    Member,
    MultipleOf,
    NotMissing,
    OneOf,
    Pattern,
    Required,
    Target,
    UniqueItems,
    UnitLength,
    ValueTest,
)
from hanse.spec.types import DataType, List, Map, Scalar

DIALECT = "duckdb"
_COMPARISONS: dict[str, type[exp.Binary]] = {">=": exp.GTE, ">": exp.GT, "<=": exp.LTE, "<": exp.LT}
_TOLERANCE = 1e-9
_UNIT_TOLERANCE = 1e-3


def column(name: str, table: str | None = None) -> exp.Expr:
    """Return a quoted column reference."""
    qualifier = exp.to_identifier(table, quoted=True) if table else None
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=qualifier)


def value(target: Target, base: exp.Expr | None = None) -> exp.Expr:
    """Return the expression of a target that is not inside a list or a map.

    Args:
        target: what to read.
        base: stands for the column; by default the column itself.
    """
    found = base or column(target.column)
    for step in target.path:
        assert isinstance(step, Member)
        found = _member(found, step.name)
    return found


def key_value(target: Target) -> exp.Expr:
    """Return the expression of a target as something to look up.

    Parquet's statistics leave NaN out, and the engine takes them for all values of a file: where it looks for one key
    or joins by it, it skips the files that only seem not to have it.
    """
    found = value(target)
    if target.type is not Scalar.DOUBLE:
        return found
    return exp.Case(ifs=[exp.If(this=call("isnan", found), true=_cast("nan", "DOUBLE"))], default=found.copy())


def is_inside(target: Target) -> bool:
    """Tell whether a target is inside a list or a map: a row has any number of its values then."""
    return any(isinstance(step, Each) for step in target.path)


def items(target: Target, base: exp.Expr | None = None) -> exp.Expr:
    """Return the list of all values that a row has of a target inside lists and maps; null where there is no list.

    Members of a struct that is itself null are left out: they are not there.
    """
    found = base or column(target.column)
    is_list = False
    for at, step in enumerate(target.path):
        name = f"item_{at}"
        if isinstance(step, Member) and not is_list:
            found = _member(found, step.name)
        elif isinstance(step, Member):
            there = exp.ArrayFilter(this=found, expression=_each(name, column(name).is_(exp.null()).not_()))
            found = call("list_transform", there, _each(name, _member(column(name), step.name)))
        elif not is_list:
            found, is_list = _listed(found, step), True
        else:
            found = call("flatten", call("list_transform", found, _each(name, _listed(column(name), step))))
    return found


def violation(target: Target, test: ValueTest, base: exp.Expr | None = None) -> exp.Expr:
    """Return an expression that is true just for the rows that break a test (false or null for all others)."""
    return _through(base or column(target.column), target, 0, test)


def breaking(target: Target, test: ValueTest) -> exp.Expr:
    """Return the list of all values inside lists and maps that break a test."""
    name = "value_"
    body = _breaks(column(name), target.type, test)
    return exp.ArrayFilter(this=items(target), expression=_each(name, body))


def offender(target: Target, test: ValueTest) -> exp.Expr:
    """Return the expression of the value that breaks a test in a row that does: the first one inside lists."""
    found: exp.Expr = column(target.column)
    for at, step in enumerate(target.path):
        if isinstance(step, Member):
            found = _member(found, step.name)
        else:
            found = call("list_extract", _breaking_items(found, target, at, test), exp.Literal.number(1))
    return found


def literal(item: Any, type_: DataType) -> exp.Expr:
    """Return a typed literal of a value that :func:`hanse.quality.notation.values.coerce` made."""
    if isinstance(item, bool):
        return exp.Boolean(this=item)
    if isinstance(item, int) and type_ is Scalar.BIGINT:
        return _cast(str(item), "BIGINT") if item < 0 else exp.Literal.number(item)
    if isinstance(item, str) and type_ is Scalar.VARCHAR:
        return exp.Literal.string(item)
    if isinstance(item, datetime):
        return _cast(item.isoformat(sep=" "), str(type_))
    if isinstance(item, date | time):
        return _cast(item.isoformat(), str(type_))
    if isinstance(item, float):
        return _cast(repr(item), "DOUBLE")
    if isinstance(item, Decimal):
        return _cast(f"{item:f}", str(type_))
    raise TypeError(f"{type(item).__name__} is no literal of {type_}")


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """Return a call of an engine function that is written just so."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _cast(text: str, type_: str) -> exp.Cast:
    return exp.Cast(this=exp.Literal.string(text), to=exp.DataType.build(type_, dialect=DIALECT))


def _member(struct: exp.Expr, name: str) -> exp.Expr:
    return call("struct_extract", struct, exp.Literal.string(name))


def _listed(base: exp.Expr, step: Each) -> exp.Expr:
    return base.copy() if step.of == "items" else call(f"map_{step.of}", base.copy())


def _each(name: str, body: exp.Expr) -> exp.Lambda:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(name, quoted=True)])


def _through(base: exp.Expr, target: Target, at: int, test: ValueTest) -> exp.Expr:
    if at == len(target.path):
        return _breaks(base, target.type, test)
    step = target.path[at]
    if isinstance(step, Member):
        inner = _through(_member(base, step.name), target, at + 1, test)
        if at + 1 == len(target.path) and _about_null(test):
            return exp.and_(base.copy().is_(exp.null()).not_(), inner)
        return inner
    return exp.GT(this=call("len", _breaking_items(base, target, at, test)), expression=exp.Literal.number(0))


def _breaking_items(base: exp.Expr, target: Target, at: int, test: ValueTest) -> exp.Expr:
    step = target.path[at]
    assert isinstance(step, Each)
    found = _listed(base, step)
    name = f"item_{at}"
    body = _through(column(name), target, at + 1, test)
    return exp.ArrayFilter(this=found, expression=_each(name, body))


def _about_null(test: ValueTest) -> bool:
    return isinstance(test, Required) or (isinstance(test, NotMissing) and test.null)


def _repeats_an_item(base: exp.Expr, type_: DataType) -> exp.Expr:
    """Return whether an item stands in a list twice; nulls are no items."""
    listed = base.copy()
    if isinstance(type_, List) and type_.item is Scalar.DOUBLE:
        # `list_unique` takes each NaN for another value, unless it is inside something.
        there = exp.ArrayFilter(this=listed, expression=_each("item_", column("item_").is_(exp.null()).not_()))
        listed = call("list_transform", there, _each("item_", exp.Array(expressions=[column("item_")])))
    count = call("list_aggregate", base.copy(), exp.Literal.string("count"))
    return exp.NEQ(this=call("list_unique", listed), expression=count)


def _breaks(base: exp.Expr, type_: DataType, test: ValueTest) -> exp.Expr:
    """Return the expression for one value; ``base`` is copied wherever it is used."""
    this = base.copy
    match test:
        case Required():
            return this().is_(exp.null())
        case OneOf(values):
            if not values:
                return this().is_(exp.null()).not_()
            others = exp.not_(_in(this(), values, type_))
            return exp.paren(exp.or_(call("isnan", this()), others)) if type_ is Scalar.DOUBLE else others
        case Bound():
            return _out_of_bounds(base, type_, test)
        case Length():
            return _wrong_length(base, type_, test)
        case Pattern(regex):
            return exp.not_(call("regexp_matches", this(), exp.Literal.string(regex)))
        case MultipleOf():
            return _not_multiple(base, type_, test)
        case UniqueItems():
            return _repeats_an_item(base, type_)
        case UnitLength():
            return _off_the_sphere(base)
        case NotMissing(values, null):
            missing = [_in(this(), values, type_)] if values else []
            missing += [this().is_(exp.null())] if null else []
            return exp.paren(exp.or_(*missing)) if missing else exp.false()
        case AllOf(tests):
            return exp.paren(exp.or_(*(_breaks(base, type_, t) for t in tests)))
        case _:
            assert_never(test)


def _off_the_sphere(base: exp.Expr) -> exp.Expr:
    number = column("number_")
    squares = call("list_transform", base.copy(), _each("number_", exp.Mul(this=number, expression=number.copy())))
    length = call("sqrt", call("list_sum", squares))
    distance = call("abs", exp.Sub(this=length, expression=literal(1.0, Scalar.DOUBLE)))
    near = exp.LTE(this=distance, expression=literal(_UNIT_TOLERANCE, Scalar.DOUBLE))
    return exp.not_(exp.Coalesce(this=near, expressions=[base.copy().is_(exp.null())]))


def _in(this: exp.Expr, values: tuple[Any, ...], type_: DataType) -> exp.Expr:
    return exp.In(this=this, expressions=[literal(v, type_) for v in values])


def _out_of_bounds(base: exp.Expr, type_: DataType, test: Bound) -> exp.Expr:
    kept = _COMPARISONS[test.operator](this=base.copy(), expression=literal(test.value, type_))
    if type_ is Scalar.DOUBLE:
        # The engine sorts NaN above every number; a bound is about numbers.
        return exp.paren(exp.or_(call("isnan", base.copy()), exp.not_(kept)))
    return exp.not_(kept)


def _wrong_length(base: exp.Expr, type_: DataType, test: Length) -> exp.Expr:
    limit = exp.Literal.number(test.value)
    measure = "octet_length" if type_ is Scalar.BLOB else "length"
    if isinstance(type_, List):
        measure = "len"
    elif isinstance(type_, Map):
        measure = "cardinality"
    kept = _COMPARISONS[test.operator](this=call(measure, base.copy()), expression=limit)
    if type_ is Scalar.VARCHAR and test.operator == "<=":
        # Bytes are at hand and never fewer than characters: only texts of many bytes need counting.
        return exp.and_(exp.GT(this=call("strlen", base.copy()), expression=limit.copy()), exp.not_(kept))
    return exp.not_(kept)


def _not_multiple(base: exp.Expr, type_: DataType, test: MultipleOf) -> exp.Expr:
    divisor = literal(test.value, type_)
    if type_ is not Scalar.DOUBLE:
        return exp.NEQ(this=exp.Mod(this=base.copy(), expression=divisor), expression=exp.Literal.number(0))
    quotient = exp.paren(exp.Div(this=base.copy(), expression=divisor))
    distance = call("abs", exp.Sub(this=quotient, expression=call("round", quotient.copy())))
    allowed = exp.Mul(
        this=literal(_TOLERANCE, Scalar.DOUBLE),
        expression=call("greatest", literal(1.0, Scalar.DOUBLE), call("abs", quotient.copy())),
    )
    near = exp.LTE(this=distance, expression=allowed)
    return exp.paren(exp.or_(exp.not_(call("isfinite", base.copy())), exp.not_(near)))
