"""Rules for Soda and Great Expectations: what has an exact equivalent is verified, what has none says so."""

from __future__ import annotations

from typing import Any

import pytest

from hanse.quality import lint
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Rule, Table
from hanse.spec.odcs import read_contract
from hanse.spec.types import Scalar

ROWS: list[dict[str, Any]] = [
    {"a": a, "b": b, "t": t}
    for a, b, t in [(1, 1, "x"), (2, 2, "x"), (2, 3, "yy"), (4, 4, None), (None, 5, "N/A"), (None, None, "x")]
]


def table(words: Any, engine: str, implementation: Any, *, on: str | None = None, required: bool = False) -> Table:
    rule = Rule("custom", name="r", engine=engine, implementation=implementation)
    columns = [
        words.column(name, type_, rules=(rule,) if name == on else (), required=required)
        for name, type_ in (("a", Scalar.BIGINT), ("b", Scalar.BIGINT), ("t", Scalar.VARCHAR))
    ]
    found: Table = words.table(*columns, rules=() if on else (rule,))
    return found


def custom(laboratory: Any, subject: Table) -> list[Any]:
    return [r for r in laboratory.verify(subject, ROWS).results if r.check_id.startswith("custom")]


@pytest.mark.parametrize(
    ("check", "measured", "passes"),
    [
        ("row_count > 0", 6, True),
        ("row_count between 10 and 20", 6, False),
        ("row_count not between 10 and 20", 6, True),
        ("row_count != 6", 6, False),
        ("missing_count(a) = 2", 2, True),
        ("missing_percent(a) < 33.4 %", 33.333333, True),
        ({"missing_count(t) = 2": {"missing values": ["N/A"], "name": "no holes"}}, 2, True),
        ({"invalid_count(t) <= 1": {"valid values": ["x", "N/A"]}}, 1, True),
        ({"invalid_percent(t) = 0": {"valid max length": 3}}, 0, True),
        ({"invalid_count(t) = 0": {"valid length": 1}}, 2, False),
        ({"invalid_count(a) = 0": {"valid min": 2, "valid max": 3}}, 2, False),
        ("duplicate_count(t) = 0", 1, False),  # one value, three rows of it
        ("duplicate_count(a, b) = 0", 0, True),
        ("duplicate_percent(a) < 20", 16.666667, True),
        ("avg(a) between 2 and 3", 2.25, True),
        ("min(a) >= 1", 1, True),
        ("max(a) < 4", 4, False),
        ("sum(b) = 15", 15, True),
        ("max_length(t) = 3", 3, True),
        ({"row_count": {"fail": "when < 1", "warn": None}}, 6, True),
        ({"type": "duplicate_percent", "columns": ["a", "b"], "must_be_less_than": 1.0}, 0, True),
        ({"type": "row_count", "must_be_between": [1, 6]}, 6, True),
        ({"type": "invalid_count", "column": "a", "valid min": 1, "must_be": 0}, 0, True),
        ({"checks for orders": ["row_count = 6"]}, 6, True),
    ],
)
def test_soda(laboratory: Any, words: Any, check: Any, measured: Any, passes: bool) -> None:
    if isinstance(check, dict) and "row_count" in check:
        check = {"row_count": {"fail": "when < 1"}}
    (result,) = custom(laboratory, table(words, "soda", [check]))
    assert result.error is None
    assert (result.measured, result.status is CheckStatus.PASSED) == (measured, passes)


def test_one_rule_of_soda_may_hold_several_checks(laboratory: Any, words: Any) -> None:
    checks = [
        "row_count = 6",
        {"missing_count(a)": {"warn": "when > 1", "fail": "when > 5"}},
        {"schema": {"fail": {"when required column missing": ["a", "z"]}, "warn": {"when wrong column type": {}}}},
    ]
    found = custom(laboratory, table(words, "Soda", checks))
    assert [(r.severity.value, r.status.value) for r in found] == [
        ("error", "passed"),
        ("warning", "failed"),
        ("error", "passed"),
        ("error", "failed"),
        ("error", "error"),
    ]
    assert found[3].message == "the table has no `z`"
    assert len({r.check_id for r in found}) == 5


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("freshness(t) < 1d", "slaProperties"),
        ("anomaly score for row_count < default", "has no exact equivalent"),
        ("row_count", "says nothing that must hold"),
        ("missing_count(z) = 0", "has no column `z`"),
        ("avg(t) > 1", "a VARCHAR is no number"),
        ({"missing_count(t) = 0": {"missing regex": "x"}}, "`missing regex`"),
        ({"invalid_count(t) = 0": {"valid format": "email"}}, "`valid format`"),
        ({"row_count > 0": {"filter": "a > 1"}}, "`filter`"),
        ("row_count between (1 and 5)", "left out"),
    ],
)
def test_what_of_soda_has_no_equivalent_is_an_error(laboratory: Any, words: Any, check: Any, why: str) -> None:
    subject = table(words, "soda", [check])
    (result,) = custom(laboratory, subject)
    assert result.status is CheckStatus.ERROR
    (problem,) = lint(words.contract(subject), subject)
    assert problem.code.id == "HNS-C005"
    assert why in f"{problem.what} {problem.fix}"


def expect(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs}


@pytest.mark.parametrize(
    ("expectation", "passes"),
    [
        (expect("column_values_to_not_be_null", column="b"), False),
        (expect("column_values_to_not_be_null", column="b", mostly=0.8), True),
        (expect("column_values_to_not_be_null", column="b", mostly=0.84), False),
        (expect("column_values_to_be_null", column="a"), False),
        (expect("column_values_to_be_null", column="a", mostly=0.3), True),
        (expect("column_values_to_be_unique", column="a"), False),
        (expect("column_values_to_be_unique", column="b"), True),
        (expect("column_values_to_be_in_set", column="a", value_set=[1, 2, 4]), True),
        (expect("column_values_to_be_in_set", column="a", value_set=[2, 4], mostly=0.75), True),  # of 4 that are there
        (expect("column_values_to_be_in_set", column="a", value_set=[2, 4], mostly=0.76), False),
        (expect("column_values_to_not_be_in_set", column="t", value_set=["N/A"]), False),
        (expect("column_values_to_be_between", column="a", min_value=1, max_value=4), True),
        (expect("column_values_to_be_between", column="a", minValue=1, strictMin=True), False),
        (expect("column_value_lengths_to_be_between", column="t", min_value=1, max_value=3), True),
        (expect("column_value_lengths_to_be_between", column="t", max_value=3, strict_max=True), False),
        (expect("column_value_lengths_to_equal", column="t", value=1), False),
        (expect("column_values_to_match_regex", column="t", regex="^[a-zN]"), True),
        (expect("column_values_to_match_regex_list", column="t", regex_list=["^x$", "^y+$", "N"]), True),
        (expect("column_values_to_match_regex_list", column="t", regex_list=["x", "y"], match_on="all"), False),
        (expect("column_values_to_be_of_type", column="a", type_="BIGINT"), True),
        (expect("table_row_count_to_be_between", minValue=6, maxValue=6), True),
        (expect("table_row_count_to_equal", value=5), False),
        (expect("column_to_exist", column="a"), True),
        (expect("column_to_exist", column="z"), False),
        (expect("table_columns_to_match_ordered_list", column_list=["a", "b", "t"]), True),
        (expect("table_columns_to_match_ordered_list", column_list=["b", "a", "t"]), False),
        (expect("table_columns_to_match_set", column_set=["t", "b", "a"]), True),
        (expect("table_columns_to_match_set", column_set=["t", "b"]), False),
        (expect("table_columns_to_match_set", column_set=["t", "b"], exact_match=False), True),
        (expect("table_column_count_to_be_between", min_value=4), False),
        (expect("table_column_count_to_equal", value=3), True),
        (expect("compound_columns_to_be_unique", column_list=["a", "b"], ignore_row_if="any_value_is_missing"), True),
        (expect("column_pair_values_to_be_equal", column_A="a", column_B="b"), False),
        (
            expect(
                "column_pair_values_a_to_be_greater_than_b",
                column_A="b",
                column_B="a",
                or_equal=True,
                ignore_row_if="either_value_is_missing",
            ),
            True,
        ),
        (expect("column_mean_to_be_between", column="a", min_value=2.25, max_value=2.25), True),
        (expect("column_min_to_be_between", column="a", min_value=1, strict_min=True), False),
        (expect("column_max_to_be_between", column="a", max_value=4), True),
        (expect("column_sum_to_be_between", column="a", min_value=9, max_value=9), True),
        (expect("column_stdev_to_be_between", column="a", min_value=1.25, max_value=1.26), True),
        (expect("column_unique_value_count_to_be_between", column="t", min_value=3, max_value=3), True),
    ],
)
def test_great_expectations(laboratory: Any, words: Any, expectation: dict[str, Any], passes: bool) -> None:
    (result,) = custom(laboratory, table(words, "greatExpectations", expectation))
    assert result.error is None
    assert result.status is (CheckStatus.PASSED if passes else CheckStatus.FAILED), result


@pytest.mark.parametrize(
    ("expectation", "why"),
    [
        (expect("column_values_to_be_increasing", column="a"), "no exact equivalent"),
        (expect("column_values_to_be_between", column="a"), "neither `min_value`"),
        (expect("column_values_to_be_unique", column="a", mostly=0.9), "`mostly`"),
        (expect("column_values_to_be_in_set", column="a"), "no `value_set`"),
        (expect("column_values_to_be_in_set", column="a", value_set=[1], row_condition="b > 1"), "`row_condition`"),
        (expect("compound_columns_to_be_unique", column_list=["a", "b"]), "equals no other here"),
        (expect("column_values_to_be_of_type", column="a", type_="int64"), "depends on the tool's backend"),
        (expect("column_values_to_match_regex", column="a", regex="x"), "a pattern speaks of text"),
        ({"kwargs": {}}, "without a type"),
    ],
)
def test_what_of_great_expectations_has_no_equivalent_is_an_error(words: Any, expectation: Any, why: str) -> None:
    subject = table(words, "great-expectations", expectation)
    (problem,) = lint(words.contract(subject), subject)
    assert problem.code.id == "HNS-C005"
    assert why in problem.what


def test_a_rule_on_a_property_means_that_property(laboratory: Any, words: Any) -> None:
    (result,) = custom(laboratory, table(words, "gx", expect("column_values_to_not_be_null"), on="a"))
    assert (result.status, result.failed_rows, result.column) == (CheckStatus.FAILED, 2, "a")
    (result,) = custom(laboratory, table(words, "soda", "missing_count = 2", on="a"))
    assert (result.error, result.measured) == (None, 2)


def test_tools_that_nobody_knows(words: Any) -> None:
    subject = table(words, "sodda", "row_count > 0")
    (problem,) = lint(words.contract(subject), subject)
    assert (problem.code.id, problem.fix) == ("HNS-C005", "did you mean `soda`?")


def test_text_that_is_yaml_is_read_with_the_contract() -> None:
    text = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties: [{name: a, logicalType: integer}]
    quality:
      - type: custom
        engine: greatExpectations
        implementation: |
          type: expect_table_row_count_to_be_between
          kwargs:
            minValue: 10
      - type: custom
        engine: soda
        implementation: "row_count > 0"
      - type: custom
        engine: other
        implementation: "a: [b"
"""
    contract, problems = read_contract(text.encode(), "c.odcs.yaml")
    assert contract is not None, problems
    first, second, third = contract.tables[0].rules
    assert first.implementation == {"type": "expect_table_row_count_to_be_between", "kwargs": {"minValue": 10}}
    assert (second.implementation, third.implementation) == ("row_count > 0", "a: [b")
