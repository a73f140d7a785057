from __future__ import annotations

import json
from typing import Any

import pytest

from hanse.base import Severity, TableName
from hanse.quality import report, worst_first
from hanse.registry.records import CheckResult, CheckStatus, CheckVerdict, FailedRow

TABLE = TableName("sales", "orders", "orders")
OTHER = TableName("sales", "orders", "lines", 2)


def result(
    check_id: str, status: CheckStatus, severity: Severity = Severity.ERROR, table: TableName = TABLE
) -> CheckResult:
    return CheckResult("run", table, check_id, check_id, status, severity, path="c.yaml", line=3)


RESULTS = [
    result("ok", CheckStatus.PASSED),
    result("idle", CheckStatus.NOT_APPLICABLE),
    result("person", CheckStatus.MANUAL),
    result("warned", CheckStatus.FAILED, Severity.WARNING),
    result("broken", CheckStatus.ERROR),
    result("broken_warning", CheckStatus.ERROR, Severity.WARNING),
    result("bad", CheckStatus.FAILED),
    result("fine", CheckStatus.PASSED, table=OTHER),
]


def first(document: dict[str, Any]) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = document["tables"][0]["checks"]
    return checks


def test_what_blocks_comes_first() -> None:
    order = [r.check_id for r in worst_first(RESULTS)]
    assert order == ["broken", "bad", "warned", "broken_warning", "person", "idle", "ok", "fine"]


def test_a_report_counts_and_shows_rows_beside_their_check() -> None:
    rows = [FailedRow("run", TABLE, "bad", "a is 1", {"a": 1}), FailedRow("run", OTHER, "bad", "not this", {})]
    document = report(RESULTS, rows)
    assert json.dumps(document)
    assert document["counts"] == {
        "checks": 8,
        "passed": 2,
        "failed": 1,
        "errors": 1,
        "warnings": 2,
        "manual": 1,
        "not_applicable": 1,
    }
    assert [c["verdict"] for c in first(document)] == [
        "error",
        "failed",
        "warned",
        "warned",
        "manual",
        "not_applicable",
        "passed",
    ]
    one, second = document["tables"]
    assert (one["table"], second["table"]) == ("sales.orders.orders", "sales.orders.lines_v2")
    assert second["counts"]["checks"] == 1
    bad = next(c for c in first(document) if c["id"] == "bad")
    assert bad["rows"] == [{"reason": "a is 1", "row": {"a": 1}}]
    assert bad["where"] == "c.yaml:3"


def test_no_results_are_a_report_too() -> None:
    assert report([])["counts"]["checks"] == 0


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("status", CheckStatus)
def test_a_result_blocks_or_warns_or_neither(status: CheckStatus, severity: Severity) -> None:
    one = result("c", status, severity)
    bad = status in (CheckStatus.FAILED, CheckStatus.ERROR)
    assert (one.is_bad, one.blocks, one.warns) == (
        bad,
        bad and severity is Severity.ERROR,
        bad and severity is Severity.WARNING,
    )
    assert (one.verdict is CheckVerdict.WARNED) is one.warns
    counted = report([one])["counts"]
    assert sum(counted.values()) == 2
