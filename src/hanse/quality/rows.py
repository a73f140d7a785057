"""A bounded sample of the rows that break a check, each with its reason in words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, assert_never

from hanse.quality import compile as statements
from hanse.quality.arrow_values import python_value
from hanse.quality.masking import MASK
from hanse.quality.notation.values import as_json
from hanse.quality.orphans import orphan_rows
from hanse.quality.parts import in_parts
from hanse.quality.predicates import offender, violation
from hanse.quality.records import (
    AllOf,
    Answer,
    Bound,
    Check,
    Duplicates,
    Length,
    MultipleOf,
    NotMissing,
    OneOf,
    Pattern,
    References,
    Required,
    Stated,
    Target,
    UniqueItems,
    UnitLength,
    ValueTest,
    Violations,
)
from hanse.spec.contract import Table
from hanse.spec.types import List, Map

if TYPE_CHECKING:
    import pyarrow as pa

    from hanse.interfaces import Session

_CLIP = 80
Sample = tuple[dict[str, Any], str]


def failing_rows(
    session: Session,
    check: Check,
    relation: str,
    names: Sequence[str],
    limit: int,
    hidden: Collection[str] = (),
) -> list[Sample]:
    """Fetch at most ``limit`` rows that break a check.

    Args:
        session: session in which the relation is bound.
        check: a check that failed.
        relation: the table under test.
        names: its columns, in order.
        limit: greatest number of rows.
        hidden: columns whose values no reason may name.

    Returns:
        (column → JSON-ready value, reason); empty for checks that no single row breaks.

    Raises:
        EngineError: the engine refused.
    """
    if limit <= 0:
        return []
    if isinstance(check.measure, Violations):
        return _violating(session, check, check.measure, relation, names, limit, hidden)
    if isinstance(check.measure, Duplicates):
        return _repeated(session, check.measure, relation, names, limit, hidden)
    if isinstance(check.measure, References):
        return _orphans(session, check.measure, relation, names, limit, hidden)
    return []


def unexplained_rows(
    session: Session,
    measure: Stated,
    table: Table,
    relations: Mapping[str, str],
    names: Sequence[str],
    limit: int,
    hidden: Collection[str] = (),
) -> list[Sample]:
    """Fetch at most ``limit`` rows that break a statement about nulls; the reason names the statement's own words.

    Args:
        session: session in which the relations are bound.
        measure: a statement that failed.
        table: the contract's table.
        relations: names that its conditions may use, the table's own among them → bound relations.
        names: the table's columns, in order.
        limit: greatest number of rows.
        hidden: columns whose values no reason may name.
    """
    from hanse.quality.null_counts import fetch_unexplained

    samples = []
    for values in python_rows(fetch_unexplained(session, measure, table, relations, names, limit)):
        row = dict(zip(names, map(as_json, values), strict=True))
        found = _told(_value(row, measure.target), measure.target, hidden)
        why = "and no reason for it holds" if measure.null else f"though {measure.reasons[0]}"
        samples.append((row, f"{measure.target} is {found}, {why}"))
    return samples


def counted_by_query(
    session: Session,
    measure: Answer,
    table: Table,
    relations: Mapping[str, str],
    names: Sequence[str],
    limit: int,
) -> tuple[list[Sample], tuple[str, ...]] | None:
    """Fetch at most ``limit`` rows that a contract's own query counts, and the columns that its condition names.

    None: the query shows no rows, see :func:`hanse.quality.statement_rows.counted_rows`.
    """
    from hanse.quality.statement_rows import counted_rows

    found = counted_rows(session, measure, table, relations, relations[table.name], names, limit)
    if found is None:
        return None
    rows, wrong = found
    return [
        (dict(zip(names, map(as_json, v), strict=True)), "the query counts this row") for v in python_rows(rows)
    ], wrong


def _told(value: Any, target: Target, hidden: Collection[str]) -> str:
    """Write a value for people, or that it must not be shown."""
    return MASK if target.column in hidden and value is not None else shown(as_json(value))


def _orphans(
    session: Session,
    measure: References,
    relation: str,
    names: Sequence[str],
    limit: int,
    hidden: Collection[str],
) -> list[Sample]:
    table = session.fetch(orphan_rows(measure, relation, names, limit))
    samples = []
    for values in python_rows(table):
        row = dict(zip(names, map(as_json, values), strict=False))
        samples.append((row, orphaned(measure, values[len(names) :], hidden)))
    return samples


def _violating(
    session: Session,
    check: Check,
    measure: Violations,
    relation: str,
    names: Sequence[str],
    limit: int,
    hidden: Collection[str],
) -> list[Sample]:
    tests = measure.test.tests if isinstance(measure.test, AllOf) else (measure.test,)
    extra = [offender(measure.target, measure.test), *(violation(measure.target, test) for test in tests)]
    table = session.fetch(statements.violating_rows(check, relation, names, extra, limit))
    samples = []
    for values in python_rows(table):
        row = dict(zip(names, map(as_json, values), strict=False))
        found, *broken = values[len(names) :]
        test = next((t for t, is_broken in zip(tests, broken, strict=True) if is_broken), tests[0])
        samples.append((row, f"{measure.target} {reason(test, found, measure.target, hidden)}"))
    return samples


def _repeated(
    session: Session,
    measure: Duplicates,
    relation: str,
    names: Sequence[str],
    limit: int,
    hidden: Collection[str],
) -> list[Sample]:
    samples: list[Sample] = []
    if measure.nulls:
        table = session.fetch(statements.null_key_rows(measure, relation, names, limit))
        for values in python_rows(table):
            row = dict(zip(names, map(as_json, values), strict=True))
            samples.append((row, without_key(measure, row)))
    if len(samples) < limit:
        wanted = limit - len(samples)
        found = in_parts(
            lambda part: python_rows(
                session.fetch(statements.repeated_rows(measure, relation, names, wanted, part=part))
            )
        )
        for values in list(chain.from_iterable(found))[:wanted]:
            row = dict(zip(names, map(as_json, values), strict=False))
            samples.append((row, repeated(measure, values[len(names) : -1], values[-1], hidden)))
    return samples


def orphaned(measure: References, key: Sequence[Any], hidden: Collection[str] = ()) -> str:
    """Say what is wrong with a key that the other table lacks."""
    words = ", ".join(f"{t} {_told(v, t, hidden)}" for t, v in zip(measure.targets, key, strict=True))
    return f"{words} is not in {measure.other}"


def without_key(measure: Duplicates, row: dict[str, Any]) -> str:
    """Say what is wrong with a row that lacks some of its key."""
    empty = [str(t) for t in measure.targets if _value(row, t) is None]
    return f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} null in the primary key"


def repeated(measure: Duplicates, key: Sequence[Any], times: int, hidden: Collection[str] = ()) -> str:
    """Say what is wrong with a row whose key others have, too."""
    values = ", ".join(f"{t} {_told(v, t, hidden)}" for t, v in zip(measure.targets, key, strict=True))
    return f"{values} occurs {times:,} times"


def reason(test: ValueTest, found: Any, target: Target, hidden: Collection[str] = ()) -> str:
    """Say in words what is wrong with a value that breaks a test; the subject of the sentence is left out."""
    value = _told(found, target, hidden)
    match test:
        case Required():
            return "is null"
        case OneOf(values):
            allowed = ", ".join(shown(as_json(v)) for v in values[:8]) + (" …" if len(values) > 8 else "")
            return f"is {value}, not one of {allowed}"
        case Bound():
            return _beyond(test, found, value)
        case Length(operator, limit):
            unit = "items" if isinstance(target.type, List) else "entries" if isinstance(target.type, Map) else "long"
            side = "more" if operator == "<=" else "fewer"
            if unit == "long":
                kind = "characters" if isinstance(found, str) else "bytes"
                return f"is {value}, {len(found)} {kind} long, {side} than {limit}"
            return f"has {len(found)} {unit}, {side} than {limit}"
        case Pattern(_, stated, is_format):
            return (
                f"is {value}, not of the format {stated}" if is_format else f"is {value}, which does not match {stated}"
            )
        case MultipleOf(_, stated):
            return f"is {value}, no multiple of {stated}"
        case UniqueItems():
            return "holds an item twice"
        case UnitLength():
            return f"is {value}, whose length is not 1"
        case NotMissing():
            return f"is {value}, which stands for a missing value"
        case AllOf():
            return f"is {value}, which is not valid"
        case _:
            assert_never(test)


def _beyond(test: Bound, found: Any, value: str) -> str:
    if isinstance(found, float) and math.isnan(found):
        return "is NaN, which is no number"
    sides = {
        ">=": f"is {value}, below the minimum {test.stated}",
        ">": f"is {value}, not above {test.stated}",
        "<=": f"is {value}, above the maximum {test.stated}",
        "<": f"is {value}, not below {test.stated}",
    }
    return sides[test.operator]


def _value(row: dict[str, Any], target: Target) -> Any:
    found = row[target.column]
    for step in target.path:
        found = found.get(getattr(step, "name", "")) if isinstance(found, dict) else None
    return found


def shown(value: Any) -> str:
    """Write a value for people, cut if it is long."""
    if value is None:
        return "null"
    text = f"'{value}'" if isinstance(value, str) and not _is_plain(value) else str(value)
    return text if len(text) <= _CLIP else text[: _CLIP - 1] + "…"


def _is_plain(text: str) -> bool:
    """Tell whether a text is a number or a date in ISO form, which read well without quotes."""
    return bool(text) and text[0] in "-0123456789" and set(text) <= set("0123456789-+:.T")


def python_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    """Return rows as Python values; a value that Python cannot hold (the year 10,000, infinity) comes as text."""
    columns = [_python(table.column(i)) for i in range(table.num_columns)]
    return list(zip(*columns, strict=True))


def _as_text(scalar: pa.Scalar) -> str:
    import pyarrow as pa

    try:
        return str(scalar.cast(pa.string()).as_py())
    except pa.ArrowException:
        return f"a {scalar.type} beyond what can be shown"


def _python(column: pa.ChunkedArray) -> list[Any]:
    values = []
    for scalar in column:
        try:
            values.append(python_value(scalar))
        except (ValueError, OverflowError):
            values.append(_as_text(scalar))
    return values
