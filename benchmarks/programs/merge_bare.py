"""The limit: ``DELIVERY OUTPUT FILE …``. Rewrite a whole table with a delivery merged into it, in one ``COPY``."""

import sys

import duckdb

delivery, output, files = sys.argv[1], sys.argv[2], sys.argv[3:]
options = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
duckdb.connect().execute(
    f"COPY (SELECT * FROM read_parquet({files}) o WHERE NOT EXISTS (FROM '{delivery}' n "
    "WHERE n.l_orderkey = o.l_orderkey AND n.l_linenumber = o.l_linenumber) "
    f"UNION ALL FROM '{delivery}') TO '{output}' {options}"
)
