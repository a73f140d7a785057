"""The chain as a bare DuckDB script: ``SEED FOLDER LENGTH FIRST ADDED every|last``.

Transforms from number FIRST on are made again, the one at FIRST adding ADDED; those before are read from FOLDER's
database. ``every`` writes each table to Parquet, ``last`` only the chain's end. Prints the sum of the end's values.
"""

import sys

import duckdb

seed, folder, which = sys.argv[1], sys.argv[2], sys.argv[6]
length, first, added = map(int, sys.argv[3:6])
connection = duckdb.connect(f"{folder}/bench.duckdb")
for number in range(first, length):
    source = f"read_csv('{seed}')" if number == 0 else f"t{number - 1}"
    value = "v" if number == 0 else f"v + {added if number == first else 1} AS v"
    connection.execute(f"CREATE OR REPLACE TABLE t{number} AS SELECT n, {value}, s FROM {source}")
    if which == "every" or number == length - 1:
        connection.execute(f"COPY t{number} TO '{folder}/t{number}.parquet' (COMPRESSION zstd)")
row = connection.execute(f"SELECT sum(v) FROM t{length - 1}").fetchone()
print(row[0] if row else None)
