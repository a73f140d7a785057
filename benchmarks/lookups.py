"""Small questions to a small table: what the one road for reads adds to the engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.folders import Folder
from benchmarks.processes import alternate, cpu, hanse, program, run
from benchmarks.report import Result, Row, Target

_COLUMNS = {"n": "integer", "v": "integer", "s": "string"}
_ROWS = 1_000


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure ``mesh.query`` beside DuckDB on the table's raw files; then a first query in a fresh process."""
    mesh = folder / "mesh"
    make(mesh)
    found = json.loads(program("lookups", mesh, "bench.small.entries", "50" if quick else "1000").output)
    rows = [
        Row(
            f"{name}, {share}",
            "ms",
            sides["hanse"][share],
            "DuckDB, raw files",
            sides["raw"][share],
            Target(3, "excess"),
        )
        for name, sides in found.items()
        for share in ("p50", "p99")
    ]
    rows.append(_fresh(mesh, 2 if quick else 9))
    return Result(
        f"Small questions to a table of {_ROWS:,} rows",
        "`mesh.query(…).to_arrow()` in a process that has answered before: parse, check, resolve to the visible "
        "release, run, fetch; beside it an open DuckDB connection on the very files. Wall clock. The last row is a "
        "whole process with its first question.",
        rows,
        ("both sides give the same rows every time",),
    )


def make(folder: Path) -> None:
    """Write, apply and run a mesh with one small table."""
    data = "n,v,s\n" + "".join(f"{i},{i * 7 % 1000},s{i}\n" for i in range(_ROWS))
    Folder(folder).product("bench.small", {"entries": _COLUMNS}, data={"entries.csv": data})
    hanse(folder, "apply", "--yes")
    hanse(folder, "run")


def _fresh(mesh: Path, rounds: int) -> Row:
    (file,) = (mesh / ".hanse" / "warehouse").rglob("*.parquet")
    bare = f"import duckdb; print(duckdb.sql(\"SELECT sum(v) FROM '{file}'\").fetchall())"
    sides = {
        "hanse": lambda: hanse(mesh, "query", "SELECT sum(v) AS total FROM bench.small.entries"),
        "bare": lambda: run([sys.executable, "-c", bare]),
    }
    alternate(sides, 1)
    found = alternate(sides, rounds)
    return Row("`hanse query`, a fresh process", "CPU s", cpu(found["hanse"]), "DuckDB script", cpu(found["bare"]))
