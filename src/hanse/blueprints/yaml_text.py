"""Texts of anybody's as YAML: whatever they hold, they stay one value or one comment."""

from __future__ import annotations

import re
import textwrap

_WIDTH = 110
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")
# Plain words that some reader or other takes for a boolean or for nothing.
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def text(value: str) -> str:
    """Return a text in double quotes, with everything escaped that YAML does not print."""
    return '"' + "".join(_ESCAPES.get(c) or (c if _is_printed(c) else _escaped(c)) for c in value) + '"'


def key(name: str) -> str:
    """Return a name as it is where every reader takes it for text, else in double quotes."""
    return name if _PLAIN.fullmatch(name) and name not in _WORDS else text(name)


def comment(sentence: str, indent: int = 0) -> list[str]:
    """Return a sentence as comment lines, broken at words, with nothing in it that would end the comment."""
    safe = "".join(c if _is_printed(c) else _escaped(c) for c in sentence)
    prefix = " " * indent + "# "
    return textwrap.wrap(safe, _WIDTH, initial_indent=prefix, subsequent_indent=prefix, break_long_words=False)


def _is_printed(character: str) -> bool:
    return character == " " or (character.isprintable() and character != "\ufeff")


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
