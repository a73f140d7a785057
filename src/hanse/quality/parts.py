"""Uniqueness of more keys than memory holds.

The engine spills what it groups to disk, but not everything it needs meanwhile: under a tight limit it gives up. Then
the keys are grouped part by part, each part by a look of its own at the data: slower, and in bounded memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hanse.base import EngineError

T = TypeVar("T")
PARTS = (16, 256)
# The engine seam's code for a statement that needs more memory than it may have.
_OUT_OF_MEMORY = "HNS-E007"


def in_parts(ask: Callable[[tuple[int, int] | None], T]) -> list[T]:
    """Ask about all keys at once or, where memory does not suffice, about 16 parts of them, or 256.

    Args:
        ask: gets None, or a part's number and how many there are.

    Returns:
        The answers: one, or one per part.

    Raises:
        EngineError: HNS-E007: the smallest parts need too much memory, too; or whatever else was raised.
    """
    try:
        return [ask(None)]
    except EngineError as error:
        if error.code.id != _OUT_OF_MEMORY:
            raise
    for parts in PARTS:
        try:
            return [ask((number, parts)) for number in range(parts)]
        except EngineError as error:
            if error.code.id != _OUT_OF_MEMORY or parts == PARTS[-1]:
                raise
    raise AssertionError("the last of the parts was answered or raised")
