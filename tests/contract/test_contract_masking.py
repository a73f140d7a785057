"""What is classified is in no report, whichever check a row breaks and wherever the data is."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import hanse

SECRET = "s3cret"
ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": f"{SECRET}-a", "mail": f"{SECRET}-no-mail", "grade": f"{SECRET}-1", "boss": 9},
    {"id": 2, "name": f"{SECRET}-a", "mail": f"{SECRET}@example.org", "grade": f"{SECRET}-2", "boss": 1},
    {"id": 2, "name": None, "mail": f"{SECRET}@example.org", "grade": "x", "boss": 2},
]
HIDDEN = {"logicalType": "string", "classification": "restricted"}
COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "logicalType": "integer", "primaryKey": True},
    {"name": "name", **HIDDEN, "required": True, "unique": True, "logicalTypeOptions": {"maxLength": 3}},
    {"name": "mail", **HIDDEN, "logicalTypeOptions": {"format": "email"}},
    {
        "name": "grade",
        **HIDDEN,
        "logicalTypeOptions": {"pattern": "^[A-Z]$"},
        "quality": [{"metric": "invalidValues", "arguments": {"validValues": ["A"]}, "mustBe": 0}],
    },
    {"name": "boss", "logicalType": "integer", "relationships": [{"to": "people.id"}]},
]
RULES = [
    {"type": "sql", "name": "short", "query": "SELECT count(*) FROM {object} WHERE length(name) > 2", "mustBe": 0},
    {"metric": "duplicateValues", "arguments": {"properties": ["name", "mail"]}, "mustBe": 0},
]


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "people.odcs.yaml"
    table = {"name": "people", "properties": COLUMNS, "quality": RULES}
    document = {"kind": "DataContract", "id": "people", "version": "1.0.0", "status": "active", "schema": [table]}
    path.write_text(yaml.safe_dump({"apiVersion": "v3.1.0", **document}))
    return path


def written(kind: str, folder: Path) -> str:
    if kind == "csv":
        lines = [",".join("" if v is None else str(v) for v in row.values()) for row in ROWS]
        lines += [f"no number,{SECRET},{SECRET},{SECRET},1", f"3,{SECRET},{SECRET}"]
        (folder / "people.csv").write_text("\n".join([",".join(ROWS[0]), *lines, ""]))
        return str(folder / "people.csv")
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), folder / "people.parquet")
        return str(folder / "people.parquet")
    with sqlite3.connect(folder / "people.db") as database:
        database.execute("CREATE TABLE people (id INTEGER, name TEXT, mail TEXT, grade TEXT, boss INTEGER)")
        database.executemany("INSERT INTO people VALUES (:id, :name, :mail, :grade, :boss)", ROWS)
    return f"sqlite:///{folder}/people.db"


@pytest.mark.parametrize("kind", ["csv", "parquet", "sqlite"])
def test_no_classified_value_is_in_a_report(kind: str, contract: Path, tmp_path: Path) -> None:
    document = hanse.test_contract(contract, data=written(kind, tmp_path))
    text = json.dumps(document)
    assert SECRET not in text
    checks = {c["clause"]: c for c in document["contracts"][0]["tables"][0]["checks"]}
    failed = {clause for clause, check in checks.items() if check["status"] == "failed"}
    assert {"unique(name)", "required(name)", "format(mail): email", "pattern(grade): ^[A-Z]$"} <= failed
    assert any("•••" in row["reason"] for check in checks.values() for row in check["rows"])
    keys = [row["row"].get("id") for row in checks["format(mail): email"]["rows"]]
    assert 1 in keys
