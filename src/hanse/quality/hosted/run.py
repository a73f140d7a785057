"""From checks to verdicts in a database: one scan there for all that it answers exactly; the engine does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hanse.base import HanseError, TableName
from hanse.quality import compile as statements
from hanse.quality.answers import compare_columns
from hanse.quality.hosted.place import needed, place
from hanse.quality.hosted.placing import is_document
from hanse.quality.hosted.rows import broken_rows, shown_columns
from hanse.quality.hosted.rules import answer
from hanse.quality.hosted.staging import Host
from hanse.quality.hosted.tables import HostedTable
from hanse.quality.orphans import orphans
from hanse.quality.plan import Evidence, Method, Pass, plan
from hanse.quality.records import (
    Answer,
    Broken,
    Check,
    Columns,
    Duplicates,
    References,
    Rows,
    Settled,
    Typed,
)
from hanse.quality.secrets import reveals
from hanse.quality.statement import QueryFault
from hanse.quality.texts import verify_texts
from hanse.quality.types import satisfies
from hanse.quality.verdict import Outcome, Verdict, judge
from hanse.registry.records import CheckResult, CheckStatus, FailedRow
from hanse.spec.contract import Contract, Table

_ENDED = frozenset({"HNS-E009", "HNS-E018"})


def verify_hosted(
    host: Host,
    contract: Contract,
    table: Table,
    *,
    table_name: TableName,
    checks: Sequence[Check] | None = None,
    run_id: str = "",
    limit: int = 20,
) -> Verdict:
    """Verify every clause of a contract about one table of a database; see :func:`hanse.quality.verify`.

    Args:
        host: the database, and what the engine needs to help.
        contract: the contract.
        table: one of its tables, in ``host.dialect.tables`` by its name.
        table_name: address of the table.
        checks: those to verify; None: all that follow from the contract.
        run_id: run that the results belong to.
        limit: greatest number of failing rows kept per check.

    Returns:
        Exactly one result per check, in the contract's order. Failing rows show the key and what the check looks at.

    Raises:
        IngestError: the table cannot be read at all.
        EngineError: the engine was interrupted or closed.
    """
    placed = place(host, contract, table, checks)
    rows = _number(host, statements.scan((), table.name, write=host.dialect.write).sql)
    results: dict[str, CheckResult] = {}
    failed: list[FailedRow] = []
    here = [one.check for one in placed if one.why is None]
    for one in plan(here, Evidence({name: c.declared for name, c in host.dialect.tables[table.name].columns.items()})):
        for check, outcome in _answered(host, table.name, one, rows):
            secret = reveals(check.measure, table, contract, host.dialect.name)
            result = judge(check, outcome, rows, run_id, table_name, secret=secret)
            if result.status is CheckStatus.FAILED and result.failed_rows:
                result, samples = _samples(host, check, table.name, result, limit)
                failed += samples
            results[check.id] = result
    brought = [one.check for one in placed if one.why is not None]
    if brought:
        verdict = _brought(host, contract, table, brought, table_name, run_id, limit)
        results |= {r.check_id: r for r in verdict.results}
        failed += verdict.failed_rows
    order = {one.check.id: at for at, one in enumerate(placed)}
    failed.sort(key=lambda row: order[row.check_id])
    return Verdict(tuple(results[one.check.id] for one in placed), tuple(failed))


def _answered(host: Host, relation: str, one: Pass, rows: int) -> list[tuple[Check, Outcome]]:
    """Answer the checks of a pass in the database."""
    try:
        match one.method:
            case Method.SCAN:
                return _scanned(host, relation, one)
            case Method.GROUP:
                return _repeated(host, relation, one)
            case _:
                return [(check, _single(host, relation, one.method, check, rows)) for check in one.checks]
    except HanseError as error:
        if error.code.id in _ENDED:
            raise
        outcome = Outcome(one.method, error=f"{error.code}: {_words(error)}", fix=error.problem.fix)
        return [(check, outcome) for check in one.checks]


def _scanned(host: Host, relation: str, one: Pass) -> list[tuple[Check, Outcome]]:
    count = statements.scan(one.checks, relation, write=host.dialect.write)
    numbers = host.database.fetch(count.sql)[0]
    found = []
    for check in one.checks:
        at = count.positions.get(check.id)
        outcome = Outcome(one.method, value=int(numbers[0])) if at is None else Outcome(one.method, int(numbers[at]))
        found.append((check, outcome))
    return found


def _repeated(host: Host, relation: str, one: Pass) -> list[tuple[Check, Outcome]]:
    measure = one.checks[0].measure
    assert isinstance(measure, Duplicates)
    write = host.dialect.write
    keys, rows = (int(n) for n in host.database.fetch(statements.groups(measure.targets, relation, write=write))[0])
    nulls = 0
    if any(isinstance(check.measure, Duplicates) and check.measure.nulls for check in one.checks):
        nulls = _number(host, statements.key_nulls(measure.targets, relation, write=write))
    return [
        (check, Outcome(one.method, rows + nulls * _counts_nulls(check), value=rows - keys)) for check in one.checks
    ]


def _counts_nulls(check: Check) -> bool:
    return isinstance(check.measure, Duplicates) and check.measure.nulls


def _single(host: Host, relation: str, method: Method, check: Check, rows: int) -> Outcome:
    hosted = host.dialect.tables[relation]
    match check.measure:
        case Broken(code, what, fix):
            return Outcome(method, error=f"{code}: {what}", fix=fix)
        case Settled():
            return Outcome(method, failed=0)
        case Typed(target):
            column = hosted.columns[target.column]
            fits = column.holds is None or satisfies(column.holds, target.type)
            return Outcome(method, value=column.declared or "any type", failed=None if fits else 1)
        case Columns():
            return compare_columns(method, check.measure, hosted.order)
        case Rows():
            return Outcome(method, value=rows)
        case References():
            return Outcome(method, _number(host, orphans(check.measure, relation, write=host.dialect.write)))
        case Answer():
            try:
                value = answer(host.database, host.session, check.measure, hosted, host.dialect.tables)
            except QueryFault as fault:
                return Outcome(method, error=f"{fault.broken.code}: {fault.broken.what}", fix=fault.broken.fix)
            return Outcome(method, value=value)
        case _:
            raise AssertionError("the scan answers it")


def _brought(
    host: Host, contract: Contract, table: Table, checks: Sequence[Check], name: TableName, run_id: str, limit: int
) -> Verdict:
    """Answer checks in the engine, over the columns that they need."""
    hosted = host.dialect.tables[table.name]
    wanted = needed(hosted, checks)
    try:
        texts = host.texts(table.name, wanted) if wanted else host.nothing(table.name)
        relations = {}
        for check in checks:
            if isinstance(check.measure, References) and check.measure.relation not in (None, table.name):
                other = check.measure.relation
                assert other is not None
                relations[other] = host.texts(other, [t.column for t in check.measure.to]).relation
    except HanseError as error:
        if error.code.id in _ENDED:
            raise
        outcome = Outcome(Method.SCAN, error=f"{error.code}: {_words(error)}", fix=error.problem.fix)
        return Verdict(tuple(judge(check, outcome, 0, run_id, name) for check in checks))
    verdict = verify_texts(
        host.session,
        table,
        contract,
        texts,
        table_name=name,
        relations=relations,
        checks=checks,
        run_id=run_id,
        limit=limit,
    )
    by_id = {check.id: check for check in checks}
    results = tuple(_declared(hosted, by_id[result.check_id], result) for result in verdict.results)
    failed = tuple(_narrowed(host, table.name, by_id[row.check_id], row) for row in verdict.failed_rows)
    return Verdict(results, failed)


def _declared(hosted: HostedTable, check: Check, result: CheckResult) -> CheckResult:
    """Name a column's type as the database does, and judge that as well as the values."""
    if not isinstance(check.measure, Typed):
        return result
    target = check.measure.target
    column = hosted.columns[target.column]
    judged = column.holds is not None and not is_document(target.type, column)
    if judged and not satisfies(column.holds or "", target.type) and result.status is not CheckStatus.ERROR:
        message = f"{target} is {column.declared}, the contract says {target.type}"
        return replace(result, status=CheckStatus.FAILED, measured=column.declared, message=message)
    return replace(result, measured=column.declared or "any type")


def _narrowed(host: Host, relation: str, check: Check, row: FailedRow) -> FailedRow:
    if isinstance(check.measure, Typed):
        names = {*shown_columns(host, relation, check), check.measure.target.column}
    else:
        names = set(shown_columns(host, relation, check))
    return replace(row, row={name: value for name, value in row.row.items() if name in names})


def _samples(
    host: Host, check: Check, relation: str, result: CheckResult, limit: int
) -> tuple[CheckResult, tuple[FailedRow, ...]]:
    try:
        found = broken_rows(host, check, relation, limit)
    except HanseError as error:
        if error.code.id in _ENDED:
            raise
        return replace(result, message=f"{result.message}; its rows could not be read: {error.problem.what}"), ()
    return result, tuple(FailedRow(result.run_id, result.table, check.id, reason, row) for row, reason in found)


def _number(host: Host, select: str) -> int:
    return int(host.database.fetch(select)[0][0])


def _words(error: HanseError) -> str:
    return f"{error.problem.what}: {error.problem.why}" if error.problem.why else error.problem.what
