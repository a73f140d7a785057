"""A writer: ``MESH PRODUCT ROWS SECONDS PER_MINUTE``. Publishes one version after the other, at an even pace.

Prints the number of releases, and the seconds that they took.
"""

import json
import os
import sys
import time
from pathlib import Path

import hanse

folder, product, rows, seconds, per_minute = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:6])
file = folder / "domains" / product.replace(".", "/") / "data" / "raw.csv"
mesh = hanse.open_mesh(folder)
began = time.monotonic()
version = 1
while time.monotonic() < began + seconds:
    version += 1
    draft = file.with_suffix(".new")
    draft.write_text("version,n\n" + "".join(f"{version},{i}\n" for i in range(rows)))
    os.replace(draft, file)
    (run,) = mesh.run([product])["runs"]
    if run["status"] != "succeeded":
        raise SystemExit(f"version {version}: {run}")
    time.sleep(max(0.0, began + (version - 1) * 60 / per_minute - time.monotonic()))
print(json.dumps({"releases": version - 1, "seconds": time.monotonic() - began}))
