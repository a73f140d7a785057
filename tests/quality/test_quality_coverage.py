"""Every field of the standard has its entry, and every entry a field."""

from pathlib import Path
from typing import Any

import pytest

from hanse.quality import checks_of, contract_checks
from hanse.quality.coverage import SECTIONS, TREATMENTS, How
from hanse.spec.contract import Contract
from hanse.spec.document import read_document
from hanse.spec.odcs_fields import all_fields, fields, server_kinds, stated
from hanse.spec.odcs_schema import VERSIONS, schema, schema_of
from hanse.spec.parse import parse_contract


def keys_of_properties(node: Any) -> set[str]:
    """Every key of every ``properties`` mapping anywhere in a JSON Schema, found without any idea of its structure."""
    found: set[str] = set()
    if isinstance(node, dict):
        inner = node.get("properties", {})
        # A property of ODCS is called `properties`, too: that one is a schema with a type, not a mapping of them.
        if not isinstance(inner.get("type"), str):
            found |= set(inner)
        for value in node.values():
            found |= keys_of_properties(value)
    elif isinstance(node, list):
        for value in node:
            found |= keys_of_properties(value)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_of_the_standard_is_treated(version: str) -> None:
    assert fields(version) - TREATMENTS.keys() == frozenset()


def test_every_entry_names_a_field_of_the_standard() -> None:
    assert TREATMENTS.keys() - all_fields() == frozenset()


def test_no_field_stands_in_two_sections() -> None:
    assert sum(map(len, SECTIONS.values())) == len(TREATMENTS)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_walk_misses_no_key_of_the_schema(version: str) -> None:
    walked = {field.rsplit(".", 1)[-1].split("(")[0].removesuffix("[]") for field in fields(version)}
    assert keys_of_properties(schema_of(version)) <= walked


def keywords(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node).union(*map(keywords, node.values()))
    return set().union(*map(keywords, node)) if isinstance(node, list) else set()


def test_the_schema_uses_no_keyword_that_the_walk_does_not_follow() -> None:
    not_followed = {"patternProperties", "dependentSchemas", "else", "prefixItems", "contains", "propertyNames"}
    assert not not_followed & keywords(schema())


def test_a_key_of_servers_knows_its_kinds() -> None:
    assert "postgres" in server_kinds("Server.host")
    assert "local" not in server_kinds("Server.host")
    assert server_kinds("Server.path") == ("custom", "local")


def test_every_treatment_says_something() -> None:
    for field, treatment in TREATMENTS.items():
        assert treatment.words.endswith((".", "table")), field
        assert bool(treatment.checks) == (treatment.how is How.VERIFIED), field


def kinds_of(contract: Contract) -> set[str]:
    found = {check.kind for check in contract_checks(contract)}
    return found.union(*({check.kind for check in checks_of(contract, table)} for table in contract.tables))


@pytest.fixture(scope="module")
def every_clause() -> Contract:
    path = Path(__file__).parent / "every_clause.odcs.yaml"
    return parse_contract(path.read_text(encoding="utf-8"), path.name)


def test_every_kind_of_check_that_is_named_is_made_by_code_and_the_other_way_round(every_clause: Contract) -> None:
    named = {kind for treatment in TREATMENTS.values() for kind in treatment.checks}
    assert named == kinds_of(every_clause)


def test_every_key_of_a_contract_is_counted_once(every_clause: Contract) -> None:
    root = read_document(every_clause.text.encode(), every_clause.path).root
    found = stated(root, every_clause.api_version)
    assert None not in found
    assert set(found) <= TREATMENTS.keys()
    assert found["SchemaBaseProperty.logicalTypeOptions(string).pattern"] == 1
    assert found["ServiceLevelAgreementProperty.value"] == 16
    assert found["SchemaElement.name"] == 13
    assert found["Context.verifiedStatements[].customProperties"] == 1
    assert found["RelationshipBase.to"] == 1


def test_keys_that_the_standard_does_not_know_are_counted_too() -> None:
    root = {"apiVersion": "v3.0.2", "kind": "DataContract", "support": [{"channel": "x", "mood": "good"}]}
    assert stated(root, "v3.0.2")[None] == 1
