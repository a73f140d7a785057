"""Faults at every boundary of going back, going on and maintaining; and with a second process at work."""

from __future__ import annotations

import pytest

from faults.trial import KEEPING, require_holds


@pytest.mark.slow
@pytest.mark.parametrize("operation", KEEPING)
def test_keeping_survives(operation: str) -> None:
    require_holds(operation)
