"""Text for a screen: what is dangerous made visible, measured in columns, broken at words."""

from __future__ import annotations

import re
import unicodedata

# What a terminal would obey or hide instead of showing: control characters (ESC among them), line separators, marks
# that turn the direction of writing round, byte order marks, and halves of surrogate pairs, which no stream can carry.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Return a text whose control characters are written out, as they would be in a string of Python or JSON."""
    return _HIDDEN.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def width(text: str) -> int:
    """Return how many columns a text takes on a screen: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, room: int, *, right: bool = False) -> str:
    """Fill a text up with spaces to so many columns."""
    space = " " * (room - width(text))
    return space + text if right else text + space


def wrapped(text: str, room: int) -> list[str]:
    """Break a text at words into lines of at most so many columns; a word that is longer is broken itself."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if width(longer) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _pieces(word, room)
            lines += whole
        lines.append(line)
    return lines


def _pieces(word: str, room: int) -> list[str]:
    pieces, piece, taken = [], "", 0
    for character in word:
        columns = _columns(character)
        if piece and taken + columns > room:
            pieces.append(piece)
            piece, taken = "", 0
        piece += character
        taken += columns
    return [*pieces, piece]
