"""Make tables of TPC-H: ``SCALE FOLDER TABLE …``. Writes ``<table>.parquet`` for each.

Runs in the environment of the dependency group ``bench``, whose wheel holds the extension. The database stands on disk
and is made in parts, so that large scales need little memory.
"""

import math
import sys
from pathlib import Path

import duckdb
import duckdb_extension_tpch  # type: ignore[import-not-found]  # of another environment

scale, folder, tables = float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
extension = next(Path(duckdb_extension_tpch.__file__).parent.rglob("tpch.duckdb_extension"))
options = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
folder.mkdir(parents=True, exist_ok=True)
database = folder / "tpch.duckdb"
database.unlink(missing_ok=True)
connection = duckdb.connect(database, config={"autoinstall_known_extensions": "false"})
connection.execute("SET memory_limit = '3GB'")
connection.execute(f"LOAD '{extension}'")
parts = max(1, math.ceil(scale))
for part in range(parts):
    steps = f", children={parts}, step={part}" if parts > 1 else ""
    connection.execute(f"CALL dbgen(sf={scale}{steps})")
for table in tables:
    connection.execute(f"COPY {table} TO '{folder}/{table}.parquet' {options}")
connection.close()
database.unlink()
