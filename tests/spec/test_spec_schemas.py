import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hanse.spec import json_schemas

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "schemas"
KINDS = ["mesh", "domain", "pipeline"]


def _objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if isinstance(part.get("properties"), dict) and part.get("type") == "object":
            yield part
        for inner in part.values():
            yield from _objects(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _objects(inner)


def test_every_file_of_ours_has_a_schema() -> None:
    assert list(json_schemas()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_says_what_it_is_for_and_no_other_is_allowed(kind: str) -> None:
    schema = json_schemas()[kind]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    found = list(_objects(schema))
    assert found
    for part in found:
        assert part["additionalProperties"] is False
        assert part["description"]
        for key, value in part["properties"].items():
            assert value.get("description"), f"{kind}: {key}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schemas_are_current(kind: str) -> None:
    published = json.loads((PUBLISHED / f"{kind}.schema.json").read_text(encoding="utf-8"))
    assert published == json_schemas()[kind], "run `make docs`"


def test_an_input_is_a_file_a_table_or_a_port() -> None:
    inputs = json_schemas()["pipeline"]["properties"]["inputs"]
    options = [option["additionalProperties"] for option in inputs["anyOf"] if "additionalProperties" in option]
    kinds = ["#/$defs/FileInputFile", "#/$defs/PortInputFile", "#/$defs/TableInputFile"]
    assert sorted(o["$ref"] for o in options[0]["oneOf"]) == kinds
