"""Faults at every boundary of applying and running."""

from __future__ import annotations

import pytest

from faults.operations import OPERATIONS
from faults.trial import BUILDING, FAULTS, GROWING, KEEPING, require_holds


@pytest.mark.slow
@pytest.mark.parametrize("operation", BUILDING)
def test_building_survives(operation: str) -> None:
    require_holds(operation)


def test_at_least_five_hundred_faults_are_tried() -> None:
    assert sorted([*BUILDING, *GROWING, *KEEPING]) == sorted(OPERATIONS)
    assert len(OPERATIONS) * FAULTS >= 500
