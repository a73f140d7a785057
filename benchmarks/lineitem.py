"""One big delivery, whole: TPC-H lineitem copied, checked and released, beside a bare script that copies and checks."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import environments
from benchmarks.folders import Folder
from benchmarks.processes import BUILD, Usage, alternate, cpu, hanse, peak, program, wall
from benchmarks.report import Result, Row, Target

ADDRESS = "bench.tpch"
BLOCKED = 3
_DECIMAL = {"logicalType": "number", "physicalType": "DECIMAL(15,2)"}
_WORDS = {"logicalType": "string"}
_NEEDED = {"required": True}


def _limits(**options: Any) -> dict[str, Any]:
    return {"logicalTypeOptions": options}


COLUMNS: dict[str, dict[str, Any]] = {
    "l_orderkey": {"logicalType": "integer", "primaryKey": True, "primaryKeyPosition": 1},
    "l_partkey": {"logicalType": "integer"} | _NEEDED,
    "l_suppkey": {"logicalType": "integer"} | _NEEDED,
    "l_linenumber": {"logicalType": "integer", "primaryKey": True, "primaryKeyPosition": 2} | _limits(maximum=7),
    "l_quantity": _DECIMAL | _NEEDED | _limits(minimum=1, maximum=50),
    "l_extendedprice": _DECIMAL | _NEEDED,
    "l_discount": _DECIMAL | _limits(minimum=0, maximum=0.1),
    "l_tax": _DECIMAL | _limits(maximum=0.08),
    "l_returnflag": _WORDS | _limits(enum=["A", "N", "R"]),
    "l_linestatus": _WORDS | _limits(enum=["F", "O"]),
    "l_shipdate": {"logicalType": "date"} | _NEEDED,
    "l_commitdate": {"logicalType": "date"} | _NEEDED,
    "l_receiptdate": {"logicalType": "date"} | _NEEDED,
    "l_shipinstruct": _WORDS | _limits(pattern="^[A-Z ]+$"),
    "l_shipmode": _WORDS | _limits(enum=["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"]),
    "l_comment": _WORDS | _NEEDED | _limits(pattern="^[^0-9]*$", maxLength=44),
}


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure ``hanse run`` of a whole delivery beside the bare script, in the order of the key and in none."""
    scale, rounds = (0.01, 1) if quick else (1.0, 5)
    verify_checks(folder)
    data = make_data(scale)
    ordered, shuffled = data / "lineitem.parquet", data / "shuffled.parquet"
    sides = {
        "hanse": partial(run_hanse, folder / "mesh", ordered),
        "bare": partial(run_bare, folder, ordered),
        "copy": partial(run_bare, folder, ordered, "copy"),
    }
    found = alternate(sides, rounds)
    again = {"hanse": partial(run_hanse, folder / "mesh", shuffled), "bare": partial(run_bare, folder, shuffled)}
    mixed = alternate(again, max(1, rounds // 2))
    rows = require_equal(found["hanse"][0], found["bare"][0])
    require_equal(mixed["hanse"][0], mixed["bare"][0])
    what = f"{rows:,} rows, {len(_failed(found['hanse'][0])) - 1} row-wise checks, key of two columns"
    limit = "bare copy and checks"
    return Result(
        f"TPC-H lineitem, scale factor {scale:g}",
        "`hanse run` as a process: hashes the Parquet file, copies it to typed, sorted-as-delivered Parquet with field "
        "ids, verifies the contract, commits to Iceberg, releases and records. Beside it a script that does nothing "
        "but `COPY` with the same compression and row groups, one scan that counts the rows breaking each check, and "
        "one group-by for the key.",
        (
            Row(what, "CPU s", cpu(found["hanse"]), limit, cpu(found["bare"]), Target(1.3, "ratio")),
            Row(f"{what}, peak memory", "MiB", peak(found["hanse"]), limit, peak(found["bare"]), Target(1.5, "ratio")),
            Row(f"{what}, wall clock", "s", wall(found["hanse"]), limit, wall(found["bare"])),
            Row(what, "CPU s", cpu(found["hanse"]), "bare copy, nothing checked", cpu(found["copy"])),
            Row("the same in no order", "CPU s", cpu(mixed["hanse"]), limit, cpu(mixed["bare"])),
            Row("the same in no order, peak memory", "MiB", peak(mixed["hanse"]), limit, peak(mixed["bare"])),
        ),
        (
            "both sides count the same rows and the same violations per check",
            "in a small variant, each check broken by another number of rows, both find those; nothing is released",
        ),
    )


def make_data(scale: float) -> Path:
    """Return a folder with lineitem at this scale, made when first needed."""
    folder = BUILD / "data" / f"lineitem-{scale:g}"
    done = folder / "done"
    if not done.is_file():
        program("lineitem_make", str(scale), folder, python=environments.generator() / "python")
        done.touch()
    return folder


def verify_checks(folder: Path) -> dict[str, int]:
    """Run both sides on faulty data and require that they find the same faults.

    Returns:
        Check → rows that break it; every check is broken by another number of rows.
    """
    faulty = make_data(0.01) / "faulty.parquet"
    ours = run_hanse(folder / "faulty", faulty, code=BLOCKED)
    require_equal(ours, run_bare(folder, faulty))
    failed = _failed(ours)
    if 0 in failed.values() or len(set(failed.values())) < len(failed):
        raise AssertionError(f"not every check was broken its own number of times: {failed}")
    return failed


def run_hanse(folder: Path, data: Path, *, code: int = 0) -> Usage:
    """Run a fresh mesh on a delivery; making and applying it is not measured."""
    mesh = Folder(folder)
    mesh.product(ADDRESS, {"lineitem": COLUMNS})
    place = folder / "domains" / "bench" / "tpch" / "data"
    place.mkdir()
    os.link(data, place / "lineitem.parquet")
    hanse(folder, "apply", "--yes")
    return hanse(folder, "run", "--json", code=code)


def run_bare(folder: Path, data: Path, *how: str) -> Usage:
    """Run the limit on a delivery."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "bare.parquet"
    usage = program("lineitem_bare", data, output, *how)
    output.unlink()
    return usage


def require_equal(ours: Usage, bare: Usage) -> int:
    """Require that both sides verified the same; return the rows that they looked at."""
    theirs = json.loads(bare.output)
    failed = _failed(ours)
    if failed != theirs["failed"]:
        raise AssertionError(f"the sides differ:\n{failed}\n{theirs['failed']}")
    rows = {r["total_rows"] for r in _results(ours) if r["total_rows"] is not None}
    if rows != {theirs["rows"]}:
        raise AssertionError(f"the sides looked at {rows} and {theirs['rows']} rows")
    return int(theirs["rows"])


def _failed(ours: Usage) -> dict[str, int]:
    return {r["id"]: r["failed_rows"] for r in _results(ours) if r["failed_rows"] is not None}


def _results(ours: Usage) -> list[dict[str, Any]]:
    (run,) = json.loads(ours.output)["runs"]
    results: list[dict[str, Any]] = run["checks"]["results"]
    return results
