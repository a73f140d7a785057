"""From the ``window`` of a table in ``pipeline.yaml`` to a :class:`~hanse.spec.windows.Window`, and whether it fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from hanse.base import Problem
from hanse.base.suggest import did_you_mean
from hanse.spec import codes
from hanse.spec.descriptors import WindowFile
from hanse.spec.document import Document, Map
from hanse.spec.types import DataType, Scalar
from hanse.spec.windows import Boundary, Span, Window, parse_boundary

_SPAN = re.compile(r"([0-9]+)\s*(minute|hour|day|week|month|year)s?")
_LAST_SAFE_DAY = 28
_TYPES = (Scalar.DATE, Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ, Scalar.BIGINT)
_MOST_KEYS, _MOST_UNITS = 10**18, 1_000_000


def read_window(document: Document, entry: Map, model: WindowFile, problems: list[Problem]) -> Window | None:
    """Read a table's window, adding what is wrong with it to ``problems``; None if anything is."""
    reading = _Reading(document, entry, problems)
    before = len(problems)
    start = reading.boundary("start", model.start)
    is_key = isinstance(start, int)
    size = reading.span("size", model.size, is_key=is_key, least=1)
    lookback = reading.span("lookback", model.lookback or "0", is_key=is_key, least=0)
    until = tuple(part.strip().lower() for part in (model.until or "").split(".") if part.strip())
    if start is not None:
        reading.end(model, until, is_key=is_key)
    if isinstance(start, datetime) and size and size.unit in ("month", "year") and start.day > _LAST_SAFE_DAY:
        reading.report("start", "is a day that not every month has", "begin on a day up to the 28th")
    if len(problems) > before or start is None or size is None or lookback is None:
        return None
    return Window(model.column, start, size, lookback, until)


class _Reading:
    def __init__(self, document: Document, entry: Map, problems: list[Problem]) -> None:
        self._document, self._entry, self._problems = document, entry, problems

    def report(self, key: str, what: str, fix: str) -> None:
        place = self._document.at(self._entry, key) if key in self._entry else self._document.at(self._entry)
        self._problems.append(Problem(codes.BAD_VALUE, f"`{key}` of a window {what}", place, fix=fix))

    def boundary(self, key: str, text: str) -> Boundary | None:
        try:
            return parse_boundary(text)
        except ValueError:
            fix = "write a date or a time in UTC, such as `2024-01-01` or `2024-01-01T06:00:00`, or a whole number"
            self.report(key, "is neither a time nor a key", fix)
            return None

    def span(self, key: str, text: str, *, is_key: bool, least: int) -> Span | None:
        found = None
        match = _SPAN.fullmatch(text.strip())
        if text.strip() == "0" and least == 0:
            found = Span(0, None if is_key else "day")
        elif is_key and re.fullmatch(r"[0-9]{1,19}", text.strip()):
            found = Span(int(text))
        elif not is_key and match:
            found = Span(int(match.group(1)), match.group(2))
        if found is None or not least <= found.number <= (_MOST_KEYS if is_key else _MOST_UNITS):
            example = "a number of keys, such as `100000`" if is_key else "a span of time, such as `1 day` or `6 hours`"
            self.report(key, f"is no length from {least} on", f"write {example}, as `start` is one")
            return None
        return found

    def end(self, model: WindowFile, until: tuple[str, ...], *, is_key: bool) -> None:
        if is_key and len(until) < 2:
            fix = "write `until: input.column`: its greatest value is the last key"
            self.report("until", "does not say how its end is known, since keys have no clock", fix)
        elif not is_key and model.until is not None:
            self.report("until", "belongs to keys; a window over time ends at the present", "remove `until`")


def window_faults(window: Window, columns: Mapping[str, DataType]) -> Iterator[tuple[str, str]]:
    """Yield what keeps a table from having a window, each with its fix.

    Args:
        window: the window.
        columns: the table's columns, with their types.
    """
    kind = columns.get(window.column)
    if kind is None:
        yield (
            f"has no column `{window.column}` for its window",
            did_you_mean(window.column, list(columns)) or "name a column of the contract",
        )
    elif kind not in _TYPES:
        yield (
            f"has a window over `{window.column}`, which is {kind}",
            "choose a column of the type date, timestamp or integer",
        )
    elif window.is_timed == (kind is Scalar.BIGINT):
        has, wants = ("a time", "a whole number") if window.is_timed else ("a key", "a time")
        yield f"has a window that starts at {has}, and `{window.column}` is {kind}", f"write `start` as {wants}"
    elif kind is Scalar.DATE and (window.size.unit in ("minute", "hour") or window.text(window.start).count("T")):
        yield (
            f"has a window with parts of days over `{window.column}`, which is a date",
            "cut it into days, weeks, months or years",
        )
