"""Answering one pass: its statement is run, and what it counts becomes the outcome of each of its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hanse.base import EngineError, HanseError
from hanse.quality.arrow_values import python_value
from hanse.quality.evidence import numbers
from hanse.quality.masking import hidden_columns
from hanse.quality.parts import in_parts
from hanse.quality.plan import Evidence, Method, Pass, from_statistics
from hanse.quality.records import (
    Aged,
    Aggregate,
    Answer,
    Broken,
    Check,
    Columns,
    Duplicates,
    Each,
    Newest,
    Promised,
    References,
    Rows,
    Settled,
    Stated,
    Steps,
    Target,
    Tried,
    Typed,
    Violations,
)
from hanse.quality.types import keeps_type, satisfies
from hanse.quality.verdict import Outcome
from hanse.spec.contract import Table
from hanse.spec.types import DataType

if TYPE_CHECKING:
    from hanse.interfaces import Session

# The engine seam's codes for "ended on request" and "session closed": no check's fault, so nothing to judge.
ENDED = frozenset({"HNS-E009", "HNS-E018"})


@dataclass(frozen=True, slots=True)
class Subject:
    """The table under test, where it is bound, and what is known of it."""

    session: Session
    table: Table
    relation: str
    relations: Mapping[str, str]
    evidence: Evidence
    foreign: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The relation's columns, in order."""
        return tuple(self.evidence.columns)

    def hides(self, target: Target) -> bool:
        """Tell whether a column's values must not be shown."""
        return target.column in hidden_columns(self.table)

    def keeps(self, found: str, promised: DataType) -> bool:
        """Tell whether a column's type is the contract's, or of others' data, one that satisfies it."""
        return satisfies(found, promised) if self.foreign else keeps_type(found, promised)


def answered(subject: Subject, one: Pass) -> tuple[dict[str, Outcome], int | None]:
    """Answer the checks of a pass; if it fails as a whole, each alone, so that only the guilty one is an error."""
    try:
        return _answer(subject, one)
    except HanseError as error:
        if isinstance(error, EngineError) and error.code.id in ENDED:
            raise
        if len(one.checks) == 1:
            return {
                one.checks[0].id: Outcome(
                    one.method, error=f"{error.code}: {error.problem.what}", fix=error.problem.fix
                )
            }, None
    outcomes: dict[str, Outcome] = {}
    rows = None
    for check in one.checks:
        found, counted = answered(subject, replace(one, checks=(check,)))
        outcomes.update(found)
        rows = counted if rows is None else rows
    return outcomes, rows


def _answer(subject: Subject, one: Pass) -> tuple[dict[str, Outcome], int | None]:
    match one.method:
        case Method.SCAN | Method.DISTINCT:
            return _counted(subject, one)
        case Method.ORDER | Method.GROUP:
            return _repeated(subject, one), None
        case Method.REFERENCE:
            return {check.id: _looked_up(subject, check) for check in one.checks}, None
        case _:
            return {check.id: _single(subject, one.method, check) for check in one.checks}, None


def _single(subject: Subject, method: Method, check: Check) -> Outcome:
    match check.measure:
        case Broken(code, what, fix):
            return Outcome(method, error=f"{code}: {what}", fix=fix)
        case Settled():
            return Outcome(method, failed=0)
        case Typed(target):
            found = subject.evidence.columns[target.column]
            return Outcome(method, value=found, failed=None if subject.keeps(found, target.type) else 1)
        case Columns():
            return compare_columns(method, check.measure, subject.names)
        case Rows():
            return Outcome(method, value=subject.evidence.rows)
        case Violations():
            return Outcome(method, failed=from_statistics(check.measure, subject.evidence.statistics))
        case Answer():
            return _asked(subject, check.measure)
        case Stated() | Newest() | Steps() | Tried():
            return _told(subject, method, check.measure)
        case Duplicates() | References() | Aggregate() | Aged() | Promised():
            raise AssertionError("uniqueness and references have passes of their own")


def compare_columns(method: Method, measure: Columns, have: Sequence[str]) -> Outcome:
    """Compare the relation's columns; what is wrong with them is the value."""
    if measure.how == "count":
        return Outcome(method, value=len(have))
    lacking = [f"no `{name}`" for name in measure.names if name not in have]
    extra = [f"`{name}`" for name in have if name not in measure.names]
    wrong = {
        "has": lacking,
        "lacks": [f"`{name}`" for name in measure.names if name in have],
        "set": [*lacking, *extra],
        "ordered": [*lacking, *extra] or ([] if tuple(have) == measure.names else ["another order"]),
    }[measure.how]
    return Outcome(method, value=", ".join(wrong) or None, failed=len(wrong))


def _told(subject: Subject, method: Method, measure: Stated | Newest | Steps | Tried) -> Outcome:
    from hanse.quality import ages
    from hanse.quality.null_counts import count_unexplained
    from hanse.quality.statement import QueryFault
    from hanse.quality.trials import tried

    match measure:
        case Newest(target):
            newest = subject.evidence.statistics[target.column].maximum
            return Outcome(method, value=newest, told=ages.newest_is(measure, newest, secret=subject.hides(target)))
        case Steps(target):
            secret = subject.hides(target)
            return Outcome(method, told=ages.steps_are(subject.session, measure, subject.relation, secret=secret))
        case Tried():
            return Outcome(method, told=tried(subject.session, measure))
        case Stated():
            try:
                return Outcome(method, count_unexplained(subject.session, measure, subject.table, subject.relations))
            except QueryFault as fault:
                return Outcome(method, error=f"{fault.broken.code}: {fault.broken.what}", fix=fault.broken.fix)


def _looked_up(subject: Subject, check: Check) -> Outcome:
    from hanse.quality.compile import values_inside
    from hanse.quality.orphans import orphans

    assert isinstance(check.measure, References)
    of = None
    if any(isinstance(step, Each) for target in check.measure.targets for step in target.path):
        of = numbers(subject.session, values_inside(check.measure.targets[0], subject.relation))[0]
    return Outcome(Method.REFERENCE, numbers(subject.session, orphans(check.measure, subject.relation))[0], of=of)


def _asked(subject: Subject, asked: Answer) -> Outcome:
    from hanse.quality.statement import QueryFault, answer

    try:
        return Outcome(Method.SQL, value=answer(subject.session, asked, subject.table, subject.relations))
    except QueryFault as fault:
        return Outcome(Method.SQL, error=f"{fault.broken.code}: {fault.broken.what}", fix=fault.broken.fix)


def _counted(subject: Subject, one: Pass) -> tuple[dict[str, Outcome], int]:
    from hanse.quality import compile as statements

    if one.method is Method.DISTINCT and one.column:
        count = statements.distinct(one.checks, subject.relation, one.column)
    else:
        count = statements.scan(one.checks, subject.relation)
    values: Sequence[Any]
    if any(isinstance(check.measure, Newest | Aggregate) for check in one.checks):
        values = [python_value(column[0]) for column in subject.session.fetch(count.sql).columns]
    else:  # numbers only, and Arrow takes longer to load than many tables to be looked at
        values = subject.session.rows(count.sql)[0]
    outcomes = {}
    for check in one.checks:
        at = count.positions.get(check.id)
        of = count.totals.get(check.id)
        if at is None:
            outcomes[check.id] = Outcome(one.method, value=int(values[0]))
        elif isinstance(check.measure, Newest):
            outcomes[check.id] = _newest(subject, one.method, check.measure, values[at])
        elif isinstance(check.measure, Aggregate):
            outcomes[check.id] = Outcome(one.method, value=values[at])
        else:
            outcomes[check.id] = Outcome(one.method, int(values[at]), of=None if of is None else int(values[of]))
    return outcomes, int(values[0])


def _newest(subject: Subject, method: Method, measure: Newest, found: Any) -> Outcome:
    from hanse.quality.ages import newest_is

    return Outcome(method, value=found, told=newest_is(measure, found, secret=subject.hides(measure.target)))


def _repeated(subject: Subject, one: Pass) -> dict[str, Outcome]:
    from hanse.quality import compile as statements

    measure = one.checks[0].measure
    assert isinstance(measure, Duplicates)
    keys = rows = 0
    method = one.method
    if method is Method.ORDER:
        total, risen = numbers(subject.session, statements.rising(measure.targets, subject.relation))
        method = Method.ORDER if risen >= total - 1 else Method.GROUP
    if method is Method.GROUP:
        found = in_parts(
            lambda part: numbers(subject.session, statements.groups(measure.targets, subject.relation, part=part))
        )
        keys, rows = (sum(numbers) for numbers in zip(*found, strict=True))
    nulls = 0
    if any(isinstance(c.measure, Duplicates) and c.measure.nulls for c in one.checks):
        nulls = _key_nulls(subject, measure)
    of = None
    if any(isinstance(step, Each) for target in measure.targets for step in target.path):
        of = numbers(subject.session, statements.values_inside(measure.targets[0], subject.relation))[0]
    return {
        c.id: Outcome(
            method,
            failed=rows + (nulls if isinstance(c.measure, Duplicates) and c.measure.nulls else 0),
            value=keys if isinstance(c.measure, Duplicates) and c.measure.counts == "keys" else rows - keys,
            of=of,
        )
        for c in one.checks
    }


def _key_nulls(subject: Subject, measure: Duplicates) -> int:
    from hanse.quality.compile import key_nulls

    facts = [None if t.path else subject.evidence.statistics.get(t.column) for t in measure.targets]
    known = [f.nulls for f in facts if f is not None]
    if len(known) == len(facts) and all(n == 0 for n in known):
        return 0
    return numbers(subject.session, key_nulls(measure.targets, subject.relation))[0]
