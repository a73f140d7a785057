"""Reading documents of `hanse.test_contract`."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


def checks(document: Document, table: str | None = None) -> dict[str, Document]:
    """Return the checks of a document's only contract by their ids, of all its tables or of one."""
    (contract,) = document["contracts"]
    found = [c for t in contract["tables"] if table in (None, t["table"]) for c in t["checks"]]
    return {check["id"]: check for check in found}


def bad(document: Document) -> set[str]:
    """Return the ids of the checks that did not pass."""
    return {id_ for id_, check in checks(document).items() if check["verdict"] not in ("passed", "not_applicable")}


def only_table(document: Document) -> Document:
    """Return the entry of the only table of the only contract."""
    (contract,) = document["contracts"]
    (table,) = contract["tables"]
    assert isinstance(table, dict)
    return table
