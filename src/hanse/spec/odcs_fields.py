"""Every field of ODCS, by walking its JSON Schema: so that nothing of the standard can be forgotten.

A field is written as its definition and the keys below it, as in ``SchemaBaseProperty.physicalType``,
``Context.verifiedStatements[].question`` or ``SchemaBaseProperty.logicalTypeOptions(string).minLength``. Keys of the
contract itself stand alone (``slaProperties``); those of all kinds of servers are one definition, ``Server``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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


def stated(root: Mapping[str, Any], version: str) -> Counter[str | None]:
    """Count the fields that a contract states, empty ones left out.

    Args:
        root: the contract as YAML gives it.
        version: one of :data:`hanse.spec.odcs_schema.VERSIONS`.

    Returns:
        Field → how often it is stated; under None, keys that the standard does not know.
    """
    schema = schema_of(version)
    found: Counter[str | None] = Counter()
    _count(root, [(schema, "")], schema, found)
    return found


_Node = tuple[Mapping[str, Any], str]


def _count(value: Any, nodes: Sequence[_Node], root: Mapping[str, Any], found: Counter[str | None]) -> None:
    opened = _opened(nodes, root, value)
    if isinstance(value, list):
        inner = [(schema["items"], f"{prefix}[]") for schema, prefix in opened if isinstance(schema.get("items"), dict)]
        for item in value:
            _count(item, inner, root, found)
    elif isinstance(value, dict):
        is_described = any("properties" in schema for schema, _ in opened)
        for key, item in value.items():
            if item is None:
                continue
            below = _below(key, value, opened)
            if below or is_described:  # what a custom property holds has no fields
                found[below[0][1] if below else None] += 1
            _count(item, below, root, found)


def _below(key: str, value: Mapping[str, Any], opened: Sequence[_Node]) -> list[_Node]:
    """Return the schemas of a key of an object."""
    inner = [
        (schema["properties"][key], f"{prefix}.{key}" if prefix else key)
        for schema, prefix in opened
        if isinstance(schema.get("properties", {}).get(key), dict)
    ]
    if key == "logicalTypeOptions" and value.get("logicalType"):
        return [(schema, f"SchemaBaseProperty.logicalTypeOptions({value['logicalType']})") for schema, _ in inner]
    return inner


def _opened(nodes: Sequence[_Node], root: Mapping[str, Any], value: Any) -> list[_Node]:
    """Return schemas with what they refer to and combine, as far as it holds of a value."""
    found: list[_Node] = []
    waiting = list(nodes)
    while waiting:
        schema, prefix = waiting.pop()
        found.append((schema, prefix))
        if "$ref" in schema:
            target: Any = root
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            name = schema["$ref"].removeprefix("#/$defs/").split("/")
            waiting.append((target, "Server" if name[0] == _SERVERS else name[0]))
        if "then" in schema and _holds(schema.get("if", {}), value):
            waiting.append((schema["then"], prefix))
        for branch in _BRANCHES:
            waiting += [(case, prefix) for case in schema.get(branch, ())]
    return found


def _holds(condition: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    for case in condition.get("anyOf", (condition,)):
        rules = case.get("properties", {})
        if all(key in value and rule.get("const", value[key]) == value[key] for key, rule in rules.items()):
            return True
    return False
