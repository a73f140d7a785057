"""The limit of a planner: ``ORDERS LINEITEM``. As ``contract_limit``, but nothing is read that need not be.

Nulls, rows, ranges and the newest day come from the file's footer, whatever it settles; enums and the pattern of few
texts are looked up in the distinct values; one scan does the rest, one group-by the key, one anti-join the reference.
Right only where the footer settles what is asked of it, as it does for TPC-H without faults.
"""

import json
import sys
from datetime import UTC, datetime

import duckdb

orders, data = sys.argv[1:3]
required = (
    "l_orderkey", "l_partkey", "l_suppkey", "l_linenumber", "l_quantity", "l_extendedprice", "l_shipdate",
    "l_receiptdate",
)  # fmt: skip
ranges = {"l_quantity": (1, 50), "l_discount": (0, 0.1), "l_tax": (0, 0.08), "l_linenumber": (1, 7)}
distinct = {
    "enum l_returnflag": ("l_returnflag", "value NOT IN ('A', 'N', 'R')"),
    "enum l_linestatus": ("l_linestatus", "value NOT IN ('F', 'O')"),
    "enum l_shipmode": ("l_shipmode", "value NOT IN ('AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK')"),
    "pattern l_shipinstruct": ("l_shipinstruct", "NOT regexp_matches(value, '^[A-Z ]+$')"),
}
scanned = {
    "pattern l_comment": "NOT regexp_matches(l_comment, '^[^0-9]*$')",
    "length": "strlen(l_comment) > 44 AND length(l_comment) > 44",
    "sql received_before_shipped": "l_receiptdate < l_shipdate",
    "sql returned_late": "l_returnflag = 'N' AND l_receiptdate <= DATE '1995-06-17'",
    "sql open_early": "l_linestatus = 'O' AND l_shipdate <= DATE '1995-06-17'",
}
connection = duckdb.connect()
facts = {
    name: (low, high, nulls, rows)
    for name, low, high, nulls, rows in connection.execute(
        "SELECT path_in_schema, min(CASE WHEN type LIKE 'INT%' AND stats_min_value NOT LIKE '%-%-%' "
        "THEN stats_min_value::DOUBLE END), max(CASE WHEN type LIKE 'INT%' AND stats_max_value NOT LIKE '%-%-%' "
        "THEN stats_max_value::DOUBLE END), sum(stats_null_count), sum(num_values) "
        f"FROM parquet_metadata('{data}') GROUP BY ALL"
    ).fetchall()
}
((newest,),) = connection.execute(
    f"SELECT max(stats_max_value::DATE) FROM parquet_metadata('{data}') WHERE path_in_schema = 'l_commitdate'"
).fetchall()
found = {f"not_null {name}": int(facts[name][2]) for name in required}
found["null_fraction"] = int(facts["l_comment"][2])
found["row_count"] = int(facts["l_comment"][3])
found["freshness"] = (datetime.now(UTC).date() - newest).days
for name, (low, high) in ranges.items():
    if facts[name][0] < low or facts[name][1] > high:
        raise SystemExit(f"the footer does not settle the range of {name}")
    found[f"range {name}"] = 0
for check, (name, breaks) in distinct.items():
    ((found[check],),) = connection.execute(
        f"SELECT coalesce(sum(n) FILTER ({breaks}), 0)::BIGINT FROM "
        f"(SELECT {name} AS value, count(*) AS n FROM '{data}' GROUP BY ALL)"
    ).fetchall()
counts = ", ".join(f"count(*) FILTER ({test})" for test in scanned.values())
(numbers,) = connection.execute(f"SELECT {counts} FROM '{data}'").fetchall()
found |= dict(zip(scanned, numbers, strict=True))
((repeated,),) = connection.execute(
    f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM '{data}' "
    "GROUP BY l_orderkey, l_linenumber HAVING n > 1)"
).fetchall()
((found["reference"],),) = connection.execute(
    f"SELECT count(*) FROM '{data}' WHERE NOT EXISTS (FROM '{orders}' WHERE o_orderkey = l_orderkey)"
).fetchall()
found["unique"] = int(repeated)
print(json.dumps(found))
