"""Floor 2: descriptors from YAML, with line numbers.

Importing this room imports no YAML reader and no pydantic: :func:`load` takes what did not change from its cache.
"""

from hanse.spec.cache import ContentCache
from hanse.spec.contract import Column, Condition, Contract, Limits, Rule, ServiceLevel, Table
from hanse.spec.load import find_mesh, load
from hanse.spec.mesh import Domain, EngineSettings, MeshConfig
from hanse.spec.parse import json_schemas, parse_contract
from hanse.spec.product import (
    FileInput,
    InputPort,
    OutputPort,
    Pipeline,
    Product,
    SavedQuery,
    TableSettings,
    TeamMember,
    Transform,
)
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct
from hanse.spec.workspace import Entry, InputSummary, PortSummary, ResolvedInput, Workspace

__all__ = [
    "Column",
    "Condition",
    "ContentCache",
    "Contract",
    "DataType",
    "Decimal",
    "Domain",
    "EngineSettings",
    "Entry",
    "Field",
    "FileInput",
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
    "Rule",
    "SavedQuery",
    "Scalar",
    "ServiceLevel",
    "Struct",
    "Table",
    "TableSettings",
    "TeamMember",
    "Transform",
    "Workspace",
    "find_mesh",
    "json_schemas",
    "load",
    "parse_contract",
]
