"""Make a wide table: ``ROWS OUTPUT COLUMNS``: integers, amounts, texts of few and of many values, and days, in turn."""

import sys

import duckdb

rows, output, columns = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
kinds = (
    "(hash(i, {n}) % 1000000)::BIGINT",
    "(hash(i, {n}) % 100000000 / 100)::DOUBLE",
    "['red', 'green', 'blue', 'yellow', 'purple'][1 + (hash(i, {n}) % 5)::BIGINT]",
    "left(md5(concat(i, '-', {n})), 12)",
    "DATE '2020-01-01' + (hash(i, {n}) % 2000)::INTEGER",
)
listed = ", ".join(f"{kinds[n % len(kinds)].format(n=n)} AS c{n:02}" for n in range(columns))
duckdb.connect().execute(
    f"COPY (SELECT {listed} FROM range({rows}) t(i)) TO '{output}' (FORMAT parquet, COMPRESSION zstd)"
)
