"""Write a Parquet file anew in no order: ``INPUT OUTPUT COLUMN …``: sorted by a hash of these columns."""

import sys

import duckdb

given, output, *columns = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET memory_limit = '3GB'")
connection.execute(f"SET temp_directory = '{output}.spill'")
connection.execute(
    f"COPY (FROM '{given}' ORDER BY hash({', '.join(columns)})) TO '{output}' "
    "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
)
