"""Checks that depend on when one looks, settled for one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from hanse.quality.notation.spans import before, moment_in
from hanse.quality.records import Aged, Bound, Check, Measure, Newest, Violations


def as_of(checks: Sequence[Check], now: datetime) -> tuple[Check, ...]:
    """Return the checks as they are at a moment.

    Args:
        checks: of one table.
        now: aware.
    """
    return tuple(replace(c, measure=_at(c.measure, now)) if isinstance(c.measure, Aged) else c for c in checks)


def _at(measure: Aged, now: datetime) -> Measure:
    least = moment_in(before(now, measure.span), measure.target.type)
    if measure.newest:
        return Newest(measure.target, measure.span, now, least)
    return Violations(measure.target, Bound(">=", least, f"{least} ({measure.span.stated} ago)"))
