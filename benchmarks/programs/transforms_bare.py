"""The limit: ``FOLDER OUTPUT``. Run every statement of a folder and write its rows to Parquet, one after the other.

With no ``OUTPUT``, print the columns and types of each statement as JSON instead.
"""

import json
import sys
from pathlib import Path

import duckdb

folder = Path(sys.argv[1])
options = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
connection = duckdb.connect()
shapes = {}
for file in sorted(folder.glob("*.sql")):
    if sys.argv[2:]:
        connection.execute(f"COPY ({file.read_text()}) TO '{sys.argv[2]}/{file.stem}.parquet' {options}")
    else:
        found = connection.execute(f"DESCRIBE {file.read_text()}").fetchall()
        shapes[file.stem] = {name: kind for name, kind, *_ in found}
print(json.dumps(shapes))
