"""Clauses and rules about what is inside lists, maps and objects."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column, Condition, Rule
from hanse.spec.types import DataType, Field, List, Map, Scalar, Struct

ZERO = (Condition("mustBe", (0,)),)
LINE = Struct((Field("sku", Scalar.VARCHAR), Field("n", Scalar.BIGINT)))


def column(name: str, type_: DataType, *children: Column, **facts: Any) -> Column:
    return Column(name, type_, "any", children=children, **facts)


def rule(metric: str, *conditions: Condition, **facts: Any) -> Rule:
    return Rule("library", name="r", metric=metric, conditions=conditions or ZERO, **facts)


def lines(**facts: Any) -> Column:
    sku = column("sku", Scalar.VARCHAR, **facts)
    return column("lines", List(LINE), column("item", LINE, sku, column("n", Scalar.BIGINT)))


ROWS: list[dict[str, Any]] = [
    {"lines": [{"sku": "a", "n": 1}, {"sku": None, "n": 2}, None]},
    {"lines": [{"sku": "a", "n": 3}, {"sku": "", "n": 4}]},
    {"lines": None},
    {"lines": []},
]


@pytest.mark.parametrize(
    ("metric", "arguments", "measured", "failed"),
    [
        ("nullValues", {}, 1, 1),
        ("missingValues", {}, 2, 2),
        ("invalidValues", {"validValues": ["b", ""]}, 2, 2),
        ("duplicateValues", {}, 1, 2),
    ],
)
def test_metrics_inside_a_list_count_values(
    laboratory: Any, words: Any, metric: str, arguments: dict[str, Any], measured: int, failed: int
) -> None:
    subject = words.table(lines(rules=(rule(metric, arguments=arguments),)))
    result = laboratory.verdict(subject, ROWS, f"{metric}(lines[].sku):r")
    assert (result.error, result.status) == (None, CheckStatus.FAILED)
    assert (result.measured, result.failed_rows, result.total_rows) == (measured, failed, 4)


def test_percent_inside_a_list_is_of_its_values(laboratory: Any, words: Any) -> None:
    limit = Condition("mustBeLessOrEqualTo", (25,))
    subject = words.table(lines(rules=(rule("nullValues", limit, unit="percent"),)))
    result = laboratory.verdict(subject, ROWS, "nullValues(lines[].sku):r")
    assert (result.status, result.measured) == (CheckStatus.PASSED, 25)
    assert laboratory.verdict(subject, ROWS[2:], "nullValues(lines[].sku):r").measured == 0, "of no values at all"


def test_unique_inside_a_list_is_over_all_rows(laboratory: Any, words: Any) -> None:
    subject = words.table(lines(unique=True))
    verdict = laboratory.verify(subject, ROWS)
    result = words.by_id(verdict)["unique(lines[].sku)"]
    assert (result.status, result.failed_rows, result.total_rows) == (CheckStatus.FAILED, 2, 4)
    assert result.message == "2 of 4 values break it"
    assert [f.reason for f in verdict.failed_rows] == ["lines[].sku a occurs 2 times".replace(" a ", " 'a' ")] * 2


def test_values_of_a_map(laboratory: Any, words: Any) -> None:
    type_ = Map(Scalar.VARCHAR, Scalar.BIGINT)
    value = column("value", Scalar.BIGINT, unique=True, rules=(rule("nullValues"),))
    subject = words.table(column("m", type_, column("key", Scalar.VARCHAR), value))
    found = words.by_id(laboratory.verify(subject, [{"m": [("a", 1), ("b", None)]}, {"m": [("a", 1)]}, {"m": None}]))
    assert (found["unique(m.values[])"].error, found["unique(m.values[])"].failed_rows) == (None, 2)
    assert found["nullValues(m.values[]):r"].measured == 1


@pytest.mark.parametrize(
    ("type_", "values", "failed"),
    [
        (LINE, [{"sku": "a", "n": 1}, {"sku": "a", "n": 1}, {"sku": "a", "n": None}, None, None], 2),
        (List(Scalar.BIGINT), [[1, 2], [2, 1], [1, 2], [], [], None], 4),
        (Map(Scalar.VARCHAR, Scalar.BIGINT), [[("a", 1)], [("a", 1)], [("a", 2)]], 2),
    ],
)
def test_nested_values_may_be_unique(
    laboratory: Any, words: Any, type_: DataType, values: list[Any], failed: int, any_size_is_big: None
) -> None:
    subject = words.table(column("v", type_, unique=True))
    verdict = laboratory.verify(subject, [{"v": v} for v in values])
    result = words.by_id(verdict)["unique(v)"]
    assert (result.error, result.failed_rows, len(verdict.failed_rows)) == (None, failed, failed)


def test_a_member_of_an_object_may_be_part_of_the_key(laboratory: Any, words: Any) -> None:
    inner = column("sku", Scalar.VARCHAR, primary_key_position=1)
    subject = words.table(
        column("day", Scalar.BIGINT, primary_key_position=2), column("line", LINE, inner, column("n", Scalar.BIGINT))
    )
    rows = [
        {"day": 1, "line": {"sku": "a", "n": 1}},
        {"day": 1, "line": {"sku": "a", "n": 2}},
        {"day": 2, "line": {"sku": "a", "n": 2}},
        {"day": 2, "line": None},
    ]
    verdict = laboratory.verify(subject, rows)
    result = words.by_id(verdict)["primaryKey(line.sku, day)"]
    assert (result.error, result.failed_rows) == (None, 3)
    assert sorted(f.reason for f in verdict.failed_rows) == [
        "line.sku 'a', day 1 occurs 2 times",
        "line.sku 'a', day 1 occurs 2 times",
        "line.sku is null in the primary key",
    ]


def test_what_a_row_has_many_of_is_no_key(laboratory: Any, words: Any) -> None:
    subject = words.table(lines(primary_key_position=1))
    result = laboratory.verdict(subject, ROWS, "primaryKey(lines[].sku)")
    assert result.status is CheckStatus.ERROR
    assert "any number of them" in result.error


def test_a_schedule_is_a_check_of_its_own(laboratory: Any, words: Any) -> None:
    daily = rule("nullValues", schedule="0 20 * * *", scheduler="cron")
    subject = words.table(column("a", Scalar.BIGINT, rules=(daily,)))
    found = words.by_id(laboratory.verify(subject, [{"a": None}]))
    assert found["nullValues(a):r"].status is CheckStatus.FAILED
    schedule = found["schedule:nullValues(a):r"]
    assert (schedule.status, schedule.clause) == (
        CheckStatus.NOT_APPLICABLE,
        "schedule(nullValues(a) must be 0): 0 20 * * * cron",
    )
    assert "no scheduler yet" in schedule.message


@settings(deadline=None, max_examples=60)
@given(st.lists(st.none() | st.lists(st.none() | st.sampled_from(["a", "b", "", "N/A"]))))
def test_values_are_counted_as_python_counts_them(
    laboratory: Any, words: Any, rows: list[list[str | None] | None]
) -> None:
    rules = (rule("nullValues"), rule("missingValues"), rule("invalidValues", arguments={"pattern": "^[ab]$"}))
    item = column("item", Scalar.VARCHAR, unique=True, rules=rules)
    subject = words.table(column("v", List(Scalar.VARCHAR), item))
    found = words.by_id(laboratory.verify(subject, [{"v": v} for v in rows]))
    values = [v for row in rows or () for v in row or ()]
    times = Counter(v for v in values if v is not None)
    assert found["nullValues(v[]):r"].measured == values.count(None)
    assert found["missingValues(v[]):r"].measured == sum(not v for v in values)
    assert found["invalidValues(v[]):r"].measured == sum(v in ("", "N/A") for v in values)
    assert found["unique(v[])"].failed_rows == sum(n for n in times.values() if n > 1)
    assert found["unique(v[])"].total_rows == len(values)
