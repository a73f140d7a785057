"""Make a delivery of changed rows: ``LINEITEM OUTPUT ROWS NUMBER recent|scattered``.

Nine tenths are rows of lineitem with other values, one tenth is new. The recent ones are the last of the table; the
scattered ones come from everywhere. Deliveries of different numbers differ in every row, and in their new keys.
"""

import sys

import duckdb

source, output, rows, number, where = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
changed = rows * 9 // 10
order = {
    "recent": "l_orderkey DESC, l_linenumber DESC",
    "scattered": f"hash(l_orderkey, l_linenumber, {number})",
}[where]
connection = duckdb.connect()
connection.execute(f"CREATE TABLE base AS SELECT * FROM read_parquet('{source}')")
connection.execute(f"CREATE TABLE chosen AS FROM base ORDER BY {order} LIMIT {changed}")
connection.execute(
    "UPDATE chosen SET l_discount = (l_discount * 100 + $n) % 11 / 100, l_shipinstruct = 'CHANGED'", {"n": number}
)
connection.execute(
    "INSERT INTO chosen SELECT * REPLACE (l_orderkey + $shift AS l_orderkey, 'NEW' AS l_shipinstruct) FROM base "
    f"WHERE l_linenumber = 1 ORDER BY l_orderkey LIMIT {rows - changed}",
    {"shift": 1_000_000_000 * number},
)
connection.execute(
    f"COPY (FROM chosen ORDER BY l_orderkey, l_linenumber) TO '{output}' (FORMAT parquet, COMPRESSION zstd)"
)
