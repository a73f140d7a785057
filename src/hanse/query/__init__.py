"""Floor 6: the one road for reads: resolve, bind, execute.

Importing this room is cheap; the SQL parser and Arrow are loaded with the first statement.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanse.query.execute import Road
    from hanse.query.formats import FORMATS, rows_of, write
    from hanse.query.metadata import TABLES as METADATA_TABLES
    from hanse.query.metadata import MetadataColumn, MetadataTable
    from hanse.query.metadata import describe as describe_metadata
    from hanse.query.result import Result

_HOMES = {
    "FORMATS": ("formats", "FORMATS"),
    "METADATA_TABLES": ("metadata", "TABLES"),
    "MetadataColumn": ("metadata", "MetadataColumn"),
    "MetadataTable": ("metadata", "MetadataTable"),
    "Result": ("result", "Result"),
    "Road": ("execute", "Road"),
    "describe_metadata": ("metadata", "describe"),
    "rows_of": ("formats", "rows_of"),
    "write": ("formats", "write"),
}

__all__ = [
    "FORMATS",
    "METADATA_TABLES",
    "MetadataColumn",
    "MetadataTable",
    "Result",
    "Road",
    "describe_metadata",
    "rows_of",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, attribute = _HOMES[name]
    return getattr(import_module(f"{__name__}.{home}"), attribute)
