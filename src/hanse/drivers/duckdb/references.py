"""What a statement names, from DuckDB's own parse tree (``json_serialize_sql``).

The walk fails closed: a node of a class that is not listed here is an error, never skipped. A CTE hides a base relation
only where DuckDB's scoping lets it: in the node that defines it, below it, and in the CTEs after it; in its own body
only when it is recursive.
"""

from __future__ import annotations

import json
from typing import Any

from hanse.base import EngineError
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.quoting import fold
from hanse.interfaces import References

_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLES = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "COLUMN_DATA"}
)
_EXPRESSIONS = frozenset(
    {
        "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "DEFAULT",
        "FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR", "PARAMETER", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY",
        "WINDOW",
    }
)  # fmt: skip
_MODIFIERS = frozenset({"DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER"})
_ORDERS = frozenset({"ORDER_DEFAULT", "ASCENDING", "DESCENDING"})
_TYPE_INFO = "_TYPE_INFO"

Node = dict[str, Any]


def read_references(document: str) -> References:
    """Read what ``json_serialize_sql`` returned.

    Raises:
        EngineError: syntax (HNS-E001), not exactly one SELECT (HNS-E002), an unknown construct (HNS-E023).
    """
    try:
        return _read(document)
    except RecursionError:
        raise EngineError(codes.UNKNOWN_SYNTAX, "the statement is nested too deeply to be verified") from None


def _read(document: str) -> References:
    tree = json.loads(document)
    if tree["error"]:
        message = str(tree.get("error_message", "")).strip()
        if tree.get("error_type") == "not implemented":
            raise EngineError(codes.NOT_ONE_SELECT, "only a SELECT can be run", why=message)
        raise EngineError(codes.SYNTAX, message or "the statement cannot be parsed")
    statements = tree["statements"]
    if len(statements) != 1:
        what = (
            "there is no statement" if not statements else f"there are {len(statements)} statements where one is meant"
        )
        raise EngineError(codes.NOT_ONE_SELECT, what)
    walk = _Walk()
    walk.query(statements[0]["node"], frozenset())
    return References(
        relations=frozenset(walk.relations),
        ctes=frozenset(walk.ctes),
        functions=frozenset(walk.functions),
        table_functions=frozenset(walk.table_functions),
        statement="select",
    )


def _unknown(kind: str) -> EngineError:
    if kind == "SHOW_REF":
        return EngineError(codes.NOT_ONE_SELECT, "DESCRIBE, SHOW and SUMMARIZE are not SELECTs")
    return EngineError(codes.UNKNOWN_SYNTAX, f"the statement holds a construct that cannot be verified: {kind}")


class _Walk:
    def __init__(self) -> None:
        self.relations: set[tuple[str, ...]] = set()
        self.ctes: set[str] = set()
        self.functions: set[str] = set()
        self.table_functions: set[str] = set()

    def query(self, node: Node, scope: frozenset[str]) -> None:
        kind = node["type"]
        if kind not in _QUERIES:
            raise _unknown(kind)
        if kind in {"RECURSIVE_CTE_NODE", "CTE_NODE"}:
            scope |= {fold(node["cte_name"])}
            self.ctes.add(node["cte_name"])
        for entry in node["cte_map"]["map"]:
            self.any(entry["value"], scope)
            self.ctes.add(entry["key"])
            scope |= {fold(entry["key"])}
        self.members(node, scope, skip="cte_map")

    def members(self, node: Node, scope: frozenset[str], skip: str = "") -> None:
        for key, value in node.items():
            if key != skip and isinstance(value, (dict, list)):
                self.any(value, scope)

    def any(self, node: Any, scope: frozenset[str]) -> None:
        if isinstance(node, list):
            for item in node:
                if isinstance(item, (dict, list)):
                    self.any(item, scope)
            return
        if not isinstance(node, dict):
            return
        kind = node.get("type")
        if "class" in node:
            self.expression(node, scope)
        elif "cte_map" in node:
            self.query(node, scope)
        elif not isinstance(kind, str):  # wrappers without a kind of their own: {"node": …}, {"map": …}, a constant
            if "value" not in node or "is_null" not in node:
                self.members(node, scope)
        elif kind in _TABLES:
            self.table(node, scope)
        elif kind in _MODIFIERS or kind in _ORDERS or kind.endswith(_TYPE_INFO):
            self.members(node, scope)
        else:
            raise _unknown(kind)

    def table(self, node: Node, scope: frozenset[str]) -> None:
        if node["type"] == "BASE_TABLE":
            parts = tuple(p for p in (node["catalog_name"], node["schema_name"], node["table_name"]) if p)
            if len(parts) > 1 or fold(parts[0]) not in scope:
                self.relations.add(parts)
        elif node["type"] == "TABLE_FUNCTION":
            function = node["function"]
            if function.get("class") != "FUNCTION":
                raise _unknown(str(function.get("class")))
            self.table_functions.add(function["function_name"].lower())
            self.members(function, scope)
            self.members(node, scope, skip="function")
            return
        self.members(node, scope)

    def expression(self, node: Node, scope: frozenset[str]) -> None:
        kind = node["class"]
        if kind not in _EXPRESSIONS:
            raise _unknown(kind)
        if kind == "CONSTANT":
            return
        if kind in {"FUNCTION", "WINDOW"} and node.get("function_name"):
            self.functions.add(node["function_name"].lower())
        self.members(node, scope)
