"""A thousand small deliveries, each a run, and what maintenance makes of them."""

from __future__ import annotations

import io
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.folders import Folder
from benchmarks.processes import cpu, hanse, program
from benchmarks.report import Result, Row, Target

EVENTS = "bench.events"
FRESH = "bench.fresh"
COLUMNS: dict[str, dict[str, Any]] = {
    "n": {"logicalType": "integer", "required": True},
    "v": {"logicalType": "integer", "logicalTypeOptions": {"minimum": 0, "maximum": 999}},
    "s": {"logicalType": "string", "logicalTypeOptions": {"maxLength": 20}},
}
_COMPARED = 40


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure runs that append, maintenance, and scans before and after it."""
    runs, rows, rounds = (20, 100, 3) if quick else (1_000, 5_000, 15)
    mesh = folder / "mesh"
    make(mesh)
    found = json.loads(program("appends_run", mesh, EVENTS, str(runs), str(rows)).output)
    hanse(mesh, "run", FRESH)
    before = scan(mesh, rounds)
    maintained = hanse(mesh, "maintain", EVENTS)
    after = scan(mesh, rounds)
    many = min(_COMPARED, runs // 2)
    first, last = ({k: statistics.median(part(v, many)) for k, v in found.items()} for part in (_head, _tail))
    said = f"first {many}"
    return Result(
        f"{runs:,} appended deliveries of {rows:,} rows",
        "Each delivery is a new file and a run of its own (`materialize: append`, `only_new`), all in one process with "
        "`mesh.run`. No release expires, so a table's metadata names every snapshot, as the format wants it. Beside "
        f"the last {many} runs stand the first {many}. Then `hanse maintain` as a process, and one question over all "
        "rows and columns (`mesh.query`), in turn to this table and to one into which a single run wrote "
        "the same rows.",
        (
            Row(f"commit, last {many} runs", "ms", 1e3 * last["commit"], said, 1e3 * first["commit"],
                Target(1.5, "ratio")),
            Row(f"whole run, last {many} runs", "ms", 1e3 * last["wall"], said, 1e3 * first["wall"]),
            Row(f"whole run, last {many} runs, CPU", "ms", 1e3 * last["cpu"], said, 1e3 * first["cpu"]),
            Row("`hanse maintain`", "CPU s", cpu([maintained])),
            Row("scan before maintenance", "ms", before[EVENTS], "table written anew", before[FRESH]),
            Row("scan after maintenance", "ms", after[EVENTS], "table written anew", after[FRESH],
                Target(1.1, "ratio")),
        ),
        ("the table holds the same rows before and after, and the same as the one written anew",),
    )  # fmt: skip


def make(folder: Path) -> None:
    """Write and apply a product that grows by new files, and one that writes what it holds anew."""
    mesh = Folder(folder)
    table = io.BytesIO()
    pq.write_table(pa.table({"n": [0], "v": [0], "s": ["event 0"]}), table)  # so that the pattern means something
    mesh.product(EVENTS, {"events": COLUMNS}, data={"00000.parquet": table.getvalue()})
    document = {
        "apiVersion": "hanse/v1",
        "kind": "Pipeline",
        "inputs": {"events": {"file": "data/*.parquet", "only_new": True}},
        "tables": {"events": {"materialize": "append"}},
    }
    mesh.write("domains/bench/events/pipeline.yaml", document)
    select = "SELECT * FROM grown.events"
    mesh.product(FRESH, {"events": COLUMNS}, transforms={"events": select}, inputs={"grown": EVENTS})
    hanse(folder, "apply", "--yes")


def scan(mesh: Path, rounds: int) -> dict[str, float]:
    """Return the median milliseconds that a scan of each product's table takes; both must answer the same."""
    tables = [f"{product}.events" for product in (EVENTS, FRESH)]
    found = json.loads(program("appends_scan", mesh, str(rounds), *tables).output)
    one, other = (found["answers"][table] for table in tables)
    if one != other:
        raise AssertionError(f"the tables differ: {one} and {other}")
    return {t.rpartition(".")[0]: 1e3 * statistics.median(found["seconds"][t]) for t in tables}


def _head(values: Sequence[float], many: int) -> Sequence[float]:
    return values[1 : many + 1]  # the very first one imports libraries and makes folders


def _tail(values: Sequence[float], many: int) -> Sequence[float]:
    return values[-many:]
