"""Ten times as much: whether time grows no faster than the data, and memory not at all."""

from __future__ import annotations

from pathlib import Path

import yaml

from benchmarks import tpch
from benchmarks.contracts import checks, folders
from benchmarks.contracts.lineitem import LIMIT, require_equal
from benchmarks.processes import Usage, alternate, cpu, peak, program, wall
from benchmarks.report import Result, Row, Target

_MEMORY = "2GB"
_LIMIT_MIB = 2_500  # 2 GB of the engine's, and the process around it


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure the 26 checks at ten times the scale, and uniqueness in a table of no order."""
    small, large = (0.01, 0.1) if quick else (1.0, 10.0)
    few, many = folder / "few", folder / "many"
    folders.make(few, small)
    rows = folders.make(many, large)
    found = alternate({"few": lambda: folders.verify(few), "many": lambda: folders.verify(many)}, 1 if quick else 3)
    require_equal(found["many"][0], program(LIMIT, many / "orders.parquet", many / "lineitem.parquet"))
    unique = [_unique(folder / "unique", large) for _ in range(1 if quick else 2)]
    beside, what = f"scale factor {small:g}", f"{rows:,} rows, 26 checks"
    alone = f"{rows:,} rows in no order, uniqueness of two columns, {_MEMORY} of memory"
    return Result(
        f"A contract of 26 checks, TPC-H lineitem, scale factor {large:g}",
        f"The same contract as at scale factor {small:g}, on ten times the rows. Then the key alone, in a file in no "
        f"order, with `--memory {_MEMORY}`: every key has to be remembered, and what does not fit is spilled to disk.",
        (
            Row(what, "CPU s", cpu(found["many"]), beside, cpu(found["few"]), Target(11, "ratio")),
            Row(f"{what}, wall clock", "s", wall(found["many"]), beside, wall(found["few"])),
            Row(f"{what}, peak memory", "MiB", peak(found["many"]), beside, peak(found["few"]), Target(2, "ratio")),
            Row(alone, "CPU s", cpu(unique)),
            Row(f"{alone}, peak", "MiB", peak(unique), target=Target(_LIMIT_MIB)),
        ),
        ("Hanse and the limit count the same per check", "the key in no order is found unique"),
    )


def _unique(place: Path, scale: float) -> Usage:
    file = tpch.make_data(scale, "lineitem") / "shuffled.parquet"
    if not file.is_file():
        program("shuffle", file.with_name("lineitem.parquet"), file, "l_orderkey", "l_linenumber")
    place.mkdir(parents=True, exist_ok=True)
    contract = checks.contract(0, place)
    (lineitem, _) = contract["schema"]
    lineitem["quality"] = [rule for rule in lineitem["quality"] if rule["name"] == "unique"]
    lineitem["properties"] = [
        {"name": p["name"], "logicalType": p["logicalType"]}
        for p in lineitem["properties"]
        if p["name"] in ("l_orderkey", "l_linenumber")
    ]
    contract["schema"] = [lineitem]
    (place / folders.CONTRACT).write_text(yaml.safe_dump(contract), encoding="utf-8")
    return folders.run_test([place / folders.CONTRACT], file, "--memory", _MEMORY)
