from __future__ import annotations

import json
from typing import Any

import pytest

from hanse.interfaces import ColumnStatistics
from hanse.quality import Evidence, Method, checks_of, plan
from hanse.spec.contract import Condition, Rule, Table
from hanse.spec.types import Scalar

NAMES = [f"c{i}" for i in range(5000)]


@pytest.fixture
def subject(words: Any) -> Table:
    made: Table = words.table(
        words.column("id", Scalar.BIGINT, required=True, unique=True, limits={"minimum": 0, "maximum": 10_000}),
        words.column("kind", Scalar.VARCHAR, enum=("a", "b"), limits={"pattern": "^[ab]$", "max_length": 1}),
        words.column("text", Scalar.VARCHAR, limits={"max_length": 9}),
        words.column("rate", Scalar.DOUBLE, limits={"minimum": 0}),
        rules=[
            Rule("library", metric="rowCount", conditions=(Condition("mustBe", (5000,)),)),
            Rule("sql", query="SELECT 0", conditions=(Condition("mustBe", (0,)),)),
        ],
    )
    return made


def rows(ids: list[int]) -> list[dict[str, Any]]:
    return [{"id": i, "kind": "ab"[i % 2], "text": NAMES[i], "rate": i / 7} for i in ids]


def shape(laboratory: Any, subject: Table, data: list[dict[str, Any]], *, parquet: bool) -> dict[str, str]:
    found: dict[str, str] = laboratory.methods(subject, data, parquet=parquet)
    return {k: v for k, v in found.items() if not k.startswith(("type", "enumEntries"))}


@pytest.mark.usefixtures("any_size_is_big")
def test_the_cheapest_exact_method_is_chosen(laboratory: Any, subject: Table) -> None:
    assert shape(laboratory, subject, rows(list(range(5000))), parquet=True) == {
        "required(id)": "statistics",
        "minimum(id)": "statistics",
        "maximum(id)": "statistics",
        "rowCount must be 5000": "statistics",
        "enum(kind)": "distinct",
        "pattern(kind)": "distinct",
        "maxLength(kind)": "distinct",
        "maxLength(text)": "scan",
        "minimum(rate)": "statistics",
        "unique(id)": "order",
        "sql must be 0": "sql",
    }


def test_small_tables_are_not_sampled(laboratory: Any, subject: Table) -> None:
    found = shape(laboratory, subject, rows(list(range(100))), parquet=True)
    assert found["enum(kind)"] == "scan"
    assert found["unique(id)"] == "group"


def test_without_files_everything_is_counted_in_one_scan(laboratory: Any, subject: Table) -> None:
    found = shape(laboratory, subject, rows(list(range(100))), parquet=False)
    assert {v for k, v in found.items() if not k.startswith(("unique", "sql"))} == {"scan"}


@pytest.mark.usefixtures("any_size_is_big")
@pytest.mark.parametrize("parquet", [True, False])
def test_a_key_that_rises_only_at_first_is_still_judged_exactly(
    laboratory: Any, subject: Table, parquet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.quality.compile.SAMPLE", 100)
    data = rows([*range(4999), 17])
    result = laboratory.verdict(subject, data, "unique(id)", parquet=parquet)
    assert (result.method, result.failed_rows) == ("group", 2)
    assert laboratory.verdict(subject, rows(list(range(5000))), "unique(id)").method == "order"


@pytest.mark.usefixtures("any_size_is_big")
def test_many_distinct_values_after_a_uniform_sample_are_counted_exactly(
    laboratory: Any, words: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.quality.compile.SAMPLE", 10)
    monkeypatch.setattr("hanse.quality.evidence.FEW", 1)
    subject = words.table(words.column("text", Scalar.VARCHAR, enum=("x",)))
    result = laboratory.verdict(subject, [{"text": t} for t in ["x"] * 20 + NAMES], "enum(text)")
    assert (result.method, result.failed_rows) == ("distinct", 5000)


def test_facts_of_footers_that_are_not_exact_prove_nothing(words: Any) -> None:
    subject = words.table(words.column("id", Scalar.BIGINT, required=True, limits={"minimum": 0, "maximum": 9}))
    checks = checks_of(words.contract(subject), subject)
    columns = {"id": "BIGINT"}
    for facts, methods in [
        (ColumnStatistics(5, None, None, None), {Method.SCAN}),
        (ColumnStatistics(5, 0, 0, 9), {Method.STATISTICS}),
        (ColumnStatistics(5, 0, -1, 10), {Method.STATISTICS, Method.SCAN}),
        (ColumnStatistics(5, 0, "0", "9"), {Method.STATISTICS, Method.SCAN}),  # the file's type is another one
        (ColumnStatistics(5, 5, None, None), {Method.STATISTICS}),  # nothing but nulls
    ]:
        found = {p.method for p in plan(checks, Evidence(columns, {"id": facts}, 5))} - {Method.SCHEMA}
        assert found == methods


def test_the_plan_is_a_document_and_holds_every_check_once(laboratory: Any, words: Any, subject: Table) -> None:
    from hanse.quality import explain

    relation, files = laboratory.bind(subject, rows(list(range(10))))
    document = explain(laboratory.session, subject, words.contract(subject), relation, files)
    assert json.dumps(document)
    clauses = [c for p in document for c in p["checks"]]
    assert sorted(clauses) == sorted(c.clause for c in checks_of(words.contract(subject), subject))
    assert all(p["sql"] for p in document if p["method"] in ("scan", "group", "sql"))


def test_equal_tests_are_counted_once(laboratory: Any, words: Any) -> None:
    from hanse.quality.compile import scan

    rule = Rule("library", metric="nullValues", conditions=(Condition("mustBe", (0,)),), name="r")
    subject = words.table(words.column("id", Scalar.BIGINT, required=True, rules=(rule,)))
    count = scan(checks_of(words.contract(subject), subject), "t")
    assert count.positions == {"required(id)": 1, "nullValues(id):r": 1}


@pytest.mark.usefixtures("any_size_is_big")
def test_composite_keys_rise_as_a_whole(laboratory: Any, words: Any) -> None:
    """In each row one part of the key is greater than before, and still a key comes back."""
    subject = words.table(
        words.column("a", Scalar.BIGINT, primary_key_position=1),
        words.column("b", Scalar.BIGINT, primary_key_position=2),
    )

    def verdict(keys: list[tuple[int, int]]) -> tuple[str, int]:
        found = laboratory.verdict(subject, [{"a": a, "b": b} for a, b in keys], "primaryKey(a, b)")
        return found.method, found.failed_rows

    assert verdict([(1, 1), (0, 2), (1, 1)]) == ("group", 2)
    assert verdict([(1, 1), (1, 2), (2, 1), (2, 5)]) == ("order", 0)


def test_a_column_of_nulls_breaks_tests_about_nulls_only(laboratory: Any, words: Any) -> None:
    zero = (Condition("mustBe", (0,)),)
    missing = Rule("library", metric="missingValues", arguments={"missingValues": [None, 7]}, conditions=zero, name="m")
    subject = words.table(words.column("a", Scalar.BIGINT, enum=(1,), limits={"multiple_of": 2}, rules=(missing,)))
    rows = [{"a": None}, {"a": None}]
    assert laboratory.verdict(subject, rows, "missingValues(a):m").measured == 2
    assert laboratory.verdict(subject, rows, "enum(a)").failed_rows == 0
    assert laboratory.verdict(subject, rows, "multipleOf(a)").method == "statistics"
