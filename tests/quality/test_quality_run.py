from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal as Number
from typing import Any

import pyarrow as pa
import pytest

from hanse.base import EngineError, Severity, TableName, canonical_json
from hanse.interfaces import ArrowScan
from hanse.quality import verify
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Condition, Rule
from hanse.spec.types import Decimal, Field, List, Map, Scalar, Struct

ZERO = (Condition("mustBe", (0,)),)
FEW_PERCENT = (Condition("mustBeLessThan", (40,)),)


def sql(query: str, *, must_be: Any = 0, **facts: Any) -> Rule:
    return Rule("sql", query=query, conditions=(Condition("mustBe", (must_be,)),), **facts)


def reasons(laboratory: Any, subject: Any, rows: list[dict[str, Any]]) -> list[str]:
    return [r.reason for r in laboratory.verify(subject, rows).failed_rows]


# --- failing rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "facts", "value", "reason"),
    [
        (Scalar.BIGINT, {"required": True}, None, "x is null"),
        (Scalar.BIGINT, {"limits": {"minimum": -120}}, -9999, "x is -9999, below the minimum -120"),
        (Scalar.BIGINT, {"limits": {"minimum": 2.5}}, 2, "x is 2, below the minimum 2.5"),
        (Scalar.BIGINT, {"limits": {"exclusive_maximum": 5}}, 5, "x is 5, not below 5"),
        (Scalar.DOUBLE, {"limits": {"maximum": 5}}, float("nan"), "x is NaN, which is no number"),
        (Decimal(5, 2), {"limits": {"exclusive_minimum": 0}}, Number("0.00"), "x is 0.00, not above 0"),
        (
            Scalar.DATE,
            {"limits": {"maximum": "2013-12-31"}},
            date(2014, 1, 1),
            "x is 2014-01-01, above the maximum 2013-12-31",
        ),
        (Scalar.VARCHAR, {"enum": ("A", "B")}, "it's", "x is 'it's', not one of 'A', 'B'"),
        (Scalar.VARCHAR, {"limits": {"pattern": "^[A-Z]+$"}}, "ab", "x is 'ab', which does not match ^[A-Z]+$"),
        (Scalar.VARCHAR, {"limits": {"max_length": 3}}, "Zürich", "x is 'Zürich', 6 characters long, more than 3"),
        (Scalar.BLOB, {"limits": {"min_length": 3}}, b"\xff", "x is 'ff', 1 bytes long, fewer than 3"),
        (List(Scalar.BIGINT), {"limits": {"max_length": 1}}, [1, 2], "x has 2 items, more than 1"),
        (Map(Scalar.BIGINT, Scalar.BIGINT), {"limits": {"min_length": 2}}, [(1, 2)], "x has 1 entries, fewer than 2"),
        (List(Scalar.BIGINT), {"limits": {"unique_items": True}}, [1, 1], "x holds an item twice"),
        (Scalar.BIGINT, {"limits": {"multiple_of": 5}}, 7, "x is 7, no multiple of 5"),
        (
            Scalar.VARCHAR,
            {
                "rules": (
                    Rule("library", metric="missingValues", arguments={"missingValues": ["N/A"]}, conditions=ZERO),
                )
            },
            "N/A",
            "x is 'N/A', which stands for a missing value",
        ),
        (
            Scalar.VARCHAR,
            {
                "rules": (
                    Rule(
                        "library", metric="invalidValues", arguments={"pattern": "a", "maxLength": 2}, conditions=ZERO
                    ),
                )
            },
            "abc",
            "x is 'abc', 3 characters long, more than 2",
        ),
    ],
)
def test_reasons_are_given_in_words(
    laboratory: Any, words: Any, type_: Any, facts: dict[str, Any], value: Any, reason: str
) -> None:
    subject = words.table(words.column("x", type_, **facts))
    assert reasons(laboratory, subject, [{"x": value}]) == [reason]


def test_reasons_inside_nested_columns_name_the_first_offender(laboratory: Any, words: Any) -> None:
    place = Struct((Field("city", Scalar.VARCHAR), Field("tags", List(Scalar.VARCHAR))))
    tags = words.column("tags", List(Scalar.VARCHAR), children=(words.column("items", Scalar.VARCHAR, enum=("a",)),))
    city = words.column("city", Scalar.VARCHAR, required=True)
    subject = words.table(
        words.column("p", place, children=(city, tags)),
        words.column(
            "m",
            Map(Scalar.VARCHAR, Scalar.BIGINT),
            children=(words.column("key", Scalar.VARCHAR), words.column("value", Scalar.BIGINT, limits={"minimum": 0})),
        ),
    )
    rows: list[dict[str, Any]] = [
        {"p": None, "m": None},  # a member of a struct that is not there is not missing
        {"p": {"city": None, "tags": ["a", "x", "y"]}, "m": [("k", 1), ("l", -2)]},
    ]
    assert reasons(laboratory, subject, rows) == [
        "p.city is null",
        "p.tags[] is 'x', not one of 'a'",
        "m.values[] is -2, below the minimum 0",
    ]


def test_repeated_keys_come_together_with_how_often(laboratory: Any, words: Any) -> None:
    subject = words.table(
        words.column("a", Scalar.BIGINT, primary_key_position=1),
        words.column("b", Scalar.VARCHAR, primary_key_position=2),
    )
    rows = [{"a": a, "b": b} for a, b in ((1, "x"), (2, "x"), (1, "x"), (None, "x"), (None, "x"), (3, "y"))]
    verdict = laboratory.verify(subject, rows)
    (result,) = [r for r in verdict.results if r.status is CheckStatus.FAILED]
    assert (result.check_id, result.failed_rows, result.total_rows) == ("primaryKey(a, b)", 4, 6)
    assert [r.reason for r in verdict.failed_rows] == [
        "a is null in the primary key",
        "a is null in the primary key",
        "a 1, b 'x' occurs 2 times",
        "a 1, b 'x' occurs 2 times",
    ]


@pytest.mark.parametrize("limit", [0, 1, 3, 50])
def test_failing_rows_are_bounded_per_check(laboratory: Any, words: Any, limit: int) -> None:
    subject = words.table(words.column("a", Scalar.BIGINT, unique=True, limits={"minimum": 10}))
    verdict = laboratory.verify(subject, [{"a": n % 3} for n in range(9)], limit=limit)
    for check_id in ("unique(a)", "minimum(a)"):
        assert len([r for r in verdict.failed_rows if r.check_id == check_id]) == min(limit, 9)
        assert words.by_id(verdict)[check_id].failed_rows == 9


def test_failing_rows_are_whole_and_fit_into_json(laboratory: Any, words: Any) -> None:
    types = {
        "k": Scalar.BIGINT,
        "d": Decimal(9, 2),
        "n": Scalar.DOUBLE,
        "t": Scalar.TIMESTAMP,
        "b": Scalar.BLOB,
        "l": List(Scalar.DATE),
        "m": Map(Scalar.VARCHAR, Scalar.DOUBLE),
    }
    subject = words.table(*(words.column(n, t, required=n == "k") for n, t in types.items()))
    row = {
        "k": None,
        "d": Number("1.10"),
        "n": float("inf"),
        "t": datetime.fromisoformat("2013-01-01T05:00:00"),
        "b": b"\x00",
        "l": [date(2013, 1, 1)],
        "m": [("a", float("nan"))],
    }
    (failed,) = laboratory.verify(subject, [row]).failed_rows
    assert canonical_json(failed.row)
    assert failed.row == {
        "k": None,
        "d": "1.10",
        "n": "inf",
        "t": "2013-01-01T05:00:00",
        "b": "00",
        "l": ["2013-01-01"],
        "m": [["a", "nan"]],
    }


def test_values_that_python_cannot_hold_do_not_stop_anything(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("t", Scalar.TIMESTAMP, limits={"maximum": "2020-01-01"}))
    far = pa.table({"t": pa.array([2**62], pa.int64()).cast(pa.timestamp("us"))})
    laboratory.session.bind("__far", ArrowScan(far))
    verdict = verify(
        laboratory.session,
        subject,
        words.contract(subject),
        "__far",
        [],
        run_id="r",
        table_name=TableName("a", "b", "c"),
        relations={},
    )
    assert words.by_id(verdict)["maximum(t)"].failed_rows == 1
    assert isinstance(verdict.failed_rows[0].row["t"], str)


# --- rules --------------------------------------------------------------------------------------------------------


def test_severity_decides_what_blocks(laboratory: Any, words: Any) -> None:
    rule = Rule("library", metric="nullValues", conditions=ZERO, name="r")
    for severity in Severity:
        subject = words.table(words.column("a", Scalar.BIGINT, rules=(replace(rule, severity=severity),)))
        verdict = laboratory.verify(subject, [{"a": None}])
        assert verdict.blocked is (severity is Severity.ERROR)
        assert verdict.warnings == (severity is Severity.WARNING)


def test_percent_is_of_all_rows_and_empty_tables_have_none(laboratory: Any, words: Any) -> None:
    rule = Rule("library", metric="nullValues", conditions=FEW_PERCENT, unit="percent", name="r")
    subject = words.table(words.column("a", Scalar.BIGINT, rules=(rule,)))
    third = laboratory.verdict(subject, [{"a": 1}, {"a": None}, {"a": 3}], "nullValues(a):r")
    assert (third.status, third.measured, third.message) == (
        CheckStatus.PASSED,
        33.333333,
        "measured 33.333333 percent",
    )
    half = laboratory.verdict(subject, [{"a": 1}, {"a": None}], "nullValues(a):r")
    assert half.message == "measured 50.0 percent, must be less than 40 percent"
    assert half.failed_rows == 1
    assert laboratory.verdict(subject, [], "nullValues(a):r").measured == 0


def test_duplicates_count_the_rows_beyond_the_first(laboratory: Any, words: Any) -> None:
    rule = Rule("library", metric="duplicateValues", conditions=(Condition("mustBeLessThan", (2,)),), name="r")
    subject = words.table(words.column("a", Scalar.BIGINT, rules=(rule,)))
    rows = [{"a": a} for a in (1, 1, 1, None, None, 2)]
    result = laboratory.verdict(subject, rows, "duplicateValues(a):r")
    assert (result.status, result.measured, result.failed_rows) == (CheckStatus.FAILED, 2, 3)


def test_missing_values_by_default_are_nulls_and_empty_texts(laboratory: Any, words: Any) -> None:
    rule = Rule("library", metric="missingValues", conditions=ZERO, name="r")
    text = words.table(words.column("a", Scalar.VARCHAR, rules=(rule,)))
    assert laboratory.verdict(text, [{"a": t} for t in ("", None, "x")], "missingValues(a):r").measured == 2
    number = words.table(words.column("a", Scalar.BIGINT, rules=(rule,)))
    assert laboratory.verdict(number, [{"a": 0}, {"a": None}], "missingValues(a):r").measured == 1


def test_missing_values_that_a_type_cannot_hold_never_count(laboratory: Any, words: Any) -> None:
    rule = Rule("library", metric="missingValues", arguments={"missingValues": ["N/A", -1]}, conditions=ZERO, name="r")
    subject = words.table(words.column("a", Scalar.BIGINT, rules=(rule,)))
    assert laboratory.verdict(subject, [{"a": -1}, {"a": None}], "missingValues(a):r").measured == 1


def test_invalid_values_without_arguments_follow_the_columns_own_clauses(laboratory: Any, words: Any) -> None:
    rule = Rule("library", metric="invalidValues", conditions=ZERO, name="r")
    subject = words.table(words.column("a", Scalar.BIGINT, enum=(1, 2, 30), limits={"maximum": 9}, rules=(rule,)))
    result = laboratory.verdict(subject, [{"a": a} for a in (1, 3, 30, None)], "invalidValues(a):r")
    assert result.measured == 2


def test_words_for_a_person_pass_through(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("a", Scalar.BIGINT), rules=[Rule("text", query="Is it plausible?", name="r")])
    result = laboratory.verdict(subject, [{"a": 1}], "text:r")
    assert (result.status, result.message, result.method) == (CheckStatus.MANUAL, "Is it plausible?", "none")


# --- the contract's own SQL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM {table} WHERE {column} IS NULL",
        "SELECT count(*) FROM ${table} WHERE ${column} IS NULL;",
        'SELECT count(*) FROM "${object}" AS t WHERE t."${property}" IS NULL -- really',
        "SELECT count(*) FROM orders WHERE {property} IS NULL",
        "WITH orders AS (SELECT * FROM {object}) SELECT sum(CASE WHEN {column} IS NULL THEN 1 ELSE 0 END) FROM orders",
    ],
)
def test_placeholders(laboratory: Any, words: Any, query: str) -> None:
    rule = sql(query, must_be=2, name="r")
    subject = words.table(words.column('we"ird name', Scalar.BIGINT, rules=(rule,)))
    rows = [{'we"ird name': v} for v in (1, None, None)]
    result = laboratory.verdict(subject, rows, 'sql("we""ird name"):r')
    assert (result.error, result.status, result.measured, result.method) == (None, CheckStatus.PASSED, 2, "sql")


def test_sql_reads_the_products_other_tables(laboratory: Any, words: Any) -> None:
    laboratory.session.bind("__other", ArrowScan(pa.table({"id": [1, 2]})))
    query = "SELECT count(*) FROM {table} o ANTI JOIN customers c ON o.a = c.id"
    subject = words.table(words.column("a", Scalar.BIGINT), rules=[sql(query, name="r")])
    result = laboratory.verdict(subject, [{"a": 1}, {"a": 7}], "sql:r", relations={"customers": "__other"})
    assert (result.error, result.status, result.message) == (None, CheckStatus.FAILED, "measured 1, must be 0")
    assert result.failed_rows is None


@pytest.mark.parametrize(
    ("query", "code", "what"),
    [
        ("SELECT count(*) FROM customers", "HNS-C006", "`customers`, which is not one of the product's own"),
        ("SELECT count(*) FROM other.product.orders", "HNS-C006", "not one of the product's own"),
        ("SELECT count(*) FROM __rows_0", "HNS-C006", "two underscores"),
        ("SELECT a FROM {table}", "HNS-C007", "more than one row"),
        ("SELECT a FROM {table} WHERE a > 100", "HNS-C007", "no row"),
        ("SELECT 1, 2", "HNS-C007", "several columns"),
        ("SELECT count(nothing) FROM {table}", "HNS-E003", "nothing"),
        ("SELECT CAST('x' AS INTEGER)", "HNS-E004", "convert"),
    ],
)
def test_sql_that_cannot_be_answered_is_an_error_that_says_why(
    laboratory: Any, words: Any, query: str, code: str, what: str
) -> None:
    subject = words.table(words.column("a", Scalar.BIGINT, required=True), rules=[sql(query, name="r")])
    verdict = laboratory.verify(subject, [{"a": 1}, {"a": 2}])
    result = words.by_id(verdict)["sql:r"]
    assert result.status is CheckStatus.ERROR
    assert result.error.startswith(f"{code}: ")
    assert what.lower() in result.error.lower()
    assert words.by_id(verdict)["required(a)"].status is CheckStatus.PASSED


def test_a_null_answer_satisfies_nothing(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("a", Scalar.BIGINT), rules=[sql("SELECT max(a) FROM {table}", name="r")])
    result = laboratory.verdict(subject, [], "sql:r")
    assert (result.status, result.message) == (
        CheckStatus.FAILED,
        "the query returned null, must be 0; no rows to show",
    )


def test_endless_sql_is_cut_at_two_rows(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("a", Scalar.BIGINT), rules=[sql("SELECT * FROM range(1000000000000)", name="r")])
    assert "more than one row" in str(laboratory.verdict(subject, [], "sql:r").error)


# --- trouble ------------------------------------------------------------------------------------------------------


def test_a_missing_column_is_an_error_of_its_own_checks_only(laboratory: Any, words: Any) -> None:
    subject = words.table(
        words.column("a", Scalar.BIGINT, required=True, unique=True), words.column("c", Scalar.BIGINT)
    )
    laboratory.session.bind("__short", ArrowScan(pa.table({"aa": [1], "c": pa.array([1], pa.int64())})))
    verdict = verify(
        laboratory.session,
        subject,
        words.contract(subject),
        "__short",
        [],
        run_id="r",
        table_name=TableName("a", "b", "c"),
        relations={},
    )
    found = {r.check_id: (r.status.value, (r.error or "")[:8], r.message) for r in verdict.results}
    missing = ("error", "HNS-C008", "did you mean `aa`?")
    assert found == {"type(a)": missing, "required(a)": missing, "unique(a)": missing, "type(c)": ("passed", "", None)}


def test_one_guilty_check_does_not_take_the_others_along(laboratory: Any, words: Any) -> None:
    """The data has another type than the contract: what cannot be compared is an error, all else is still counted."""
    subject = words.table(
        words.column("a", Scalar.BIGINT, required=True, limits={"minimum": 0}),
        words.column("b", Scalar.BIGINT, limits={"multiple_of": 2}),
    )
    data = pa.table({"a": ["1", None, "x"], "b": pa.array([1, 2, 3], pa.int64())})
    laboratory.session.bind("__typed", ArrowScan(data))
    verdict = verify(
        laboratory.session,
        subject,
        words.contract(subject),
        "__typed",
        [],
        run_id="r",
        table_name=TableName("a", "b", "c"),
        relations={},
    )
    found = words.by_id(verdict)
    assert (found["type(a)"].status, found["type(a)"].measured) == (CheckStatus.FAILED, "VARCHAR")
    assert found["type(a)"].message == "a is VARCHAR, the contract says BIGINT"
    assert found["minimum(a)"].status is CheckStatus.ERROR
    assert found["minimum(a)"].error.startswith("HNS-E")
    assert (found["required(a)"].failed_rows, found["multipleOf(b)"].failed_rows) == (1, 2)


def test_a_relation_that_cannot_be_read_raises(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("a", Scalar.BIGINT))
    with pytest.raises(EngineError):
        verify(
            laboratory.session,
            subject,
            words.contract(subject),
            "__nothing",
            [],
            run_id="r",
            table_name=TableName("a", "b", "c"),
            relations={},
        )


def test_an_interrupted_session_is_no_verdict(words: Any) -> None:
    import threading

    from hanse.drivers.duckdb import DuckDBEngine

    query = "SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3"
    subject = words.table(words.column("a", Scalar.BIGINT), rules=[sql(query, name="r")])
    with DuckDBEngine(threads=1).open() as session:
        session.bind("__t", ArrowScan(pa.table({"a": pa.array([1], pa.int64())})))
        timer = threading.Timer(0.3, session.interrupt)
        timer.start()
        with pytest.raises(EngineError) as caught:
            verify(
                session,
                subject,
                words.contract(subject),
                "__t",
                [],
                run_id="r",
                table_name=TableName("a", "b", "c"),
                relations={},
            )
        timer.join()
    assert caught.value.code.id == "HNS-E009"


def test_hostile_names_and_values_are_only_data(laboratory: Any, words: Any) -> None:
    name = "x\"; DROP TABLE t; --' $1 {table} \\"
    text = "'); DROP TABLE t; -- \\ \n \" é {column}"
    subject = words.table(
        words.column(
            name,
            Scalar.VARCHAR,
            required=True,
            unique=True,
            primary_key_position=1,
            enum=(text,),
            limits={"min_length": 1},
        )
    )
    verdict = laboratory.verify(subject, [{name: text}, {name: "'"}])
    failed = [r for r in verdict.results if r.status is not CheckStatus.PASSED]
    assert [(r.error, r.failed_rows) for r in failed] == [(None, 1)]
    assert verdict.failed_rows[0].row == {name: "'"}


@pytest.mark.parametrize("clause", ["minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "multiple_of"])
@pytest.mark.parametrize("parquet", [True, False])
def test_nan_keeps_no_clause_about_numbers(laboratory: Any, words: Any, clause: str, parquet: bool) -> None:
    subject = words.table(words.column("x", Scalar.DOUBLE, limits={clause: 1}))
    verdict = laboratory.verify(subject, [{"x": float("nan")}, {"x": None}], parquet=parquet)
    assert [r.failed_rows for r in verdict.results if r.column == "x" and r.failed_rows is not None] == [1]
