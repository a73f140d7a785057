"""The second pass, for failed checks only: a bounded sample of the rows that are to blame, classified values masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hanse.quality.masking import curtained, hidden_columns
from hanse.quality.notation.conditions import holds
from hanse.quality.records import Answer, Check, Duplicates, References, Stated, Violations
from hanse.quality.rows import Sample, counted_by_query, failing_rows, unexplained_rows
from hanse.registry.records import CheckResult, FailedRow
from hanse.spec.contract import Table

if TYPE_CHECKING:
    from hanse.interfaces import Session


def sampled(
    session: Session,
    check: Check,
    result: CheckResult,
    table: Table,
    relations: Mapping[str, str],
    names: Sequence[str],
    limit: int,
) -> tuple[CheckResult, tuple[FailedRow, ...]]:
    """Fetch a sample of the rows that break a check.

    Args:
        session: locked session in which the relations are bound.
        check: a check that failed.
        result: its verdict.
        table: the contract's table.
        relations: names that queries may use, the table's own among them → bound relations.
        names: the table's columns, in order.
        limit: greatest number of rows.

    Returns:
        The verdict, which says so if a query shows no rows; and the sample: keys and wrong columns first.

    Raises:
        EngineError: the engine refused.
    """
    hidden = hidden_columns(table)
    wrong = _wrong(check)
    found: list[Sample]
    if limit <= 0:
        return result, ()
    if isinstance(check.measure, Answer):
        # Rows that are counted are to blame only if fewer of them would have passed.
        blamed = bool(check.conditions) and all(holds(0, c) for c in check.conditions)
        counted = counted_by_query(session, check.measure, table, relations, names, limit) if blamed else None
        if counted is None:
            return replace(result, message=f"{result.message}; no rows to show"), ()
        found, wrong = counted
    elif isinstance(check.measure, Stated):
        found = unexplained_rows(session, check.measure, table, relations, names, limit, hidden)
    else:
        found = failing_rows(session, check, relations[table.name], names, limit, hidden)
    return result, tuple(
        FailedRow(result.run_id, result.table, check.id, reason, curtained(row, table, wrong, hidden))
        for row, reason in found
    )


def _wrong(check: Check) -> tuple[str, ...]:
    """Return the columns that a check is about."""
    measure = check.measure
    if isinstance(measure, Duplicates | References):
        return tuple(target.column for target in measure.targets)
    if isinstance(measure, Violations | Stated):
        return (measure.target.column,)
    return ()
