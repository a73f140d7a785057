from __future__ import annotations

import json

from hanse.base import Severity, TableName
from hanse.quality import report, worst_first
from hanse.registry.records import CheckResult, CheckStatus, FailedRow

TABLE = TableName("sales", "orders", "orders")
OTHER = TableName("sales", "orders", "lines", 2)


def result(
    check_id: str, status: CheckStatus, severity: Severity = Severity.ERROR, table: TableName = TABLE
) -> CheckResult:
    return CheckResult("run", table, check_id, check_id, status, severity, path="c.yaml", line=3)


RESULTS = [
    result("ok", CheckStatus.PASSED),
    result("person", CheckStatus.MANUAL),
    result("warned", CheckStatus.FAILED, Severity.WARNING),
    result("broken", CheckStatus.ERROR),
    result("broken_warning", CheckStatus.ERROR, Severity.WARNING),
    result("bad", CheckStatus.FAILED),
    result("fine", CheckStatus.PASSED, table=OTHER),
]


def test_what_blocks_comes_first() -> None:
    order = [r.check_id for r in worst_first(RESULTS)]
    assert order == ["broken", "bad", "warned", "broken_warning", "person", "ok", "fine"]


def test_a_report_counts_and_shows_rows_beside_their_check() -> None:
    rows = [FailedRow("run", TABLE, "bad", "a is 1", {"a": 1}), FailedRow("run", OTHER, "bad", "not this", {})]
    document = report(RESULTS, rows)
    assert json.dumps(document)
    assert document["counts"] == {"checks": 7, "passed": 2, "failed": 1, "errors": 1, "warnings": 2, "manual": 1}
    first, second = document["tables"]
    assert (first["table"], second["table"]) == ("sales.orders.orders", "sales.orders.lines_v2")
    assert second["counts"]["checks"] == 1
    bad = next(c for c in first["checks"] if c["id"] == "bad")
    assert bad["rows"] == [{"reason": "a is 1", "row": {"a": 1}}]
    assert bad["where"] == "c.yaml:3"


def test_no_results_are_a_report_too() -> None:
    assert report([])["counts"]["checks"] == 0
