"""Together the good examples use every field of the standard, in the names that its own walk gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from hanse.spec.document import plain, read_document
from hanse.spec.odcs_fields import all_fields
from hanse.spec.odcs_schema import schema_of

from .goldens import GOOD

SCHEMA = schema_of("v3.2.0")
EXAMPLES = [plain(read_document(path.read_bytes(), path.name).root) for path in GOOD]


def used(value: Any, schema: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the fields that a value uses; ``name`` is what its keys are written below."""
    reference = schema.get("$ref")
    if reference:
        definition = reference.rsplit("/", 1)[1]
        target: Any = SCHEMA
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        yield from used(value, target, "Server" if "/ServerSource/" in reference else definition)
    if isinstance(value, list):
        for item in value:
            yield from used(item, schema.get("items", {}), f"{name}[]")
    if isinstance(value, dict):
        for key, inner in schema.get("properties", {}).items():
            if key in value:
                field = _field(name, key, value)
                yield f"{name}.{key}".removeprefix(".")
                yield field
                yield from used(value[key], inner, field)
        if "then" in schema and _holds(schema["if"], value):
            yield from used(value, schema["then"], name)
    for branch in ("allOf", "anyOf", "oneOf"):
        for case in schema.get(branch, ()):
            yield from used(value, case, name)


def _field(name: str, key: str, holder: Mapping[str, Any]) -> str:
    kind = f"({holder.get('logicalType')})" if key == "logicalTypeOptions" else ""
    return f"{name}.{key}{kind}".removeprefix(".")


def _holds(condition: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    cases = condition.get("anyOf", [condition])
    return any(
        all(
            key in value and ("const" not in part or value[key] == part["const"])
            for key, part in c["properties"].items()
        )
        for c in cases
    )


@pytest.fixture(scope="module")
def fields_used() -> frozenset[str]:
    found: set[str] = set()
    for example in EXAMPLES:
        found.update(used(example, SCHEMA, ""))
    return frozenset(found)


def test_every_field_occurs_in_an_example(fields_used: frozenset[str]) -> None:
    # An `enum` among the options is none of the standard's: we read it, because authors write it.
    standard = {field for field in all_fields() if not field.endswith(").enum")}
    assert sorted(standard - fields_used) == []


def test_the_walk_finds_only_fields(fields_used: frozenset[str]) -> None:
    assert sorted(fields_used - all_fields()) == []


def test_every_version_is_used() -> None:
    versions = {example["apiVersion"][:4] for example in EXAMPLES}
    assert versions == {"v3.0", "v3.1", "v3.2"}


def test_every_kind_of_server_is_used() -> None:
    kinds = set(SCHEMA["$defs"]["Server"]["properties"]["type"]["enum"])
    stated = {server["type"] for example in EXAMPLES for server in example.get("servers", ())}
    assert kinds == stated
