"""PyIceberg: ``LINEITEM DELIVERY FOLDER ROWS``. Upsert the first rows of a delivery into a table of lineitem.

The table is written first, in as many files as the writer chooses. Prints the CPU and wall-clock seconds of the upsert
alone, and what PyIceberg says that it did, as JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog

resource.setrlimit(resource.RLIMIT_CPU, (900, 900))  # its time grows fast: better no figure than no end
source, delivery, folder, rows = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
folder.mkdir(parents=True)
catalog = SqlCatalog("peer", uri=f"sqlite:///{folder}/catalog.db", warehouse=str(folder))
catalog.create_namespace("bench")
base = pq.read_table(source)
table = catalog.create_table("bench.lineitem", schema=base.schema)
table.append(base)
changed = pq.read_table(delivery).slice(0, rows)
cpu, wall = time.process_time(), time.perf_counter()
done = table.upsert(changed, join_cols=["l_orderkey", "l_linenumber"])
seconds = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
print(json.dumps({**seconds, "updated": done.rows_updated, "inserted": done.rows_inserted}))
