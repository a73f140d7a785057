"""Reading one descriptor by itself. What it needs is imported when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanse.base import Problems, Severity
from hanse.spec.contract import Contract


def parse_contract(text: str, path: str) -> Contract:
    """Read a contract by itself: names are not held against the rules of a mesh.

    Args:
        text: the ODCS file (3.0, 3.1 or 3.2).
        path: its name, for messages.

    Raises:
        Problems: everything that is wrong with it.
    """
    from hanse.spec.odcs import read_contract  # YAML is loaded when needed only

    contract, problems = read_contract(text.encode("utf-8", "surrogatepass"), path)
    if contract is None:
        raise Problems(p for p in problems if p.severity is Severity.ERROR)
    return contract


def json_schemas() -> Mapping[str, dict[str, Any]]:
    """Return the JSON Schemas (draft 2020-12) of our own files by kind: ``mesh``, ``domain``, ``pipeline``."""
    from hanse.spec import descriptors  # pydantic is loaded when needed only

    return descriptors.json_schemas()
