"""Patterns of Java's ``DateTimeFormatter``, in which ODCS writes formats of dates, as regular expressions.

Months and days of the week are English. Days are not counted: 31 is a day of any month.

Source: https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html
"""

from __future__ import annotations

import re

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']")
_OFFSET = "[+\\-](?:[01][0-9]|2[0-3])"
_ONE_OR_TWO = {
    "M": ("(?:0[1-9]|1[0-2])", "(?:1[0-2]|[1-9])"),
    "d": ("(?:0[1-9]|[12][0-9]|3[01])", "(?:[12][0-9]|3[01]|[1-9])"),
    "H": ("(?:[01][0-9]|2[0-3])", "(?:1[0-9]|2[0-3]|[0-9])"),
    "k": ("(?:0[1-9]|1[0-9]|2[0-4])", "(?:1[0-9]|2[0-4]|[1-9])"),
    "h": ("(?:0[1-9]|1[0-2])", "(?:1[0-2]|[1-9])"),
    "K": ("(?:0[0-9]|1[01])", "(?:1[01]|[0-9])"),
    "m": ("[0-5][0-9]", "(?:[1-5][0-9]|[0-9])"),
    "s": ("[0-5][0-9]", "(?:[1-5][0-9]|[0-9])"),
}
_WHOLE = {
    "yyyy": "[0-9]{4}",
    "uuuu": "[0-9]{4}",
    "yy": "[0-9]{2}",
    "uu": "[0-9]{2}",
    "MMM": f"(?:{'|'.join(m[:3] for m in _MONTHS)})",
    "MMMM": f"(?:{'|'.join(_MONTHS)})",
    "EEEE": f"(?:{'|'.join(_DAYS)})",
    **dict.fromkeys(("E", "EE", "EEE"), f"(?:{'|'.join(d[:3] for d in _DAYS)})"),
    "DDD": "(?:00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])",
    "a": "(?:AM|PM)",
    "X": f"(?:Z|{_OFFSET}(?:[0-5][0-9])?)",
    "XX": f"(?:Z|{_OFFSET}[0-5][0-9])",
    "XXX": f"(?:Z|{_OFFSET}:[0-5][0-9])",
    "x": f"{_OFFSET}(?:[0-5][0-9])?",
    "xx": f"{_OFFSET}[0-5][0-9]",
    "xxx": f"{_OFFSET}:[0-5][0-9]",
    "Z": f"{_OFFSET}[0-5][0-9]",
    "VV": r"[A-Za-z][A-Za-z0-9_+\-/]*",
}


def java_date_regex(pattern: str) -> str | None:
    """Return the regular expression of a pattern such as ``dd.MM.yyyy HH:mm``; None if it is no pattern of a date."""
    pieces = list(_PIECE.finditer(pattern))
    if sum(len(p.group()) for p in pieces) != len(pattern) or not any(p.group(2) for p in pieces):
        return None
    found = [_piece(piece) for piece in pieces]
    return None if None in found else "".join(part for part in found if part is not None)


def _piece(piece: re.Match[str]) -> str | None:
    text, letter = piece.group(), piece.group(2)
    if text.startswith("'"):
        return re.escape(piece.group(1).replace("''", "'") or "'")
    if letter is None:
        return re.escape(text)
    if letter == "S":
        return f"[0-9]{{{len(text)}}}"
    if letter in _ONE_OR_TWO and len(text) <= 2:
        return _ONE_OR_TWO[letter][0 if len(text) == 2 else 1]
    return _WHOLE.get(text)
