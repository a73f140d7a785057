"""Changed rows merged into a big table: recent ones, and ones from everywhere."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import lineitem, tpch
from benchmarks.folders import Folder
from benchmarks.processes import Usage, cpu, hanse, peak, program, run, wall
from benchmarks.report import Result, Row, Target

PRODUCT = "bench.tpch"
TABLE = f"{PRODUCT}.lineitem"
STATE = (
    "SELECT count(*) AS n, sum(l_orderkey) AS k, sum(l_discount) AS d, sum(l_linenumber * l_quantity) AS q, "
    "min(l_shipinstruct) AS s FROM {table}"
)
_UPSERTED = 1_000


@dataclass(frozen=True, slots=True)
class Merged:
    """One delivery, merged twice.

    Attributes:
        whole: ``hanse run`` as a process.
        steps: seconds of its steps, by kind.
        bare: the bare rewrite as a process.
        files: files of the table before, and how many of them stayed.
    """

    whole: Usage
    steps: dict[str, float]
    bare: Usage
    files: tuple[int, int]


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure ``hanse run`` with a delivery to merge beside a bare rewrite of the whole table, and PyIceberg."""
    scale, rows, rounds = (0.01, 1_000, 1) if quick else (1.0, 100_000, 5)
    base = tpch.make_data(scale, "lineitem") / "lineitem.parquet"
    make(folder / "mesh", base)
    found = {where: list(merges(folder, base, rows, rounds, where)) for where in ("recent", "scattered")}
    recent, scattered = found["recent"], found["scattered"]
    upsert = run_pyiceberg(folder, base, delivery(folder, base, rows, 1, "scattered"), min(rows, _UPSERTED))
    what = f"{rows:,} rows into {rows_of(folder / 'mesh'):,}"
    limit = "bare rewrite of the table"
    return Result(
        f"Merging changed rows, TPC-H lineitem, scale factor {scale:g}",
        "`hanse run` as a process, with a file of changed rows for a table with `materialize: merge` and the contract "
        "of the first benchmark: hashes the file, types it, checks it, finds the files that hold its keys, writes "
        "those anew, commits, releases. Nine tenths of the rows change, one tenth is new; every round brings another "
        "file. Recent rows are the last of the table, scattered ones come from everywhere. Beside it a script that "
        "does nothing but one `COPY` of the table's files without the delivered keys, and of the delivery. The merge "
        "is the steps `deliver` and `commit` of the run: finding the files, writing them anew, cutting them, the "
        "commit with digests of all files; beside it stands the `COPY` alone, without the start of its process. And "
        f"PyIceberg's `Table.upsert` of the first {min(rows, _UPSERTED):,} scattered rows alone, in memory that "
        "holds the delivery already: what it costs grows with the rows so fast that all of them are out of reach.",
        (
            Row(f"{what}, recent: the merge", "s", _steps(recent), limit, _statement(recent), Target(1.0)),
            Row(f"{what}, scattered: the merge", "s", _steps(scattered), limit, _statement(scattered),
                Target(1.2, "ratio")),
            Row(f"{what}, recent: the whole run", "s", wall([m.whole for m in recent]), limit, _bare_wall(recent)),
            Row(
                f"{what}, recent: the whole run", "CPU s", cpu([m.whole for m in recent]), limit,
                cpu([m.bare for m in recent]),
            ),
            Row(
                f"{what}, scattered: the whole run", "s", wall([m.whole for m in scattered]), limit,
                _bare_wall(scattered),
            ),
            Row(
                f"{what}, scattered: the whole run", "CPU s", cpu([m.whole for m in scattered]), limit,
                cpu([m.bare for m in scattered]),
            ),
            Row(
                f"{what}, scattered: the whole run, peak memory", "MiB", peak([m.whole for m in scattered]), limit,
                peak([m.bare for m in scattered]),
            ),
            Row(
                f"{what}, scattered: the whole run", "CPU s", cpu([m.whole for m in scattered]),
                f"PyIceberg, {min(rows, _UPSERTED):,} of them", upsert,
            ),
        ),
        ("after every merge the table holds what the bare rewrite of its files holds",),
    )  # fmt: skip


def make(folder: Path, base: Path, *, engine: Mapping[str, Any] | None = None) -> Usage:
    """Write, apply and run a mesh with lineitem as its first delivery; return what the run used."""
    mesh = Folder(folder)
    if engine:
        mesh.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "bench", "engine": engine})
    mesh.product(PRODUCT, {"lineitem": lineitem.COLUMNS})
    mesh.settings(PRODUCT, {"lineitem": {"materialize": "merge"}})
    deliver(folder, base)
    hanse(folder, "apply", "--yes")
    return hanse(folder, "run")


def merges(folder: Path, base: Path, rows: int, rounds: int, where: str) -> Iterator[Merged]:
    """Merge deliveries, each on both sides in turn, and require that both come to the same."""
    mesh = folder / "mesh"
    for number in range(1, rounds + 1):
        file = delivery(folder, base, rows, number, where)
        before = _files(mesh)
        deliver(mesh, file)
        whole = hanse(mesh, "run", "--json")
        output = folder / "bare.parquet"
        bare = program("merge_bare", file, output, *before)
        _require_equal(mesh, output)
        output.unlink()
        (ran,) = json.loads(whole.output)["runs"]
        details = json.loads(hanse(mesh, "runs", ran["id"], "--json").output)
        kept = len(set(before) & set(_files(mesh)))
        yield Merged(whole, {s["kind"]: s["seconds"] for s in details["steps"]}, bare, (len(before), kept))


def run_pyiceberg(folder: Path, base: Path, delivery: Path, rows: int) -> float:
    """Return the CPU seconds of PyIceberg's upsert of a few rows."""
    place = folder / "pyiceberg"
    shutil.rmtree(place, ignore_errors=True)
    usage = program("merge_pyiceberg", base, delivery, place, str(rows))
    shutil.rmtree(place)
    found = json.loads(usage.output)
    assert found["updated"] + found["inserted"] == rows
    return float(found["cpu"])


def rows_of(mesh: Path) -> int:
    """Return the rows of the table."""
    return int(hanse(mesh, "query", f"SELECT count(*) AS n FROM {TABLE}", "--format", "csv").output.split()[-1])


def delivery(folder: Path, base: Path, rows: int, number: int, where: str) -> Path:
    """Return a file of changed rows, made when first needed."""
    file = folder / f"{where}-{number}.parquet"
    if not file.is_file():
        program("merge_changes", base, file, str(rows), str(number), where)
    return file


def deliver(mesh: Path, file: Path) -> None:
    """Put a file where the product expects its delivery."""
    place = mesh / "domains" / "bench" / "tpch" / "data" / "lineitem.parquet"
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    os.link(file, place)


def _files(mesh: Path) -> list[str]:
    """Return the table's visible files."""
    import hanse as package
    from hanse.base import ProductName

    opened = package.open_mesh(mesh)
    release = opened.registry.reader().release(ProductName.parse(PRODUCT))
    assert release is not None
    (table,) = release.tables
    return list(opened.store.scan(table.table, table.snapshot_id).files)


def _require_equal(mesh: Path, output: Path) -> None:
    ours = hanse(mesh, "query", STATE.format(table=TABLE), "--format", "csv").output.splitlines()[-1]
    statement = STATE.format(table=f"'{output}'")
    code = "import sys, duckdb; print(*duckdb.connect().execute(sys.argv[1]).fetchone(), sep=',')"
    theirs = run([sys.executable, "-c", code, statement]).output.split()[-1]  # behind a progress bar
    if ours != theirs:
        raise AssertionError(f"the tables differ: {ours} and {theirs}")


def _statement(merged: list[Merged]) -> float:
    return statistics.median(float(m.bare.output.split()[-1]) for m in merged)


def _bare_wall(merged: list[Merged]) -> float:
    return wall([m.bare for m in merged])


def _steps(merged: list[Merged]) -> float:
    return statistics.median(m.steps["deliver"] + m.steps["commit"] for m in merged)
