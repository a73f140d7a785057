"""Small questions to a small table, in one process: ``MESH TABLE ROUNDS``. Prints latencies as JSON.

Each question is asked through Hanse and of DuckDB on the table's raw files, in turn, and both answers must be equal.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

import hanse

folder, table, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
warehouse = folder / ".hanse" / "warehouse" / table.replace(".", "/") / "data"
raw = f"read_parquet({[str(f) for f in sorted(warehouse.glob('*.parquet'))]})"
questions: dict[str, Callable[[int], str]] = {
    "the same statement again": lambda _: "SELECT count(*) AS n, sum(v) AS total FROM {t}",
    "another statement each time": lambda i: f"SELECT n, v, s FROM {{t}} WHERE n = {i % 1000} OR v < {i % 7}",
    "all rows": lambda _: "SELECT * FROM {t} ORDER BY n",
}
mesh = hanse.open_mesh(folder)
connection = duckdb.connect()
connection.execute("SET autoinstall_known_extensions=false")


def timed(ask: Callable[[str], Any], statement: str, latencies: list[float]) -> Any:
    began = time.perf_counter()
    answer = ask(statement)
    latencies.append((time.perf_counter() - began) * 1000)
    return answer


def ours(statement: str) -> Any:
    return mesh.query(statement).to_arrow()


def theirs(statement: str) -> Any:
    return connection.execute(statement).to_arrow_table()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


found = {}
for name, question in questions.items():
    latencies: dict[str, list[float]] = {"hanse": [], "raw": []}
    for number in range(-50, rounds):
        if number == 0:
            latencies = {"hanse": [], "raw": []}
            gc.collect()
        text = question(number + 50)
        first = timed(ours, text.format(t=table), latencies["hanse"])
        second = timed(theirs, text.format(t=raw), latencies["raw"])
        if first.to_pylist() != second.to_pylist():
            raise SystemExit(f"{name}: the answers differ")
    found[name] = {
        side: {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99)} for side, values in latencies.items()
    }
print(json.dumps(found))
