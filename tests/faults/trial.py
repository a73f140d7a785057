"""What the tests of faults share: one operation, tried in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from faults.operations import OPERATIONS

FAULTS = 34
"""So many faults are put into each operation by the tests; `make soak` puts thousands."""


BUILDING = ("apply", "evolve", "replace", "takeover", "chain")
GROWING = ("append", "merge", "partition", "snapshot", "backfill")
KEEPING = ("rollback", "resume", "maintain", "beside", "rivals")


def require_holds(operation: str) -> None:
    """Put faults into an operation, and fail with the names of those that broke something.

    The process is a fresh one: pytest's own has threads, and a fork would lose them.
    """
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "faults", operation, "--count", str(FAULTS), "--json"],
        env={**os.environ, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"repeat one with `PYTHONPATH=tests python -m faults --fault …`\n{done.stderr}"
    document = json.loads(done.stdout)
    assert document["fired"] == FAULTS
    assert document["kinds"].keys() == set(OPERATIONS[operation].kinds)
    assert document["broken"] == 0
