"""Data of texts (CSV, JSON, Excel): each value is read as the contract's type; those that cannot be break its type.

A value that cannot be read fails the check of its column's type, with its row. Every other check looks at the rows
whose columns it needs could be read; queries of the contract see null in place of such a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hanse.base import TableName
from hanse.quality.checks import checks_of
from hanse.quality.evidence import Shape
from hanse.quality.records import Check, Duplicates, References, Typed, Violations
from hanse.quality.references import among
from hanse.quality.run import verify
from hanse.quality.verdict import Verdict
from hanse.registry.records import CheckResult, CheckStatus, FailedRow
from hanse.spec.contract import Contract, Table
from hanse.spec.types import DataType, Scalar

if TYPE_CHECKING:
    from hanse.interfaces import Session


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts that were read as a contract's types.

    Attributes:
        raw: bound relation of the texts, columns named as in the contract.
        have: its columns and their types.
        want: those that the contract has, with its types.
        relation: bound relation of the values, null where a text cannot be read.
        rows: in both.
        bad: column → number of its texts that cannot be read, if there are any.
    """

    raw: str
    have: tuple[tuple[str, str], ...]
    want: tuple[tuple[str, DataType], ...]
    relation: str
    rows: int
    bad: Mapping[str, int]


def read_texts(session: Session, table: Table, raw: str, relation: str, *, hold: bool) -> Texts:
    """Read texts as a contract's types.

    Args:
        session: where ``raw`` is bound.
        table: the contract's table.
        raw: bound relation, columns named as in the contract.
        relation: name to bind the values under.
        hold: keep them in the session's memory (which may spill), so that texts are read only once.

    Raises:
        EngineError: the texts cannot be read at all.
    """
    from hanse import sql

    have = session.describe(sql.select_star(raw))
    names = {name for name, _ in have}
    want = tuple((c.name, c.type) for c in table.columns if c.name in names)
    select = sql.try_projection(sql.select_star(raw), have, want)
    if hold:
        session.hold(relation, select)
    else:
        session.derive(relation, select)
    cast = [name for name, kind in want if kind is not Scalar.VARCHAR]
    before, after = (session.rows(sql.count_values(r, cast))[0] for r in (raw, relation))
    lost = {name: int(b) - int(a) for name, b, a in zip(cast, before[1:], after[1:], strict=True)}
    return Texts(raw, have, want, relation, int(after[0]), {name: n for name, n in lost.items() if n})


def verify_texts(
    session: Session,
    table: Table,
    contract: Contract,
    texts: Texts,
    *,
    table_name: TableName,
    relations: Mapping[str, str],
    checks: Sequence[Check] | None = None,
    run_id: str = "",
    limit: int = 20,
) -> Verdict:
    """Verify every clause of a contract about a table of texts; see :func:`hanse.quality.verify`.

    Raises:
        EngineError: the texts cannot be read at all, or the session was interrupted or closed.
    """
    checks = checks_of(contract, table) if checks is None else checks
    groups: dict[frozenset[str], list[Check]] = {}
    for check in checks:
        spoiled = frozenset() if isinstance(check.measure, Typed) else columns_of(check) & frozenset(texts.bad)
        groups.setdefault(spoiled, []).append(check)
    results: dict[str, CheckResult] = {}
    failed: list[FailedRow] = []
    for spoiled, members in groups.items():
        verdict = verify(
            session,
            table,
            contract,
            _sound(session, texts, spoiled) if spoiled else texts.relation,
            (),
            run_id=run_id,
            table_name=table_name,
            relations=relations,
            checks=members,
            limit=limit,
            locate=among(contract, table, texts.relation, relations),
            shape=Shape(texts.rows, typed=False),
        )
        results |= {r.check_id: r for r in verdict.results}
        failed += verdict.failed_rows
    for check in checks:
        if isinstance(check.measure, Typed) and check.measure.target.column in texts.bad:
            found = results[check.id]
            results[check.id] = _unread(found, texts, check.measure.target.column)
            failed += _unread_rows(session, table, texts, check.measure, found, limit)
    return Verdict(tuple(results[check.id] for check in checks), tuple(failed))


def columns_of(check: Check) -> frozenset[str]:
    """Return the columns of the table whose values a check looks at, one by one."""
    match check.measure:
        case Violations(target):
            return frozenset({target.column})
        case Duplicates(targets) | References(targets):
            return frozenset(target.column for target in targets)
        case _:
            return frozenset({check.column} if check.column else ())


def _sound(session: Session, texts: Texts, spoiled: frozenset[str]) -> str:
    """Bind the rows in which all these columns could be read."""
    from hanse import sql

    name = f"{texts.relation}__{len(spoiled)}_{'_'.join(sorted(spoiled))}"
    wanted = [(column, kind) for column, kind in texts.want if column in spoiled]
    failures = sql.cast_failures(sql.select_star(texts.raw), texts.have, wanted, 0)
    assert failures is not None  # some values could not be cast
    session.derive(name, sql.try_projection(failures.sound, texts.have, texts.want))
    return name


def _unread(result: CheckResult, texts: Texts, column: str) -> CheckResult:
    number = texts.bad[column]
    message = f"{number:,} of {texts.rows:,} values cannot be read as {dict(texts.want)[column]}"
    return replace(
        result,
        status=CheckStatus.FAILED,
        failed_rows=number,
        total_rows=texts.rows,
        measured=None,
        method="scan",
        message=message,
    )


def _unread_rows(
    session: Session, table: Table, texts: Texts, typed: Typed, result: CheckResult, limit: int
) -> tuple[FailedRow, ...]:
    from hanse import sql
    from hanse.quality.masking import MASK, curtained, hidden_columns
    from hanse.quality.notation.values import as_json
    from hanse.quality.rows import shown

    column = typed.target.column
    select = sql.bad_values(sql.select_star(texts.raw), texts.have, (column, dict(texts.want)[column]))
    if select is None or limit <= 0:
        return ()
    rows = session.fetch(sql.limit(select, limit)).to_pylist()
    hidden = hidden_columns(table)
    return tuple(
        FailedRow(
            result.run_id,
            result.table,
            result.check_id,
            f"{typed.target} is {MASK if column in hidden else shown(row[column])}, which is no {typed.target.type}",
            curtained({name: as_json(value) for name, value in row.items()}, table, (column,), hidden),
        )
        for row in rows
    )
