"""What a contract writes down itself: examples, enum entries, names and descriptions of its columns."""

import datetime as dt
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.quality import checks_of, lint
from hanse.quality.confusable import alike, confusable_checks
from hanse.quality.records import Settled
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column, Table
from hanse.spec.types import Decimal as DecimalType
from hanse.spec.types import Field, List, Map, Scalar, Struct

PASSED, FAILED = CheckStatus.PASSED, CheckStatus.FAILED


@pytest.mark.parametrize(
    ("type_", "examples", "facts", "told"),
    [
        (Scalar.BIGINT, [1, 2], {}, None),
        (Scalar.BIGINT, [1, "two"], {}, "`two` is no BIGINT"),
        (Scalar.BIGINT, [5, 12], {"limits": {"maximum": 10}}, "`12` breaks `maximum`"),
        (Scalar.VARCHAR, ["DE", "Germany"], {"limits": {"pattern": "^[A-Z]{2}$"}}, "`Germany` breaks `pattern`"),
        (Scalar.VARCHAR, ["a@b.org", "a"], {"limits": {"format": "email"}}, "`a` breaks `format`"),
        (Scalar.VARCHAR, ["a", "x"], {"enum": ("a", "b")}, "`x` breaks `enum`"),
        (Scalar.VARCHAR, ["a", None], {"required": True}, "`None` breaks `required`"),
        (Scalar.VARCHAR, ["a", None], {}, None),
        (Scalar.DATE, ["2026-02-28", "2026-02-30"], {}, "2026-02-30"),
        (Scalar.DATE, [dt.date(2026, 2, 1)], {"limits": {"minimum": "2026-03-01"}}, "breaks `minimum`"),
        (Scalar.TIMESTAMPTZ, ["2026-02-28T12:00:00Z"], {}, None),
        (Scalar.DOUBLE, [1.5, 1.6], {"limits": {"multiple_of": 0.5}}, "`1.6` breaks `multipleOf`"),
        (DecimalType(5, 2), [19.90, 1.234], {}, "1.234"),
        (Scalar.BOOLEAN, [True, "yes"], {}, "`yes` is no BOOLEAN"),
        (List(Scalar.BIGINT), [[1, 2], [1, 1]], {"limits": {"unique_items": True}}, "breaks `uniqueItems`"),
        (List(Scalar.BIGINT), [[1, "x"]], {}, "is no BIGINT[]"),
        (Struct((Field("a", Scalar.BIGINT), Field("b", Scalar.VARCHAR))), [{"a": 1}], {}, None),
        (Struct((Field("a", Scalar.BIGINT),)), [{"c": 1}], {}, "no member `c`"),
        (Map(Scalar.VARCHAR, Scalar.BIGINT), [{"x": 1, "y": 2}], {"limits": {"max_length": 1}}, "breaks `maxLength`"),
    ],
)
def test_examples_keep_the_clauses_of_their_column(
    laboratory: Any, words: Any, type_: Any, examples: list[Any], facts: dict[str, Any], told: str | None
) -> None:
    subject = words.table(words.column("value", type_, examples=tuple(examples), **facts))
    relation_row = {"value": None}
    result = laboratory.verdict(subject, [relation_row], "examples(value)")
    assert result.error is None
    assert (result.status is FAILED) == (told is not None), result.message
    assert not result.blocks
    if told:
        assert told in result.message
    assert result.method == "contract"


def test_every_example_that_is_wrong_is_named_up_to_a_limit(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("n", Scalar.BIGINT, examples=tuple(range(20)), limits={"maximum": 9}))
    message = laboratory.verdict(subject, [], "examples(n)").message
    assert "`10` breaks `maximum`" in message
    assert message.endswith("and 5 more")


def test_enum_entries_keep_the_other_clauses(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("s", Scalar.VARCHAR, enum=("aa", "b"), limits={"min_length": 2}))
    result = laboratory.verdict(subject, [], "enumEntries(s)")
    assert (result.status, result.message) == (FAILED, "`b` breaks `minLength`")
    assert "enumEntries(s)" not in words.ids(words.table(words.column("s", Scalar.VARCHAR, enum=("aa",))))


def test_an_example_of_another_type_is_a_warning_without_any_data(words: Any) -> None:
    subject = words.table(words.column("n", Scalar.BIGINT, examples=("x",)))
    (problem,) = lint(words.contract(subject), subject)
    assert (problem.code.id, problem.severity.value) == ("HNS-C019", "warning")


def confusable(words: Any, *columns: tuple[str, Any, str | None]) -> dict[str, CheckStatus]:
    subject = Table("t", tuple(words.column(name, type_, description=text) for name, type_, text in columns))
    checks = checks_of(words.contract(subject), subject)
    return {c.id: c.measure.status for c in checks if isinstance(c.measure, Settled) and c.kind == "confusable"}


@pytest.mark.parametrize(
    ("one", "other", "type_"),
    [
        ("shipped_at", "shipped_on", Scalar.DATE),
        ("created", "creation_date", Scalar.TIMESTAMP),
        ("createdAt", "created_at", Scalar.TIMESTAMP),
        ("customer_id", "customer_no", Scalar.BIGINT),
        ("recieved_on", "received_on", Scalar.DATE),
        ("customer", "cutsomer", Scalar.VARCHAR),
        ("order_date", "date_order", Scalar.DATE),
    ],
)
def test_names_nearly_the_same_need_distinct_descriptions(words: Any, one: str, other: str, type_: Any) -> None:
    def found(first: str | None, second: str | None) -> list[CheckStatus]:
        return list(confusable(words, (one, type_, first), (other, type_, second)).values())

    assert found(None, None) == [FAILED]
    assert found("The day on which it left us.", None) == [FAILED]
    assert found("The day on which it left us.", "The day on which it left us.") == [FAILED]
    assert found("TODO", "When the carrier scanned it.") == [FAILED]
    assert found("When it left our warehouse.", "The day of the carrier's first scan.") == [PASSED]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("order_id", Scalar.BIGINT), ("customer_id", Scalar.BIGINT)),
        (("created_at", Scalar.TIMESTAMP), ("updated_at", Scalar.TIMESTAMP)),
        (("line_1", Scalar.VARCHAR), ("line_2", Scalar.VARCHAR)),
        (("start_date", Scalar.DATE), ("end_date", Scalar.DATE)),
        (("name", Scalar.VARCHAR), ("names", List(Scalar.VARCHAR))),
        (("min", Scalar.DOUBLE), ("max", Scalar.DOUBLE)),
        (("first_name", Scalar.VARCHAR), ("last_name", Scalar.VARCHAR)),
        (("net_amount", Scalar.DOUBLE), ("gross_amount", Scalar.DOUBLE)),
        (("orders", Scalar.BIGINT), ("ordered_on", Scalar.DATE)),
        (("id", Scalar.BIGINT), ("no", Scalar.BIGINT)),
        (("valid_from", Scalar.DATE), ("valid_to", Scalar.DATE)),
        (("x_at", Scalar.DATE), ("y_at", Scalar.DATE)),
    ],
)
def test_names_that_are_told_apart_easily_are_left_alone(words: Any, one: Any, other: Any) -> None:
    assert confusable(words, (*one, None), (*other, None)) == {}


def test_the_same_words_for_two_columns_of_one_type_are_told(words: Any) -> None:
    text = "What was charged."
    assert list(confusable(words, ("net", Scalar.DOUBLE, text), ("gross", Scalar.DOUBLE, text)).values()) == [FAILED]
    assert confusable(words, ("net", Scalar.DOUBLE, text), ("note", Scalar.VARCHAR, text)) == {}


def test_a_confusable_pair_is_a_warning_with_a_fix(words: Any) -> None:
    subject = Table("t", (words.column("shipped_at", Scalar.DATE), words.column("shipped_on", Scalar.DATE)))
    (problem,) = lint(words.contract(subject), subject)
    assert (problem.code.id, problem.severity.value) == ("HNS-C018", "warning")
    assert "when to take `shipped_at` and when `shipped_on`" in str(problem.fix)


WORDS = (
    "ship",
    "shipped",
    "shipping",
    "order",
    "orders",
    "created",
    "creation",
    "at",
    "on",
    "date",
    "id",
    "no",
    "x",
    "1",
)
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("_".join)


@given(st.lists(st.tuples(NAMES, st.sampled_from([Scalar.DATE, Scalar.VARCHAR])), unique_by=lambda c: c[0], max_size=8))
def test_no_pair_is_missed_for_not_looking_at_all_of_them(columns: list[tuple[str, Scalar]]) -> None:
    subject = Table("t", tuple(Column(name, type_, "any") for name, type_ in columns))
    expected = [f"confusable({a.name}, {b.name})" for a, b in combinations(subject.columns, 2) if alike(a, b)]
    assert [c.id for c in confusable_checks(subject)] == expected
