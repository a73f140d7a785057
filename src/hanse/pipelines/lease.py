"""Who executes a run, whether that process still lives, and keeping its lease while it does."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from hanse.base import Conflict, HanseError, ProductName
from hanse.registry import Registry, RunStatus

LEASE_SECONDS = 60.0
_BEAT_SECONDS = LEASE_SECONDS / 3


def owner_identity() -> str:
    """Return ``host:pid:start`` of this process; ``start`` tells a reused pid from the one before it."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_start_of(pid)}"


def owner_is_dead(owner: str | None) -> bool:
    """Say whether the process is known to be gone. A process on another machine is never known to be."""
    host, pid, start = ((owner or "") + "::").split(":")[:3]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start_of(int(pid)) != start


def end_leases_of_the_dead(registry: Registry, name: ProductName) -> None:
    """End the leases that runs of a product hold whose process is known to be gone, so that others need not wait."""
    for run in registry.reader().runs(name, status=RunStatus.RUNNING):
        if owner_is_dead(run.owner):
            with suppress(Conflict), registry.write() as writer:
                writer.end_lease(name, run.id, owner=run.owner)


def _start_of(pid: int) -> str:
    """Return the kernel's start time of a process in clock ticks since boot; empty where there is no /proc (macOS)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]  # field 22 of proc(5); the name before it may hold spaces


class Heartbeat:
    """Prolongs a run's lease from a thread of its own until it is left."""

    def __init__(self, registry: Registry, run_id: str, fence: int) -> None:
        self._registry, self._run_id, self._fence = registry, run_id, fence
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"hanse-lease-{run_id}", daemon=True)

    def _beat(self) -> None:
        while not self._stop.wait(_BEAT_SECONDS):
            try:
                with self._registry.write() as writer:
                    writer.beat(self._run_id, self._fence, lease_seconds=LEASE_SECONDS)
            except Conflict:
                return  # taken over: the run's next write is refused by its fence
            except HanseError:
                continue  # a busy or full disk may be over at the next beat; if not, the run's own writes say so

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()
