"""Clauses that name a time or a version: what they mean, where they may stand, and that nothing of them is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.base import Denied, QueryError
from hanse.base.versions import Version, parse_moment
from hanse.sql import parse_select

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clause", "version"),
    [
        ("FOR SYSTEM_TIME AS OF TIMESTAMP '2026-11-01 12:00'", NOON),
        ("for system_time as of timestamptz '2026-11-01T14:00:00+02:00'", NOON),
        ("FOR SYSTEM_TIME AS OF '2026-11-01 12:00Z'", NOON),
        ("AT (TIMESTAMP => TIMESTAMP '2026-11-01 12:00:00.000')", NOON),
        ("AT (TIMESTAMP => '2026-11-01 12:00')", NOON),
        ("AT (TIMESTAMP => '2026-11-01')", NOON.replace(hour=0)),
        ("AT (VERSION => 3)", 3),
        ("FOR VERSION AS OF 3", 3),
        ("AT (VERSION => '8713')", "8713"),
        ("at (version => 'rel_1')", "rel_1"),
    ],
)
@pytest.mark.parametrize("alias", ["", " o", " AS o", " AS o(x)"])
def test_a_clause_says_which_release_is_meant_and_leaves_nothing_behind(
    clause: str, version: Version, alias: str
) -> None:
    statement = parse_select(f"SELECT 1 FROM a.b.c {clause}{alias}", times=True)
    assert [(r.key, r.at) for r in statement.relations] == [(("a", "b", "c"), version)]
    plain = parse_select(f"SELECT 1 FROM a.b.c{alias}").bind({("a", "b", "c"): "r"})
    assert statement.bind({}, {(("a", "b", "c"), version): "r"}) == plain


def test_one_table_may_be_read_at_several_times() -> None:
    statement = parse_select(
        "WITH was AS (SELECT * FROM a.b.c AT (VERSION => 1) WHERE (SELECT max(x) FROM a.b.c AT (VERSION => 2)) > 0)\n"
        "SELECT * FROM a.b.c JOIN was USING (id) WHERE EXISTS (FROM a.b.c AT (TIMESTAMP => '2026-11-01 12:00') o)",
        times=True,
    )
    key = ("a", "b", "c")
    assert statement.names == (key,)
    assert [r.at for r in statement.relations] == [1, 2, None, NOON]
    assert [(r.line, r.column) for r in statement.relations] == [(1, 28), (1, 78), (2, 15), (2, 60)]
    bound = statement.bind({key: "now"}, {(key, 1): "one", (key, 2): "two", (key, NOON): "noon"})
    assert bound.relations == {"now", "one", "two", "noon"}
    assert "VERSION" not in bound.sql
    with pytest.raises(QueryError, match="HNS-Q003"):
        statement.bind({key: "now"}, {(key, 1): "one", (key, 2): "two"})
    with pytest.raises(QueryError, match="HNS-Q003"):
        statement.bind({}, {(key, 1): "one", (key, 2): "two", (key, NOON): "noon"})


@pytest.mark.parametrize(
    "clause",
    [
        "AT (VERSION => 3 + 1)",
        "AT (VERSION => -3)",
        "AT (VERSION => 3.0)",
        "AT (VERSION => 3e0)",
        "AT (VERSION => '')",
        "AT (VERSION => NULL)",
        "AT (VERSION => TIMESTAMP '2026-11-01')",
        "AT (VERSION => 12345678901234567890)",
        "AT (TIMESTAMP => 3)",
        "AT (TIMESTAMP => 'yesterday')",
        "AT (TIMESTAMP => '2026-13-01')",
        "AT (TIMESTAMP => '2026-11-01 12:00 CET')",
        "AT (TIMESTAMP => now())",
        "AT (TIMESTAMP => TIMESTAMP '2026-11-01' + INTERVAL '1 day')",
        "AT (TIMESTAMP => $$2026-11-01$$)",
        "AT (TIMESTAMP => E'2026-11-01')",
        "AT (STATEMENT => 'x')",
        "FOR SYSTEM_TIME AS OF now()",
        "FOR SYSTEM_TIME AS OF DATE '2026-11-01'",
        "FOR SYSTEM_TIME AS OF (SELECT 1)",
        "FOR SYSTEM_TIME ALL",
        "FOR SYSTEM_TIME BETWEEN '2026-11-01' AND '2026-11-02'",
    ],
)
def test_only_literals_say_a_time_or_a_version(clause: str) -> None:
    with pytest.raises(QueryError, match="HNS-Q007") as caught:
        parse_select(f"SELECT *\n  FROM a.b.c {clause}", times=True)
    assert str(caught.value.problem.where) == "query:2:8"
    assert "AT (VERSION => 3)" in (caught.value.problem.fix or "")


@pytest.mark.parametrize(
    "sql",
    [
        "WITH c AS (SELECT 1) SELECT * FROM c AT (VERSION => 1)",
        "WITH RECURSIVE c AS (SELECT 1 UNION ALL SELECT * FROM c AT (VERSION => 1)) SELECT * FROM c",
        "SELECT * FROM range(3) AT (VERSION => 1)",
    ],
)
def test_what_has_no_history_has_no_version(sql: str) -> None:
    with pytest.raises(QueryError, match="HNS-Q007"):
        parse_select(sql, times=True)


def test_an_alias_may_still_be_called_at() -> None:
    statement = parse_select("SELECT at.id FROM a.b.c at JOIN d.e.f AS version ON at.id = version.id", times=True)
    assert [r.at for r in statement.relations] == [None, None]


@pytest.mark.parametrize("clause", ["AT (VERSION => 1)", "FOR SYSTEM_TIME AS OF '2026-11-01'", "AT (VERSION => now())"])
def test_statements_that_are_not_queries_have_no_other_time(clause: str) -> None:
    with pytest.raises(Denied, match="HNS-D010") as caught:
        parse_select(f"SELECT * FROM a.b.c {clause}", path="transforms/x.sql")
    assert str(caught.value.problem.where) == "transforms/x.sql:1:15"


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001 - the zone is drawn
    st.integers(-14 * 60, 14 * 60),
)
def test_every_time_that_is_written_out_is_read_back(local: datetime, minutes: int) -> None:
    at = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_moment(at.isoformat()) == at
    assert parse_moment(at.isoformat(sep=" ")) == at
    assert parse_moment(at.astimezone(UTC).isoformat().replace("+00:00", "Z")) == at
    assert parse_moment(local.isoformat()) == local.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "now", "2026", "2026-1-1", "20261101", "2026-W01-1", "2026-02-30", "2026-11-01T", "2026-11-01 25:00",
             "2026-11-01 12", "١٢٣٤-11-01", "2026-11-01Z", "0001-01-01 00:00+14:00", "2026-11-01 12:00 +25:00"],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_moment(text) is None
