"""What was read or written stays in memory for a while."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Cache(Generic[_Key, _Value]):
    """The values used last. What is kept here never changes, so it is never stale.

    Args:
        size: how much is kept; a value counts as what it was put in with.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._values: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key) -> _Value | None:
        """Return a value if it is still there."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: _Key, value: _Value, weight: int = 1) -> None:
        """Keep a value, and let go of the ones not used for the longest time."""
        with self._lock:
            if key in self._values:
                self._used -= self._values.pop(key)[1]
            self._values[key] = (value, weight)
            self._used += weight
            while self._used > self._size:
                _, (_, weight_of_oldest) = self._values.popitem(last=False)
                self._used -= weight_of_oldest
