"""Verdicts and exact counts are those of a slow, obviously correct reading of the contract in plain Python.

Whatever the plan: facts from footers or none, distinct values, a scan, sorted keys or groups; whatever the files and
the order of the rows in them.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from .judged import PLANS, STORAGE, compare, planned, read
from .odcs_strategies import contracts

# A contract that fails is read as it stands: to shrink one takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=60, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(contracts(), st.sampled_from(STORAGE), st.sampled_from(PLANS), st.randoms(use_true_random=False))
def test_verdicts_are_those_of_the_oracle(
    laboratory: Any, drawn: Any, storage: str, plan: str, order: random.Random
) -> None:
    document, tables = drawn
    assume(read(document)[0] is not None)  # bounds that exclude each other are a mistake of the contract
    order.shuffle(tables["orders"])
    with planned(plan):
        compare(document, tables, laboratory, storage)
