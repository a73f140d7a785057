"""Every field of ODCS, by walking its JSON Schema: so that nothing of the standard can be forgotten.

A field is written as its definition and the keys below it, as in ``SchemaBaseProperty.physicalType``,
``Context.verifiedStatements[].question`` or ``SchemaBaseProperty.logicalTypeOptions(string).minLength``. Keys of the
contract itself stand alone (``slaProperties``); those of all kinds of servers are one definition, ``Server``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hanse.spec.odcs_schema import VERSIONS, schema_of

_BRANCHES = ("allOf", "anyOf", "oneOf")
_SERVERS = "ServerSource"


@cache
def fields(version: str) -> frozenset[str]:
    """Return every field that a contract of a version may have.

    Args:
        version: one of :data:`hanse.spec.odcs_schema.VERSIONS`.
    """
    schema = schema_of(version)
    found = set(_fields(schema, ""))
    for name, definition in schema["$defs"].items():
        if name == _SERVERS:
            for kind in definition.values():
                found.update(_fields(kind, "Server."))
        else:
            found.update(_inner(definition, name))
    return frozenset(found)


def all_fields() -> frozenset[str]:
    """Return every field of every version that is read."""
    return frozenset().union(*(fields(version) for version in VERSIONS))


def server_kinds(field: str) -> tuple[str, ...]:
    """Return the ``type`` of every server that has a field, for example ``Server.bootstrapServers``."""
    schema = schema_of(VERSIONS[-1])
    key = field.removeprefix("Server.")
    kinds = []
    for case in schema["$defs"]["Server"]["allOf"]:
        source = schema["$defs"][_SERVERS][case["then"]["$ref"].rsplit("/", 1)[1]]
        if key in source["properties"]:
            kinds.append(str(case["if"]["properties"]["type"]["const"]))
    return tuple(kinds)


def _fields(schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Yield the fields that a schema names itself; what it refers to is a definition of its own."""
    for key, inner in schema.get("properties", {}).items():
        if not isinstance(inner, dict):
            continue
        name = f"{prefix}{key}"
        yield name
        yield from _inner(inner, name)
    for branch in _BRANCHES:
        for case in schema.get(branch, ()):
            yield from _fields(case, prefix)
    if "then" in schema:
        yield from _conditional(schema, prefix)


def _inner(schema: Mapping[str, Any], name: str) -> Iterator[str]:
    yield from _fields(schema, f"{name}.")
    items = schema.get("items")
    if isinstance(items, dict):
        yield from _inner(items, f"{name}[]")
    for branch in _BRANCHES:
        for case in schema.get(branch, ()):
            if isinstance(case.get("items"), dict):
                yield from _inner(case["items"], f"{name}[]")


def _conditional(schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Yield the fields of ``if … then``: options of a logical type carry its name."""
    kinds = _logical_types(schema.get("if", {}))
    for field in _fields(schema["then"], prefix):
        rest = field.removeprefix(prefix)
        if not kinds or not rest.startswith("logicalTypeOptions"):
            yield field
            continue
        for kind in kinds:
            yield f"{prefix}logicalTypeOptions({kind}){rest.removeprefix('logicalTypeOptions')}"


def _logical_types(condition: Mapping[str, Any]) -> tuple[str, ...]:
    cases = condition.get("anyOf", (condition,))
    return tuple(
        str(case["properties"]["logicalType"]["const"]) for case in cases if "logicalType" in case.get("properties", {})
    )
