"""Verdicts held against the oracle's, under any plan, over any kind of storage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from hanse.base import Problem, Severity
from hanse.quality import Evidence, evidence, run
from hanse.quality.predicates import is_inside
from hanse.quality.records import Duplicates
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Contract
from hanse.spec.odcs import read_contract

from .oracle import Expected, expectations, shown

STORAGE = ("statistics", "no statistics", "memory", "many files")
PLANS = ("as planned", "any size is big", "all few", "all rising", "nothing known")
LIMIT = 3


@contextmanager
def planned(how: str) -> Iterator[None]:
    """Let the planner believe what makes it choose other ways to the same answers."""
    look = evidence.look

    def believed(session: Any, relation: str, files: Any, checks: Any, *more: Any) -> Evidence:
        found = look(session, relation, files, checks, *more)
        uniques = [c.measure.targets for c in checks if isinstance(c.measure, Duplicates)]
        keys = frozenset(key for key in uniques if not any(is_inside(target) for target in key))
        if how == "all few":
            return replace(found, statistics={}, few=frozenset(found.columns), rising=frozenset())
        if how == "all rising":
            return replace(found, rising=keys)
        if how == "nothing known":
            return Evidence(found.columns)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "look", believed)
        if how == "any size is big":
            patch.setattr(evidence, "BIG", 0)
        yield


def read(document: Mapping[str, Any]) -> tuple[Contract | None, list[Problem]]:
    return read_contract(json.dumps(document, ensure_ascii=False).encode(), "contracts/orders.odcs.yaml")


def compare(
    document: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]], laboratory: Any, storage: str
) -> set[str]:
    """Verify the table ``orders``, hold every verdict against the oracle's, and return the methods used."""
    contract, problems = read(document)
    assert contract is not None, problems
    verdict = laboratory.verify_contract(contract, tables, storage=storage, limit=LIMIT)
    wanted = expectations(document, "orders", tables)
    # What the contract alone decides has tests of its own.
    results = [r for r in verdict.results if not r.check_id.startswith(("enumEntries(", "confusable("))]
    found = {r.check_id for r in results}
    assert found == wanted.keys(), (found - wanted.keys(), wanted.keys() - found)
    for result in results:
        samples = [s for s in verdict.failed_rows if s.check_id == result.check_id]
        agree(result, wanted[result.check_id], samples, len(tables["orders"]))
    bad = [r for r in results if wanted[r.check_id].status == "failed"]
    assert verdict.blocked is any(r.severity is Severity.ERROR for r in bad)
    assert sum(r.warns for r in results) == sum(r.severity is Severity.WARNING for r in bad)
    return {r.method for r in verdict.results}


def agree(result: Any, wanted: Expected, samples: Sequence[Any], rows: int) -> None:
    assert result.error is None, result
    assert result.status is CheckStatus(wanted.status), (result, wanted)
    if wanted.measured is not None:
        assert float(result.measured) == pytest.approx(float(wanted.measured), abs=1e-6), (result, wanted)
    if wanted.failed is not None and result.failed_rows is not None:
        assert result.failed_rows == wanted.failed, (result, wanted)
        assert wanted.of_values or result.total_rows == rows
    breaking = {shown(row) for row in wanted.breaking}
    for sample in samples:
        assert sample.reason
        assert json.dumps(sample.row, sort_keys=True, ensure_ascii=True) in breaking, (result, sample)
    if result.status is CheckStatus.FAILED and result.failed_rows:
        assert len(samples) == min(result.failed_rows, LIMIT) or (wanted.of_values and 0 < len(samples) <= LIMIT)
    elif result.status is not CheckStatus.FAILED:
        assert not samples
