"""Ten times as much: whether time grows no faster than the data, and memory not beyond a limit."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks import lineitem, merge, tpch
from benchmarks.folders import Folder
from benchmarks.processes import Usage, hanse, program
from benchmarks.report import Result, Row, Target

LIMIT_MIB = 3 * 1024
_ENGINE = {"memory_limit": "2GB"}
# So many that each is small at either scale, and is joined with others.
_PARTS = 100
_PRODUCT = "bench.parts"


@dataclass(frozen=True, slots=True)
class Phase:
    """What one command used at one scale."""

    what: str
    usage: Usage


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure run, merges and compaction at a scale and at ten times as much."""
    small, large = (0.01, 0.1) if quick else (1.0, 10.0)
    few = phases(folder, small)
    many = phases(folder, large)
    rows: list[Row] = []
    for one, ten in zip(few, many, strict=True):
        rows.append(
            Row(one.what, "CPU s", ten.usage.cpu, f"scale factor {small:g}", one.usage.cpu, Target(11, "ratio"))
        )
        rows.append(Row(f"{one.what}, wall clock", "s", ten.usage.wall, f"scale factor {small:g}", one.usage.wall))
        rows.append(
            Row(
                f"{one.what}, peak memory",
                "MiB",
                ten.usage.peak,
                f"scale factor {small:g}",
                one.usage.peak,
                Target(LIMIT_MIB),
            )
        )
    return Result(
        f"TPC-H lineitem, scale factor {large:g}",
        f"Every figure at scale factor {large:g} beside the same at {small:g}: `hanse run` of the whole table with the "
        "contract of the first benchmark; then one merge of recent and one of scattered rows, a sixtieth of the table "
        f"each; and `hanse maintain` of the same table out of {_PARTS} appended deliveries, which joins their small "
        f"files. `mesh.yaml` says `engine: {{memory_limit: {_ENGINE['memory_limit']}}}`; the process as a "
        "whole may use 3 GiB.",
        rows,
        ("the number of rows after every phase", "compaction leaves fewer files"),
    )


def phases(folder: Path, scale: float) -> list[Phase]:
    """Run, merge and compact at one scale; what was made is removed afterwards."""
    base = tpch.make_data(scale, "lineitem") / "lineitem.parquet"
    place = folder / f"{scale:g}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    found = [*_merging(place, base), _compaction(place, base)]
    shutil.rmtree(place)
    return found


def _merging(place: Path, base: Path) -> list[Phase]:
    mesh = place / "merge"
    found = [Phase("run", merge.make(mesh, base, engine=_ENGINE))]
    before = merge.rows_of(mesh)
    rows = before // 60
    for number, where in enumerate(("recent", "scattered"), 1):
        delivery = merge.delivery(place, base, rows, number, where)
        merge.deliver(mesh, delivery)
        found.append(Phase(f"merge of {where} rows", hanse(mesh, "run")))
        after = merge.rows_of(mesh)
        new = rows - rows * 9 // 10
        if after != before + new:
            raise AssertionError(f"{after} rows after {new} new ones came to {before}")
        before = after
    shutil.rmtree(mesh)
    return found


def _compaction(place: Path, base: Path) -> Phase:
    folder = place / "parts"
    mesh = Folder(folder)
    mesh.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "bench", "engine": _ENGINE})
    columns = {
        name: {k: v for k, v in column.items() if "primaryKey" not in k} for name, column in lineitem.COLUMNS.items()
    }
    mesh.product(_PRODUCT, {"lineitem": columns})
    mesh.settings(_PRODUCT, {"lineitem": {"materialize": "append"}})
    data = folder / "domains" / "bench" / "parts" / "data"
    data.mkdir()
    deliveries = place / "deliveries"
    deliveries.mkdir()
    program("split", base, deliveries, str(_PARTS))
    for number, file in enumerate(sorted(deliveries.iterdir())):
        os.replace(file, data / "lineitem.parquet")
        if not number:
            hanse(folder, "apply", "--yes")
        hanse(folder, "run")
    question = f"SELECT count(*) AS n FROM {_PRODUCT}.lineitem"
    before = hanse(folder, "query", question, "--format", "csv").output
    usage = hanse(folder, "maintain", "--json")
    (done,) = [p for p in json.loads(usage.output)["products"] if p["product"] == _PRODUCT]
    if not any(c["after"] < c["before"] for c in done["compacted"].values()):
        raise AssertionError(f"nothing was joined: {done}")
    if hanse(folder, "query", question, "--format", "csv").output != before:
        raise AssertionError("maintenance changed the number of rows")
    shutil.rmtree(folder)
    return Phase("compaction", usage)
