import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import Problem, Problems, Severity
from hanse.spec import Column, Contract, Limits, Scalar, parse_contract
from hanse.spec.odcs import read_contract

Make = Callable[..., str]


def problems(text: str) -> list[Problem]:
    found = read_contract(text.encode(), "c.odcs.yaml")[1]
    for problem in found:
        assert problem.where is not None, problem
        assert problem.fix, problem
    return found


def only(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def column(text: str) -> Column:
    return parse_contract(text, "c.odcs.yaml").tables[0].columns[0]


EVERYTHING = """\
apiVersion: v3.2.0
kind: DataContract
id: 7
version: 2.10
name: Orders
status: active
domain: sales
dataProduct: orders
tenant: ACME
tags: [sales, 2024]
description:
  purpose: To plan.
  usage: Join by customer.
  limitations: None.
context: Be kind.
contractCreatedTs: 2024-01-01T00:00:00Z
schema:
  - name: orders
    physicalName: ORD
    physicalType: table
    businessName: Orders
    description: All orders.
    dataGranularityDescription: One row per order.
    tags: [core]
    customProperties:
      - {property: retention, value: {days: 7, share: 0.5}}
    quality:
      - {name: enough, metric: rowCount, mustBeBetween: [1, 10], severity: warning}
    properties:
      - name: order_id
        id: order_id_prop
        physicalName: OID
        logicalType: integer
        required: true
        unique: true
        primaryKey: true
        primaryKeyPosition: 2
        partitioned: true
        description: The id.
        businessName: Order number
        classification: internal
        criticalDataElement: true
        deprecated: true
        tags: [key]
        examples: [1, 2.5, "3"]
        enum:
          - {value: 1, label: one}
          - {value: 2}
        logicalTypeOptions: {minimum: 1, exclusiveMaximum: 10, multipleOf: 1, format: i64}
        quality:
          - {type: text, name: words, description: Never reused.}
        customProperties:
          - {property: nullMeaning, value: never}
      - name: line
        logicalType: integer
        primaryKey: true
        primaryKeyPosition: 1
slaProperties:
  - {property: latency, value: 4, unit: d, element: orders.order_id, description: Late.}
customProperties:
  - {property: owner, value: [a, b]}
"""


def test_everything_that_a_contract_says_is_kept() -> None:
    contract = parse_contract(EVERYTHING, "domains/x/c.odcs.yaml")
    assert (contract.id, contract.version, contract.major, contract.api_version) == ("7", "2.10", 2, "v3.2.0")
    assert (contract.name, contract.status, contract.path) == ("Orders", "active", "domains/x/c.odcs.yaml")
    assert contract.text == EVERYTHING
    assert (contract.purpose, contract.usage, contract.limitations) == ("To plan.", "Join by customer.", "None.")
    assert contract.tags == ("sales", "2024")
    assert contract.custom == {"owner": ["a", "b"]}
    level = contract.service_levels[0]
    assert (level.property, level.value, level.unit, level.element) == ("latency", 4, "d", "orders.order_id")
    table = contract.tables[0]
    assert (table.name, table.physical_name, table.business_name) == ("orders", "ORD", "Orders")
    assert (table.description, table.granularity, table.tags) == ("All orders.", "One row per order.", ("core",))
    assert table.custom == {"retention": {"days": 7, "share": 0.5}}
    assert table.primary_key == ("line", "order_id")
    assert [(r.name, r.metric, r.severity) for r in table.rules] == [("enough", "rowCount", Severity.WARNING)]
    assert str(table.where) == "domains/x/c.odcs.yaml:18:5"
    found = table.columns[0]
    assert (found.name, found.property_id, found.physical_name) == ("order_id", "order_id_prop", "OID")
    assert (found.type, found.logical_type) == (Scalar.BIGINT, "integer")
    assert (found.required, found.unique, found.critical, found.deprecated) == (True, True, True, True)
    assert (found.primary_key_position, found.partition_key_position) == (2, 1)
    assert (found.description, found.business_name, found.classification) == ("The id.", "Order number", "internal")
    assert (found.tags, found.examples, found.enum) == (("key",), (1, 2.5, "3"), (1, 2))
    assert found.limits == Limits(minimum=1, exclusive_maximum=10, multiple_of=1, format="i64")
    assert found.custom == {"nullMeaning": "never"}
    assert [(r.kind, r.query) for r in found.rules] == [("text", "Never reused.")]
    assert str(found.where) == "domains/x/c.odcs.yaml:30:9"


def test_values_are_built_in_types() -> None:
    contract = parse_contract(EVERYTHING, "c")
    assert type(contract.tables[0].columns[0].examples[1]) is float
    assert type(contract.tables[0].custom["retention"]) is dict
    assert type(contract.custom["owner"]) is list


def test_key_columns_without_a_position_follow_in_order(contract: Make) -> None:
    text = contract(
        """
        - {name: a, logicalType: integer, primaryKey: true}
        - {name: b, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
        - {name: c, logicalType: integer, primaryKey: true, primaryKeyPosition: -1}
        - {name: d, logicalType: integer, primaryKeyPosition: 9}
        """
    )
    assert parse_contract(text, "c").tables[0].primary_key == ("b", "a", "c")


@pytest.mark.parametrize("version", ["v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0"])
def test_the_same_promise_has_the_same_value_in_every_version(version: str, contract: Make) -> None:
    def promise(of: str) -> Any:
        return parse_contract(contract("- {name: a, logicalType: string, required: true}", version=of), "c").tables

    assert promise(version) == promise("v3.2.0")


def test_exclusive_bounds_of_30_are_booleans(contract: Make) -> None:
    options = "{minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}"
    text = contract(f"- {{name: a, logicalType: number, logicalTypeOptions: {options}}}", version="v3.0.2")
    assert column(text).limits == Limits(exclusive_minimum=1, maximum=9)
    later = only(text.replace("v3.0.2", "v3.1.0").replace(", exclusiveMaximum: false", ""))
    assert later.code.id == "HNS-S013"


@pytest.mark.parametrize(
    ("options", "low", "high"),
    [
        ("{format: u8}", 0, 255),
        ("{format: i16, minimum: -5}", -5, 32767),
        ("{format: i8, maximum: 1000}", -128, 127),
        ("{format: i64}", None, None),
    ],
)
def test_formats_of_integers_are_bounds(options: str, low: int | None, high: int | None, contract: Make) -> None:
    limits = column(contract(f"- {{name: a, logicalType: integer, logicalTypeOptions: {options}}}")).limits
    assert (limits.minimum, limits.maximum) == (low, high)


def test_lengths_and_items(contract: Make) -> None:
    text = contract(
        """
        - {name: s, logicalType: string, logicalTypeOptions: {minLength: 1, maxLength: 3, pattern: a+, format: email}}
        - name: l
          logicalType: array
          logicalTypeOptions: {minItems: 1, maxItems: 2, uniqueItems: true}
          items: {logicalType: string, logicalTypeOptions: {maxLength: 9}}
        - {name: v, logicalType: vector, logicalTypeOptions: {dimensions: 3, elementType: int8}}
        """
    )
    s, items, vector = parse_contract(text, "c").tables[0].columns
    assert s.limits == Limits(min_length=1, max_length=3, pattern="a+", format="email")
    assert items.limits == Limits(min_length=1, max_length=2, unique_items=True)
    assert items.children[0].limits == Limits(max_length=9)
    assert (vector.limits.min_length, vector.limits.max_length, str(vector.type)) == (3, 3, "BIGINT[]")


def test_an_enum_may_stand_in_both_places(contract: Make) -> None:
    text = contract("- {name: a, logicalType: string, enum: [{value: x}], logicalTypeOptions: {enum: [x, y, NO]}}")
    assert column(text).enum == ("x", "y", "NO")


def test_an_empty_key_counts_as_not_given(contract: Make) -> None:
    text = contract("- {name: a, logicalType: string, description: , tags: , required: }", top="tags:\n")
    assert column(text).description is None
    assert problems(text) == []


@pytest.mark.parametrize(
    ("columns", "code", "place", "fix"),
    [
        ("- {name: a, logicalTyp: integer}", "HNS-S011", "9:19", "did you mean `logicalType`?"),
        ("- {name: a, logicalType: strng}", "HNS-S014", "9:32", "did you mean `string`?"),
        ("- {name: a, logicalType: integer, required: yes}", "HNS-S013", "9:51", "write `true`"),
        ("- {name: true, logicalType: integer}", "HNS-S013", "9:16", "put it in quotes"),
        ("- {logicalType: integer}", "HNS-S012", "9:9", "add `name:`"),
        ("- {name: , logicalType: integer}", "HNS-S012", "9:9", "add `name:`"),
        ("- {name: a, logicalType: string, tags: x}", "HNS-S013", "9:46", "write a list: one `- …` line per entry"),
        (
            "- {name: a, logicalType: string, logicalTypeOptions: {maxLength: 1_000}}",
            "HNS-S013",
            "9:72",
            "write `1000`",
        ),
        (
            "- {name: a, logicalType: string, logicalTypeOptions: {minimum: 1}}",
            "HNS-S011",
            "9:61",
            "use one of `enum`, `format`, `maxLength`, `minLength`, `pattern`",
        ),
        (
            "- {name: a, logicalType: string, items: {logicalType: string}}",
            "HNS-S011",
            "9:40",
            "check the `type` or `logicalType` beside it",
        ),
        ("- {name: a, logicalType: string, logicalTypeOptions: {maxLength: -1}}", "HNS-S014", "9:72", None),
        ("- {name: a, logicalType: string, enum: []}", "HNS-S014", "9:46", None),
        ("- {name: a}", "HNS-S019", "9:9", None),
        ("- {name: a, physicalType: geography}", "HNS-S019", "9:33", None),
        ("- {name: a, logicalType: object}", "HNS-S019", "9:9", "list them under `properties:`"),
        ("- {name: a, logicalType: array}", "HNS-S019", "9:9", None),
        ("- {name: a, logicalType: map}", "HNS-S012", "9:9", "add `map:`"),
        ("- {name: a, logicalType: integer}\n- {name: A, logicalType: integer}", "HNS-S020", "10:9", None),
        (
            "- {name: a, logicalType: date, logicalTypeOptions: {minimum: 01.02.2003}}",
            "HNS-S014",
            "9:68",
            "write it like `2013-01-31`, `2013-01-31T12:00:00` or `12:00:00`",
        ),
        ("- {name: a, logicalType: number, logicalTypeOptions: {minimum: 2, maximum: 1}}", "HNS-S014", "9:60", None),
        ("- {name: a, physicalType: INT, logicalTypeOptions: {minimum: x, format: i8}}", "HNS-S014", "9:68", None),
        ("- {name: a, physicalType: INT, logicalTypeOptions: {maximum: [1]}}", "HNS-S014", "9:68", "write a number"),
        ("- {name: a, physicalType: DATE, logicalTypeOptions: {maximum: 3}}", "HNS-S014", "9:69", None),
        ("- {name: a, physicalType: TEXT, logicalTypeOptions: {maxLength: x}}", "HNS-S014", "9:71", None),
        ("- {name: a, physicalType: TEXT, logicalTypeOptions: {minLength: true}}", "HNS-S014", "9:71", None),
    ],
)
def test_faults_of_columns(columns: str, code: str, place: str, fix: str | None, contract: Make) -> None:
    found = problems(contract(columns))
    assert [p.code.id for p in found] == [code], found
    assert str(found[0].where) == f"c.odcs.yaml:{place}"
    if fix:
        assert found[0].fix == fix


def test_two_tables_of_one_name(contract: Make) -> None:
    text = contract(top="  - {name: T, properties: [{name: a, logicalType: integer}]}\n")
    assert (only(text).code.id, str(only(text).where)) == ("HNS-S020", "c.odcs.yaml:10:5")


@pytest.mark.parametrize(
    ("line", "code", "fix"),
    [
        ("apiVersion: v2.2.2", "HNS-S010", None),
        ("apiVersion: v4.0.0", "HNS-S010", None),
        ("apiVersion: 3.1.0", "HNS-S010", "write `v3.1.0`"),
        ("apiVersion: [v3.1.0]", "HNS-S010", None),
        ("apiVersion:", "HNS-S012", None),
    ],
)
def test_versions_that_are_not_read(line: str, code: str, fix: str | None) -> None:
    found = only(f"kind: DataContract\n{line}\nid: c\nversion: 1.0.0\n")
    assert found.code.id == code
    assert found.where is not None
    assert found.where.path == "c.odcs.yaml"
    assert fix is None or found.fix == fix


@pytest.mark.parametrize(
    ("top", "code"),
    [
        ("kind: DataProduct", "HNS-S014"),
        ("version: latest", "HNS-S014"),
        ("schema: {}", "HNS-S013"),
        ("schema: [{name: t}]", "HNS-S012"),
        ("schema: [{name: t, properties: []}]", "HNS-S012"),
        ("schema: [null]", "HNS-S013"),
        ("team: nobody", "HNS-S013"),
        ("context: [x]", "HNS-S013"),
        ("servers: [{server: s, type: kafka}]", "HNS-S012"),
        ("servers: [{server: s, type: kafka, host: h, database: d}]", "HNS-S011"),
        ("servers: [{server: s, type: floppy}]", "HNS-S014"),
        ("slaProperties: [{property: p, value: [1]}]", "HNS-S013"),
        ("team: {members: [{name: x}]}", "HNS-S012"),
        ("customProperties: [{property: p}]", "HNS-S012"),
        ("id: a\nid: b", "HNS-S005"),
    ],
)
def test_faults_at_the_top(top: str, code: str) -> None:
    base = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "c", "version": "1.0.0"}
    key = top.split(":", 1)[0]
    head = "".join(f"{k}: {v}\n" for k, v in base.items() if k != key)
    found = only(head + top + "\n")
    assert found.code.id == code
    assert found.where is not None
    assert found.where.line >= 4


def test_a_null_property_is_refused(contract: Make) -> None:
    assert only(contract("- null")).code.id == "HNS-S013"


def test_all_faults_are_found_at_once(contract: Make) -> None:
    text = contract("- {name: a, logicalTyp: integer}\n- {nam: b, logicalType: integer}", top="tagz: []\n")
    assert [p.code.id for p in problems(text)] == ["HNS-S011", "HNS-S011", "HNS-S012", "HNS-S011"]
    with pytest.raises(Problems) as caught:
        parse_contract(text, "c.odcs.yaml")
    assert len(caught.value.problems) == 4


def test_open_objects_of_30_take_any_key_and_warn_of_a_near_one(contract: Make) -> None:
    text = contract(
        "- {name: a, logicalType: integer, quality: [{rule: nullCheck, mustbe: 0, toolKey: 1}]}", version="v3.0.2"
    )
    found = only(text)
    assert (found.code.id, found.severity, found.fix) == ("HNS-S015", Severity.WARNING, "did you mean `mustBe`?")
    assert [p.code.id for p in problems(text.replace("v3.0.2", "v3.1.0"))].count("HNS-S011") == 2


def test_a_nested_object(contract: Make) -> None:
    text = contract(
        """
        - name: address
          logicalType: object
          logicalTypeOptions: {required: [street]}
          properties:
            - {name: street, logicalType: string}
            - {name: "odd \\"name", logicalType: array, items: {logicalType: number, physicalType: "DECIMAL(9,2)"}}
        - name: by_day
          logicalType: map
          map: {key: {logicalType: date}, value: {logicalType: object, properties: [{name: n, logicalType: integer}]}}
        """
    )
    address, by_day = parse_contract(text, "c").tables[0].columns
    assert str(address.type) == 'STRUCT("street" VARCHAR, "odd ""name" DECIMAL(9,2)[])'
    assert [(c.name, c.required) for c in address.children] == [("street", True), ('odd "name', False)]
    assert str(by_day.type) == 'MAP(DATE, STRUCT("n" BIGINT))'
    assert [c.name for c in by_day.children] == ["key", "value"]


def test_a_required_member_must_exist(contract: Make) -> None:
    text = contract(
        "- {name: a, logicalType: object, logicalTypeOptions: {required: [stret]},"
        " properties: [{name: street, logicalType: string}]}"
    )
    assert (only(text).code.id, only(text).fix) == ("HNS-S014", "did you mean `street`?")


NAMES = st.text(st.characters(codec="ascii", categories=["Ll", "Nd"]), min_size=1, max_size=6)
COLUMNS = st.dictionaries(NAMES, st.sampled_from(["string", "integer", "number", "boolean", "date"]), min_size=1)


def _contract(columns: Mapping[str, str]) -> dict[str, Any]:
    properties = [{"name": name, "logicalType": type_, "required": True} for name, type_ in columns.items()]
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "c",
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "t", "properties": properties}],
    }


@settings(max_examples=50, deadline=None)
@given(COLUMNS)
def test_layout_and_order_of_keys_do_not_matter(columns: Mapping[str, str]) -> None:
    document = _contract(columns)
    one = parse_contract(json.dumps(document), "c")
    other = parse_contract(json.dumps(document, indent=3, sort_keys=True), "c")
    assert _promise(one) == _promise(other)
    assert [c.name for c in one.tables[0].columns] == list(columns)


def _promise(contract: Contract) -> Any:
    return [(t.name, [(c.name, str(c.type), c.required) for c in t.columns]) for t in contract.tables]
