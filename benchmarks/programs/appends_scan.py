"""The same question to several tables in turn: ``MESH ROUNDS TABLE …``. Prints seconds per table, and the answers."""

import json
import sys
import time
from pathlib import Path

import hanse

folder, rounds, tables = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
mesh = hanse.open_mesh(folder)
seconds: dict[str, list[float]] = {table: [] for table in tables}
answers = {}
for number in range(-2, rounds):
    for table in tables:
        began = time.perf_counter()
        with mesh.query(f"SELECT count(*) AS c, sum(n) AS n, sum(v) AS v, max(s) AS s FROM {table}") as result:
            (row,) = result.to_arrow().to_pylist()
        if number >= 0:
            seconds[table].append(time.perf_counter() - began)
        answers[table] = {k: str(v) for k, v in row.items()}
print(json.dumps({"seconds": seconds, "answers": answers}))
