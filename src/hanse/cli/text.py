"""Text for a screen: measured in columns, broken at words."""

from __future__ import annotations

import unicodedata


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
