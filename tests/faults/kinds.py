"""What can go wrong at a boundary, and the watcher that lets it go wrong once, at one of them."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

from faults import interpose
from faults.interpose import Call

READS = frozenset({"open", "read"})
_CHANGES = frozenset({"create", "write", "fsync", "ftruncate", "rename", "unlink", "mkdir", "rmdir"})
_JUMP = timedelta(days=3)

# Kind → the calls at which it can happen.
KINDS: dict[str, frozenset[str]] = {
    "kill": _CHANGES,  # kill -9 instead of the call
    "power": _CHANGES,  # the same, and what was not synced to the disk is lost
    "full": frozenset({"create", "write", "rename", "mkdir"}),  # ENOSPC, a write done by half; it stays full
    "eio": _CHANGES | READS,  # EIO instead of the call
    "late": _CHANGES - {"create"},  # EIO after the call has done its work
    "exception": _CHANGES,  # an exception that nobody expects, where the main thread is when the call returns
    "interrupt": _CHANGES,  # Ctrl-C
    "ahead": _CHANGES,  # the clock jumps ahead by days, and stays there until the process ends
    "back": _CHANGES,  # the clock is set back by days
    "killed-ahead": _CHANGES,  # kill -9 of a process whose clock is ahead by days
    "killed-back": _CHANGES,
}


class Unexpected(Exception):
    """What no code can have foreseen."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: this kind, at the ``number``-th call of this name within an operation.

    Written ``operation:call:number:kind``.
    """

    operation: str
    call: str
    number: int
    kind: str

    def __str__(self) -> str:
        return f"{self.operation}:{self.call}:{self.number}:{self.kind}"

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read what :meth:`__str__` wrote."""
        operation, call, number, kind = text.split(":")
        return cls(operation, call, int(number), kind)


class ShiftedClock:
    """The machine's clock, which somebody may set."""

    def __init__(self) -> None:
        self.shift = timedelta(0)
        self._nanoseconds, self._seconds = time.time_ns, time.time
        # Whoever asks the time module is told the same.
        time.time_ns = lambda: self._nanoseconds() + self.shift // timedelta(microseconds=1) * 1000
        time.time = lambda: self._seconds() + self.shift.total_seconds()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self.shift


class Injector:
    """Counts the calls of a process, and lets one of them meet its fault.

    Args:
        fault: what shall happen; None: only count.
        clock: of this process.
        report: where a line is written when it happens; it is read after the process is gone.
    """

    def __init__(self, fault: Fault | None, clock: ShiftedClock, report: int) -> None:
        self._fault, self._clock, self._report = fault, clock, report
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._synced: dict[str, int] = {}
        self._full = False
        self._muted = False
        self.calls: list[tuple[str, str]] = []
        if fault and fault.kind.startswith("killed-"):
            clock.shift = _JUMP if fault.kind == "killed-ahead" else -_JUMP
        signal.signal(signal.SIGALRM, self._raise_outside)

    def __call__(self, call: Call) -> int:
        """See a call, and do it or not."""
        if self._muted:
            return call.do()
        with self._lock:
            self._counts[call.name] += 1
            self.calls.append((call.name, call.path))
            number = self._counts[call.name]
        fault = self._fault
        if fault and (call.name, number) == (fault.call, fault.number):
            os.write(self._report, json.dumps({"fired": f"{call.name} {call.path}"}).encode() + b"\n")
            return self._happen(call, fault.kind)
        if self._full and _grows(call):
            return call.fail(errno.ENOSPC)
        return self._do(call)

    def _do(self, call: Call) -> int:
        """Do the call, and note what a power cut would spare."""
        if self._fault is None or self._fault.kind != "power":
            return call.do()
        if call.name == "write":
            self._synced.setdefault(call.path, _size(call.path))
        result = call.do()
        if result == 0 and call.name == "fsync":
            self._synced.pop(call.path, None)
        elif result == 0 and call.name == "rename":
            source = os.fsdecode(call.arguments[0])
            if source in self._synced:
                self._synced[call.path] = self._synced.pop(source)
        elif result == 0 and call.name == "unlink":
            self._synced.pop(call.path, None)
        return result

    def _happen(self, call: Call, kind: str) -> int:
        match kind:
            case "kill" | "killed-ahead" | "killed-back":
                _die()
            case "power":
                self._muted = True
                for path, size in self._synced.items():
                    if os.path.exists(path) and _size(path) > size:
                        os.truncate(path, size)
                _die()
            case "full":
                self._full = True
                call.do_half()
                return call.fail(errno.ENOSPC)
            case "eio":
                return call.fail(errno.EIO)
            case "late":
                call.do()
                return call.fail(errno.EIO)
            case "exception" | "interrupt":
                signal.setitimer(signal.ITIMER_REAL, 1e-6)
            case "ahead" | "back":
                self._clock.shift = _JUMP if kind == "ahead" else -_JUMP
        return call.do()

    def _raise_outside(self, _number: int, frame: FrameType | None) -> None:
        """Raise in the product's code: an exception raised in here would end in the C library's caller."""
        inside: FrameType | None = frame
        while inside is not None:
            if inside.f_code.co_filename in {__file__, interpose.__file__}:
                signal.setitimer(signal.ITIMER_REAL, 1e-4)
                return
            inside = inside.f_back
        assert self._fault is not None
        raise KeyboardInterrupt if self._fault.kind == "interrupt" else Unexpected


def _grows(call: Call) -> bool:
    """Say whether a full disk refuses a call."""
    return call.name in {"write", "mkdir", "rename"} or (call.name == "create" and not os.path.exists(call.path))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _die() -> Any:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the signal comes at the latest when the kernel is left; never past here
