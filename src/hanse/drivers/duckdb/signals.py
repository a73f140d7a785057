"""Waiting for the engine so that Ctrl-C is heard: DuckDB looks at no signals while it works."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

T = TypeVar("T")
_AGAIN = 0.02
# The main thread waits for one statement at a time, so one worker is enough.
_worker: ThreadPoolExecutor | None = None


class Interruptible(Protocol):
    """What can be told to end what it does: a connection of DuckDB's, or who holds one."""

    def interrupt(self) -> None:
        """End what is under way."""
        ...


def hearing(cursor: Interruptible, work: Callable[[], T]) -> T:
    """Do what may take long on a cursor, and end it if a signal's handler raises meanwhile.

    Only the main thread hears signals, and only between two steps of Python; so there, another thread does the work
    (20 µs). Other threads do it themselves.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    future = _start(work)
    try:
        return future.result()
    except BaseException:
        # DuckDB forgets an interrupt that arrives just before a statement starts.
        while not future.done():
            cursor.interrupt()
            wait([future], timeout=_AGAIN)
        raise


def _start(work: Callable[[], T]) -> Future[T]:
    global _worker
    if _worker is None:
        _worker = ThreadPoolExecutor(1, thread_name_prefix="hanse-duckdb")
    return _worker.submit(work)


def _forget() -> None:
    global _worker
    _worker = None


os.register_at_fork(after_in_child=_forget)
