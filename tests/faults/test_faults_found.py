"""The harness finds what is wrong: the product, made worse in one place, does not survive."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SABOTAGED = """
import sys
from pathlib import Path
from faults.operations import OPERATIONS, Operation, prepare_replace, run
from faults.workshop import Workshop, scratch

def unsynced(mesh):
    from hanse.drivers.duckdb import staging
    from hanse.drivers.iceberg import store
    store.sync = staging._sync = lambda paths: None
    return run(mesh)

OPERATIONS["worse"] = Operation("worse", prepare_replace, unsynced, again=run)
with scratch() as folder:
    workshop = Workshop(Path(folder).resolve())
    faults = [f for f in workshop.prepare("worse").faults() if f.kind == "power"]
    for fault in faults[len(faults) // 2 :: 4]:
        verdict = workshop.try_fault(fault)
        if verdict.violations:
            sys.exit(str(verdict.violations))
"""


@pytest.mark.slow
def test_files_that_are_not_synced_are_found_by_a_power_cut() -> None:
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", SABOTAGED],
        env={**os.environ, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "after the fault" in done.stderr
