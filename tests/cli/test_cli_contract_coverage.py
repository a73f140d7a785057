from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: parcels
version: 1.0.0
status: active
slaProperties: [{ property: latency, value: 1, unit: d }, { property: retention, value: 3, unit: y, element: left_on }]
schema:
  - name: parcels
    properties:
      - { name: id, logicalType: integer, required: true, primaryKey: true, examples: [1, x] }
      - name: left_on
        logicalType: date
        customProperties:
          - property: nullReasons
            value: [{ reason: it waits, when: "id > 100" }]
    quality: [{ type: text, description: Weights are plausible. }]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parcels.odcs.yaml").write_text(CONTRACT)
    (tmp_path / "parcels.csv").write_text("id,left_on\n1,2999-01-01\n2,\n")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_every_clause_is_listed_with_its_method(run_hanse: Run) -> None:
    done = run_hanse("contract", "coverage", "parcels.odcs.yaml")
    assert done.exit == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "· scan parcels nullReasons(left_on): null only when it waits" in lines
    assert "· records contract latency: 1 d" in lines
    assert any(line.startswith("? none parcels text: Weights are plausible") for line in lines)
    assert any(line.startswith("9 clauses: ") for line in lines), done.out
    assert any("keys in the file" in line for line in lines)


@pytest.mark.usefixtures("folder")
def test_with_data_every_clause_has_its_verdict(run_hanse: Run) -> None:
    done = run_hanse("contract", "coverage", "parcels.odcs.yaml", "--data", "parcels.csv", "--json")
    assert done.exit == 3
    (contract,) = json.loads(done.out)["contracts"]
    found = {clause["clause"]: clause["verdict"] for clause in contract["clauses"]}
    assert found["nullReasons(left_on): null only when it waits"] == "failed"
    assert found["examples(id)"] == "warned"
    assert found["latency: 1 d"] == "not_applicable"
    assert found["retention(left_on): 3 y"] == "passed"
    assert found["text: Weights are plausible."] == "manual"
    assert None not in found.values()
    assert contract["totals"]["clauses"] == len(contract["clauses"])
    assert {clause["kind"] for clause in contract["clauses"]} >= {"nullReasons", "examples", "type", "text"}


@pytest.mark.usefixtures("folder")
def test_what_is_no_contract_is_told(run_hanse: Run) -> None:
    Path("broken.odcs.yaml").write_text("kind: DataContract\n")
    done = run_hanse("contract", "coverage", "broken.odcs.yaml")
    assert done.exit == 1
    assert "apiVersion" in done.err
