"""Windows of tables: which ranges of a column a transform is asked for, one after the other.

A window cuts the values of one column, from ``start`` on, into cells of equal size. Cells are counted from 0; cell n
goes from boundary n, included, to boundary n + 1, excluded. Times are in UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from typing import Any

Boundary = int | datetime
"""A key, or a time in UTC without zone mark."""

_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_MONTHS = {"month": 1, "year": 12}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - boundaries are UTC, without mark


@dataclass(frozen=True, slots=True)
class Span:
    """A length: of keys (no unit) or of time."""

    number: int
    unit: str | None = None

    def __str__(self) -> str:
        if self.unit is None:
            return f"{self.number:,} keys"
        return f"{self.number} {self.unit}{'' if self.number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Window:
    """How a table is built range by range.

    Attributes:
        column: column of the table whose values are cut into ranges.
        start: the first boundary.
        size: length of a range.
        lookback: how far before the end of what is built late rows are looked for.
        until: of a window over keys: the relation that the transform reads, as its SQL names it, and its column whose
            greatest value is the last key; empty for a window over time, whose end is the present.
    """

    column: str
    start: Boundary
    size: Span
    lookback: Span
    until: tuple[str, ...] = ()

    @property
    def is_timed(self) -> bool:
        """Whether the column is a time; otherwise it is a key."""
        return isinstance(self.start, datetime)

    @property
    def phase(self) -> str:
        """Where the boundaries lie: windows of equal phase cut a column alike, wherever they start."""
        step, unit = self.size.number, self.size.unit
        if isinstance(self.start, int):
            return f"{self.start % step} mod {step}"
        if unit in _MONTHS:
            months = step * _MONTHS[unit]
            rest = self.start.replace(year=2000, month=1)
            return f"{_month_of(self.start) % months} mod {months} months, {rest.isoformat()}"
        length = self._length
        return f"{(self.start - _EPOCH) % length} mod {length}"

    @property
    def _length(self) -> timedelta:
        assert self.size.unit is not None
        return timedelta(seconds=self.size.number * _SECONDS[self.size.unit])

    def at(self, number: int) -> Boundary:
        """Return a boundary.

        Raises:
            OverflowError: it lies beyond the year 9999.
        """
        if isinstance(self.start, int):
            return self.start + number * self.size.number
        if self.size.unit in _MONTHS:
            return _shifted(self.start, number * self.size.number * _MONTHS[self.size.unit])
        return self.start + number * self._length

    def cell_of(self, value: Boundary) -> int:
        """Return the number of the cell that a value lies in; negative before the start."""
        if isinstance(self.start, int):
            assert isinstance(value, int)
            return (value - self.start) // self.size.number
        assert isinstance(value, datetime)
        if self.size.unit in _MONTHS:
            months = self.size.number * _MONTHS[self.size.unit]
            cell = (_month_of(value) - _month_of(self.start)) // months
            return cell if _shifted(self.start, cell * months) <= value else cell - 1
        return (value - self.start) // self._length

    def cells_before(self, value: Boundary) -> int:
        """Return how many cells it takes to reach up to a value, which need not be a boundary."""
        cell = self.cell_of(value)
        return max(cell if self.at(cell) == value else cell + 1, 0)

    def complete(self, now: datetime) -> int:
        """Return how many cells of a window over time have passed.

        Args:
            now: an aware time.
        """
        return max(self.cell_of(now.astimezone(UTC).replace(tzinfo=None)), 0)

    def reopened(self, top: int) -> int:
        """Return the first cell in which late rows are looked for when the cells below ``top`` are built.

        The last cell of a window over keys is never closed: greater keys may come into it.
        """
        if top <= 0:
            return 0
        edge = self.at(top)
        if isinstance(edge, int):
            return max(self.cell_of(edge - 1 - self.lookback.number), 0)
        unit, number = self.lookback.unit, self.lookback.number
        if number == 0 or unit is None:
            return top
        try:
            months = number * _MONTHS[unit] if unit in _MONTHS else 0
            back = _shifted(edge, -months) if months else edge - timedelta(seconds=number * _SECONDS[unit])
        except OverflowError:
            return 0
        return max(self.cell_of(back), 0)

    def text(self, value: Boundary) -> str:
        """Return a boundary as people write it."""
        if isinstance(value, int):
            return str(value)
        whole = value.time() == datetime.min.time()
        return value.date().isoformat() if whole else value.isoformat(timespec="auto")


def as_document(window: Window) -> list[Any]:
    """Return a window as JSON."""
    span, back = window.size, window.lookback
    return [
        window.column,
        window.text(window.start),
        [span.number, span.unit],
        [back.number, back.unit],
        list(window.until),
    ]


def from_document(document: list[Any]) -> Window:
    """Read what :func:`as_document` wrote."""
    column, start, size, lookback, until = document
    return Window(column, parse_boundary(start), Span(*size), Span(*lookback), tuple(until))


def parse_boundary(text: str) -> Boundary:
    """Read a key or a time; a time has no zone, or ``Z``.

    Raises:
        ValueError: it is neither.
    """
    if _WHOLE.fullmatch(text.strip()):
        return int(text)
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is not None and moment.utcoffset() != timedelta(0):
        raise ValueError("times are in UTC")
    return moment.replace(tzinfo=None)


def boundary_of(value: object) -> Boundary:
    """Return a value of a column as a boundary.

    Raises:
        ValueError: it is no text, key, date or time.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - boundaries are UTC, without mark
    if isinstance(value, str):
        return parse_boundary(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("write a date, a time or a whole number")


def _month_of(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _shifted(moment: datetime, months: int) -> datetime:
    """Return a time so many months later; a day that its month does not have becomes the month's last."""
    year, index = divmod(_month_of(moment) + months, 12)
    if not 1 <= year <= MAXYEAR:
        raise OverflowError("date value out of range")
    return moment.replace(year=year, month=index + 1, day=min(moment.day, monthrange(year, index + 1)[1]))
