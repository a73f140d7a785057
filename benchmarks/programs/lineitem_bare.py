"""The limit: ``INPUT OUTPUT [copy]``. Copy lineitem to Parquet and check it by hand: one scan and one group-by.

Prints rows and, per check, the rows that break it, as JSON. With ``copy`` nothing is checked. Compression and row
groups are those that Hanse writes; the output is read back, as a check before publication has to.
"""

import json
import sys

import duckdb

given, output = sys.argv[1:3]
checks = {
    "required(l_partkey)": "l_partkey IS NULL",
    "required(l_suppkey)": "l_suppkey IS NULL",
    "required(l_quantity)": "l_quantity IS NULL",
    "required(l_extendedprice)": "l_extendedprice IS NULL",
    "required(l_shipdate)": "l_shipdate IS NULL",
    "required(l_commitdate)": "l_commitdate IS NULL",
    "required(l_receiptdate)": "l_receiptdate IS NULL",
    "required(l_comment)": "l_comment IS NULL",
    "enum(l_returnflag)": "l_returnflag NOT IN ('A', 'N', 'R')",
    "enum(l_linestatus)": "l_linestatus NOT IN ('F', 'O')",
    "enum(l_shipmode)": "l_shipmode NOT IN ('AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK')",
    "minimum(l_quantity)": "l_quantity < 1",
    "maximum(l_quantity)": "l_quantity > 50",
    "minimum(l_discount)": "l_discount < 0",
    "maximum(l_discount)": "l_discount > 0.1",
    "maximum(l_tax)": "l_tax > 0.08",
    "maximum(l_linenumber)": "l_linenumber > 7",
    "pattern(l_shipinstruct)": "NOT regexp_matches(l_shipinstruct, '^[A-Z ]+$')",
    "pattern(l_comment)": "NOT regexp_matches(l_comment, '^[^0-9]*$')",
    "maxLength(l_comment)": "length(l_comment) > 44",
}
connection = duckdb.connect()
options = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
connection.execute(f"COPY (SELECT * FROM read_parquet('{given}')) TO '{output}' {options}")
if sys.argv[3:] != ["copy"]:
    counts = ", ".join(f"count(*) FILTER ({test})" for test in checks.values())
    (rows, null_keys, *found), *_ = connection.execute(
        f"SELECT count(*), count(*) FILTER (l_orderkey IS NULL OR l_linenumber IS NULL), {counts} FROM '{output}'"
    ).fetchall()
    ((repeated,),) = connection.execute(
        f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM '{output}' "
        "WHERE l_orderkey IS NOT NULL AND l_linenumber IS NOT NULL GROUP BY l_orderkey, l_linenumber HAVING n > 1)"
    ).fetchall()
    failed = dict(zip(checks, found, strict=True))
    failed["primaryKey(l_orderkey, l_linenumber)"] = int(repeated) + null_keys
    print(json.dumps({"rows": rows, "failed": failed}))
