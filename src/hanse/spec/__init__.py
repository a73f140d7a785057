"""Floor 2: descriptors from YAML, with line numbers.

Importing this room imports neither a YAML reader nor pydantic, and the descriptors' own classes only when they are
asked for: :func:`load` takes what did not change from its cache.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanse.spec.cache import ContentCache
    from hanse.spec.change import Change, ChangeKind
    from hanse.spec.connections import Connection
    from hanse.spec.contract import Column, Condition, Contract, Limits, Rule, ServiceLevel, Table
    from hanse.spec.diff import diff_contracts
    from hanse.spec.loading import find_mesh, load, load_config
    from hanse.spec.mesh import Domain, EngineSettings, MeshConfig
    from hanse.spec.parse import json_schemas, parse_contract
    from hanse.spec.product import (
        DatabaseInput,
        FileInput,
        InputPort,
        OutputPort,
        Pipeline,
        Product,
        SavedQuery,
        Source,
        TableSettings,
        TeamMember,
        Transform,
    )
    from hanse.spec.retention import Retention
    from hanse.spec.text_style import TextStyle
    from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct
    from hanse.spec.windows import Boundary, Window
    from hanse.spec.workspace import (
        DatabaseReference,
        Entry,
        FileReference,
        InputSummary,
        PortSummary,
        ResolvedInput,
        Workspace,
    )

__all__ = [
    "Boundary",
    "Change",
    "ChangeKind",
    "Column",
    "Condition",
    "Connection",
    "ContentCache",
    "Contract",
    "DataType",
    "DatabaseInput",
    "DatabaseReference",
    "Decimal",
    "Domain",
    "EngineSettings",
    "Entry",
    "Field",
    "FileInput",
    "FileReference",
    "InputPort",
    "InputSummary",
    "Limits",
    "List",
    "Map",
    "MeshConfig",
    "OutputPort",
    "Pipeline",
    "PortSummary",
    "Product",
    "ResolvedInput",
    "Retention",
    "Rule",
    "SavedQuery",
    "Scalar",
    "ServiceLevel",
    "Source",
    "Struct",
    "Table",
    "TableSettings",
    "TeamMember",
    "TextStyle",
    "Transform",
    "Window",
    "Workspace",
    "diff_contracts",
    "find_mesh",
    "json_schemas",
    "load",
    "load_config",
    "parse_contract",
]

_HOMES = {
    "cache": ("ContentCache",),
    "change": ("Change", "ChangeKind"),
    "connections": ("Connection",),
    "contract": ("Column", "Condition", "Contract", "Limits", "Rule", "ServiceLevel", "Table"),
    "diff": ("diff_contracts",),
    "loading": ("find_mesh", "load", "load_config"),
    "mesh": ("Domain", "EngineSettings", "MeshConfig"),
    "parse": ("json_schemas", "parse_contract"),
    "product": (
        "DatabaseInput",
        "FileInput",
        "InputPort",
        "OutputPort",
        "Pipeline",
        "Product",
        "SavedQuery",
        "Source",
        "TableSettings",
        "TeamMember",
        "Transform",
    ),
    "retention": ("Retention",),
    "text_style": ("TextStyle",),
    "types": ("DataType", "Decimal", "Field", "List", "Map", "Scalar", "Struct"),
    "windows": ("Boundary", "Window"),
    "workspace": (
        "DatabaseReference",
        "Entry",
        "FileReference",
        "InputSummary",
        "PortSummary",
        "ResolvedInput",
        "Workspace",
    ),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value
