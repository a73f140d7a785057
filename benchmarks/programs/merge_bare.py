"""The limit: ``DELIVERY OUTPUT FILE …``. Rewrite a whole table with a delivery merged into it, in one ``COPY``.

Prints the wall-clock seconds of the statement alone.
"""

import sys
import time

import duckdb

delivery, output, files = sys.argv[1], sys.argv[2], sys.argv[3:]
options = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
connection = duckdb.connect()
began = time.perf_counter()
connection.execute(
    f"COPY (SELECT * FROM read_parquet({files}) o WHERE NOT EXISTS (FROM '{delivery}' n "
    "WHERE n.l_orderkey = o.l_orderkey AND n.l_linenumber = o.l_linenumber) "
    f"UNION ALL FROM '{delivery}') TO '{output}' {options}"
)
print(time.perf_counter() - began)
