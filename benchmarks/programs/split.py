"""Cut a Parquet file into so many of about equal rows, in their order: ``INPUT FOLDER PARTS``."""

import sys

import duckdb

source, folder, parts = sys.argv[1], sys.argv[2], int(sys.argv[3])
connection = duckdb.connect(config={"memory_limit": "2GB"})
((rows,),) = connection.execute(f"SELECT count(*) FROM '{source}'").fetchall()
for part in range(parts):
    begin, end = rows * part // parts, rows * (part + 1) // parts
    connection.execute(
        f"COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet('{source}', file_row_number=true) "
        f"WHERE file_row_number >= {begin} AND file_row_number < {end}) "
        f"TO '{folder}/{part:04d}.parquet' (FORMAT parquet, COMPRESSION zstd)"
    )
