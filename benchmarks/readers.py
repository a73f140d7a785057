"""Readers while one release follows another: no error, no torn read, and what a read costs then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.folders import Folder
from benchmarks.processes import hanse, program
from benchmarks.report import Result, Row, Target
from hanse.testing.meshes import Columns

PRODUCT = "bench.shop"
ROWS = 1_000
PER_MINUTE = 120
_PROCESSES, _THREADS = 2, 2


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure reads with and without a writer that publishes all the time."""
    seconds = 5 if quick else 90
    mesh = folder / "mesh"
    make(mesh)
    alone = ask(mesh, max(5, seconds // 3))
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(program, "readers_write", mesh, PRODUCT, str(ROWS), str(seconds), str(PER_MINUTE))
        beside = ask(mesh, seconds)
        written = json.loads(writing.result().output)
    faults = [fault for found in (*alone, *beside) for fault in (*found["errors"], *found["torn"])]
    if faults:
        raise AssertionError(f"readers met {len(faults)} faults, the first: {faults[0]}")
    quiet, busy = _latencies(alone), _latencies(beside)
    seen = max(found["versions"] for found in beside)
    return Result(
        "Readers while releases follow each other",
        f"One product of two tables of {ROWS:,} rows, built from one file that holds a version number. A process "
        f"publishes a new version every {60 / PER_MINUTE:g} s with `mesh.run`; {_PROCESSES} other processes with "
        f"{_THREADS} threads each ask one question to both tables (`mesh.query`), and rest for "
        "0.05 s before the next. Each answer must hold one version in both tables, all rows of it, and none "
        "older than the answer before. Beside it the same readers with nobody writing.",
        (
            Row("from release to release", "s", written["seconds"] / written["releases"], target=Target(0.6)),
            Row("errors and torn reads", "faults", len(faults), target=Target(0)),
            Row("read, p50", "ms", _share(busy, 0.5), "nobody writes", _share(quiet, 0.5)),
            Row("read, p99", "ms", _share(busy, 0.99), "nobody writes", _share(quiet, 0.99)),
        ),
        (f"{len(busy):,} answers while {written['releases']} versions were published, of which readers saw {seen}",),
    )


def make(folder: Path) -> None:
    """Write, apply and run a product whose two tables hold one version."""
    mesh = Folder(folder)
    columns: Columns = {"version": {"logicalType": "integer", "required": True}, "n": {"logicalType": "integer"}}
    data = "version,n\n" + "".join(f"1,{i}\n" for i in range(ROWS))
    select = "SELECT version, n FROM raw"
    mesh.product(
        PRODUCT,
        {"orders": columns, "lines": columns},
        transforms={"orders": select, "lines": select},
        data={"raw.csv": data},
    )
    hanse(folder, "apply", "--yes")
    hanse(folder, "run")


def ask(mesh: Path, seconds: int) -> list[dict[str, Any]]:
    """Let all readers ask for so long; return what each process says."""
    arguments = (mesh, PRODUCT, str(ROWS), str(seconds), str(_THREADS))
    with ThreadPoolExecutor(_PROCESSES) as pool:
        started = [pool.submit(program, "readers_ask", *arguments) for _ in range(_PROCESSES)]
        return [json.loads(one.result().output) for one in started]


def _latencies(found: Sequence[dict[str, Any]]) -> list[float]:
    return sorted(1e3 * seconds for one in found for seconds in one["latencies"])


def _share(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]
