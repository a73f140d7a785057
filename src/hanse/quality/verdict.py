"""What a check's measurement means: passed, failed, an error, or left to a person."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hanse.base import TableName
from hanse.quality.masking import masked
from hanse.quality.notation.conditions import holds, words
from hanse.quality.notation.values import as_json
from hanse.quality.plan import Method
from hanse.quality.records import (
    Answer,
    Check,
    Columns,
    Duplicates,
    References,
    Rows,
    Settled,
    Stated,
    Typed,
    Violations,
)
from hanse.registry.records import CheckResult, CheckStatus, FailedRow


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured for one check.

    Attributes:
        method: how.
        failed: rows that break it; for types, 1 when it is another type.
        value: the number of a metric, the answer of a query, or the type found.
        of: how many values there are, if values inside lists and maps are counted instead of rows.
        error: why it could not run.
        fix: what the owner can do about that.
        told: the verdict itself, with its words, where measuring and judging are one.
    """

    method: Method
    failed: int | None = None
    value: Any = None
    of: int | None = None
    error: str | None = None
    fix: str | None = None
    told: tuple[CheckStatus, str] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a table's checks.

    Attributes:
        results: exactly one per check, in the contract's order.
        failed_rows: bounded samples of failing rows.
    """

    results: tuple[CheckResult, ...]
    failed_rows: tuple[FailedRow, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether a check of severity error failed or could not run: nothing may be published."""
        return any(r.blocks for r in self.results)

    @property
    def warnings(self) -> int:
        """How many checks of severity warning failed or could not run."""
        return sum(r.warns for r in self.results)


def judge(
    check: Check, outcome: Outcome, rows: int, run_id: str, table: TableName, *, secret: bool = False
) -> CheckResult:
    """Return the verdict of one check.

    Args:
        check: the check.
        outcome: what was measured for it.
        rows: rows of the table. Where values inside lists and maps are counted, these take their place.
        run_id: run that the result belongs to.
        table: table under test.
        secret: what was measured may be a classified value, and is shown as ``•••``.
    """
    rows = rows if outcome.of is None else outcome.of
    status, failed, measured, message = _judged(check, outcome, rows, secret=secret)
    counts_rows = (
        isinstance(check.measure, Violations | Duplicates | References | Stated) and status is not CheckStatus.ERROR
    )
    return CheckResult(
        run_id=run_id,
        table=table,
        check_id=check.id,
        clause=check.clause,
        status=status,
        severity=check.severity,
        column=check.column,
        failed_rows=failed if counts_rows else None,
        total_rows=rows if counts_rows else None,
        measured=measured,
        method=outcome.method.value,
        dimension=check.dimension,
        message=message,
        error=outcome.error,
        path=check.location.path if check.location else None,
        line=check.location.line or None if check.location else None,
    )


def _judged(
    check: Check, outcome: Outcome, rows: int, *, secret: bool
) -> tuple[CheckStatus, int | None, Any, str | None]:
    if outcome.error is not None:
        return CheckStatus.ERROR, None, None, outcome.fix
    if outcome.told is not None:
        return outcome.told[0], None, masked(outcome.value) if secret else as_json(outcome.value), outcome.told[1]
    if isinstance(check.measure, Settled):
        return check.measure.status, None, None, check.measure.words
    if isinstance(check.measure, Typed):
        return _typed(check.measure, outcome)
    if isinstance(check.measure, Columns) and check.measure.how != "count":
        status = CheckStatus.FAILED if outcome.failed else CheckStatus.PASSED
        return status, None, outcome.value, f"the table has {outcome.value}" if outcome.failed else None
    if check.conditions:
        return _conditional(check, outcome, rows, secret=secret)
    failed = outcome.failed or 0
    if not failed:
        return CheckStatus.PASSED, 0, None, None
    return (
        CheckStatus.FAILED,
        failed,
        None,
        f"{failed:,} of {rows:,} {'rows' if outcome.of is None else 'values'} break it",
    )


def _typed(measure: Typed, outcome: Outcome) -> tuple[CheckStatus, None, str, str | None]:
    if not outcome.failed:
        return CheckStatus.PASSED, None, outcome.value, None
    return (
        CheckStatus.FAILED,
        None,
        outcome.value,
        f"{measure.target} is {outcome.value}, the contract says {measure.target.type}",
    )


def _conditional(
    check: Check, outcome: Outcome, rows: int, *, secret: bool
) -> tuple[CheckStatus, int | None, Any, str | None]:
    # Duplicates are measured as the rows that repeat an earlier one; the rows that break it are all that share a key.
    number = outcome.failed if isinstance(check.measure, Violations) else outcome.value
    value: Any = number
    if check.unit == "percent" and isinstance(check.measure, Violations | Duplicates):
        value = Fraction(100 * (number or 0), rows) if rows else Fraction(0)
    passed = all(holds(value, condition) for condition in check.conditions)
    measured = masked(value) if secret else _measured(value)
    unit = " percent" if check.unit == "percent" else " rows" if isinstance(check.measure, Rows) else ""
    nothing = "the query returned null" if isinstance(check.measure, Answer) else "there is no value"
    shown = nothing if value is None else f"measured {measured}{unit}"
    if passed:
        return CheckStatus.PASSED, 0, measured, shown
    message = f"{shown}, {words(check.conditions, check.unit)}"
    return CheckStatus.FAILED, outcome.failed, measured, message


def _measured(value: Any) -> Any:
    if isinstance(value, Fraction):
        return round(float(value), 6)
    if isinstance(value, Decimal) and value == value.to_integral_value() and value.as_tuple().exponent == 0:
        return int(value)  # sums of integers come as decimals without places
    return as_json(value)
