"""Make TPC-H lineitem: ``SCALE FOLDER``. Writes ``lineitem.parquet``, ``shuffled.parquet`` and ``faulty.parquet``.

Runs in the environment of the dependency group ``bench``: the tpch extension comes from its wheel and is loaded by
path. ``faulty`` has, per check, another number of rows that break it and nothing else.
"""

import sys
from pathlib import Path

import duckdb
import duckdb_extension_tpch  # type: ignore[import-not-found]  # of another environment

scale, folder = float(sys.argv[1]), Path(sys.argv[2])
extension = next(Path(duckdb_extension_tpch.__file__).parent.rglob("tpch.duckdb_extension"))
options = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
# Column → value that breaks a check, in the order of programs/lineitem_bare.py; the n-th is planted in n + 1 rows.
faults = [
    ("l_partkey", "NULL"),
    ("l_suppkey", "NULL"),
    ("l_quantity", "NULL"),
    ("l_extendedprice", "NULL"),
    ("l_shipdate", "NULL"),
    ("l_commitdate", "NULL"),
    ("l_receiptdate", "NULL"),
    ("l_comment", "NULL"),
    ("l_returnflag", "'X'"),
    ("l_linestatus", "'X'"),
    ("l_shipmode", "'ROCKET'"),
    ("l_quantity", "0"),
    ("l_quantity", "51"),
    ("l_discount", "-0.01"),
    ("l_discount", "0.11"),
    ("l_tax", "0.09"),
    ("l_linenumber", "8"),
    ("l_shipinstruct", "'by owl'"),
    ("l_comment", "'the 4th of all'"),
    ("l_comment", "repeat('a', 45)"),
]
folder.mkdir(parents=True, exist_ok=True)
connection = duckdb.connect(config={"allow_unsigned_extensions": "false", "autoinstall_known_extensions": "false"})
connection.execute(f"LOAD '{extension}'")
connection.execute(f"CALL dbgen(sf={scale})")
connection.execute(f"COPY lineitem TO '{folder}/lineitem.parquet' {options}")
connection.execute(
    f"COPY (FROM lineitem ORDER BY hash(l_orderkey, l_linenumber)) TO '{folder}/shuffled.parquet' {options}"
)
connection.execute("CREATE TABLE faulty AS FROM lineitem")
connection.execute(
    "CREATE TABLE places AS SELECT rowid AS place, "
    "row_number() OVER (ORDER BY rowid * 7919 % 60013) - 1 AS n FROM faulty"
)
taken = 0
for number, (column, value) in enumerate(faults):
    rows = f"SELECT place FROM places WHERE n >= {taken} AND n < {taken + number + 1}"
    connection.execute(f"UPDATE faulty SET {column} = {value} WHERE rowid IN ({rows})")
    taken += number + 1
connection.execute(
    "INSERT INTO faulty FROM faulty WHERE rowid IN (SELECT place FROM places WHERE n >= 1000 AND n < 1011)"
)
connection.execute(f"COPY faulty TO '{folder}/faulty.parquet' {options}")
