"""Time, as something that can be handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC, with microseconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


@dataclass
class SetClock:
    """A clock that stands still until told otherwise; for tests and replays."""

    at: datetime

    def now(self) -> datetime:
        """Return the time last set."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move on (or back) by an interval."""
        self.at += by
