"""Verdicts and exact counts are those of a slow, obviously correct reading of the contract in plain Python.

Whatever the plan: facts from footers or none, distinct values, a scan, sorted keys or groups; whatever the files and the
order of the rows in them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hanse.base import Severity
from hanse.quality import Evidence, run
from hanse.quality.records import Duplicates, Violations
from hanse.registry.records import CheckStatus
from hanse.spec.odcs import read_contract

from .odcs_strategies import contracts
from .oracle import Expected, expectations, shown

STORAGE = ("statistics", "no statistics", "memory", "many files")
PLANS = ("as planned", "any size is big", "all few", "all rising", "nothing known")
LIMIT = 3
import os
from hypothesis import Phase
EXAMPLES=int(os.environ.get("EX","60"))
PHASES=[Phase.generate]


@contextmanager
def planned(how: str) -> Iterator[None]:
    """Let the planner believe what makes it choose other ways to the same answers."""
    look = run.look

    def believed(session: Any, relation: str, files: Any, checks: Any, columns: Any = None) -> Evidence:
        found = look(session, relation, files, checks, columns)
        keys = frozenset(c.measure.targets for c in checks if isinstance(c.measure, Duplicates))
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
            patch.setattr(run, "BIG", 0)
        yield


def compare(
    document: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]], laboratory: Any, storage: str
) -> set[str]:
    """Verify the table ``orders``, hold every verdict against the oracle's, and return the methods used."""
    contract, problems = read_contract(json.dumps(document, ensure_ascii=False).encode(), "contracts/orders.odcs.yaml")
    assume(contract is not None)
    assert contract is not None, problems
    verdict = laboratory.verify_contract(contract, tables, storage=storage, limit=LIMIT)
    wanted = expectations(document, "orders", tables)
    assert [r.check_id for r in verdict.results if r.check_id not in wanted] == []
    assert {r.check_id for r in verdict.results} == wanted.keys()
    for result in verdict.results:
        samples = [s for s in verdict.failed_rows if s.check_id == result.check_id]
        agree(result, wanted[result.check_id], samples, len(tables["orders"]))
    bad = [r for r in verdict.results if wanted[r.check_id].status == "failed"]
    assert verdict.blocked is any(r.severity is Severity.ERROR for r in bad)
    assert verdict.warnings == sum(r.severity is Severity.WARNING for r in bad)
    return {r.method for r in verdict.results}


def agree(result: Any, wanted: Expected, samples: Sequence[Any], rows: int) -> None:
    assert result.error is None, result
    assert result.status is CheckStatus(wanted.status), (result, wanted)
    if wanted.measured is not None:
        assert float(result.measured) == pytest.approx(float(wanted.measured), abs=1e-6), (result, wanted)
    if wanted.failed is not None and result.failed_rows is not None:
        assert result.failed_rows == wanted.failed, (result, wanted)
        assert result.total_rows == rows
    if result.status is CheckStatus.FAILED and result.failed_rows:
        assert len(samples) == min(result.failed_rows, LIMIT), result
        breaking = {shown(row) for row in wanted.breaking}
        for sample in samples:
            assert sample.reason
            assert json.dumps(sample.row, sort_keys=True, ensure_ascii=True) in breaking, (result, sample)
    else:
        assert not samples


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(contracts(), st.sampled_from(STORAGE), st.sampled_from(PLANS), st.randoms(use_true_random=False))
def test_verdicts_are_those_of_the_oracle(
    laboratory: Any, drawn: Any, storage: str, plan: str, order: random.Random
) -> None:
    document, tables = drawn
    order.shuffle(tables["orders"])
    with planned(plan):
        compare(document, tables, laboratory, storage)
