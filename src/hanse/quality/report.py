"""Verdicts as documents: counts, then what went wrong, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hanse.registry.records import CheckResult, FailedRow

_RANKS = ("failed", "error", "warned", "manual", "not_applicable", "passed")
_COUNTED = {"error": "errors", "warned": "warnings"}


def report(results: Iterable[CheckResult], failed_rows: Sequence[FailedRow] = ()) -> dict[str, Any]:
    """Return check results as one JSON-ready document.

    Args:
        results: of any number of tables.
        failed_rows: samples to show beside their checks.

    Returns:
        ``counts`` over all; ``contract`` with the checks about no single table; per table its counts and its checks:
        those that block first, then warnings, then what is left to a person, what does not apply and what passed,
        each group in the contract's order.
    """
    by_table: dict[str, list[CheckResult]] = {}
    whole: list[CheckResult] = []
    for result in results:
        (by_table.setdefault(str(result.table), []) if result.table.table else whole).append(result)
    samples: dict[tuple[str, str], list[FailedRow]] = {}
    for row in failed_rows:
        samples.setdefault((str(row.table), row.check_id), []).append(row)
    return {
        "counts": counts(r for group in (whole, *by_table.values()) for r in group),
        "contract": {"checks": [_entry(r, ()) for r in worst_first(whole)]},
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
    """Count results by their verdict.

    Returns:
        ``checks`` (all of them), ``passed``, ``failed``, ``errors`` (could not run), ``warnings`` (bad, but not
        blocking), ``manual`` (for a person), ``not_applicable``.
    """
    found = Counter(_COUNTED.get(result.verdict, result.verdict) for result in results)
    keys = ("passed", "failed", "errors", "warnings", "manual", "not_applicable")
    return {"checks": found.total(), **{key: found[key] for key in keys}}


def worst_first(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Sort results: blocking ones, warnings, what is left to a person, what does not apply, passed ones.

    Otherwise the order is kept.
    """
    return sorted(results, key=lambda result: max(_RANKS.index(result.verdict.value), 1))


def _entry(result: CheckResult, samples: Sequence[FailedRow]) -> Mapping[str, Any]:
    return {
        "id": result.check_id,
        "clause": result.clause,
        "column": result.column,
        "status": result.status.value,
        "verdict": result.verdict.value,
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
