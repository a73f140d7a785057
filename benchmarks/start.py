"""How long the command and the package take to begin."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.processes import alternate, cpu, run
from benchmarks.report import Result, Row, Target


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure ``hanse --help`` and ``import hanse`` beside a bare interpreter."""
    python = sys.executable
    folder.mkdir(parents=True, exist_ok=True)
    sides = {
        "bare": lambda: run([python, "-c", "pass"]),
        "import": lambda: run([python, "-c", "import hanse"]),
        "open": lambda: run([python, "-c", "import hanse; hanse.open_mesh"]),
        "help": lambda: run([Path(python).parent / "hanse", "--help"]),
    }
    alternate(sides, 1)
    found = alternate(sides, 3 if quick else 25)
    bare = cpu(found["bare"])
    return Result(
        "Start",
        "A fresh process each time; beside it an interpreter that does nothing.",
        (
            Row("`hanse --help`", "CPU s", cpu(found["help"]), "`python -c pass`", bare, Target(0.15)),
            Row("`import hanse`", "CPU s", cpu(found["import"]), "`python -c pass`", bare, Target(0.1)),
            Row("`hanse.open_mesh`, first use of the name", "CPU s", cpu(found["open"]), "`python -c pass`", bare),
        ),
    )
