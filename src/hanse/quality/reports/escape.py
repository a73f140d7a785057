"""Anybody's texts in Markdown: never markup, a link, a mention, or a reference to an issue.

Source: https://github.github.com/gfm/ (code spans, tables, entity references).
"""

from __future__ import annotations

import re

from hanse.base.visible import visible
from hanse.quality.reports.verdicts import value_text

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# Kept in words: they mean nothing in the middle of a line.
_PLAIN = frozenset(" ,.;:?()%'\"/=+-")
_QUOTED = re.compile(r"(`[^`]+`)")
_LINKING = re.compile(r"[@#!$%&~](?=\w)|:(?=//|[\w+-]*[a-z+-][\w+-]*:)|(?i:\bwww(?=\.)|\bgh(?=-\d))")
_LEADING = re.compile(r"^\s*(\d*)([-+=]|[.)](?=\s|$))")  # what would begin a list or underline a heading


def words(text: str) -> str:
    """Return a sentence as text; what it quotes in backticks becomes a code span."""
    return "".join(
        code(part[1:-1]) if _QUOTED.fullmatch(part) else _escaped(visible(part))
        for part in _QUOTED.split(value_text(text.strip(), 1_000))
    )


def _escaped(text: str) -> str:
    """Write punctuation as references, and part what a host would make a link, a mention or a reference of."""
    parted = _LINKING.sub(lambda found: f"{found[0]}\u200b", text)
    safe = _PUNCTUATION.sub(lambda found: found[0] if found[0] in _PLAIN else f"&#{ord(found[0])};", parted)
    return _LEADING.sub(lambda found: f"{found[1]}&#{ord(found[2])};", safe)


def code(text: str) -> str:
    """Return a text as code, for a table's cell too."""
    shown = value_text(text)
    if shown and not re.search(r"[`|\\]", shown) and shown == shown.strip():
        return f"`{shown}`"
    return html_code(shown) if shown else '`""`'


def html_code(text: str) -> str:
    """Return a text in an HTML element for code, every punctuation mark a reference: also where no span is parsed."""
    return f"<code>{_PUNCTUATION.sub(lambda found: f'&#{ord(found[0])};', value_text(text))}</code>"
