"""Runs and releases as documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hanse.registry import CheckResult, CheckVerdict, FailedRow, Reader, Release, ReleasedTable, Run

Document = dict[str, Any]


def run_document(run: Run) -> Document:
    """Return a run in one line's worth of facts."""
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
    return {
        "id": run.id,
        "product": str(run.product),
        "status": run.status.value,
        "trigger": run.trigger,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "seconds": seconds,
        "release": run.release_id,
        "error": dict(run.error) if run.error else None,
    }


def run_details(reader: Reader, run: Run) -> Document:
    """Return a run with its inputs, steps, checks and the kept sample of failing rows."""
    document = run_document(run)
    document["inputs"] = [dict(i) for i in run.inputs]
    document["steps"] = [
        {
            "name": s.name,
            "kind": s.kind,
            "status": s.status.value,
            "started_at": s.started_at.isoformat(),
            "seconds": s.seconds,
            "rows": s.rows,
            "bytes": s.bytes,
            "error": dict(s.error) if s.error else None,
        }
        for s in reader.steps(run.id)
    ]
    document["checks"] = check_report(reader.checks(run.id), reader.failed_rows(run.id))
    return document


def check_report(results: Sequence[CheckResult], failed_rows: Sequence[FailedRow] = ()) -> Document:
    """Return verdicts as one document: totals, then every check, those that need attention first."""
    samples: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in failed_rows:
        samples.setdefault((str(row.table), row.check_id), []).append({"reason": row.reason, "row": dict(row.row)})
    ordered = sorted(results, key=lambda r: (_URGENCY.index(r.verdict.value), str(r.table), r.clause))
    return {
        "totals": {verdict.value: sum(r.verdict is verdict for r in results) for verdict in CheckVerdict},
        "results": [
            {
                "table": str(r.table),
                "check": r.clause,
                "id": r.check_id,
                "column": r.column,
                "status": r.status.value,
                "verdict": r.verdict.value,
                "severity": r.severity.value,
                "failed_rows": r.failed_rows,
                "total_rows": r.total_rows,
                "measured": r.measured,
                "method": r.method,
                "message": r.message,
                "error": r.error,
                "where": f"{r.path}:{r.line}" if r.path and r.line else r.path,
                "sample": samples.get((str(r.table), r.check_id), []),
            }
            for r in ordered
        ],
    }


_URGENCY = ("error", "failed", "warned", "manual", "not_applicable", "passed")


def release_document(release: Release) -> Document:
    """Return a release."""
    return {
        "id": release.id,
        "product": str(release.product),
        "sequence": release.sequence,
        "kind": release.kind,
        "version": release.version,
        "created_at": release.created_at.isoformat(),
        "run": release.run_id,
        "rows": sum(t.rows for t in release.tables),
        "bytes": sum(t.bytes for t in release.tables),
        "checks_passed": release.checks_passed,
        "warnings": release.warnings,
        "expired_at": release.expired_at.isoformat() if release.expired_at else None,
        "tables": [
            {
                "table": str(t.table),
                "port": t.port,
                "snapshot": str(t.snapshot_id),  # 63 bits: text, since JSON readers round large numbers
                "contract": f"{t.contract_id}@{t.contract_version}",
                "rows": t.rows,
                "bytes": t.bytes,
                "coverage": coverage_document(t),
            }
            for t in release.tables
        ],
    }


def coverage_document(table: ReleasedTable) -> Document | None:
    """Return which ranges a table holds that is built range by range: ``column`` and ``built`` (pairs of bounds)."""
    if table.coverage is None:
        return None
    return {key: table.coverage[key] for key in ("column", "built")}
