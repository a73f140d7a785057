"""From checks to verdicts in a database: one scan there for all that it answers exactly; the engine does the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hanse.base import HanseError, TableName
from hanse.quality import compile as statements
from hanse.quality.checks import checks_of
from hanse.quality.hosted.dialects import Untranslatable
from hanse.quality.hosted.physical import declared
from hanse.quality.hosted.placing import doubtful, is_document, refusal
from hanse.quality.hosted.rows import broken_rows, shown_columns
from hanse.quality.hosted.rules import answer, confined
from hanse.quality.hosted.staging import Host
from hanse.quality.hosted.tables import HostedTable
from hanse.quality.orphans import orphans
from hanse.quality.plan import Evidence, Method, Pass, plan, present
from hanse.quality.records import (
    Aged,
    Aggregate,
    Answer,
    Broken,
    Check,
    Columns,
    Duplicates,
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
from hanse.quality.references import among, located
from hanse.quality.run import compare_columns
from hanse.quality.statement import QueryFault
from hanse.quality.texts import columns_of, verify_texts
from hanse.quality.types import satisfies
from hanse.quality.verdict import Outcome, Verdict, judge
from hanse.registry.records import CheckResult, CheckStatus, FailedRow
from hanse.spec.contract import Contract, Table

_ENDED = frozenset({"HNS-E009", "HNS-E018"})
_LACKS = {
    "nan": "NaN is no {type}",
    "no date": "0000-00-00 is no date",
    "no time": "a time is longer than a day",
    "no integer": "values are there that are no whole numbers",
    "no real": "values are there that are no floating-point numbers",
    "no text": "values are there that are no plain texts",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A check, and who answers it.

    Attributes:
        why: why the engine does; None: the database does, or there is nothing to ask.
    """

    check: Check
    why: str | None = None


def place(host: Host, contract: Contract, table: Table, checks: Sequence[Check] | None = None) -> tuple[Placed, ...]:
    """Decide, for each clause about a table, whether the database can answer it exactly.

    Raises:
        IngestError: the database cannot be asked.
    """
    relation, tables = table.name, host.dialect.tables
    hosted = tables[relation]
    bound = located(
        checks_of(contract, table) if checks is None else checks,
        among(contract, table, relation, {name: name for name in tables}),
    )
    known = present(bound, Evidence({name: column.declared for name, column in hosted.columns.items()}))
    known = tuple(declared(check, hosted, host.dialect.name) for check in known)
    placed = [Placed(check, refusal(check, hosted, tables, host.dialect.name)) for check in known]
    placed = [one if one.why else replace(one, why=_unwritten(host, one.check, relation)) for one in placed]
    doubts = _doubts(host, relation, placed)
    return tuple(one if one.why else replace(one, why=_doubted(one.check, relation, doubts)) for one in placed)


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
            result = judge(check, outcome, rows, run_id, table_name)
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


def explain_hosted(host: Host, contract: Contract, table: Table) -> list[dict[str, Any]]:
    """Return, as a document, how each check of a table would be answered: by whom, why, and with what SQL.

    Raises:
        IngestError: the database cannot be asked.
    """
    placed = place(host, contract, table)
    hosted = host.dialect.tables[table.name]
    here = [one.check for one in placed if one.why is None]
    passes = plan(here, Evidence({name: c.declared for name, c in hosted.columns.items()}))
    documents = [
        {
            "method": one.method.value,
            "column": one.column,
            "where": "database" if one.method not in (Method.NONE, Method.SCHEMA) else "",
            "why": None,
            "sql": _sql(host, table.name, one),
            "checks": [check.clause for check in one.checks],
        }
        for one in passes
    ]
    reasons: dict[str, list[Check]] = {}
    for one in placed:
        if one.why is not None:
            reasons.setdefault(one.why, []).append(one.check)
    for why, members in reasons.items():
        names = _needed(hosted, members)
        documents.append(
            {
                "method": Method.SCAN.value,
                "column": None,
                "where": "engine" if names else "",
                "why": why,
                "sql": host.dialect.staged(table.name, names) if names else None,
                "checks": [check.clause for check in members],
            }
        )
    return documents


def _unwritten(host: Host, check: Check, relation: str) -> str | None:
    """Say what of a check's tree has no counterpart in the database's dialect."""
    write = host.dialect.write
    try:
        match check.measure:
            case Violations():
                statements.scan((check,), relation, write=write)
            case Duplicates(targets):
                statements.groups(targets, relation, write=write)
            case References():
                orphans(check.measure, relation, write=write)
    except Untranslatable as reason:
        return str(reason)
    return None


def _doubts(host: Host, relation: str, placed: Iterable[Placed]) -> dict[tuple[str, str], str]:
    """Count the values that the engine's types do not have, in one look per table; return what is wrong by column."""
    wanted: dict[str, dict[str, Any]] = {}
    for one in placed:
        if one.why is None:
            for where, name in _looked_at(one.check, relation):
                column = host.dialect.tables[where].columns.get(name)
                doubt = doubtful(column, host.dialect.name) if column is not None else None
                if doubt is not None:
                    wanted.setdefault(where, {})[name] = doubt
    found = {}
    for where, doubts in wanted.items():
        counts = host.database.fetch(host.dialect.doubts(where, doubts))[0]
        for (name, doubt), count in zip(doubts.items(), counts, strict=True):
            if int(count):
                declared = host.dialect.tables[where].columns[name].declared
                found[where, name] = _LACKS[doubt].format(type=declared)
    return found


def _doubted(check: Check, relation: str, doubts: Mapping[tuple[str, str], str]) -> str | None:
    return next((doubts[place] for place in _looked_at(check, relation) if place in doubts), None)


def _looked_at(check: Check, relation: str) -> list[tuple[str, str]]:
    """Return the columns whose values a check compares, each with its table."""
    match check.measure:
        case Typed(target) | Violations(target):
            return [(relation, target.column)]
        case Duplicates(targets):
            return [(relation, t.column) for t in targets]
        case References(targets, _, to, other):
            return [*((relation, t.column) for t in targets), *((other or relation, t.column) for t in to)]
        case _:
            return []


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
    needed = _needed(hosted, checks)
    try:
        texts = host.texts(table.name, needed) if needed else host.nothing(table.name)
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


def _needed(hosted: HostedTable, checks: Iterable[Check]) -> list[str]:
    """Return the columns that the engine needs to answer checks; none, if they ask nothing of the data."""
    names: set[str] = set()
    for check in checks:
        match check.measure:
            case Promised() | Tried():
                continue
            case Stated(target, when):
                words = set(re.findall(r"\w+", " ".join(when).lower()))
                names |= {target.column, *(n for n in hosted.columns if words & set(re.findall(r"\w+", n.lower())))}
            case Typed(target) | Newest(target) | Steps(target) | Aged(target) | Aggregate(target=target):
                names.add(target.column)
            case Violations() | Duplicates() | References():
                names |= columns_of(check)
            case _:
                names |= set(hosted.columns)
        if isinstance(check.measure, References) and check.measure.relation == hosted.table.name:
            names |= {t.column for t in check.measure.to}
    return [name for name in hosted.columns if name in names | set(hosted.table.primary_key)] if names else []


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


def _sql(host: Host, relation: str, one: Pass) -> str | None:
    write, measure = host.dialect.write, one.checks[0].measure
    if one.method is Method.SCAN:
        return statements.scan(one.checks, relation, write=write).sql
    if isinstance(measure, Duplicates):
        return statements.groups(measure.targets, relation, write=write)
    if isinstance(measure, References):
        return orphans(measure, relation, write=write)
    if isinstance(measure, Answer):
        try:
            return confined(measure, host.dialect.tables[relation], host.dialect)
        except QueryFault as fault:
            return f"-- {fault.broken.what}"
    return None


def _number(host: Host, select: str) -> int:
    return int(host.database.fetch(select)[0][0])


def _words(error: HanseError) -> str:
    return f"{error.problem.what}: {error.problem.why}" if error.problem.why else error.problem.what
