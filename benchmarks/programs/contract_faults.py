"""Plant faults: ``LINEITEM OUTPUT``. Every one of the 26 checks is broken, row-wise ones by rows of their own."""

import sys

import duckdb

given, output = sys.argv[1:3]
# Column → value that breaks a check; the n-th is planted in n + 1 rows.
faults = [
    ("l_orderkey", "NULL"),
    ("l_partkey", "NULL"),
    ("l_suppkey", "NULL"),
    ("l_linenumber", "NULL"),
    ("l_quantity", "NULL"),
    ("l_extendedprice", "NULL"),
    ("l_shipdate", "NULL"),
    ("l_receiptdate", "NULL"),
    ("l_returnflag", "'X'"),
    ("l_linestatus", "'X'"),
    ("l_shipmode", "'ROCKET'"),
    ("l_quantity", "0"),
    ("l_quantity", "51"),
    ("l_discount", "0.11"),
    ("l_tax", "0.09"),
    ("l_linenumber", "8"),
    ("l_shipinstruct", "'by owl'"),
    ("l_comment", "'the 4th of all'"),
    ("l_comment", "repeat('a', 45)"),
    ("l_orderkey", "-rowid - 1"),
    ("l_receiptdate", "l_shipdate - 1"),
]
connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
connection.execute(f"CREATE TABLE faulty AS FROM '{given}'")
connection.execute(
    "CREATE TABLE places AS SELECT rowid AS place, row_number() OVER (ORDER BY hash(rowid)) - 1 AS n FROM faulty"
)
taken = 0


def plant(column: str, value: str, rows: int, condition: str = "true") -> None:
    global taken
    places = (
        f"SELECT place FROM places JOIN faulty ON place = faulty.rowid WHERE n >= {taken} AND {condition} "
        f"ORDER BY n LIMIT {rows}"
    )
    ((last,),) = connection.execute(f"SELECT max(n) FROM places WHERE place IN ({places})").fetchall()
    connection.execute(f"UPDATE faulty SET {column} = {value} WHERE rowid IN ({places})")
    taken = last + 1


for number, (column, value) in enumerate(faults):
    plant(column, value, number + 1)
plant("l_returnflag", "'N'", 23, "l_returnflag = 'R'")
plant("l_linestatus", "'O'", 24, "l_linestatus = 'F' AND l_shipdate < DATE '1995-01-01'")
((rows,),) = connection.execute("SELECT count(*) FROM faulty").fetchall()
plant("l_comment", "NULL", rows // 500)
connection.execute(
    f"INSERT INTO faulty SELECT faulty.* FROM faulty JOIN places ON place = faulty.rowid "
    f"WHERE n >= {taken} AND n < {taken + 30}"
)
connection.execute("UPDATE faulty SET l_commitdate = DATE '1950-01-01'")
connection.execute(f"COPY faulty TO '{output}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")
