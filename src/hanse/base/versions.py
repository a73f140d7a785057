"""Which release of a product is meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime

Version = datetime | int | str
"""A release of a product: the one visible at a time (aware), the one with a sequence number, or, as text, the one with
an id, or the newest one that names a snapshot of this id."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?: ?(?:Z|[+-]\d\d(?::?\d\d)?))?)?")


def parse_moment(text: str) -> datetime | None:
    """Read a time as people write it: ``2026-11-01``, ``2026-11-01 12:00``, ``2026-11-01T12:00:00.5+01:00``.

    Args:
        text: a date (its first moment) or a date and a time of day; without an offset it is UTC.

    Returns:
        The time in UTC; None if the text is no such time.
    """
    spelled = text.strip()
    if not spelled.isascii() or not _MOMENT.fullmatch(spelled):
        return None
    day, clock = spelled[:10], spelled[11:].replace(" ", "")
    try:
        found = datetime.fromisoformat(f"{day}T{clock}" if clock else day)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def spell_moment(at: datetime) -> str:
    """Return a time in UTC as :func:`parse_moment` reads it, to the second where nothing smaller is in it."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def parse_version(text: str) -> Version:
    """Read what a person types: a time, a release's number, or an id."""
    spelled = text.strip()
    if spelled.isascii() and spelled.isdigit():
        return int(spelled)
    return parse_moment(spelled) or spelled
