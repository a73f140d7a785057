"""Lengths of time as contracts write them, and going back by them."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import replace
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from hanse.quality.records import Span
from hanse.spec.types import DataType, Scalar

_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 604_800),
}
_MONTHS = {
    **dict.fromkeys(("mo", "month", "months"), 1),
    **dict.fromkeys(("q", "quarter", "quarters"), 3),
    **dict.fromkeys(("y", "yr", "year", "years"), 12),
}
_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_TOGETHER = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_LONGEST_MONTHS, _LONGEST_SECONDS = 12 * 1000, 366 * 86_400 * 1000


def span_of(value: Any, unit: str | None) -> Span:
    """Return a length of time.

    Args:
        value: a number with a unit, or a text that says both: ``4 h`` or ISO 8601's ``PT4H``.
        unit: s, min, h, d, w, mo, q, y or a longer word for one of them; letter case does not matter.

    Raises:
        ValueError: it is none; the message says why and names what may be written.
    """
    if unit is None and isinstance(value, str):
        return _written(value.strip())
    if unit is None:
        raise ValueError(f"`{value}` has no unit; add `unit: d`, for example")
    number = _number(value)
    word = unit.strip().lower()
    if word == "m":
        raise ValueError("the unit `m` may be minutes or months; write `min` or `mo`")
    stated = f"{_plain(number)} {unit.strip()}"
    if word in _MONTHS:
        months = number * _MONTHS[word]
        if months != months.to_integral_value():
            raise ValueError(f"`{value}` is no whole number of months")
        return _sound(Span(months=int(months), stated=stated))
    if word in _SECONDS:
        return _sound(Span(seconds=float(number * _SECONDS[word]), stated=stated))
    raise ValueError(f"`{unit}` is no unit of time; write s, min, h, d, w, mo, q or y")


def _written(text: str) -> Span:
    together = _TOGETHER.fullmatch(text)
    if together:
        return span_of(together.group(1), together.group(2))
    iso = _ISO.fullmatch(text)
    if iso is None or not any(iso.groups()):
        raise ValueError(f"`{text}` is no length of time; write a number and a `unit`, or `P3Y`, `PT4H`")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
    total = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    return _sound(Span(12 * years + months, float(total), text))


def _sound(span: Span) -> Span:
    if not (span.months or span.seconds):
        raise ValueError("it is no time at all; write a number above 0")
    if span.months > _LONGEST_MONTHS or span.seconds > _LONGEST_SECONDS:
        raise ValueError("it is longer than a thousand years")
    return span


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise ValueError(f"`{value}` is no number above 0")
    return number


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}" if number else "0"


def before(now: datetime, span: Span) -> datetime:
    """Return the moment that lies a span before another; the last day of a shorter month for the 31st."""
    return _shifted(now, -span.months, -span.seconds)


def after(then: datetime, span: Span) -> datetime:
    """Return the moment that lies a span after another."""
    return _shifted(then, span.months, span.seconds)


def _shifted(at: datetime, months: int, seconds: float) -> datetime:
    years, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    earliest, latest = datetime.min.replace(tzinfo=at.tzinfo), datetime.max.replace(tzinfo=at.tzinfo)
    if not 1 <= years <= MAXYEAR:
        return earliest if years < 1 else latest
    moved = at.replace(year=years, month=month + 1, day=min(at.day, monthrange(years, month + 1)[1]))
    try:
        return moved + timedelta(seconds=seconds)
    except OverflowError:
        return earliest if seconds < 0 else latest


def moment_in(at: datetime, type_: DataType) -> date | datetime:
    """Return a moment as a value of a column's type: a day for dates; clocks without a zone show UTC."""
    utc = at.astimezone(UTC)
    if type_ is Scalar.DATE:
        return utc.date()
    return utc if type_ is Scalar.TIMESTAMPTZ else utc.replace(tzinfo=None)


def times(span: Span, factor: int) -> Span:
    """Return a span several times as long."""
    return replace(span, months=span.months * factor, seconds=span.seconds * factor)


def elapsed(seconds: float) -> str:
    """Write how long something took or is ago: ``3 days``, ``26 hours``, ``5 minutes``."""
    for name, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {name}"
    return f"{seconds:,.0f} seconds"
