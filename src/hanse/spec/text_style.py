"""How values are written in text."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How values are written in text. None: as in SQL, ISO 8601 and with a decimal point.

    Attributes:
        decimal: the character before the fraction.
        thousands: a character that may stand between groups of three digits, and nowhere else.
        dates, timestamps: with the directives of ``strptime``, for example ``%d.%m.%Y``.
    """

    decimal: str | None = None
    thousands: str | None = None
    dates: str | None = None
    timestamps: str | None = None

    @property
    def has_numbers(self) -> bool:
        """Whether numbers are written otherwise than in SQL."""
        return self.decimal is not None or self.thousands is not None

    @property
    def number_pattern(self) -> str:
        """A regular expression (RE2) for a number in this style: ``1.5`` is none where the point groups digits."""
        point = re.escape(self.decimal or ".")
        digits = r"[0-9]*"
        if self.thousands is not None:
            digits = rf"(?:[0-9]{{1,3}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|[0-9]*)"
        return rf"\s*[+-]?{digits}(?:{point}[0-9]*)?(?:[eE][+-]?[0-9]+)?\s*"
