"""From the text of a contract to verdicts, as a run has them."""

from __future__ import annotations

from typing import Any

import pytest

from hanse.quality import lint
from hanse.spec.contract import Contract
from hanse.spec.odcs import read_contract

FLIGHTS = """
apiVersion: v3.1.0
kind: DataContract
id: flights
version: 1.2.0
status: active
schema:
  - name: flights
    properties:
      - name: id
        logicalType: integer
        primaryKey: true
        primaryKeyPosition: 1
        required: true
        logicalTypeOptions: {minimum: 1}
      - name: carrier
        logicalType: string
        logicalTypeOptions: {pattern: '^[A-Z0-9]{2}$', maxLength: 2}
        quality:
          - metric: invalidValues
            arguments: {validValues: [UA, AA, B6]}
            mustBeLessThan: 50
            unit: percent
            severity: warning
      - name: dep_delay
        logicalType: number
        logicalTypeOptions: {minimum: -120, exclusiveMaximum: 3000}
        quality:
          - type: sql
            name: not_all_late
            query: SELECT avg({column}) FROM ${table}
            mustBeLessThan: 60
      - name: scheduled
        logicalType: timestamp
        logicalTypeOptions: {minimum: '2013-01-01T00:00:00Z', maximum: '2013-12-31T23:59:59Z'}
      - name: stops
        logicalType: array
        items:
          name: stop
          logicalType: string
          logicalTypeOptions: {minLength: 3, maxLength: 3}
        logicalTypeOptions: {maxItems: 2}
      - name: plane
        logicalType: object
        properties:
          - {name: tailnum, logicalType: string, required: true}
          - {name: seats, logicalType: integer, logicalTypeOptions: {minimum: 1, multipleOf: 2}}
    quality:
      - metric: rowCount
        mustBeBetween: [1, 100]
      - metric: duplicateValues
        arguments: {properties: [carrier, scheduled]}
        mustBe: 0
      - type: text
        description: Delays are measured at the gate.
      - type: custom
        engine: soda
        implementation: 'duplicate_percent(carrier) < 60'
      - type: custom
        engine: soda
        implementation: 'anomaly score for row_count < default'
        severity: info
"""


@pytest.fixture(scope="module")
def flights() -> Contract:
    contract, problems = read_contract(FLIGHTS.encode(), "contracts/flights.odcs.yaml")
    assert contract is not None
    assert [p for p in problems if p.severity.value == "error"] == []
    return contract


def row(number: int, **facts: Any) -> dict[str, Any]:
    from datetime import datetime

    usual = {
        "id": number,
        "carrier": "UA",
        "dep_delay": 5.0,
        "scheduled": datetime.fromisoformat(f"2013-01-{number:02}T05:00:00+00:00"),
        "stops": ["JFK"],
        "plane": {"tailnum": "N1", "seats": 2},
    }
    return {**usual, **facts}


def test_a_good_delivery_passes_every_clause(laboratory: Any, words: Any, flights: Contract) -> None:
    verdict = laboratory.verify(flights.tables[0], [row(1), row(2, dep_delay=None, stops=None, plane=None)])
    assert not verdict.blocked
    assert verdict.failed_rows == ()
    unusual = {r.check_id.split(":")[0]: r.status.value for r in verdict.results if r.status.value != "passed"}
    assert unusual == {"text": "manual", "custom": "error"}
    assert verdict.warnings == 1


def test_a_bad_delivery_names_every_fault(laboratory: Any, words: Any, flights: Contract) -> None:
    rows = [
        row(1),
        row(1, carrier="ua", dep_delay=-9999.0),
        row(3, carrier="ZZ", scheduled=None, stops=["JFK", "X", "LGA"]),
        row(4, plane={"tailnum": None, "seats": 3}, dep_delay=3000.0),
    ]
    verdict = laboratory.verify(flights.tables[0], rows)
    assert verdict.blocked
    found = {
        (r.check_id.split(":")[0], s.reason)
        for r in verdict.results
        for s in verdict.failed_rows
        if s.check_id == r.check_id
    }
    assert found == {
        ("primaryKey(id)", "id 1 occurs 2 times"),
        ("pattern(carrier)", "carrier is 'ua', which does not match ^[A-Z0-9]{2}$"),
        ("invalidValues(carrier)", "carrier is 'ua', not one of 'UA', 'AA', 'B6'"),
        ("invalidValues(carrier)", "carrier is 'ZZ', not one of 'UA', 'AA', 'B6'"),
        ("minimum(dep_delay)", "dep_delay is -9999.0, below the minimum -120"),
        ("exclusiveMaximum(dep_delay)", "dep_delay is 3000.0, not below 3000"),
        ("maxLength(stops)", "stops has 3 items, more than 2"),
        ("minLength(stops[])", "stops[] is 'X', 1 characters long, fewer than 3"),
        ("required(plane.tailnum)", "plane.tailnum is null"),
        ("multipleOf(plane.seats)", "plane.seats is 3, no multiple of 2"),
    }
    assert {r.path for r in verdict.results} == {"contracts/flights.odcs.yaml"}
    assert all(r.line for r in verdict.results)


def test_its_problems_are_found_without_data(flights: Contract) -> None:
    (problem,) = lint(flights, flights.tables[0])
    assert (problem.code.id, problem.severity.value) == ("HNS-C005", "warning")
    assert str(problem.where).startswith("contracts/flights.odcs.yaml:")
