"""Faults at every boundary of taking in deliveries."""

from __future__ import annotations

import pytest

from faults.trial import GROWING, require_holds


@pytest.mark.slow
@pytest.mark.parametrize("operation", GROWING)
def test_growing_survives(operation: str) -> None:
    require_holds(operation)
