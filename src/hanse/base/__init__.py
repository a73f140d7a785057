"""Floor 1: errors, names and addresses, clock, identifiers."""

from hanse.base.canonical import canonical_json, digest
from hanse.base.clock import Clock, SetClock, SystemClock
from hanse.base.errors import (
    Blocked,
    BlueprintError,
    Code,
    Conflict,
    Denied,
    EngineError,
    HanseError,
    IngestError,
    Location,
    PlanError,
    Problem,
    Problems,
    QueryError,
    RegistryError,
    RunError,
    Severity,
    SpecError,
    StorageError,
    TransformError,
)
from hanse.base.ids import new_id
from hanse.base.names import ProductName, TableName

__all__ = [
    "Blocked",
    "BlueprintError",
    "Clock",
    "Code",
    "Conflict",
    "Denied",
    "EngineError",
    "HanseError",
    "IngestError",
    "Location",
    "PlanError",
    "Problem",
    "Problems",
    "ProductName",
    "QueryError",
    "RegistryError",
    "RunError",
    "SetClock",
    "Severity",
    "SpecError",
    "StorageError",
    "SystemClock",
    "TableName",
    "TransformError",
    "canonical_json",
    "digest",
    "new_id",
]
