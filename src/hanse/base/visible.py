"""Text from anywhere with what is dangerous in it made visible."""

from __future__ import annotations

import re

# What a terminal or a page would obey or hide instead of showing: control characters (ESC among them), line
# separators, marks that turn the direction of writing round, byte order marks, and halves of surrogate pairs, which no
# stream can carry.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Return a text whose control characters are written out, as they would be in a string of Python or JSON."""
    return _HIDDEN.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
