"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like this one, or None if none is near (Ratcliff/Obershelp ratio ≥ 0.6)."""
    by_folded = {k.casefold(): k for k in known}
    match = get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[match[0]] if match else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a fix line: the nearest known word, or the whole list when it is short, or None."""
    words = sorted(set(known))
    near = closest(word, words)
    if near:
        return f"did you mean `{near}`?"
    if words and len(words) <= 12:
        return "use one of " + ", ".join(f"`{w}`" for w in words)
    return None
