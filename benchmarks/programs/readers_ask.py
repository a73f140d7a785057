"""Readers in one process: ``MESH PRODUCT ROWS SECONDS THREADS``. Each asks for both tables of a product at once.

Every answer must show one version in both tables, all rows of it, and no older version than the answer before. Prints
latencies in seconds, the number of versions seen, and what was wrong, as JSON.
"""

import json
import sys
import threading
import time
from pathlib import Path

import hanse

folder, product, rows, seconds, threads = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:6])
parts = [f"SELECT min(version) AS a, max(version) AS z, count(*) AS n FROM {product}.{t}" for t in ("orders", "lines")]
QUESTION = f"SELECT o.a AS oa, o.z AS oz, o.n AS n, l.a AS la, l.z AS lz, l.n AS m FROM ({parts[0]}) o, ({parts[1]}) l"
PAUSE = 0.05
mesh = hanse.open_mesh(folder)
latencies: list[float] = []
versions: set[int] = set()
torn: list[str] = []
errors: list[str] = []


def ask_on(end: float) -> None:
    last = 0
    while time.monotonic() < end:
        began = time.perf_counter()
        try:
            with mesh.query(QUESTION) as result:
                (row,) = result.to_arrow().to_pylist()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the benchmark looks for
            errors.append(repr(error))
            continue
        latencies.append(time.perf_counter() - began)
        if len({row["oa"], row["oz"], row["la"], row["lz"]}) != 1 or {row["n"], row["m"]} != {rows} or row["oa"] < last:
            torn.append(f"{row} after {last}")
        last = row["oa"]
        versions.add(last)
        time.sleep(PAUSE)


with mesh.query(QUESTION) as first:
    first.to_arrow()
end = time.monotonic() + seconds
readers = [threading.Thread(target=ask_on, args=(end,)) for _ in range(threads)]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
print(json.dumps({"latencies": latencies, "versions": len(versions), "torn": torn[:5], "errors": errors[:5]}))
