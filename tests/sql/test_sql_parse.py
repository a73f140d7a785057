"""Texts that are refused, with code, place and fix; and what is known of those that are not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hanse.base import Denied, HanseError, QueryError
from hanse.sql import parse_select


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("select a,\n  b, from where x", "2:11"),
        ("select (1 + 2", "1:13"),
        ("select 1 +", "1:10"),
        ("select * from t where a = 'x' and or b", "1:35"),
        ("select a b c from t", "1:12"),
        ("-- a long comment, " + "x" * 200 + "\nselect 1\n\n  from t gruop by a", "4:16"),
        ("select 1\r\nfrom t where\r\n  )", "3:3"),
        ("select 'é😀', ) from t", "1:14"),
    ],
)
def test_a_syntax_error_has_its_place_in_the_file(sql: str, place: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_select(sql, path="transforms/x.sql")
    assert caught.value.code.id == "HNS-Q001"
    assert str(caught.value.problem.where) == f"transforms/x.sql:{place}"
    assert caught.value.problem.fix
    assert "Token" not in caught.value.problem.what
    assert "__f_" not in caught.value.problem.what


@pytest.mark.parametrize(
    ("sql", "code", "place"),
    [
        ("", "HNS-Q002", None),
        (" -- nothing\n/* at all */ ;", "HNS-Q002", None),
        ("select 'open", "HNS-Q001", None),
        ("select 1;\nselect 2", "HNS-D002", "1:9"),
        ("update t set a = 1", "HNS-D001", "1:1"),
        ("\n  describe t", "HNS-D001", "2:3"),
        ("select stats(a) from t", "HNS-D003", "1:8"),
        ("select a,\n nosuchfunction(a) from t", "HNS-D003", "2:2"),
        ("select 1 from\n read_parquet('x')", "HNS-D004", "2:2"),
        ("select 1 from t, 'file.csv'", "HNS-D004", "1:18"),
        ("select * from lower('x')", "HNS-D003", "1:15"),
        ("select getenv('HOME')", "HNS-D004", "1:8"),
        ("select * into x from t", "HNS-D005", "1:10"),
        ("select a from t for update", "HNS-D005", None),
        ("select $1", "HNS-D005", "1:8"),
        ("select a from t where b = ?", "HNS-D005", "1:27"),
        ("select 1::regclass", "HNS-D005", None),
        ("select current_user", "HNS-D005", "1:8"),
        ("select a\u00a0from t", "HNS-D006", "1:9"),
        ("select 'x\x00'", "HNS-D006", "1:10"),
        ("select 1 as __x", "HNS-D007", "1:13"),
        ('select "__x" from t', "HNS-D007", "1:8"),
        ("select 1 as '__x'", "HNS-D007", None),
        ("from t select __f_lower(a)", "HNS-D007", "1:15"),
        ("pivot t on a using sum(b)", "HNS-Q004", "1:1"),
        ("select a = j->>'k' from t", "HNS-Q006", "1:12"),
        ("select 1 where a and j->>'k' = 'v'", "HNS-Q006", "1:22"),
        ("select j->'k' = 1 from t", "HNS-Q006", "1:8"),
        ("select listagg(a) within group (order by b) from t", "HNS-Q001", "1:19"),
        ("from a.b.c.d", "HNS-Q003", "1:6"),
    ],
)
def test_what_is_refused_has_a_code_and_a_place(sql: str, code: str, place: str | None) -> None:
    with pytest.raises(HanseError) as caught:
        parse_select(sql)
    assert caught.value.code.id == code
    where = caught.value.problem.where
    if place is not None:
        assert str(where) == f"query:{place}"


def test_misspelt_functions_are_suggested() -> None:
    with pytest.raises(Denied) as caught:
        parse_select("select date_trunk('month', d) from t")
    assert caught.value.problem.fix == "did you mean `date_trunc`?"


def test_odd_characters_may_stand_in_quotes() -> None:
    statement = parse_select("select 'a\u00a0b\u200d' as \"c\u2003d\" from t")
    assert statement.bind({("t",): "r"}).sql == 'SELECT \'a\u00a0b\u200d\' AS "c\u2003d" FROM "r" AS "t"'


def test_relations_are_base_relations_in_order_with_their_places() -> None:
    statement = parse_select(
        "with a as (select * from one.two.Three), b as (select * from a)\n"
        'select * from b join "Four" on true, (select 1 from five.six) where exists (from seven) '
        "union select * from unnest([1]), one.two.three",
        path="x.sql",
    )
    assert [(str(ref), ref.line, ref.column) for ref in statement.relations] == [
        ("one.two.Three", 1, 26),
        ("Four", 2, 22),
        ("five.six", 2, 53),
        ("seven", 2, 82),
        ("one.two.three", 2, 122),
    ]
    assert statement.names == (("one", "two", "three"), ("four",), ("five", "six"), ("seven",))
    assert str(statement.where(statement.relations[1])) == "x.sql:2:22"
    assert str(statement.find_name("seven")) == "x.sql:2:82"
    assert statement.find_name("eight") is None


@pytest.mark.parametrize(
    ("sql", "volatile"),
    [
        ("select now()", True),
        ("select current_date", True),
        ('select "current_timestamp"', True),
        ("select x from t where d < today()", True),
        ("select random() from t", True),
        ("select a from t using sample 10%", True),
        ("select a from t using sample reservoir(3 rows) repeatable (1)", False),
        ("select age(d) from t", True),
        ("select age(d, e) from t", False),
        ("select t.today, 'now' from t", False),
        ("with x as (select uuid() as u) select 1 from x", True),
        ("select date_trunc('day', d) from t", False),
    ],
)
def test_volatile_statements_are_known(sql: str, volatile: bool) -> None:
    assert parse_select(sql).is_volatile is volatile


def test_importing_the_room_loads_no_parser() -> None:
    code = (
        "import sys, hanse.sql, hanse.query; sys.exit(any(m in sys.modules for m in ('sqlglot', 'pyarrow', 'duckdb')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_comments_and_white_space_are_not_of_the_essence() -> None:
    """But texts are, and new lines, which join quoted texts."""

    def essence(text: str) -> str:
        return parse_select(text, parameters={"from"}).essence

    plain = essence("SELECT a,\n'x--y' AS b FROM t\nWHERE a > $from")
    assert essence("-- one\nSELECT  a, /* two */ -- three\n\n\t'x--y' AS b FROM t\nWHERE a > $from -- four") == plain
    for other in (
        "SELECT a,\n'x--z' AS b FROM t\nWHERE a > $from",
        "SELECT a,\n'x --y' AS b FROM t\nWHERE a > $from",
        "SELECT A,\n'x--y' AS b FROM t\nWHERE a > $from",
        "SELECT a, 'x--y' AS b FROM t\nWHERE a > $from",
    ):
        assert essence(other) != plain
