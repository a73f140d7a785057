"""Passes as SQL: one tree per statement, written out in DuckDB's dialect unless another writer is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from hanse.quality.plan import SAMPLE
from hanse.quality.predicates import DIALECT, breaking, call, column, is_inside, items, key_value, value, violation
from hanse.quality.records import Aggregate, Check, Duplicates, Measure, Newest, Stated, Target, Violations

Write = Callable[[exp.Expr], str]
"""Turns a tree into SQL, whatever dialect that is."""


def text(tree: exp.Expr) -> str:
    """Write a tree as DuckDB's SQL."""
    return tree.sql(DIALECT)


@dataclass(frozen=True, slots=True)
class Count:
    """A statement of one row, and which of its columns counts what.

    Attributes:
        sql: its column 0 counts all rows.
        positions: id of a check → column that counts the rows, or values, that break it.
        totals: id of a check that counts values inside lists and maps → column that counts all of them.
    """

    sql: str
    positions: dict[str, int]
    totals: dict[str, int] = field(default_factory=dict)


def scan(checks: Sequence[Check], relation: str, *, write: Write = text) -> Count:
    """Return the one scan that counts violations of all the checks; equal tests are counted once."""
    return _count(checks, all_rows(), lambda breaks: _filter(all_rows(), breaks), source(relation), None, write)


def distinct(checks: Sequence[Check], relation: str, name: str) -> Count:
    """Return the pass over the distinct values of one column: each is looked at once, and weighs its rows."""
    grouped = (
        exp.select(exp.alias_(column(name), "value", quoted=True), exp.alias_(all_rows(), "n", quoted=True))
        .from_(source(relation))
        .group_by(column(name))
    )
    weight = exp.Sum(this=column("n"))
    return _count(
        checks,
        _zero(weight),
        lambda breaks: _zero(_filter(weight, breaks)),
        grouped.subquery("g"),
        column("value"),
        text,
    )


Part = tuple[int, int]
"""A share of all keys: the number of the part, from 0, and how many there are. Equal keys are in one part."""


def groups(targets: Sequence[Target], relation: str, *, part: Part | None = None, write: Write = text) -> str:
    """Return the pass over a key: how many keys occur more than once, and in how many rows.

    Of a target inside a list or a map: how many values, and how often they occur in all.

    Args:
        targets: the key.
        relation: the table.
        part: only this part of the keys.
        write: turns the tree into SQL.
    """
    inner = _repeating(targets, relation, part)
    return write(exp.select(all_rows(), _zero(exp.Sum(this=column("n")))).from_(inner.subquery("g")))


def _repeating(targets: Sequence[Target], relation: str, part: Part | None) -> exp.Select:
    """Select every key that occurs more than once as ``k0`` …, and how often as ``n``."""
    count = exp.alias_(all_rows(), "n", quoted=True)
    more = exp.GT(this=all_rows(), expression=exp.Literal.number(1))
    if any(map(is_inside, targets)):
        keys = [column(f"k{i}") for i in range(len(targets))]
        found = exp.select(*keys, count).from_(keyed(targets, relation).subquery("k"))
        found = found.where(*(k.is_(exp.null()).not_() for k in keys), *_within(keys, part))
        return found.group_by(*keys).having(more)
    named = [exp.alias_(value(t), f"k{i}", quoted=True) for i, t in enumerate(targets)]
    found = exp.select(*named, count).from_(source(relation))
    found = found.where(*(_not_null(t) for t in targets), *_within([value(t) for t in targets], part))
    return found.group_by(*(value(t) for t in targets)).having(more)


def _within(keys: Sequence[exp.Expr], part: Part | None) -> tuple[exp.Expr, ...]:
    """Keep one part of the keys, by their hash."""
    if part is None:
        return ()
    number, parts = map(exp.Literal.number, part)
    return (exp.EQ(this=exp.Mod(this=call("hash", *(k.copy() for k in keys)), expression=parts), expression=number),)


def rising(targets: Sequence[Target], relation: str, *, sample: bool = False) -> str:
    """Return the pass that compares each key with the row before: how many rows, and how many rise strictly.

    In whatever order the engine reads: if all rows but the first rise, no key can occur twice. That costs one streaming
    pass, where grouping has to remember every key.
    """
    names = [f"k{i}" for i in range(len(targets))]
    keys = exp.select(*(exp.alias_(value(t), n, quoted=True) for t, n in zip(targets, names, strict=True)))
    keys = keys.from_(source(relation)).where(*(_not_null(t) for t in targets))
    if sample:
        keys = keys.limit(SAMPLE)
    before = [exp.alias_(exp.Window(this=exp.Lag(this=column(n))), f"before_{n}", quoted=True) for n in names]
    paired = exp.select(*(column(n) for n in names), *before).from_(keys.subquery("k"))
    return text(exp.select(all_rows(), _filter(all_rows(), _rises(names))).from_(paired.subquery("p")))


def key_nulls(targets: Sequence[Target], relation: str, *, write: Write = text) -> str:
    """Return the count of rows with a null in their key."""
    nulls = exp.or_(*(value(t).is_(exp.null()) for t in targets))
    return write(exp.select(all_rows()).from_(source(relation)).where(nulls))


def cardinality(names: Sequence[str], relation: str) -> str:
    """Return the approximate number of distinct values of columns in a sample."""
    sample = exp.select(*(column(n) for n in names)).from_(source(relation)).limit(SAMPLE)
    return text(exp.select(*(exp.ApproxDistinct(this=column(n)) for n in names)).from_(sample.subquery("s")))


def shape(relation: str) -> str:
    """Return a statement with the relation's own columns."""
    return text(exp.select("*").from_(source(relation)))


def violating_rows(
    check: Check, relation: str, names: Sequence[str], extra: Sequence[exp.Expr], limit: int, *, write: Write = text
) -> str:
    """Return the rows that break a test: all columns, then the extra expressions."""
    assert isinstance(check.measure, Violations)
    return write(
        exp.select(*listed(names), *_numbered(extra, len(names)))
        .from_(source(relation))
        .where(violation(check.measure.target, check.measure.test))
        .limit(limit)
    )


def null_key_rows(measure: Duplicates, relation: str, names: Sequence[str], limit: int, *, write: Write = text) -> str:
    """Return rows with a null in their key."""
    nulls = exp.or_(*(value(t).is_(exp.null()) for t in measure.targets))
    return write(exp.select(*listed(names)).from_(source(relation)).where(nulls).limit(limit))


def repeated_rows(
    measure: Duplicates,
    relation: str,
    names: Sequence[str],
    limit: int,
    *,
    part: Part | None = None,
    write: Write = text,
) -> str:
    """Return rows whose key occurs more than once, neighbours together; then the key, and how often it occurs."""
    keys = range(len(measure.targets))
    same = exp.and_(*(exp.EQ(this=column(f"k{i}", "t"), expression=column(f"k{i}", "d")) for i in keys))
    return write(
        exp.select(
            *(column(f"c{i}", "t") for i in range(len(names))),
            *(column(f"k{i}", "d") for i in keys),
            exp.alias_(column("n", "d"), "n", quoted=True),
        )
        .from_(keyed(measure.targets, relation, names).subquery("t"))
        .join(_repeating(measure.targets, relation, part).limit(limit).subquery("d"), on=same)
        .order_by(*(column(f"k{i}", "d") for i in keys))
        .limit(limit)
    )


def _count(
    checks: Sequence[Check],
    total: exp.Expr,
    counted: Callable[[exp.Expr], exp.Expr],
    source: exp.Expr,
    base: exp.Expr | None,
    write: Write,
) -> Count:
    columns = [total]
    seen: dict[str, int] = {}

    def place(counted: exp.Expr) -> int:
        written = text(counted)
        if written not in seen:
            seen[written] = len(columns)
            columns.append(counted)
        return seen[written]

    positions, totals = {}, {}
    for check in checks:
        measure = check.measure
        if isinstance(measure, Violations) and measure.of_values:
            positions[check.id] = place(_sizes(breaking(measure.target, measure.test)))
            totals[check.id] = place(_sizes(items(measure.target)))
        elif isinstance(measure, Violations) and measure.of_present:
            positions[check.id] = place(counted(violation(measure.target, measure.test, base)))
            totals[check.id] = place(counted(value(measure.target, base).is_(exp.null()).not_()))
        elif (measured := _measured(measure, base, counted)) is not None:
            positions[check.id] = place(measured)
    return Count(write(exp.select(*_numbered(columns, 0)).from_(source)), positions, totals)


def _sizes(lists: exp.Expr) -> exp.Expr:
    """Count the items of the lists of all rows."""
    return _zero(exp.Sum(this=call("len", lists)))


def values_inside(target: Target, relation: str, *, write: Write = text) -> str:
    """Return the count of the values of a target inside lists and maps, nulls among them."""
    return write(exp.select(_sizes(items(target))).from_(source(relation)))


def keyed(targets: Sequence[Target], relation: str, names: Sequence[str] = ()) -> exp.Select:
    """Select columns as ``c0`` …, then a key as ``k0`` …; a key inside a list or a map gives one row per value."""
    keys = [
        exp.alias_(exp.Explode(this=items(t)) if is_inside(t) else key_value(t), f"k{i}", quoted=True)
        for i, t in enumerate(targets)
    ]
    return exp.select(*listed(names), *keys).from_(source(relation))


def _measured(measure: Measure, base: exp.Expr | None, counted: Callable[[exp.Expr], exp.Expr]) -> exp.Expr | None:
    """Return the column of a counting statement that answers a check; None when counting all rows does."""
    if isinstance(measure, Violations):
        return counted(violation(measure.target, measure.test, base))
    if isinstance(measure, Stated):
        from hanse.quality.null_reasons import unexplained

        return counted(unexplained(measure))
    if isinstance(measure, Aggregate):
        return _aggregated(measure)
    return exp.Max(this=value(measure.target)) if isinstance(measure, Newest) else None


_AGGREGATES: dict[str, type[exp.Func]] = {
    "min": exp.Min,
    "max": exp.Max,
    "avg": exp.Avg,
    "sum": exp.Sum,
    "stddev": exp.StddevSamp,
}


def _aggregated(measure: Aggregate) -> exp.Expr:
    found = value(measure.target)
    if measure.of == "length":
        found = exp.Length(this=found)
    if measure.function == "distinct":
        return exp.Count(this=exp.Distinct(expressions=[found]))
    return _AGGREGATES[measure.function](this=found)


def _rises(names: Sequence[str]) -> exp.Expr:
    name, *rest = names
    above = exp.GT(this=column(name), expression=column(f"before_{name}"))
    if not rest:
        return above
    same = exp.EQ(this=column(name), expression=column(f"before_{name}"))
    return exp.or_(above, exp.and_(same, _rises(rest)))


def source(relation: str) -> exp.Table:
    """Return a bound relation as a table."""
    return exp.Table(this=exp.to_identifier(relation, quoted=True))


def all_rows() -> exp.Count:
    """Return the count of all rows."""
    return exp.Count(this=exp.Star())


def _filter(aggregate: exp.Expr, condition: exp.Expr) -> exp.Filter:
    return exp.Filter(this=aggregate.copy(), expression=exp.Where(this=condition))


def _zero(aggregate: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=aggregate, expressions=[exp.Literal.number(0)])


def _not_null(target: Target) -> exp.Expr:
    return value(target).is_(exp.null()).not_()


def listed(names: Sequence[str], table: str | None = None) -> list[exp.Expr]:
    """Select columns under numbered names: a relation may have columns that differ in case only."""
    return _numbered([column(n, table) for n in names], 0)


def _numbered(expressions: Sequence[exp.Expr], start: int) -> list[exp.Expr]:
    return [exp.alias_(e, f"c{i}", quoted=True) for i, e in enumerate(expressions, start)]
