"""Rows that are refused before any check of the contract looks at them: recorded as failed checks, they block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanse.base import Location, Severity
from hanse.pipelines.staging.stage import FAILED_ROWS, Staged
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import Node, published_name
from hanse.quality.masking import MASK, curtained, hidden_columns
from hanse.registry import CheckResult, CheckStatus, FailedRow

OUTSIDE = "window"
"""Id of the check that the rows of a range lie in it."""


@dataclass(frozen=True, slots=True)
class Strays:
    """Rows that a transform returned outside of the range that it was asked for.

    Attributes:
        asked: the range, in words.
        count: how many there are.
        sample: some of them, JSON-ready.
    """

    asked: str
    count: int
    sample: tuple[Mapping[str, Any], ...]


def refuse_casts(work: Work, node: Node, staged: Staged) -> None:
    """Record rows whose values are not of the contract's type: they block, as a failed check does."""
    assert node.table is not None
    hidden = hidden_columns(node.table)
    reasons = [
        f"{MASK if f.column in hidden else f'`{f.value}`'} in column `{f.column}` is no {f.type}"
        for f in staged.failures
    ]
    first = staged.failures[0]
    clause = "every value is of the contract's type"
    total = staged.file.rows + staged.failed_rows
    _refuse(
        work,
        node,
        _Refusal("cast", clause, first.column, staged.failed_rows, total, reasons[0]),
        [
            (reason, curtained(f.row, node.table, (f.column,), hidden))
            for reason, f in zip(reasons, staged.failures, strict=True)
        ],
    )


def refuse_strays(work: Work, node: Node, column: str, strays: Sequence[Strays], total: int) -> None:
    """Record rows outside of their ranges: nobody could say which run replaces them.

    Args:
        work: the build.
        node: the table.
        column: the window's column.
        strays: per range that has any.
        total: rows in all ranges.
    """
    message = f"the transform returned rows outside of the range that it was asked for: {strays[0].asked}"
    clause = f"rows lie in their range of {column}"
    assert node.table is not None
    hidden = hidden_columns(node.table)
    rows = [
        (
            f"{column} is {(MASK if column in hidden else row[column]) or 'null'}, outside of {s.asked}",
            curtained(row, node.table, (column,), hidden),
        )
        for s in strays
        for row in s.sample
    ]
    _refuse(
        work,
        node,
        _Refusal(OUTSIDE, clause, column, sum(s.count for s in strays), total, message),
        rows[:FAILED_ROWS],
    )


@dataclass(frozen=True, slots=True)
class _Refusal:
    id: str
    clause: str
    column: str
    failed: int
    total: int
    message: str


def _refuse(work: Work, node: Node, refusal: _Refusal, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    assert node.table is not None
    name = published_name(work.product, node)
    column = node.table.column(refusal.column)
    where = column.where if column and column.where else Location("")
    result = CheckResult(
        run_id=work.run.id,
        table=name,
        check_id=refusal.id,
        clause=refusal.clause,
        status=CheckStatus.FAILED,
        severity=Severity.ERROR,
        column=refusal.column,
        failed_rows=refusal.failed,
        total_rows=refusal.total,
        method=refusal.id,
        dimension="conformity",
        message=refusal.message,
        path=where.path or None,
        line=where.line or None,
    )
    with work.found.lock:
        work.found.results.append(result)
        work.found.failed_rows.extend(FailedRow(work.run.id, name, refusal.id, why, row) for why, row in rows)
