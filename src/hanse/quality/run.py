"""From checks to verdicts: plan, look, judge, and fetch the rows that broke something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hanse.base import EngineError, TableName
from hanse.quality.answers import ENDED, Subject, answered
from hanse.quality.checks import checks_of
from hanse.quality.evidence import Shape, look, numbers
from hanse.quality.now import as_of
from hanse.quality.physical import as_stored
from hanse.quality.plan import plan
from hanse.quality.records import (
    Answer,
    Broken,
    Check,
    Stated,
)
from hanse.quality.references import Locate, among, located
from hanse.quality.secrets import reveals
from hanse.quality.verdict import Outcome, Verdict, judge
from hanse.registry.records import CheckResult, CheckStatus, FailedRow
from hanse.spec.contract import Contract, Table

if TYPE_CHECKING:
    from hanse.interfaces import Session, StoredColumn


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
    subject = Subject(session, table, relation, {**relations, **own}, evidence, foreign=shape is not None)
    checks = _readable(subject, checks)
    if shape is not None:
        checks = as_stored(checks, table, evidence.columns, typed=shape.typed)
    outcomes: dict[str, Outcome] = {}
    rows = subject.evidence.rows
    for one in plan(checks, subject.evidence):
        found, counted = answered(subject, one)
        outcomes.update(found)
        rows = counted if rows is None else rows
    if rows is None:
        rows = _count_rows(subject)
    results = []
    failed: list[FailedRow] = []
    for check in checks:
        secret = reveals(check.measure, table, contract)
        result = judge(check, outcomes[check.id], rows, run_id, table_name, secret=secret)
        if result.status is CheckStatus.FAILED and (result.failed_rows or isinstance(check.measure, Answer)):
            result, samples = _samples(subject, check, result, limit)
            failed += samples
        results.append(result)
    return Verdict(tuple(results), tuple(failed))


def _readable(subject: Subject, checks: Sequence[Check]) -> Sequence[Check]:
    """Turn statements whose conditions cannot be part of a scan into errors: the engine's parser reads them, too."""
    return [
        replace(check, measure=_read_twice(subject, check.measure)) if isinstance(check.measure, Stated) else check
        for check in checks
    ]


def _read_twice(subject: Subject, measure: Stated) -> Stated | Broken:
    from hanse.quality.null_counts import read_twice
    from hanse.quality.null_reasons import reads_others
    from hanse.quality.statement import QueryFault

    try:
        if not reads_others(measure):
            read_twice(subject.session, measure, subject.table, subject.relations)
    except QueryFault as fault:
        return fault.broken
    return measure


def _count_rows(subject: Subject) -> int:
    from hanse.quality.compile import scan

    return numbers(subject.session, scan((), subject.relation).sql)[0]


def _samples(
    subject: Subject, check: Check, result: CheckResult, limit: int
) -> tuple[CheckResult, tuple[FailedRow, ...]]:
    from hanse.quality.samples import sampled

    try:
        return sampled(subject.session, check, result, subject.table, subject.relations, subject.names, limit)
    except EngineError as error:
        if error.code.id in ENDED:
            raise
        note = f"{result.message}; its rows could not be read: {error.problem.what}"
        return replace(result, message=note), ()
