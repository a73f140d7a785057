"""Recording steps as they end, a few at a time, so that a hundred small steps do not cost a hundred transactions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hanse.base import Clock, HanseError
from hanse.registry import Registry, Step, StepStatus

_FLUSH_SECONDS = 0.5


@dataclass
class Measured:
    """What a step says of itself while it works."""

    rows: int | None = None
    bytes: int | None = None
    output: Mapping[str, Any] = field(default_factory=dict)


class StepLog:
    """Records the steps of one run; several threads may use it.

    A step that is lost in a crash because it was not yet written is only done again.
    """

    def __init__(self, registry: Registry, clock: Clock, run_id: str, fence: int) -> None:
        self._registry, self._clock, self._run_id, self._fence = registry, clock, run_id, fence
        self._lock = threading.Lock()
        self._waiting: list[Step] = []
        self._written = time.monotonic()

    @contextmanager
    def step(self, kind: str, name: str) -> Iterator[Measured]:
        """Time what happens inside and record it as done, or as failed if it raises."""
        began, clock = self._clock.now(), time.perf_counter()
        measured = Measured()
        try:
            yield measured
        except HanseError as error:
            self._add(kind, name, StepStatus.FAILED, began, clock, measured, error.problem.as_document())
            raise
        self._add(kind, name, StepStatus.DONE, began, clock, measured, None)

    def reused(self, kind: str, name: str, rows: int | None, output: Mapping[str, Any]) -> None:
        """Record that an earlier result still stands."""
        self._add(
            kind, name, StepStatus.REUSED, self._clock.now(), time.perf_counter(), Measured(rows, None, output), None
        )

    def flush(self) -> None:
        """Write what waits.

        Raises:
            Conflict: the run was taken over.
        """
        with self._lock:
            waiting, self._waiting = self._waiting, []
            self._written = time.monotonic()
        if waiting:
            with self._registry.write() as writer:
                writer.record_steps(waiting, self._fence)

    def _add(
        self,
        kind: str,
        name: str,
        status: StepStatus,
        began: datetime,
        clock: float,
        measured: Measured,
        error: Mapping[str, Any] | None,
    ) -> None:
        step = Step(
            self._run_id,
            f"{kind}:{name}",
            kind,
            status,
            began,
            round(time.perf_counter() - clock, 6),
            measured.rows,
            measured.bytes,
            measured.output,
            error,
        )
        with self._lock:
            self._waiting.append(step)
            due = time.monotonic() - self._written > _FLUSH_SECONDS
        if due:
            self.flush()
