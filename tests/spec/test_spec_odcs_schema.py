"""The packaged schema of the standard is walked: no key of it is refused, every other key is."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import Problem
from hanse.spec.document import Document, read_document
from hanse.spec.odcs_schema import VERSIONS, schema, shape
from hanse.spec.shape import compile_schema
from hanse.spec.shape_check import check

DEFINITIONS: Mapping[str, Any] = schema()["$defs"]
LOGICAL_TYPES = DEFINITIONS["SchemaBaseProperty"]["properties"]["logicalType"]["enum"]
SERVER_TYPES = DEFINITIONS["Server"]["properties"]["type"]["enum"]
OPERATORS = [part["required"][0] for part in DEFINITIONS["DataQualityOperators"]["oneOf"]]
SAMPLES = {"string": "a.b", "integer": 3, "number": 1.5, "boolean": True, "null": None}


class Sampler:
    """Makes the fullest value that a schema allows, for one choice of each alternative."""

    def __init__(self, logical_type: str, server: str, quality: str, operator: str, alternative: int) -> None:
        self.choices = {"logicalType": logical_type, "Server": server, "DataQuality": quality}
        self.operator = operator
        self.alternative = alternative
        self.used: set[str] = set()

    def value(self, part: Mapping[str, Any], depth: int, name: str = "") -> Any:
        if "$ref" in part and "type" not in part:
            name = part["$ref"].rsplit("/", 1)[1]
            target = self.target(part["$ref"])
            return self.value({**target, **{k: v for k, v in part.items() if k != "$ref"}}, depth, name)
        for word in ("oneOf", "anyOf"):
            if word in part and "properties" not in part:
                options = part[word]
                return self.value(options[self.alternative % len(options)], depth, name)
        kinds = part.get("type", "object" if "properties" in part or "$ref" in part else "string")
        kind = kinds if isinstance(kinds, str) else kinds[self.alternative % len(kinds)]
        if "enum" in part:
            return part["enum"][0]
        if kind == "array":
            size = part.get("minItems", 1)
            items = [self.value(part.get("items", {}), depth, "") for _ in range(max(size, 1))]
            return [1, 2] if size == 2 else items
        if kind == "object":
            return self.object(part, depth, name)
        if part.get("pattern", "").startswith("^sftp"):
            return "sftp://host/folder"
        return "word" if name == "StableId" else SAMPLES[kind]

    def target(self, reference: str) -> Any:
        found: Any = schema()
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found

    def object(self, part: Mapping[str, Any], depth: int, name: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if name in ("SchemaProperty", "SchemaItemProperty"):
            out["logicalType"] = self.choices["logicalType"] if depth < 1 else "string"
            if depth >= 2:
                return {"name": "leaf", "logicalType": "string"}
            depth += 1
        elif name in ("Server", "DataQuality"):
            out["type"] = self.choices[name]
        self.fill(out, part, depth)
        return out

    def fill(self, out: dict[str, Any], part: Mapping[str, Any], depth: int) -> None:
        if "$ref" in part:
            self.fill(out, self.target(part["$ref"]), depth)
        for key, inner in part.get("properties", {}).items():
            self.used.add(key)
            if key not in out and (key != "logicalTypeOptions" or "properties" in inner):
                out[key] = self.value(inner, depth)
        for inner in part.get("allOf", ()):
            if "if" in inner:
                if self.holds(inner["if"], out):
                    self.fill(out, inner["then"], depth)
            elif "not" in inner:
                out.pop(inner["not"]["required"][0], None)
            else:
                self.fill(out, inner, depth)
        if part.get("oneOf") == DEFINITIONS["DataQualityOperators"]["oneOf"]:
            chosen = next(o for o in part["oneOf"] if o["required"] == [self.operator])
            self.fill(out, chosen, depth)

    def holds(self, condition: Mapping[str, Any], out: Mapping[str, Any]) -> bool:
        parts = condition.get("anyOf", [condition])
        tests = [item for p in parts for item in p["properties"].items()]
        return any("const" in want and out.get(key) == want["const"] for key, want in tests)


def full_contract(version: str, **choices: Any) -> dict[str, Any]:
    sampler = Sampler(**choices)
    document: dict[str, Any] = sampler.value(schema(), 0)
    document["apiVersion"] = version
    return document


def findings(contract: Mapping[str, Any], version: str) -> tuple[Document, list[Problem]]:
    document = read_document(json.dumps(contract, indent=1).encode(), "c.odcs.yaml")
    return document, check(document, shape(version), version)


CHOICES = [
    {
        "logical_type": LOGICAL_TYPES[i % len(LOGICAL_TYPES)],
        "server": SERVER_TYPES[i],
        "quality": ["text", "library", "sql", "custom"][i % 4],
        "operator": OPERATORS[i // 4 % len(OPERATORS)],
        "alternative": i % 7,
    }
    for i in range(len(SERVER_TYPES))
]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_key_of_the_standard_is_refused(version: str) -> None:
    for choices in CHOICES:
        contract = full_contract(version, **choices)
        problems = findings(contract, version)[1]
        assert not problems, f"{choices}: {problems[0]}"


def test_the_walk_reaches_every_key_of_the_standard() -> None:
    reached = {key for choices in CHOICES for _, key in _keys(full_contract("v3.2.0", **choices))}
    assert set(_property_names(schema())) - reached == set()


def _property_names(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, inner in part.items():
            if key == "properties" and isinstance(inner, dict):
                yield from inner
            yield from _property_names(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _property_names(inner)


def _keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path, key
            yield from _keys(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _keys(inner, (*path, index))


def _objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _objects(inner, (*path, key))


def _open(path: tuple[Any, ...]) -> bool:
    """Objects that take any key: values and arguments that are the author's own, and the prose of a contract."""
    own = ("value", "arguments", "implementation", "examples", "enum")
    return any(step in own and not _is_enum(path, i) for i, step in enumerate(path)) or path == ("description",)


def _is_enum(path: tuple[Any, ...], index: int) -> bool:
    return path[index] == "enum" or (path[index] == "value" and index > 0 and path[index - 1] == "map")


def _at(contract: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        contract = contract[step]
    return contract


FULL = [full_contract("v3.2.0", **choices) for choices in CHOICES]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_unknown_key_is_found_where_it_stands(data: st.DataObject) -> None:
    contract = copy.deepcopy(data.draw(st.sampled_from(FULL)))
    path = data.draw(st.sampled_from([p for p in _objects(contract) if not _open(p)]))
    _at(contract, path)["zzUnknown"] = "x"
    document, problems = findings(contract, "v3.2.0")
    place = document.at_key(_at(document.root, path), "zzUnknown")
    if path[-1:] == ("logicalTypeOptions",) and _at(contract, path[:-1])["logicalType"] == "boolean":
        assert problems == []  # the standard says nothing about a boolean's options
    else:
        assert [(p.code.id, p.where) for p in problems] == [("HNS-S011", place)]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_misspelt_key_suggests_the_right_one(data: st.DataObject) -> None:
    contract = copy.deepcopy(data.draw(st.sampled_from(FULL)))
    found = [(path, key) for path, key in _keys(contract) if len(key) > 5 and not _open(path)]
    path, key = data.draw(st.sampled_from(found))
    holder = _at(contract, path)
    holder[key[:-2] + key[-1] + key[-2]] = holder.pop(key)
    assert key == "apiVersion" or key[-1] == key[-2] or _suggests(contract, key)


def _suggests(contract: Mapping[str, Any], key: str) -> bool:
    _, problems = findings(contract, "v3.2.0")
    unknown = [p for p in problems if p.code.id == "HNS-S011"]
    return any(p.fix in (f"did you mean `{key}`?", "check the `type` or `logicalType` beside it") for p in unknown)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", ["id", "version", "kind"])
def test_required_keys_are_missed(version: str, key: str) -> None:
    contract = {"apiVersion": version, "kind": "DataContract", "id": "c", "version": "1.0.0", "status": "active"}
    del contract[key]
    _, problems = findings(contract, version)
    assert [(p.code.id, str(p.where), p.fix) for p in problems] == [("HNS-S012", "c.odcs.yaml:1:1", f"add `{key}:`")]


def test_a_status_is_required_before_32() -> None:
    contract = {"kind": "DataContract", "id": "c", "version": "1.0.0"}
    missing = {v: [p.code.id for p in findings({"apiVersion": v, **contract}, v)[1]] for v in VERSIONS}
    assert missing == {v: [] if v == "v3.2.0" else ["HNS-S012"] for v in VERSIONS}


def test_a_keyword_that_is_not_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="dependentRequired"):
        compile_schema({"type": "object", "dependentRequired": {"a": ["b"]}}, {})
