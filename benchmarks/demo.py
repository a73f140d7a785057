"""The example mesh on real data, from an empty folder to the first answer."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.processes import Usage, alternate, cpu, hanse, peak, wall
from benchmarks.report import Result, Row

_QUESTION = "SELECT carrier, count(*) AS flights FROM airlines.flights.flights GROUP BY carrier ORDER BY carrier"


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure ``hanse demo``, and questions to what it built."""
    rounds = 1 if quick else 3
    mesh = folder / "mesh"
    found = alternate({"demo": lambda: build(mesh)}, rounds)["demo"]
    sides = {
        "run": lambda: hanse(mesh, "run"),
        "show": lambda: hanse(mesh, "show", "airlines.flights"),
        "query": lambda: hanse(mesh, "query", _QUESTION),
    }
    alternate(sides, 1)
    after = alternate(sides, rounds * 2)
    if len(after["query"][0].output.splitlines()) < 10:
        raise AssertionError(after["query"][0].output)
    return Result(
        "The example mesh",
        "`hanse demo` into an empty folder: four products on the New York flights of 2013 (336,776 flights), "
        "described, planned, applied, built from CSV, checked, released, and a first question. For information.",
        (
            Row("`hanse demo`", "CPU s", cpu(found)),
            Row("`hanse demo`, wall clock", "s", wall(found)),
            Row("`hanse demo`, peak memory", "MiB", peak(found)),
            Row("`hanse run`, nothing changed", "CPU s", cpu(after["run"])),
            Row("`hanse show airlines.flights`, a fresh process", "CPU s", cpu(after["show"])),
            Row("`hanse query`, a fresh process", "CPU s", cpu(after["query"])),
        ),
    )


def build(folder: Path) -> Usage:
    """Build the example in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    return hanse(Path(), "demo", str(folder))
