"""From checks to verdicts: plan, look, judge, and fetch the rows that broke something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hanse.base import EngineError, HanseError, TableName
from hanse.quality.checks import checks_of
from hanse.quality.now import as_of
from hanse.quality.parts import in_parts
from hanse.quality.physical import as_stored
from hanse.quality.plan import BIG, FEW, Evidence, Method, Pass, from_statistics, plan, undecided
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
    Tried,
    Typed,
    Violations,
)
from hanse.quality.references import Locate, among, located
from hanse.quality.types import keeps_type, satisfies
from hanse.quality.verdict import Outcome, Verdict, judge
from hanse.registry.records import CheckResult, CheckStatus, FailedRow
from hanse.spec.contract import Contract, Table
from hanse.spec.types import DataType

if TYPE_CHECKING:
    from hanse.interfaces import Session, StoredColumn

# The engine seam's codes for "ended on request" and "session closed": no check's fault, so nothing to judge.
_ENDED = frozenset({"HNS-E009", "HNS-E018"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of data that Hanse did not write: it has types of its own, which may satisfy the contract's.

    Attributes:
        rows: rows of the table, None: not known. More than the relation's if some rows are left aside.
        names: name of a column in the files → its name in the relation, where they differ.
        typed: the types are those of the files; otherwise texts were read as the contract's.
        columns: name → engine type of the relation's columns, in order; None: they have to be asked for.
    """

    rows: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    typed: bool = True
    columns: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Subject:
    """The table under test, where it is bound, and what is known of it."""

    session: Session
    table: Table
    relation: str
    relations: Mapping[str, str]
    evidence: Evidence
    foreign: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.evidence.columns)

    def keeps(self, found: str, promised: DataType) -> bool:
        """Tell whether a column's type is the contract's, or of others' data, one that satisfies it."""
        return satisfies(found, promised) if self.foreign else keeps_type(found, promised)


def verify(
    session: Session,
    table: Table,
    contract: Contract,
    relation: str,
    files: Sequence[str],
    *,
    run_id: str,
    table_name: TableName,
    relations: Mapping[str, str],
    checks: Sequence[Check] | None = None,
    columns: Sequence[StoredColumn] | None = None,
    locate: Locate | None = None,
    now: datetime | None = None,
    limit: int = 20,
    shape: Shape | None = None,
) -> Verdict:
    """Verify every clause of a contract about one table.

    Args:
        session: locked session in which the relations are bound.
        table: the contract's table.
        contract: the contract.
        relation: bound name of the table under test.
        files: its Parquet files, for facts from their footers; empty when there are none.
        run_id: run that the results belong to.
        table_name: address of the table.
        relations: names that ``sql`` rules may use besides the table's own → bound relations.
        checks: those to verify; None: all that follow from the contract.
        columns: the table's columns in the table store, if the files are a table's: some may have been written when
            columns had other names.
        locate: says where the tables are that relationships lead to; None: among ``relations``, by their names.
        now: when it is, aware; None: by the machine's clock. Service levels depend on it.
        limit: greatest number of failing rows kept per check.
        shape: what is known of data that Hanse did not write.

    Returns:
        Exactly one result per check, in the contract's order, with exact counts; failing rows of failed checks.

    Raises:
        EngineError: the relation cannot be read at all, or the session was interrupted or closed. What goes wrong in
            a single check is that check's verdict instead.
    """
    if checks is None:
        checks = checks_of(contract, table)
    own = {name: relation for name in (table.physical_name, table_name.local, table.name) if name}
    checks = as_of(checks, now or datetime.now(UTC))
    checks = located(checks, locate or among(contract, table, relation, relations))
    evidence = look(session, relation, files, checks, columns, shape)
    subject = _Subject(session, table, relation, {**relations, **own}, evidence, foreign=shape is not None)
    checks = _readable(subject, checks)
    if shape is not None:
        checks = as_stored(checks, table, evidence.columns, typed=shape.typed)
    outcomes: dict[str, Outcome] = {}
    rows = subject.evidence.rows
    for one in plan(checks, subject.evidence):
        found, counted = _run(subject, one)
        outcomes.update(found)
        rows = counted if rows is None else rows
    if rows is None:
        rows = _count_rows(subject)
    results = []
    failed: list[FailedRow] = []
    for check in checks:
        result = judge(check, outcomes[check.id], rows, run_id, table_name)
        if result.status is CheckStatus.FAILED and (result.failed_rows or isinstance(check.measure, Answer)):
            result, samples = _samples(subject, check, result, limit)
            failed += samples
        results.append(result)
    return Verdict(tuple(results), tuple(failed))


def _readable(subject: _Subject, checks: Sequence[Check]) -> Sequence[Check]:
    """Turn statements whose conditions cannot be part of a scan into errors: the engine's parser reads them, too."""
    return [
        replace(check, measure=_read_twice(subject, check.measure)) if isinstance(check.measure, Stated) else check
        for check in checks
    ]


def _read_twice(subject: _Subject, measure: Stated) -> Stated | Broken:
    from hanse.quality.null_counts import read_twice
    from hanse.quality.null_reasons import reads_others
    from hanse.quality.statement import QueryFault

    try:
        if not reads_others(measure):
            read_twice(subject.session, measure, subject.table, subject.relations)
    except QueryFault as fault:
        return fault.broken
    return measure


def look(
    session: Session,
    relation: str,
    files: Sequence[str],
    checks: Sequence[Check],
    columns: Sequence[StoredColumn] | None = None,
    shape: Shape | None = None,
) -> Evidence:
    """Find out what planning needs: the relation's columns, what footers say, and samples where they help.

    Raises:
        EngineError: the relation cannot be read.
    """
    from hanse.quality import compile as statements

    shape = shape or Shape()
    described = dict(shape.columns or session.describe(statements.shape(relation)))
    statistics = session.statistics(files, columns) if files else {}
    statistics = {shape.names.get(name, name): facts for name, facts in statistics.items()}
    rows = next((facts.rows for facts in statistics.values()), shape.rows)
    evidence = Evidence(described, statistics, rows)
    if rows is None or rows < BIG:
        return evidence
    return _sampled(session, relation, checks, evidence)


def _sampled(session: Session, relation: str, checks: Sequence[Check], evidence: Evidence) -> Evidence:
    from hanse.quality.compile import cardinality, rising

    columns, keys = undecided(checks, evidence)
    few: set[str] = set()
    sorted_keys = set()
    if columns:
        counts = _numbers(session, cardinality(columns, relation))
        few = {name for name, count in zip(columns, counts, strict=True) if count <= FEW}
    for key in keys:
        total, risen = _numbers(session, rising(key, relation, sample=True))
        if risen >= total - 1:
            sorted_keys.add(key)
    return replace(evidence, few=frozenset(few), rising=frozenset(sorted_keys))


def _run(subject: _Subject, one: Pass) -> tuple[dict[str, Outcome], int | None]:
    """Answer the checks of a pass; if it fails as a whole, each alone, so that only the guilty one is an error."""
    try:
        return _answer(subject, one)
    except HanseError as error:
        if isinstance(error, EngineError) and error.code.id in _ENDED:
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
        found, counted = _run(subject, replace(one, checks=(check,)))
        outcomes.update(found)
        rows = counted if rows is None else rows
    return outcomes, rows


def _answer(subject: _Subject, one: Pass) -> tuple[dict[str, Outcome], int | None]:
    match one.method:
        case Method.SCAN | Method.DISTINCT:
            return _counted(subject, one)
        case Method.ORDER | Method.GROUP:
            return _repeated(subject, one), None
        case Method.REFERENCE:
            return {check.id: _looked_up(subject, check) for check in one.checks}, None
        case _:
            return {check.id: _single(subject, one.method, check) for check in one.checks}, None


def _single(subject: _Subject, method: Method, check: Check) -> Outcome:
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


def _told(subject: _Subject, method: Method, measure: Stated | Newest | Steps | Tried) -> Outcome:
    from hanse.quality import ages
    from hanse.quality.null_counts import count_unexplained
    from hanse.quality.statement import QueryFault
    from hanse.quality.trials import tried

    match measure:
        case Newest(target):
            newest = subject.evidence.statistics[target.column].maximum
            return Outcome(method, value=newest, told=ages.newest_is(measure, newest))
        case Steps():
            return Outcome(method, told=ages.steps_are(subject.session, measure, subject.relation))
        case Tried():
            return Outcome(method, told=tried(subject.session, measure))
        case Stated():
            try:
                return Outcome(method, count_unexplained(subject.session, measure, subject.table, subject.relations))
            except QueryFault as fault:
                return Outcome(method, error=f"{fault.broken.code}: {fault.broken.what}", fix=fault.broken.fix)


def _looked_up(subject: _Subject, check: Check) -> Outcome:
    from hanse.quality.compile import values_inside
    from hanse.quality.orphans import orphans

    assert isinstance(check.measure, References)
    of = None
    if any(isinstance(step, Each) for target in check.measure.targets for step in target.path):
        of = _numbers(subject.session, values_inside(check.measure.targets[0], subject.relation))[0]
    return Outcome(Method.REFERENCE, _numbers(subject.session, orphans(check.measure, subject.relation))[0], of=of)


def _asked(subject: _Subject, asked: Answer) -> Outcome:
    from hanse.quality.statement import QueryFault, answer

    try:
        return Outcome(Method.SQL, value=answer(subject.session, asked, subject.table, subject.relations))
    except QueryFault as fault:
        return Outcome(Method.SQL, error=f"{fault.broken.code}: {fault.broken.what}", fix=fault.broken.fix)


def _counted(subject: _Subject, one: Pass) -> tuple[dict[str, Outcome], int]:
    from hanse.quality import compile as statements

    if one.method is Method.DISTINCT and one.column:
        count = statements.distinct(one.checks, subject.relation, one.column)
    else:
        count = statements.scan(one.checks, subject.relation)
    values: Sequence[Any]
    if any(isinstance(check.measure, Newest | Aggregate) for check in one.checks):
        values = [column[0].as_py() for column in subject.session.fetch(count.sql).columns]
    else:  # numbers only, and Arrow takes longer to load than many tables to be looked at
        values = subject.session.rows(count.sql)[0]
    outcomes = {}
    for check in one.checks:
        at = count.positions.get(check.id)
        of = count.totals.get(check.id)
        if at is None:
            outcomes[check.id] = Outcome(one.method, value=int(values[0]))
        elif isinstance(check.measure, Newest):
            outcomes[check.id] = _newest(one.method, check.measure, values[at])
        elif isinstance(check.measure, Aggregate):
            outcomes[check.id] = Outcome(one.method, value=values[at])
        else:
            outcomes[check.id] = Outcome(one.method, int(values[at]), of=None if of is None else int(values[of]))
    return outcomes, int(values[0])


def _newest(method: Method, measure: Newest, found: Any) -> Outcome:
    from hanse.quality.ages import newest_is

    return Outcome(method, value=found, told=newest_is(measure, found))


def _repeated(subject: _Subject, one: Pass) -> dict[str, Outcome]:
    from hanse.quality import compile as statements

    measure = one.checks[0].measure
    assert isinstance(measure, Duplicates)
    keys = rows = 0
    method = one.method
    if method is Method.ORDER:
        total, risen = _numbers(subject.session, statements.rising(measure.targets, subject.relation))
        method = Method.ORDER if risen >= total - 1 else Method.GROUP
    if method is Method.GROUP:
        found = in_parts(
            lambda part: _numbers(subject.session, statements.groups(measure.targets, subject.relation, part=part))
        )
        keys, rows = (sum(numbers) for numbers in zip(*found, strict=True))
    nulls = 0
    if any(isinstance(c.measure, Duplicates) and c.measure.nulls for c in one.checks):
        nulls = _key_nulls(subject, measure)
    of = None
    if any(isinstance(step, Each) for target in measure.targets for step in target.path):
        of = _numbers(subject.session, statements.values_inside(measure.targets[0], subject.relation))[0]
    return {
        c.id: Outcome(
            method,
            failed=rows + (nulls if isinstance(c.measure, Duplicates) and c.measure.nulls else 0),
            value=keys if isinstance(c.measure, Duplicates) and c.measure.counts == "keys" else rows - keys,
            of=of,
        )
        for c in one.checks
    }


def _key_nulls(subject: _Subject, measure: Duplicates) -> int:
    from hanse.quality.compile import key_nulls

    facts = [None if t.path else subject.evidence.statistics.get(t.column) for t in measure.targets]
    known = [f.nulls for f in facts if f is not None]
    if len(known) == len(facts) and all(n == 0 for n in known):
        return 0
    return _numbers(subject.session, key_nulls(measure.targets, subject.relation))[0]


def _count_rows(subject: _Subject) -> int:
    from hanse.quality.compile import scan

    return _numbers(subject.session, scan((), subject.relation).sql)[0]


def _samples(
    subject: _Subject, check: Check, result: CheckResult, limit: int
) -> tuple[CheckResult, tuple[FailedRow, ...]]:
    from hanse.quality.samples import sampled

    try:
        return sampled(subject.session, check, result, subject.table, subject.relations, subject.names, limit)
    except EngineError as error:
        if error.code.id in _ENDED:
            raise
        note = f"{result.message}; its rows could not be read: {error.problem.what}"
        return replace(result, message=note), ()


def _numbers(session: Session, sql: str) -> list[int]:
    return [int(number) for number in session.rows(sql)[0]]
