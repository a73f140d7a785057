"""The 26 checks of TPC-H lineitem that every tool is given, and the contract that states them for Hanse.

The names are those that every program prints its verdicts under. A range is one check here and two clauses in ODCS.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TABLE = "lineitem"
DAYS = 50 * 365  # how old the newest `l_commitdate` may be; TPC-H ends in 1998
NULLS = 0.1  # percent
QUERIES = {
    "received_before_shipped": "l_receiptdate < l_shipdate",
    "returned_late": "l_returnflag = 'N' AND l_receiptdate <= DATE '1995-06-17'",
    "open_early": "l_linestatus = 'O' AND l_shipdate <= DATE '1995-06-17'",
}
REQUIRED = (
    "l_orderkey", "l_partkey", "l_suppkey", "l_linenumber", "l_quantity", "l_extendedprice", "l_shipdate",
    "l_receiptdate",
)  # fmt: skip
ENUMS = {
    "l_returnflag": ["A", "N", "R"],
    "l_linestatus": ["F", "O"],
    "l_shipmode": ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"],
}
RANGES = {"l_quantity": (1, 50), "l_discount": (0, 0.1), "l_tax": (0, 0.08), "l_linenumber": (1, 7)}
PATTERNS = {"l_shipinstruct": "^[A-Z ]+$", "l_comment": "^[^0-9]*$"}
_DECIMAL = {"logicalType": "number", "physicalType": "DECIMAL(15,2)"}
_TYPES: dict[str, dict[str, Any]] = {
    **{name: {"logicalType": "integer"} for name in ("l_orderkey", "l_partkey", "l_suppkey", "l_linenumber")},
    **dict.fromkeys(("l_quantity", "l_extendedprice", "l_discount", "l_tax"), _DECIMAL),
    **{name: {"logicalType": "string"} for name in ("l_returnflag", "l_linestatus")},
    **{name: {"logicalType": "date"} for name in ("l_shipdate", "l_commitdate", "l_receiptdate")},
    **{name: {"logicalType": "string"} for name in ("l_shipinstruct", "l_shipmode", "l_comment")},
}

CLAUSES: Mapping[str, tuple[str, ...]] = {
    **{f"not_null {c}": (f"required({c})",) for c in REQUIRED},
    "unique": ("duplicateValues:unique",),
    **{f"enum {c}": (f"invalidValues({c}):enum_{c}",) for c in ENUMS},
    **{f"range {c}": (f"minimum({c})", f"maximum({c})") for c in RANGES},
    **{f"pattern {c}": (f"pattern({c})",) for c in PATTERNS},
    "row_count": ("rowCount:row_count",),
    "freshness": ("sql:freshness",),
    "reference": ("relationship(l_orderkey): orders.o_orderkey",),
    "length": ("maxLength(l_comment)",),
    "null_fraction": ("nullValues(l_comment):null_fraction",),
    **{f"sql {name}": (f"sql:{name}",) for name in QUERIES},
}
"""Check → the clauses of Hanse that verify it."""


def contract(rows: int, folder: Path, table: str = TABLE) -> dict[str, Any]:
    """Return the contract.

    Args:
        rows: how many rows the table must have.
        folder: where ``lineitem.parquet`` and ``orders.parquet`` are; tools that need a server find it there.
        table: what the table is called.
    """
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": table,
        "version": "1.0.0",
        "status": "active",
        "name": "Lines of orders",
        "servers": [
            {"server": "local", "type": "local", "path": f"{folder}/{{model}}.parquet", "format": "parquet"},
        ],
        "schema": [
            {
                "name": table,
                "logicalType": "object",
                "quality": _rules(rows, table),
                "properties": [_property(name, type_) for name, type_ in _TYPES.items()],
            },
            {
                "name": "orders",
                "logicalType": "object",
                "properties": [{"name": "o_orderkey", "logicalType": "integer"}],
            },
        ],
    }


def write(file: Path, rows: int, folder: Path, table: str = TABLE) -> Path:
    """Write the contract as YAML, as people do."""
    file.write_text(yaml.safe_dump(contract(rows, folder, table), sort_keys=False), encoding="utf-8")
    return file


def _property(name: str, type_: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    found: dict[str, Any] = {"name": name, **type_}
    if name in REQUIRED:
        found["required"] = True
    if name in ENUMS:
        found["quality"] = [_rule("invalidValues", f"enum_{name}", mustBe=0, arguments={"validValues": ENUMS[name]})]
    if name in RANGES:
        options["minimum"], options["maximum"] = RANGES[name]
    if name in PATTERNS:
        options["pattern"] = PATTERNS[name]
    if name == "l_comment":
        options["maxLength"] = 44
        found["quality"] = [_rule("nullValues", "null_fraction", mustBeLessOrEqualTo=NULLS, unit="percent")]
    if name == "l_orderkey":
        found["relationships"] = [{"type": "foreignKey", "to": "orders.o_orderkey"}]
    if options:
        found["logicalTypeOptions"] = options
    return found


def _rules(rows: int, table: str) -> list[dict[str, Any]]:
    age = f"SELECT date_diff('day', max(l_commitdate), current_date) FROM {table}"
    return [
        _rule("rowCount", "row_count", mustBe=rows),
        _rule("duplicateValues", "unique", mustBe=0, arguments={"properties": ["l_orderkey", "l_linenumber"]}),
        {"type": "sql", "name": "freshness", "query": age, "mustBeLessOrEqualTo": DAYS},
        *(
            {"type": "sql", "name": name, "query": f"SELECT count(*) FROM {table} WHERE {breaks}", "mustBe": 0}
            for name, breaks in QUERIES.items()
        ),
    ]


def _rule(metric: str, name: str, **stated: Any) -> dict[str, Any]:
    return {"type": "library", "metric": metric, "name": name, **stated}


def plain(rows: int) -> dict[str, Any]:
    """Return what is checked as a document, for programs that know nothing of this package."""
    return {
        "rows": rows,
        "days": DAYS,
        "nulls": NULLS,
        "required": REQUIRED,
        "enums": ENUMS,
        "ranges": RANGES,
        "patterns": PATTERNS,
        "queries": QUERIES,
    }
