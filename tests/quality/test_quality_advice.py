from __future__ import annotations

from typing import Any

import pytest

from hanse.base import Problem, Severity
from hanse.quality.advice import advise
from hanse.spec import parse_contract

HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
description: { purpose: "to test" }
support: [{ channel: orders, url: "https://example.com" }]
schema:
  - name: orders
    description: one row per order
    properties:
"""


RULE = "{ metric: nullValues, mustBe: 0"


def advice(*columns: str, head: str = HEAD, rules: str = "") -> list[Problem]:
    text = head + "".join(f"      - {{ description: d, {column} }}\n" for column in columns) + rules
    return list(advise(parse_contract(text, "orders.odcs.yaml")))


def number(**options: Any) -> str:
    written = ", ".join(f"{key}: {value}" for key, value in options.items())
    return f"name: a, logicalType: integer, logicalTypeOptions: {{ {written} }}"


def test_a_contract_that_says_everything_needs_no_advice() -> None:
    assert (
        advice("name: id, logicalType: integer, required: true, primaryKey: true", number(minimum=1, maximum=1)) == []
    )


@pytest.mark.parametrize(
    ("column", "what"),
    [
        (
            "name: t, logicalType: string, enum: [{ value: abc }], logicalTypeOptions: { pattern: '^[0-9]+$' }",
            "no value of the enum of `orders`.`t` keeps its limits: pattern `^[0-9]+$`",
        ),
    ],
)
def test_what_no_data_can_keep_is_an_error(column: str, what: str) -> None:
    head = HEAD.replace("v3.1.0", "v3.2.0") if "enum" in column else HEAD
    (problem,) = advice(column, head=head)
    assert problem.severity is Severity.ERROR
    assert problem.what.startswith(what)
    assert problem.where is not None
    assert problem.where.line == 12


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (["name: id, logicalType: integer, primaryKey: true"], "is part of the primary key and may be null"),
        (
            ["name: id, logicalType: integer, required: true, unique: true, primaryKey: true"],
            "is `unique`, and the primary key already says so",
        ),
        (["name: email, logicalType: string"], "may hold e-mail addresses, by its name, and has no classification"),
        (["name: a, logicalType: string, description: ''"], "`a` of `orders` has no description"),
        (
            [f"name: {name}, logicalType: string, description: 'TODO: say it'" for name in "abcdefg"],
            "`a`, `b`, `c`, `d`, `e` and 2 more of `orders` have a description that still says TODO",
        ),
        (
            [f"name: a, logicalType: string, quality: [{RULE} }}, {RULE}, name: again }}]"],
            "is there twice, first on line 12",
        ),
        (
            [f"name: a, logicalType: string, quality: [{RULE}, name: n }}, {RULE}, unit: percent, name: n }}]"],
            "are called `n`",
        ),
        (
            ["name: m, logicalType: object, properties: [{ name: phone, logicalType: string }]"],
            "`m.phone` of `orders` has no description",
        ),
    ],
)  # fmt: skip
def test_the_rest_is_a_warning(columns: list[str], what: str) -> None:
    text = HEAD + "".join(
        f"      - {{ {column} }}\n" if "description" in column else f"      - {{ description: d, {column} }}\n"
        for column in columns
    )
    (problem,) = advise(parse_contract(text, "orders.odcs.yaml"))
    assert problem.severity is Severity.WARNING
    assert what in problem.what
    assert problem.fix


def test_an_entry_of_an_enum_that_others_outlive_is_tried_elsewhere() -> None:
    head = HEAD.replace("v3.1.0", "v3.2.0")
    values = "enum: [{ value: abc }, { value: abcd }]"
    assert advice(f"name: t, logicalType: string, {values}, logicalTypeOptions: {{ maxLength: 3 }}", head=head) == []


def test_a_contract_in_force_has_somebody_to_ask() -> None:
    lines = [line for line in HEAD.splitlines() if not line.startswith(("support", "description"))]
    head = "\n".join(lines) + "\n"
    whats = [p.what for p in advice("name: a, logicalType: string", head=head)]
    assert whats == ["the contract does not say what its data is for", "the contract names nobody who answers for it"]
    draft = head.replace("active", "draft")
    assert len(advice("name: a, logicalType: string", head=draft)) == 1
