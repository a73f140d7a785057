"""Statements in flight: who may end them, and when."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb

from hanse.base import Code
from hanse.drivers.duckdb.codes import INTERRUPTED, SESSION_CLOSED, TIMED_OUT

# DuckDB forgets an interrupt that arrives just before a statement starts, so it is sent again until the flight lands.
_AGAIN = 0.02
_LINGER = 1.0


@dataclass(eq=False)
class Flight:
    """One statement, from its start until its last row was read.

    Attributes:
        cursor: the connection it runs on, its own.
        deadline: monotonic seconds at which it is to be ended, None for never.
        verdict: why it was ended from outside, or None.
        result: what its rows are read from, while they are.
        busy: held by the thread that is inside the engine for it.
    """

    cursor: duckdb.DuckDBPyConnection
    deadline: float | None = None
    verdict: Code | None = None
    result: Any = None
    busy: threading.Lock = field(default_factory=threading.Lock)
    landed: bool = False


class Tower:
    """Knows the statements in flight, and ends those that are due. Its thread starts when first needed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._flights: set[Flight] = set()
        self._thread: threading.Thread | None = None
        self._wake: float | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Nothing starts any more."""
        return self._closed

    def start(self, cursor: duckdb.DuckDBPyConnection, seconds: float | None) -> Flight:
        """Register a statement that is about to start."""
        flight = Flight(cursor, None if seconds is None else time.monotonic() + seconds)
        with self._condition:
            if self._closed:
                flight.verdict = SESSION_CLOSED
            else:
                self._flights.add(flight)
                if flight.deadline is not None:
                    self._wake_at(flight.deadline)
        return flight

    def land(self, flight: Flight) -> None:
        """Forget a statement and give its connection back. Landing twice is harmless."""
        with self._condition:
            if flight.landed:
                return
            flight.landed = True
            self._flights.discard(flight)
        flight.result = None
        flight.cursor.close()

    def end_all(self, verdict: Code = INTERRUPTED) -> None:
        """End everything in flight; with ``SESSION_CLOSED`` nothing can start afterwards."""
        with self._condition:
            self._closed = self._closed or verdict is SESSION_CLOSED
            for flight in tuple(self._flights):
                self._end(flight, verdict)
            if self._flights:
                self._wake_at(time.monotonic() + _AGAIN)
            elif self._closed:
                self._condition.notify()

    def _end(self, flight: Flight, verdict: Code) -> None:
        flight.verdict = flight.verdict or verdict
        flight.deadline = time.monotonic() + _AGAIN
        if flight.busy.acquire(blocking=False):  # nobody is inside the engine: its rows wait to be read
            try:
                self.land(flight)
            finally:
                flight.busy.release()
        else:
            with suppress(duckdb.ConnectionException):  # closed meanwhile: nothing runs on it any more
                flight.cursor.interrupt()

    def _wake_at(self, at: float) -> None:
        if self._wake is None or at < self._wake:
            self._wake = at
            self._condition.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="hanse-duckdb-tower", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        with self._condition:
            while True:
                now = time.monotonic()
                for flight in tuple(self._flights):
                    if flight.deadline is not None and flight.deadline <= now:
                        self._end(flight, TIMED_OUT)
                self._wake = min((f.deadline for f in self._flights if f.deadline is not None), default=None)
                if self._wake is not None:
                    self._condition.wait(max(self._wake - time.monotonic(), 0.0))
                elif self._closed or not self._condition.wait(_LINGER):
                    self._thread = None
                    return
