"""Classified values are told nowhere: neither as rows nor as what was measured, in no format."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.quality.records import Answer
from hanse.quality.reports import FORMATS
from hanse.quality.secrets import reveals
from hanse.spec.contract import Contract
from hanse.spec.odcs import read_contract

Write = Callable[..., Path]
SECRET = "S3CR3T"
COLUMNS = {
    "id": "integer",
    "ssn": {"logicalType": "string", "classification": "confidential"},
    "born": {"logicalType": "date", "classification": "pii"},
    "note": "string",
}


def metric(query: str) -> dict[str, Any]:
    return {"type": "sql", "query": query, "mustBe": 4711}


TABLE = {
    "properties": COLUMNS,
    "quality": [
        metric("SELECT max(ssn) FROM t"),
        metric("SELECT max(born) FROM t"),
        metric("WITH x AS (SELECT ssn AS note FROM t) SELECT min(note) FROM x"),
        metric("SELECT max(note) FROM t"),
    ],
}


def told(document: dict[str, Any]) -> str:
    return json.dumps(document) + "".join(report(document) for report in FORMATS.values())


def fill(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE t (id INTEGER, ssn TEXT, born TEXT, note TEXT)")
    connection.execute(f"INSERT INTO t VALUES (1, '{SECRET}', '1977-01-07', 'open')")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("kind", ["csv", "sqlite"])
def test_what_a_query_measures_of_a_classified_column_is_masked(contract: Write, here: Path, kind: str) -> None:
    data = here / f"t.{kind}"
    if kind == "csv":
        data.write_text(f"id,ssn,born,note\n1,{SECRET},1977-01-07,open\n")
    else:
        fill(data)
    found = hanse.test_contract(contract(t=TABLE), data=data)
    report = told(found)
    assert SECRET not in report
    assert "1977" not in report
    measured = [c["measured"] for c in found["contracts"][0]["tables"][0]["checks"] if c["clause"].startswith("sql")]
    assert measured == ["••• (6 characters)", "•••" if kind == "csv" else "••• (10 characters)", measured[0], "open"]


def test_a_line_that_is_no_row_is_masked_if_any_column_is_classified(contract: Write, here: Path) -> None:
    (here / "t.csv").write_text(f"id,ssn,born,note\n1,a,1977-01-07,open\n2,{SECRET},1977-01-07,open,more\n")
    found = hanse.test_contract(contract(t=COLUMNS), data=here / "t.csv")
    (check,) = (c for c in found["contracts"][0]["tables"][0]["checks"] if c["clause"] == "every line is a row")
    assert (check["failed_rows"], len(check["rows"])) == (1, 1)
    assert SECRET not in told(found)
    plain = {name: kind for name, kind in COLUMNS.items() if name in ("id", "note")} | {"ssn": "string"}
    assert SECRET in told(hanse.test_contract(contract(t=plain), data=here / "t.csv"))


@pytest.mark.parametrize("name", ["latency", "frequency"])
def test_times_of_a_classified_column_are_masked(contract: Write, here: Path, name: str) -> None:
    path = contract(t={"properties": {"born": COLUMNS["born"]}})
    path.write_text(path.read_text() + f"slaProperties: [{{property: {name}, value: 1, unit: d, element: t.born}}]\n")
    (here / "t.csv").write_text("born\n1977-01-07\n1977-03-07\n")
    found = hanse.test_contract(path, data=here / "t.csv")
    (check,) = (c for c in found["contracts"][0]["tables"][0]["checks"] if name in c["clause"])
    assert check["verdict"] in ("failed", "warned")
    assert "1977" not in told(found)


@pytest.mark.parametrize(
    ("query", "secret"),
    [
        ("SELECT count(*) FROM t", False),
        ("SELECT count(DISTINCT ssn) FROM t", False),
        ("SELECT count(*) FROM (SELECT ssn FROM t GROUP BY ssn HAVING count(*) > 1)", False),
        ("SELECT count(*) FILTER (WHERE ssn IS NULL) * 1.0 / count(*) FROM t", False),
        ("SELECT sum(CASE WHEN ssn IS NULL THEN 1 ELSE 0 END) FROM t", False),
        ("SELECT max(note) FROM t WHERE ssn = 'x'", False),
        ("SELECT max(id) FROM {object}", False),
        ("SELECT max(SSN) FROM t", True),
        ("SELECT (SELECT max(ssn) FROM t)", True),
        ("SELECT max(a) FROM (SELECT * FROM t) AS x(i, a, b, n)", True),
        ("SELECT max(n) FROM (SELECT t AS n FROM t)", True),
        ("SELECT max(n) FROM (SELECT * FROM t)", True),
        ("SELECT CASE WHEN true THEN max(ssn) END FROM t", True),
        ("SELECT max(COLUMNS('s.n')) FROM t", True),
        ('SELECT max("ssn") FROM t UNION ALL SELECT 1 LIMIT 1', True),
    ],
)
def test_counts_are_shown_and_values_are_not(contract: Write, query: str, secret: bool) -> None:
    read = read_contract(contract(t=COLUMNS).read_bytes(), "c")[0]
    assert isinstance(read, Contract)
    assert reveals(Answer(query, None), read.tables[0], read) is secret


def test_functions_of_whole_rows_are_found(contract: Write) -> None:
    read = read_contract(contract(t=COLUMNS).read_bytes(), "c")[0]
    assert isinstance(read, Contract)
    assert reveals(Answer("SELECT t.to_json FROM t LIMIT 1", None), read.tables[0], read, "postgres")
    assert not reveals(Answer("SELECT max(t.note) FROM t", None), read.tables[0], read, "postgres")
