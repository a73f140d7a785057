"""Faults without end: random operations, random boundaries, random kinds, on every core: ``make soak``.

``SOAK_SECONDS`` bounds the time, ``SOAK_FAULTS`` the number of faults (5,000); whichever is reached first ends it.
``SOAK_SEED`` repeats the choices of an earlier soak. The last line is the verdict; any violation is told with the
fault's name when it is found, and makes the exit code 1.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from faults.__main__ import tell
from faults.operations import OPERATIONS
from faults.workshop import Workshop, scratch

SECONDS = 3600
FAULTS = 5000
_TOLD_EVERY = 30.0


def main() -> int:
    """Start a worker on each core and add up what they say."""
    seconds, faults = int(os.environ.get("SOAK_SECONDS", SECONDS)), int(os.environ.get("SOAK_FAULTS", FAULTS))
    seed = int(os.environ.get("SOAK_SEED", random.SystemRandom().randrange(1 << 32)))
    cores = len(os.sched_getaffinity(0))
    print(f"soak: up to {faults:,} faults, up to {seconds:,} s, {cores} workers, seed {seed}", flush=True)
    began = time.monotonic()
    workers = [
        subprocess.Popen([sys.executable, "-m", "faults.soak", str(seed + number)], stdout=subprocess.PIPE)
        for number in range(cores)
    ]
    fired = broken = 0
    told, failed = began, False
    try:
        for verdict in _lines(workers, began + seconds):
            fired += verdict["fired"]
            broken += verdict["broken"]
            if time.monotonic() - told > _TOLD_EVERY:
                told = time.monotonic()
                print(f"soak: {fired:,} faults, {broken:,} violations, {told - began:,.0f} s", flush=True)
            if fired >= faults:
                break
    finally:
        failed = any(worker.poll() not in {None, 0} for worker in workers)
        for worker in workers:
            worker.terminate()
        for worker in workers:
            with suppress(subprocess.TimeoutExpired):
                worker.wait(30)
    if failed or not fired:
        print(f"soak: a worker ended by itself after {fired:,} faults")
        return 1
    print(f"soak: {fired:,} faults, {broken:,} violations, {time.monotonic() - began:,.0f} s")
    return 1 if broken else 0


def _lines(workers: list[subprocess.Popen[bytes]], until: float) -> Iterator[dict[str, bool]]:
    """Yield what the workers say, until it is time or one of them ends."""
    outputs = {worker.stdout.fileno(): b"" for worker in workers if worker.stdout}
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select(list(outputs), [], [], left)
        for handle in ready:
            part = os.read(handle, 65536)
            if not part:
                return
            *lines, outputs[handle] = (outputs[handle] + part).split(b"\n")
            yield from map(json.loads, lines)


def work(seed: int) -> None:
    """Try faults until somebody ends this process; one line of JSON for each."""
    order = random.Random(seed)
    with scratch() as folder:
        workshop = Workshop(Path(folder).resolve())
        while True:
            fault = order.choice(workshop.prepare(order.choice(sorted(OPERATIONS))).faults())
            verdict = workshop.try_fault(fault)
            if verdict.violations:
                tell(verdict)
            print(json.dumps({"fired": verdict.fired is not None, "broken": bool(verdict.violations)}), flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt, BrokenPipeError):
        work(int(sys.argv[1]))
