"""A folder with a contract and data, as a stranger to Hanse has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

Write = Callable[..., Path]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def contract(here: Path) -> Write:
    """Write a contract: table → its properties, or the whole of its schema entry."""

    def write(name: str = "orders.odcs.yaml", /, *, servers: Any = None, **tables: Any) -> Path:
        document = {
            "apiVersion": "v3.1.0",
            "kind": "DataContract",
            "id": "shop",
            "version": "1.0.0",
            "status": "active",
            "schema": [_table(table, entry) for table, entry in tables.items()],
        }
        if servers:
            document["servers"] = servers
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return path

    return write


def _table(name: str, entry: Any) -> dict[str, Any]:
    whole = dict(entry) if isinstance(entry, Mapping) and "properties" in entry else {"properties": entry}
    properties = whole["properties"]
    if isinstance(properties, Mapping):
        whole["properties"] = [
            {"name": column, **({"logicalType": kind} if isinstance(kind, str) else kind)}
            for column, kind in properties.items()
        ]
    return {"name": name, **whole}
