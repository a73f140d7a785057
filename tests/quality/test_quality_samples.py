"""Failing rows: of every kind of check, and without what is classified."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from hanse.interfaces import ArrowScan
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column, Condition, Rule
from hanse.spec.types import Field, Scalar, Struct

ZERO = (Condition("mustBe", (0,)),)


def sql(query: str, *conditions: Condition) -> Rule:
    return Rule("sql", name="r", query=query, conditions=conditions or ZERO)


def shown(
    laboratory: Any, subject: Any, rows: list[dict[str, Any]], **options: Any
) -> list[tuple[str, dict[str, Any]]]:
    return [(f.reason, f.row) for f in laboratory.verify(subject, rows, **options).failed_rows]


ROWS: list[dict[str, Any]] = [{"a": 1, "b": 1}, {"a": 2, "b": None}, {"a": None, "b": 3}]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT count(*) FROM {table} WHERE a > 1", [2]),
        ("SELECT count(*) AS n FROM {table} AS t WHERE t.a > 1 OR t.b = 1;", [1, 2]),
        ("SELECT COUNT(1) FROM {table} WHERE a IS NULL", [None]),
        ("SELECT count_if(a > 0) FROM {table}", [1, 2]),
        ("SELECT count(*) FILTER (WHERE b IS NULL) FROM {table} WHERE a > 0", [2]),
        ("SELECT count(*) FROM {table} o ANTI JOIN other c ON o.a = c.id", [2, None]),
        ("SELECT count(*) FROM {table} o WHERE NOT EXISTS (SELECT 1 FROM other c WHERE c.id = o.a)", [2, None]),
    ],
)
def test_queries_that_count_rows_show_them(laboratory: Any, words: Any, query: str, found: list[int | None]) -> None:
    laboratory.session.bind("__other", ArrowScan(pa.table({"id": [1]})))
    subject = words.table(words.column("a", Scalar.BIGINT), words.column("b", Scalar.BIGINT), rules=[sql(query)])
    rows = shown(laboratory, subject, ROWS, relations={"other": "__other"})
    assert [row["a"] for _, row in rows] == found
    assert {reason for reason, _ in rows} == {"the query counts this row"}


@pytest.mark.parametrize(
    "rule",
    [
        sql("SELECT count(*) FROM {table}"),
        sql("SELECT max(a) FROM {table}"),
        sql("SELECT count(DISTINCT a) FROM {table} WHERE a > 0"),
        sql("SELECT count(*) FROM {table} WHERE a > 1 HAVING count(*) > 0"),
        sql("SELECT count(*) FROM (SELECT * FROM {table} WHERE a > 1)"),
        sql("WITH t AS (SELECT * FROM {table}) SELECT count(*) FROM t WHERE a > 1"),
        sql("SELECT count(*) FROM other WHERE id > 0"),
        sql("SELECT count(*) FROM {table} WHERE a > 1", Condition("mustBeGreaterThan", (5,))),
    ],
)
def test_other_queries_say_that_they_show_no_rows(laboratory: Any, words: Any, rule: Rule) -> None:
    laboratory.session.bind("__other", ArrowScan(pa.table({"id": [1]})))
    subject = words.table(words.column("a", Scalar.BIGINT), words.column("b", Scalar.BIGINT), rules=[rule])
    verdict = laboratory.verify(subject, ROWS, relations={"other": "__other"})
    result = words.by_id(verdict)["sql:r"]
    assert (result.error, result.status) == (None, CheckStatus.FAILED)
    assert result.message.endswith("; no rows to show")
    assert verdict.failed_rows == ()


def people(words: Any, *, rules: tuple[Rule, ...] = (), **facts: Any) -> Any:
    return words.table(
        words.column("note", Scalar.VARCHAR),
        words.column("city", Scalar.VARCHAR, classification="Public"),
        words.column("email", Scalar.VARCHAR, classification="confidential", **facts),
        words.column("phone", Scalar.VARCHAR, classification="pii"),
        words.column("id", Scalar.BIGINT, primary_key_position=1),
        rules=rules,
    )


PERSON = {"note": "n", "city": "Ulm", "email": "rosa@nowhere", "phone": "0731", "id": 7}


def test_classified_values_are_masked_or_left_out(laboratory: Any, words: Any) -> None:
    subject = people(words, limits={"pattern": "[.]de$"})
    ((reason, row),) = shown(laboratory, subject, [PERSON])
    assert reason == "email is •••, which does not match [.]de$"
    assert list(row.items()) == [("id", 7), ("email", "••• (12 characters)"), ("note", "n"), ("city", "Ulm")]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"required": True}, "email is null"),
        ({"limits": {"max_length": 3}}, "email is •••, 12 characters long, more than 3"),
        ({"enum": ("a",)}, "email is •••, not one of 'a'"),
        ({"unique": True}, "email ••• occurs 2 times"),
    ],
)
def test_reasons_name_no_classified_value(laboratory: Any, words: Any, facts: dict[str, Any], reason: str) -> None:
    twice = [PERSON | {"id": 1}, PERSON | {"id": 2}]
    rows = [PERSON | {"email": None}] if facts.get("required") else twice if facts.get("unique") else [PERSON]
    found = shown(laboratory, people(words, **facts), rows)
    assert {r for r, _ in found} == {reason}
    assert "rosa" not in str(found)
    assert "0731" not in str(found)


def test_queries_mask_what_their_conditions_name(laboratory: Any, words: Any) -> None:
    query = sql("SELECT count(*) FROM {table} WHERE phone LIKE '07%'")
    ((_, row),) = shown(laboratory, people(words, rules=(query,)), [PERSON])
    assert row == {"id": 7, "phone": "••• (4 characters)", "note": "n", "city": "Ulm"}


def test_a_classified_member_hides_its_column(laboratory: Any, words: Any) -> None:
    type_ = Struct((Field("x", Scalar.BIGINT),))
    inner: Column = words.column("x", Scalar.BIGINT, classification="secret", limits={"minimum": 5})
    subject = words.table(words.column("a", type_, children=(inner,)), words.column("b", Scalar.BIGINT))
    assert shown(laboratory, subject, [{"a": {"x": 1}, "b": 2}]) == [
        ("a.x is •••, below the minimum 5", {"a": "•••", "b": 2})
    ]
