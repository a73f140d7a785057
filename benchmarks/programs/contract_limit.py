"""The limit: ``ORDERS LINEITEM …``. The 26 checks by hand: one scan, one group-by for the key, one anti-join.

Prints what each check counts, as JSON, a line for each table.
"""

import json
import sys

import duckdb

checks = {
    "not_null l_orderkey": "l_orderkey IS NULL",
    "not_null l_partkey": "l_partkey IS NULL",
    "not_null l_suppkey": "l_suppkey IS NULL",
    "not_null l_linenumber": "l_linenumber IS NULL",
    "not_null l_quantity": "l_quantity IS NULL",
    "not_null l_extendedprice": "l_extendedprice IS NULL",
    "not_null l_shipdate": "l_shipdate IS NULL",
    "not_null l_receiptdate": "l_receiptdate IS NULL",
    "enum l_returnflag": "l_returnflag NOT IN ('A', 'N', 'R')",
    "enum l_linestatus": "l_linestatus NOT IN ('F', 'O')",
    "enum l_shipmode": "l_shipmode NOT IN ('AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK')",
    "range l_quantity": "l_quantity < 1 OR l_quantity > 50",
    "range l_discount": "l_discount < 0 OR l_discount > 0.1",
    "range l_tax": "l_tax < 0 OR l_tax > 0.08",
    "range l_linenumber": "l_linenumber < 1 OR l_linenumber > 7",
    "pattern l_shipinstruct": "NOT regexp_matches(l_shipinstruct, '^[A-Z ]+$')",
    "pattern l_comment": "NOT regexp_matches(l_comment, '^[^0-9]*$')",
    "length": "length(l_comment) > 44",
    "null_fraction": "l_comment IS NULL",
    "sql received_before_shipped": "l_receiptdate < l_shipdate",
    "sql returned_late": "l_returnflag = 'N' AND l_receiptdate <= DATE '1995-06-17'",
    "sql open_early": "l_linestatus = 'O' AND l_shipdate <= DATE '1995-06-17'",
}
connection = duckdb.connect()
counts = ", ".join(f"count(*) FILTER ({test})" for test in checks.values())
orders = sys.argv[1]
for data in sys.argv[2:]:
    (rows, days, *found), *_ = connection.execute(
        f"SELECT count(*), current_date - max(l_commitdate), {counts} FROM '{data}'"
    ).fetchall()
    ((repeated,),) = connection.execute(
        f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM '{data}' "
        "WHERE l_orderkey IS NOT NULL AND l_linenumber IS NOT NULL GROUP BY l_orderkey, l_linenumber HAVING n > 1)"
    ).fetchall()
    ((orphans,),) = connection.execute(
        f"SELECT count(*) FROM '{data}' WHERE l_orderkey IS NOT NULL "
        f"AND NOT EXISTS (FROM '{orders}' WHERE o_orderkey = l_orderkey)"
    ).fetchall()
    counted = dict(zip(checks, found, strict=True))
    print(json.dumps({**counted, "unique": int(repeated), "row_count": rows, "freshness": days, "reference": orphans}))
