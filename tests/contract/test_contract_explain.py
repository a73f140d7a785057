"""`hanse contract explain`: the passes that a test would make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hanse
from contract_verdicts import checks
from hanse.app.contract.explain import explain_contracts
from hanse.cli import main
from hanse.cli.exits import Exit

Write = Callable[..., Path]
COLUMNS: dict[str, Any] = {
    "id": {"logicalType": "integer", "required": True, "primaryKey": True},
    "status": {"logicalType": "string", "required": True, "logicalTypeOptions": {"minLength": 2}},
}
RULE = {"type": "sql", "query": "SELECT count(*) FROM t", "mustBeGreaterThan": 0}


@pytest.fixture
def path(here: Path, contract: Write) -> Path:
    pq.write_table(pa.table({"id": [1, 2], "status": ["ab", "cd"]}), "t.parquet")
    (here / "t.csv").write_text("id,status\n1,ab\n2,cd\n")
    return contract(t={"properties": COLUMNS, "quality": [RULE]})


def passes(document: dict[str, Any]) -> dict[str, str]:
    ((table,),) = (contract["tables"] for contract in document["contracts"])
    return {check: one["method"] for one in table["passes"] for check in one["checks"]}


@pytest.mark.parametrize("data", ["t.parquet", "t.csv"])
def test_checks_are_answered_as_foretold(path: Path, data: str) -> None:
    told = passes(explain_contracts(path, data=data))
    found = checks(hanse.test_contract(path, data=data))
    assert told == {check["clause"]: check["method"] for id_, check in found.items() if id_ != "columns"}


def test_without_data_the_contract_is_all_that_is_known(path: Path) -> None:
    told = passes(explain_contracts(path))
    assert told["required(id)"] == "scan"
    assert told.keys() == passes(explain_contracts(path, data="t.parquet")).keys()
    assert passes(explain_contracts(path, data="t.parquet"))["required(id)"] == "statistics"


def test_the_command_prints_what_it_knows(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["contract", "explain", path.name, "-d", "t.parquet"]) == Exit.OK
    out = capsys.readouterr().out
    assert (
        "  t  t.parquet: 7 checks in 5 passes\n    schema: the columns and their types\n      type(id): BIGINT" in out
    )
    assert "      │ SELECT count(*) FROM t\n" in out
    assert main.run(["contract", "explain", path.name, "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == explain_contracts(path.name)
    assert main.run(["contract", "explain", path.name, "-d", "nope.csv"]) == Exit.FAILED
    assert "there is no file `nope.csv`" in capsys.readouterr().err
