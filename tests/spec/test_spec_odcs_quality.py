from collections.abc import Callable

import pytest

from hanse.base import Problem, Severity
from hanse.spec import Condition, Rule
from hanse.spec.odcs import read_contract

Make = Callable[..., str]


def read(contract: Make, quality: str, version: str = "v3.2.0") -> tuple[Rule | None, list[Problem]]:
    text = contract(f"- {{name: a, logicalType: integer, quality: [{quality}]}}", version=version)
    found, problems = read_contract(text.encode(), "c.odcs.yaml")
    return (found.tables[0].columns[0].rules[0] if found else None), problems


def rule(contract: Make, quality: str, version: str = "v3.2.0") -> Rule:
    found, problems = read(contract, quality, version)
    assert found, problems
    return found


def test_a_library_rule(contract: Make) -> None:
    found = rule(
        contract,
        "{name: few, metric: invalidValues, arguments: {validValues: [1, 2.5], pattern: a}, mustBeLessThan: 5, "
        "unit: percent, severity: info, dimension: conformity, description: d, businessImpact: b}",
    )
    assert (found.kind, found.name, found.metric, found.unit) == ("library", "few", "invalidValues", "percent")
    assert found.arguments == {"validValues": [1, 2.5], "pattern": "a"}
    assert found.conditions == (Condition("mustBeLessThan", (5,)),)
    assert (found.severity, found.dimension) == (Severity.WARNING, "conformity")
    assert (found.description, found.business_impact) == ("d", "b")
    assert found.where is not None
    assert found.where.line == 9


def test_other_kinds(contract: Make) -> None:
    sql = rule(contract, "{type: sql, query: 'SELECT count(*) FROM ${table}', mustBeBetween: [0, 5]}")
    assert (sql.kind, sql.query) == ("sql", "SELECT count(*) FROM ${table}")
    assert sql.conditions == (Condition("mustBeBetween", (0, 5)),)
    custom = rule(contract, "{type: custom, engine: soda, implementation: {a: 1.5}}")
    assert (custom.kind, custom.engine, custom.implementation) == ("custom", "soda", {"a": 1.5})
    text = rule(contract, "{type: text, description: Look at it.}")
    assert (text.kind, text.query, text.conditions) == ("text", "Look at it.", ())


@pytest.mark.parametrize(
    ("old", "metric", "conditions", "arguments"),
    [
        ("{rule: nullCheck}", "nullValues", (Condition("mustBe", (0,)),), {}),
        ("{rule: duplicateCount, mustBeLessThan: 10}", "duplicateValues", (Condition("mustBeLessThan", (10,)),), {}),
        ("{rule: uniqueCheck}", "duplicateValues", (Condition("mustBe", (0,)),), {}),
        (
            "{rule: validValues, validValues: [1, 2]}",
            "invalidValues",
            (Condition("mustBe", (0,)),),
            {"validValues": [1, 2]},
        ),
        (
            "{type: library, rule: rowCount, mustBeBetween: [1, 2]}",
            "rowCount",
            (Condition("mustBeBetween", (1, 2)),),
            {},
        ),
        (
            "{metric: nullValues, mustBeGreaterOrEqualTo: 1, mustBeLessThan: 3}",
            "nullValues",
            (Condition("mustBeGreaterOrEqualTo", (1,)), Condition("mustBeLessThan", (3,))),
            {},
        ),
    ],
)
def test_rules_of_30_are_translated(
    old: str, metric: str, conditions: tuple[Condition, ...], arguments: object, contract: Make
) -> None:
    found = rule(contract, old, "v3.0.2")
    assert (found.metric, found.conditions, found.arguments) == (metric, conditions, arguments)


@pytest.mark.parametrize(
    ("quality", "code", "fix"),
    [
        ("{metric: nullValue, mustBe: 0}", "HNS-S014", "did you mean `nullValues`?"),
        ("{rule: nulCheck2, mustBe: 0}", "HNS-S029", None),
        ("{type: library, mustBe: 0}", "HNS-S029", None),
        ("{description: words}", "HNS-S029", None),
        ("{metric: nullValues}", "HNS-S012", None),
        ("{metric: nullValues, mustBe: 0, mustNotBe: 1}", "HNS-S014", None),
        ("{metric: nullValues, mustBeBetween: [1]}", "HNS-S014", None),
        ("{metric: nullValues, mustBeBetween: [2, 1]}", "HNS-S014", "write the smaller number first"),
        ("{metric: nullValues, mustBeLessThan: few}", "HNS-S013", None),
        ("{metric: nullValues, mustBe: 0, unit: kg}", "HNS-S014", "use `rows` or `percent`"),
        ("{type: sql, mustBe: 0}", "HNS-S012", "add `query:`"),
        ("{type: custom, engine: soda}", "HNS-S012", "add `implementation:`"),
        ("{type: sqll, query: x}", "HNS-S014", "did you mean `sql`?"),
    ],
)
def test_rules_that_cannot_run_are_errors(quality: str, code: str, fix: str | None, contract: Make) -> None:
    found, problems = read(contract, quality)
    assert found is None
    assert problems[0].code.id == code, problems
    assert str(problems[0].where).startswith("c.odcs.yaml:9:")
    assert fix is None or problems[0].fix == fix


def test_a_rule_of_30_without_a_condition_and_without_a_default_is_an_error(contract: Make) -> None:
    found, problems = read(contract, "{rule: rowCount}", "v3.0.0")
    assert found is None
    assert [p.code.id for p in problems] == ["HNS-S012"]


def test_an_unknown_severity_blocks_and_says_so(contract: Make) -> None:
    found, problems = read(contract, "{metric: nullValues, mustBe: 0, severity: high}")
    assert found is not None
    assert found.severity is Severity.ERROR
    assert [(p.code.id, p.severity) for p in problems] == [("HNS-S031", Severity.WARNING)]
