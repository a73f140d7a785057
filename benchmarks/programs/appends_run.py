"""Many small deliveries, each a run of its own, in one process: ``MESH PRODUCT RUNS ROWS``.

Prints per run the seconds on the clock, of the processor, and of the step that commits, as JSON.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

import hanse

folder, product, runs, rows = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
place = folder / "domains" / product.replace(".", "/") / "data"
mesh = hanse.open_mesh(folder)
writer = duckdb.connect()
found: dict[str, list[float]] = {"wall": [], "cpu": [], "commit": []}
for number in range(runs):
    begin = number * rows
    writer.execute(
        "COPY (SELECT i AS n, i * 7919 % 1000 AS v, 'event ' || i % 100 AS s "
        f"FROM range({begin}, {begin + rows}) r(i)) "
        f"TO '{place}/{number:05d}.parquet' (COMPRESSION zstd)"
    )
    cpu, wall = time.process_time(), time.perf_counter()
    (run,) = mesh.run([product])["runs"]
    found["wall"].append(time.perf_counter() - wall)
    found["cpu"].append(time.process_time() - cpu)
    if run["status"] != "succeeded":
        raise SystemExit(f"run {number}: {run}")
    (commit,) = [step for step in mesh.run_details(run["id"])["steps"] if step["kind"] == "commit"]
    found["commit"].append(commit["seconds"])
print(json.dumps(found))
