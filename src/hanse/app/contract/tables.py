"""The tables of one contract, each against its data: exactly one verdict per clause, whatever happens to the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hanse.app.contract.options import Options
from hanse.app.contract.places import Place
from hanse.base import HanseError, Problem, Severity, TableName
from hanse.quality.checks import checks_of
from hanse.quality.verdict import Verdict
from hanse.registry.records import CheckResult, CheckStatus, FailedRow

if TYPE_CHECKING:
    from hanse.app.contract.files import Bound, FileData
    from hanse.interfaces import RejectedLine
    from hanse.spec.contract import Contract, Table

_LISTED = 10
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of one table.

    Attributes:
        verdict: a result per clause.
        shown: where its data is, as the user would call it; None: nobody said.
        problem: why its data cannot be read; then all its checks are errors.
    """

    verdict: Verdict
    shown: str | None
    problem: Problem | None = None


def verify_tables(
    contract: Contract, tables: Sequence[Table], located: Mapping[str, Place | Problem], options: Options
) -> list[Tested]:
    """Verify tables of a contract.

    Args:
        contract: the contract.
        tables: those to verify.
        located: name of a table → where its data is, or why nobody knows; of others than ``tables``, too.
        options: with what means.
    """
    hosted = _hosted(contract, tables, in_databases(located), options)
    with bound_tables(contract, located, options) as (data, bound):
        return [
            hosted[table.name]
            if table.name in hosted
            else _tested(contract, table, located[table.name], bound, data, options)
            for table in tables
        ]


def in_databases(located: Mapping[str, Place | Problem]) -> dict[str, Place]:
    """Return the tables that databases look at themselves, each with its place."""
    return {n: p for n, p in located.items() if isinstance(p, Place) and p.database is not None}


def _hosted(
    contract: Contract, tables: Sequence[Table], places: Mapping[str, Place], options: Options
) -> dict[str, Tested]:
    if not places:
        return {}
    from hanse.app.contract.databases import verify_databases

    tested = {}
    verdicts = verify_databases(contract, tables, places, options)
    for table in tables:
        found, shown = verdicts.get(table.name), places[table.name].shown if table.name in places else ""
        if isinstance(found, Problem):
            tested[table.name] = _unread(contract, table, found, shown)
        elif found is not None:
            verdict, extra = found
            results = (*verdict.results, _columns_result(table, extra))
            tested[table.name] = Tested(Verdict(results, verdict.failed_rows), shown)
    return tested


@contextmanager
def bound_tables(
    contract: Contract, located: Mapping[str, Place | Problem], options: Options
) -> Iterator[tuple[FileData | None, dict[str, Bound | Problem]]]:
    """Make the data of a contract's tables readable that is in files.

    Args:
        contract: the contract.
        located: name of a table → where its data is, or why nobody knows.
        options: with what means.

    Yields:
        Where tables are bound, None if there is no data at all; and name of a table → how, or why not.
    """
    here = {name: place for name, place in located.items() if isinstance(place, Place) and place.database is None}
    if not here:
        yield None, {}
        return
    from hanse.app.contract.files import opened_files

    with opened_files(here.values(), options) as data:
        yield data, {t.name: _bound(data, t, here[t.name]) for t in contract.tables if t.name in here}


def _bound(data: FileData, table: Table, place: Place) -> Bound | Problem:
    try:
        return data.bind(table, place)
    except HanseError as error:
        return error.problem


def _tested(
    contract: Contract,
    table: Table,
    place: Place | Problem,
    bound: Mapping[str, Bound | Problem],
    data: FileData | None,
    options: Options,
) -> Tested:
    if isinstance(place, Problem):
        return _unread(contract, table, place)
    assert data is not None
    found = bound[table.name]
    if isinstance(found, Problem):
        return _unread(contract, table, found, place.shown)
    relations = relations_of(contract, bound)
    try:
        verdict = _verdict(contract, table, found, data, relations, options.rows)
    except HanseError as error:
        return _unread(contract, table, error.problem, place.shown)
    extra = _columns_result(table, found.matched.extra)
    results, failed_rows = (*verdict.results, extra), verdict.failed_rows
    if found.rejected:
        sound = found.texts.rows if found.texts else 0
        result, rows = _rejected(table, found.rejected, sound, options.rows)
        results, failed_rows = (*results, result), (*failed_rows, *rows)
    return Tested(Verdict(results, failed_rows), place.shown)


def _rejected(
    table: Table, lines: Sequence[RejectedLine], sound: int, limit: int
) -> tuple[CheckResult, tuple[FailedRow, ...]]:
    """Return the verdict on lines that are no rows; all other checks look at the sound ones."""
    from hanse.quality.masking import curtained_line

    name = TableName("", "", table.name)
    result = CheckResult(
        run_id="",
        table=name,
        check_id="bad_rows",
        clause="every line is a row",
        status=CheckStatus.FAILED,
        severity=Severity.ERROR,
        failed_rows=len(lines),
        total_rows=sound + len(lines),
        method="scan",
        dimension="conformity",
        message=f"{len(lines):,} of {sound + len(lines):,} lines are no rows",
    )
    rows = (
        FailedRow("", name, "bad_rows", f"line {line.number} is no row: {line.reason}", row)
        for line in lines[:limit]
        for row in (curtained_line(line.text[:_LONGEST], table),)
    )
    return result, tuple(rows)


def relations_of(contract: Contract, bound: Mapping[str, Bound | Problem]) -> dict[str, str]:
    """Return what a contract's queries and relationships may read, by all names that its tables have."""
    found: dict[str, str] = {}
    for table in contract.tables:
        one = bound.get(table.name)
        if one is not None and not isinstance(one, Problem):
            found |= {name: one.relation for name in (table.physical_name, table.name) if name}
    return found


def _verdict(
    contract: Contract, table: Table, found: Bound, data: FileData, relations: Mapping[str, str], rows: int
) -> Verdict:
    from hanse.quality.run import verify
    from hanse.quality.texts import verify_texts

    session, name = data.session, TableName("", "", table.name)
    if found.texts is not None:
        return verify_texts(session, table, contract, found.texts, table_name=name, relations=relations, limit=rows)
    return verify(
        session,
        table,
        contract,
        found.relation,
        found.files,
        run_id="",
        table_name=name,
        relations=relations,
        columns=found.columns,
        limit=rows,
        shape=found.shape,
    )


def _columns_result(table: Table, extra: Sequence[str]) -> CheckResult:
    """Return the verdict on columns that the contract does not name: nothing of them is promised."""
    message = None
    if extra:
        more = f" and {len(extra) - _LISTED} more" if len(extra) > _LISTED else ""
        message = f"the contract does not name {', '.join(f'`{e}`' for e in extra[:_LISTED])}{more}"
    return CheckResult(
        run_id="",
        table=TableName("", "", table.name),
        check_id="columns",
        clause="columns",
        status=CheckStatus.FAILED if extra else CheckStatus.PASSED,
        severity=Severity.WARNING,
        method="schema",
        dimension="conformity",
        message=message,
        path=table.where.path if table.where else None,
        line=table.where.line if table.where else None,
    )


def _unread(contract: Contract, table: Table, problem: Place | Problem, shown: str | None = None) -> Tested:
    """Return a table's checks as errors: there is nothing to verify them against."""
    assert isinstance(problem, Problem)
    results = tuple(
        CheckResult(
            run_id="",
            table=TableName("", "", table.name),
            check_id=check.id,
            clause=check.clause,
            status=CheckStatus.ERROR,
            severity=check.severity,
            column=check.column,
            method="none",
            dimension=check.dimension,
            message=problem.fix,
            error=f"{problem.code}: {problem.what}",
            path=check.location.path if check.location else contract.path,
            line=check.location.line or None if check.location else None,
        )
        for check in checks_of(contract, table)
    )
    return Tested(Verdict(results), shown, problem)
