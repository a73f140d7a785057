"""What Bitol ODCS allows, version by version, as shapes.

The rules are those of the JSON Schema that comes with the package ``open-data-contract-standard`` (version 3.2.0, which
also describes 3.1). The package's own model is not used: it refuses unknown keys at the top level only, and drops them
silently below. ODCS 3.0 differs in the points that :func:`_as_v30` lists.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hanse.spec.shape import Shape, compile_schema

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
TITLES = {
    "": "the contract",
    "Server": "a server",
    "SchemaObject": "a table of `schema`",
    "SchemaProperty": "a property",
    "SchemaItemProperty": "an item",
    "DataQuality": "a quality rule",
    "DataQualityLibrary": "a library quality rule",
    "DataQualitySql": "an SQL quality rule",
    "DataQualityCustom": "a custom quality rule",
    "SupportItem": "a support channel",
    "Pricing": "`price`",
    "TeamMember": "a team member",
    "Team": "`team`",
    "Role": "a role",
    "ServiceLevelAgreementProperty": "an SLA property",
    "EnumValue": "an `enum` entry",
    "Synonym": "a synonym",
    "CustomProperty": "a custom property",
    "RelationshipSchemaLevel": "a relationship",
    "RelationshipPropertyLevel": "a relationship",
    "Context": "`context`",
}
HINTS = {
    "ShorthandReference": "write `table.column`",
    "FullyQualifiedReference": "write `schema/table/properties/column`, with the ids of both",
    "StableId": "use letters, digits, `-` and `_` only",
}


@cache
def schema() -> dict[str, Any]:
    """Return the packaged JSON Schema, without importing the package (its model takes a tenth of a second)."""
    spec = find_spec("open_data_contract_standard")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("open_data_contract_standard")
    document: dict[str, Any] = json.loads(Path(spec.origin).with_name("schema.json").read_text(encoding="utf-8"))
    return document


@cache
def shape(version: str) -> Shape:
    """Return what a contract of a version may be.

    Args:
        version: one of :data:`VERSIONS`.
    """
    return compile_schema(schema_of(version), TITLES, HINTS)


def schema_of(version: str) -> dict[str, Any]:
    """Return the JSON Schema by which a contract of a version is read.

    Args:
        version: one of :data:`VERSIONS`.
    """
    changed = copy.deepcopy(schema())
    _loosen(changed)
    if version.startswith("v3.0"):
        _as_v30(changed)
    if not version.startswith("v3.2"):
        changed["required"].append("status")
    return changed


def _loosen(schema: dict[str, Any]) -> None:
    """Accept what every version's authors write: the older name of a metric, and an ``enum`` among the options."""
    definitions = schema["$defs"]
    library = definitions["DataQualityLibrary"]
    library.pop("required")  # `metric`, or `rule` of ODCS 3.0; the reader says which one is missing
    definitions["DataQuality"]["allOf"][0]["if"]["anyOf"].append({"properties": {"rule": {"type": "string"}}})
    for case in definitions["SchemaBaseProperty"]["allOf"]:
        options = case.get("then", {}).get("properties", {}).get("logicalTypeOptions")
        if options:
            options["properties"]["enum"] = {"type": "array", "minItems": 1}


def _as_v30(schema: dict[str, Any]) -> None:
    """Rewrite the schema to ODCS 3.0: open objects inside, fewer required keys, exclusive bounds as booleans."""
    definitions = schema["$defs"]
    closed = {"SchemaObject", "SchemaBaseProperty", "SchemaProperty", "SchemaItemProperty"}
    for name, definition in definitions.items():
        if name not in closed:
            _open(definition)
    for case in definitions["SchemaBaseProperty"]["allOf"]:
        options = case.get("then", {}).get("properties", {}).get("logicalTypeOptions", {}).get("properties", {})
        for key in ("exclusiveMinimum", "exclusiveMaximum"):
            if key in options:
                options[key] = {"type": ["boolean", options[key]["type"]]}
    definitions["TeamMember"].pop("required")
    definitions["CustomProperty"].pop("required")
    definitions["StableId"].pop("pattern")
    operators = definitions["DataQualityOperators"]
    operators["properties"] = {k: v for part in operators.pop("oneOf") for k, v in part["properties"].items()}


def _open(definition: Any) -> None:
    if isinstance(definition, dict):
        for key in ("additionalProperties", "unevaluatedProperties"):
            if definition.get(key) is False:
                del definition[key]
        for inner in definition.values():
            _open(inner)
    elif isinstance(definition, list):
        for inner in definition:
            _open(inner)
