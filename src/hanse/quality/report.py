"""Verdicts as documents: counts, then what went wrong, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hanse.base import Severity
from hanse.registry.records import CheckResult, CheckStatus, FailedRow

_ORDER = (CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.MANUAL, CheckStatus.PASSED)


def report(results: Iterable[CheckResult], failed_rows: Sequence[FailedRow] = ()) -> dict[str, Any]:
    """Return check results as one JSON-ready document.

    Args:
        results: of any number of tables.
        failed_rows: samples to show beside their checks.

    Returns:
        ``counts`` over all; per table its counts and its checks: those that block first, then warnings, then what is
        left to a person, then what passed, each group in the contract's order.
    """
    by_table: dict[str, list[CheckResult]] = {}
    for result in results:
        by_table.setdefault(str(result.table), []).append(result)
    samples: dict[tuple[str, str], list[FailedRow]] = {}
    for row in failed_rows:
        samples.setdefault((str(row.table), row.check_id), []).append(row)
    return {
        "counts": counts(r for group in by_table.values() for r in group),
        "tables": [
            {
                "table": table,
                "counts": counts(group),
                "checks": [_entry(r, samples.get((table, r.check_id), ())) for r in worst_first(group)],
            }
            for table, group in by_table.items()
        ],
    }


def counts(results: Iterable[CheckResult]) -> dict[str, int]:
    """Count results: ``checks``, ``passed``, ``failed``, ``errors``, ``warnings`` (not blocking), ``manual``."""
    found: Counter[str] = Counter()
    for result in results:
        found["checks"] += 1
        if result.status in (CheckStatus.PASSED, CheckStatus.MANUAL):
            found[result.status.value] += 1
        elif result.severity is Severity.WARNING:
            found["warnings"] += 1
        else:
            found["failed" if result.status is CheckStatus.FAILED else "errors"] += 1
    return {key: found[key] for key in ("checks", "passed", "failed", "errors", "warnings", "manual")}


def worst_first(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Sort results: blocking ones, warnings, what is left to a person, passed ones; otherwise the order is kept."""

    def rank(result: CheckResult) -> tuple[int, int]:
        at = _ORDER.index(result.status)
        return (max(at - 1, 0), int(at < 2 and result.severity is Severity.WARNING))

    return sorted(results, key=rank)


def _entry(result: CheckResult, samples: Sequence[FailedRow]) -> Mapping[str, Any]:
    return {
        "id": result.check_id,
        "clause": result.clause,
        "column": result.column,
        "status": result.status.value,
        "severity": result.severity.value,
        "dimension": result.dimension,
        "failed_rows": result.failed_rows,
        "total_rows": result.total_rows,
        "measured": result.measured,
        "message": result.message,
        "error": result.error,
        "method": result.method,
        "where": f"{result.path}:{result.line}" if result.path and result.line else result.path,
        "rows": [{"reason": s.reason, "row": dict(s.row)} for s in samples],
    }
