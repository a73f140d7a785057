"""Schema clauses of a contract, as check records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hanse.base import Code, Location
from hanse.quality.codes import BAD_PATTERN, NONSENSE_CLAUSE, UNSUPPORTED_CLAUSE
from hanse.quality.notation.formats import ANNOTATIONS, TEXT_FORMATS, number_format, text_format, together
from hanse.quality.notation.java_dates import java_date_regex
from hanse.quality.notation.patterns import PatternError, translate
from hanse.quality.notation.values import bound, coerce, divisor
from hanse.quality.records import (
    Bound,
    Broken,
    Check,
    Duplicates,
    Each,
    Length,
    Measure,
    Member,
    MultipleOf,
    OneOf,
    Pattern,
    Required,
    Settled,
    Target,
    Typed,
    UniqueItems,
    ValueTest,
    Violations,
)
from hanse.quality.type_clauses import type_clauses
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column, Table
from hanse.spec.types import DataType, Decimal, List, Map, Scalar, Struct

BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
LENGTHS = ("minLength", "maxLength")
_DIMENSIONS = {"required": "completeness", "unique": "uniqueness", "primaryKey": "uniqueness"}


class Unverifiable(Exception):
    """A clause means nothing for its column, or has no check yet."""

    def __init__(self, code: Code, why: str, fix: str | None = None) -> None:
        self.code = code
        self.why = why
        self.fix = fix
        super().__init__(why)


def schema_checks(table: Table) -> Iterator[Check]:
    """Yield the checks of a table's schema: its key first, then every column with all that is inside it."""
    yield from _primary_key(table)
    for column in table.columns:
        target = Target(column.name, column.type)
        yield _check("type", target, f"type({target}): {column.type}", Typed(target), column.where)
        yield from column_checks(column, target)


def column_checks(column: Column, target: Target) -> Iterator[Check]:
    """Yield the checks of one property and of everything inside it; quality rules are elsewhere."""
    if column.required:
        yield _check("required", target, f"required({target})", Violations(target, Required()), column.where)
    if column.unique:
        yield _check("unique", target, f"unique({target})", unique(target), column.where)
    if column.partition_key_position is not None:
        yield _check("partitioned", target, f"partitioned({target})", Violations(target, Required()), column.where)
    for kind, stated, how in type_clauses(column, target):
        yield _check(kind, target, f"{kind}({target}): {stated}", how, column.where)
    for kind, stated in stated_clauses(column):
        clause = f"{kind}({target}): {shown(stated)}"
        yield _check(kind, target, clause, measure(kind, stated, target), column.where)
    yield from _inner_checks(column, target)


def stated_clauses(column: Column) -> Iterator[tuple[str, Any]]:
    """Yield ODCS key and stated value of every clause about single values that a property has."""
    limits = column.limits
    is_vector = limits.dimensions is not None  # whose length is a clause of its own
    if column.enum:
        yield "enum", column.enum
    stated = (
        ("minimum", limits.minimum),
        ("exclusiveMinimum", limits.exclusive_minimum),
        ("maximum", limits.maximum),
        ("exclusiveMaximum", limits.exclusive_maximum),
        ("multipleOf", limits.multiple_of),
        ("minLength", None if is_vector else limits.min_length),
        ("maxLength", None if is_vector else limits.max_length),
        ("pattern", limits.pattern),
        ("format", limits.format),
        ("uniqueItems", limits.unique_items or None),
    )
    yield from ((kind, value) for kind, value in stated if value is not None)


def unique(target: Target) -> Measure:
    """Return how uniqueness of a target is measured: inside a list or a map over the values of all rows."""
    return Duplicates((target,))


def measure(kind: str, stated: Any, target: Target) -> Measure:
    """Return how a clause about single values is measured; nonsense becomes :class:`Broken`."""
    try:
        tests = value_tests(kind, stated, target)
    except Unverifiable as problem:
        return Broken(problem.code, f"`{kind}` of `{target}`: {problem.why}", problem.fix)
    if isinstance(tests, Settled):
        return tests
    return Violations(target, together(tests))


def value_tests(kind: str, stated: Any, target: Target) -> tuple[ValueTest, ...] | Settled:
    """Return the tests of one clause, or what settles it without looking.

    Args:
        kind: ODCS key of the clause.
        stated: its value as written.
        target: what it is about.

    Raises:
        Unverifiable: it means nothing for this target, or has no check yet.
    """
    if kind == "enum":
        return (_one_of(stated, target),)
    if kind in BOUNDS:
        return _bounded(kind, stated, target)
    if kind in LENGTHS:
        return _length(kind, stated, target)
    if kind == "pattern":
        return (_pattern(stated, target),)
    if kind == "multipleOf":
        return (_multiple(stated, target),)
    if kind == "format":
        return _format(stated, target)
    if kind == "uniqueItems":
        if not isinstance(target.type, List):
            raise Unverifiable(NONSENSE_CLAUSE, f"a {target.type} has no items")
        return (UniqueItems(),)
    raise Unverifiable(UNSUPPORTED_CLAUSE, "there is no check for it")


def shown(value: Any) -> str:
    """Write a stated value for people; long lists are cut and say so."""
    if isinstance(value, tuple | list):
        words = [shown(v) for v in value[:8]]
        return ", ".join(words) + (f" … ({len(value)} values)" if len(value) > 8 else "")
    return str(value)


def _check(kind: str, target: Target, clause: str, how: Measure, where: Location | None) -> Check:
    dimension = _DIMENSIONS.get(kind, "conformity")
    return Check(f"{kind}({target})", kind, clause, how, column=target.column, dimension=dimension, location=where)


def _primary_key(table: Table) -> Iterator[Check]:
    parts = [part for column in table.columns for part in _key_parts(column, Target(column.name, column.type))]
    if not parts:
        return
    parts.sort(key=lambda part: part[0] or len(parts) + max(p[0] for p in parts))  # 0: after those with a place
    targets = tuple(target for _, target, _ in parts)
    clause = f"primaryKey({', '.join(map(str, targets))})"
    how: Measure = Duplicates(targets, nulls=True)
    several = next((t for t in targets if any(isinstance(step, Each) for step in t.path)), None)
    if several:
        how = Broken(NONSENSE_CLAUSE, f"`{several}` is in the primary key, but a row has any number of them")
    only = targets[0].column if len({t.column for t in targets}) == 1 else None
    where = parts[0][2]
    yield Check(clause, "primaryKey", clause, how, dimension="uniqueness", column=only, location=where)


def _key_parts(column: Column, target: Target) -> Iterator[tuple[int, Target, Location | None]]:
    if column.primary_key_position is not None:
        yield column.primary_key_position, target, column.where
    for child, step in inside(column, target.type):
        yield from _key_parts(child, Target(target.column, child.type, (*target.path, step)))


def _inner_checks(column: Column, target: Target) -> Iterator[Check]:
    for child, step in inside(column, target.type):
        yield from column_checks(child, Target(target.column, child.type, (*target.path, step)))


def inside(column: Column, type_: DataType) -> Iterator[tuple[Column, Member | Each]]:
    """Yield what is directly inside a property, each with the step that leads to it."""
    if isinstance(type_, Struct):
        yield from ((child, Member(child.name)) for child in column.children)
    elif isinstance(type_, List):
        yield from ((child, Each()) for child in column.children)
    elif isinstance(type_, Map):
        yield from zip(column.children, (Each("keys"), Each("values")), strict=False)


def _one_of(stated: Any, target: Target) -> OneOf:
    values = []
    unfit = []
    for value in stated:
        if value is None:
            continue  # nulls are never looked at: `required` speaks of them
        try:
            values.append(coerce(value, target.type))
        except ValueError as problem:
            unfit.append(f"`{value}` is no {target.type}: {problem}")
    if unfit:
        more = f"; and {len(unfit) - 3} more" if len(unfit) > 3 else ""
        fix = f"write values of the column's type, {target.type}"
        raise Unverifiable(NONSENSE_CLAUSE, "; ".join(unfit[:3]) + more, fix)
    return OneOf(tuple(values))


def _bounded(kind: str, stated: Any, target: Target) -> tuple[ValueTest, ...] | Settled:
    try:
        found = bound(kind, stated, target.type)
    except ValueError as problem:
        fix = f"write a value of the column's type, {target.type}"
        raise Unverifiable(NONSENSE_CLAUSE, f"`{stated}` does not bound a {target.type}: {problem}", fix) from None
    if isinstance(found, Bound):
        return (found,)
    if found:
        return Settled(CheckStatus.PASSED, f"every {target.type} keeps it")
    raise Unverifiable(NONSENSE_CLAUSE, f"no {target.type} can reach `{stated}`", "correct the bound, or the type")


def _length(kind: str, stated: Any, target: Target) -> tuple[ValueTest, ...] | Settled:
    if target.type not in (Scalar.VARCHAR, Scalar.BLOB) and not isinstance(target.type, List | Map):
        raise Unverifiable(NONSENSE_CLAUSE, f"a {target.type} has no length")
    if isinstance(stated, bool) or not isinstance(stated, int) or stated < 0:
        raise Unverifiable(NONSENSE_CLAUSE, f"`{stated}` is no length")
    if kind == "minLength" and stated == 0:
        return Settled(CheckStatus.PASSED, "nothing is shorter than 0")
    return (Length(">=" if kind == "minLength" else "<=", stated),)


def _pattern(stated: Any, target: Target) -> Pattern:
    if target.type is not Scalar.VARCHAR:
        raise Unverifiable(NONSENSE_CLAUSE, f"a pattern speaks of text, and this is a {target.type}")
    try:
        return Pattern(translate(str(stated)), str(stated))
    except PatternError as problem:
        fix = "mend the pattern" if problem.malformed else "write it without this, or as a rule of `type: sql`"
        raise Unverifiable(BAD_PATTERN, f"`{stated}`: {problem}", fix) from None


def _multiple(stated: Any, target: Target) -> MultipleOf:
    if not (target.type in (Scalar.BIGINT, Scalar.DOUBLE) or isinstance(target.type, Decimal)):
        raise Unverifiable(NONSENSE_CLAUSE, f"a {target.type} is no number")
    try:
        return MultipleOf(divisor(stated, target.type), stated)
    except ValueError as problem:
        raise Unverifiable(NONSENSE_CLAUSE, f"`{stated}` divides no {target.type}: {problem}") from None


def _date_format(name: str) -> tuple[ValueTest, ...] | None:
    """Return the test of a text that is a date in a form of Java's, or None if that is no such form."""
    regex = java_date_regex(name)
    return None if regex is None else (Pattern(f"^(?:{regex})$", name, is_format=True),)


def _format(stated: Any, target: Target) -> tuple[ValueTest, ...] | Settled:
    name = str(stated)
    type_ = target.type
    if type_ is Scalar.VARCHAR:
        if name in ANNOTATIONS:
            return Settled(
                CheckStatus.MANUAL, f"`{name}` tells people how to treat the text: nothing in the data shows it"
            )
        tests = text_format(name) or _date_format(name)
        known = ", ".join(f"`{f}`" for f in (*TEXT_FORMATS, *sorted(ANNOTATIONS)))
        fix = f"use one of {known}, a pattern of dates such as `yyyy-MM-dd`, or a `pattern`"
    elif type_ in (Scalar.BIGINT, Scalar.DOUBLE) or isinstance(type_, Decimal):
        tests = number_format(name, type_)
        fix = "use i8 … i128 or u8 … u128 on integers, f32 or f64 on numbers"
        if tests == ():
            return Settled(CheckStatus.PASSED, f"every {type_} fits `{name}`")
    elif type_ in (Scalar.DATE, Scalar.TIME, Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ):
        return Settled(CheckStatus.PASSED, f"stored as a {type_}, which has no other form")
    elif type_ is Scalar.BLOB and name in {*ANNOTATIONS, "byte"}:
        return Settled(CheckStatus.PASSED, "stored as bytes")
    else:
        raise Unverifiable(NONSENSE_CLAUSE, f"a {type_} has no formats")
    if tests is None:
        raise Unverifiable(UNSUPPORTED_CLAUSE, f"`{name}` is not a format that Hanse knows", fix)
    return tests
