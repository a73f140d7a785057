"""From the author's names to internal ones."""

from __future__ import annotations

from typing import Any

import pytest

from hanse.base import Denied, QueryError
from hanse.interfaces import References
from hanse.sql import Bound, count, limit, output_columns, parse_select, project, quote, second_reading, select_star

NAMES = {("d", "p", "t"): "__t_1", ("e", "q", "t"): "__t_2", ("u",): "__t_3"}


def _sql(sql: str) -> str:
    return parse_select(sql).bind(NAMES).sql


def test_relations_get_internal_names_and_keep_theirs_as_alias() -> None:
    bound = parse_select("select t.a, D.P.T.b from d.p.T join u as x on true").bind(NAMES)
    assert bound.sql == 'SELECT "t"."a", "T"."b" FROM "__t_1" AS "T" JOIN "__t_3" AS "x" ON TRUE'
    assert bound.relations == {"__t_1", "__t_3"}
    assert bound.ctes == frozenset()


def test_two_tables_of_one_name_are_told_apart_by_their_full_names() -> None:
    sql = _sql("select d.p.t.a, e.q.t.a from d.p.t, e.q.t where exists (from u where u.a = e.q.t.a)")
    assert sql.count('"__as_') == 5
    assert "__t_1" in sql
    assert '"d"' not in sql


def test_full_names_mean_the_nearest_query_that_has_the_table() -> None:
    sql = _sql("select d.p.t.a from d.p.t where a in (select d.p.t.b from u where d.p.t.c = 1)")
    assert sql == (
        'SELECT "t"."a" FROM "__t_1" AS "t" WHERE "a" IN (SELECT "t"."b" FROM "__t_3" AS "u" WHERE "t"."c" = 1)'
    )


def test_ctes_get_generated_names_and_hide_relations_only_where_they_are_known() -> None:
    bound = parse_select("with u as (select * from u) select * from u").bind(NAMES)
    assert bound.sql == 'WITH "__cte_1" AS (SELECT * FROM "__t_3" AS "u") SELECT * FROM "__cte_1" AS "u"'
    assert bound.ctes == {"__cte_1"}
    inner = _sql("select (with u as (select 1 as x) select x from u), (select count(*) from u)")
    assert '(SELECT count(*) FROM "__t_3" AS "u")' in inner
    later = _sql("with a as (select * from u), u as (select 1 as x) select * from a")
    assert later.startswith('WITH "__cte_1" AS (SELECT * FROM "__t_3" AS "u")')
    recursive = parse_select("with recursive u(n) as (select 1 union select n from u) from u").bind({})
    assert recursive.relations == frozenset()


def test_qualified_names_never_mean_ctes() -> None:
    assert '"__t_1"' in _sql("with t as (select 1) select * from d.p.t")
    with pytest.raises(QueryError, match="HNS-Q003"):
        parse_select('with "d.p.t" as (select 1) select * from d.p.other').bind(NAMES)


def test_a_name_without_meaning_has_its_place() -> None:
    with pytest.raises(QueryError) as caught:
        parse_select("select 1\nfrom nowhere", path="a.sql").bind(NAMES)
    assert caught.value.code.id == "HNS-Q003"
    assert str(caught.value.problem.where) == "a.sql:2:6"


def test_comments_and_hints_are_dropped_and_names_quoted() -> None:
    assert _sql('select /*+ hint */ a --x\n, "b""c" /* ; */ from u') == 'SELECT "a", "b""c" FROM "__t_3" AS "u"'


def test_columns_of_subqueries_are_named_after_the_authors_text() -> None:
    assert _sql("select (select max(a) from d.p.t) from u") == (
        'SELECT (SELECT max("a") FROM "__t_1" AS "t") AS "(SELECT max(a) FROM d.p.t)" FROM "__t_3" AS "u"'
    )


def test_internal_names_may_not_look_like_ctes() -> None:
    with pytest.raises(ValueError, match="__cte_7"):
        parse_select("from u").bind({("u",): "__cte_7"})


def _references(**found: Any) -> References:
    return References(
        relations=frozenset(found.get("relations", ())),
        ctes=frozenset(found.get("ctes", ())),
        functions=frozenset(found.get("functions", ())),
        table_functions=frozenset(found.get("table_functions", ())),
        statement=found.get("statement", "select"),
    )


BOUND = Bound("…", frozenset({"__t_1"}), frozenset({"__cte_1"}))


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"relations": [("__t_1",), ("__CTE_1",)], "ctes": ["__cte_1"]},
        {"functions": ["count_star", "+", "~~", "date_trunc", "main"][:4], "table_functions": ["unnest", "range"]},
    ],
)
def test_the_second_reading_passes_what_was_put_there(found: dict[str, Any]) -> None:
    second_reading(BOUND, _references(**found))


@pytest.mark.parametrize(
    "found",
    [
        {"relations": [("__t_2",)]},
        {"relations": [("main", "__t_1")]},
        {"relations": [("information_schema", "tables")]},
        {"relations": [("x.csv",)]},
        {"ctes": ["__t_1"]},
        {"functions": ["getenv"]},
        {"functions": ["stats"]},
        {"table_functions": ["read_csv"]},
        {"table_functions": ["lower"]},
        {"statement": "insert"},
    ],
)
def test_the_second_reading_refuses_everything_else(found: dict[str, Any]) -> None:
    with pytest.raises(Denied, match="HNS-D009"):
        second_reading(BOUND, _references(**found))


SCHEMAS = {("d", "P", "t"): ["id", "a"], ("u",): ["id", "b c"]}


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select id, t.a as x, 1 as one from d.p.t", ("id", "x", "one")),
        ("from u", ("id", "b c")),
        ("select *, 1 as n from d.p.t join u using (ID)", ("id", "a", "b c", "n")),
        ("select * from d.p.t join u on true", ("id", "a", "id", "b c")),
        ("select u.*, t.* exclude (a) from d.p.t, u", ("id", "b c", "id")),
        ("select * replace (1 as a) rename (id as k) from d.p.t", ("k", "a")),
        ("select * from d.p.t semi join u using (id)", ("id", "a")),
        ("with q(x) as (select * from u) select * from q", ("x", "b c")),
        ("with q as (from u), r as (select *, 2 as z from q) from r", ("id", "b c", "z")),
        ("select * from (select a as k from d.p.t) s", ("k",)),
        ("select id from u union all select a from d.p.t", ("id",)),
        ("select id from u union all by name select id, a from d.p.t", ("id", "a")),
        ("select * from (values (1, 2)) v(x, y)", ("x", "y")),
        ("values (1, 2)", ("col0", "col1")),
        ("(select a from d.p.t order by 1 limit 2)", ("a",)),
        ("with recursive r(n) as (select 1 as k union all select n + 1 from r where n < 3) from r", ("n",)),
        ("select count(*) from u", None),
        ("select * from unknown", None),
        ("select columns('i.*') from u", None),
        ("select unnest(st) as x from u", None),
        ("select * from d.p.t natural join u", None),
        ("pivot u on id in (1) using count(*)", None),
        ("select * from (select * from d.p.t, u)", None),
        ("select * from u, unnest([1]) x", None),
    ],
)
def test_columns_are_known_where_the_text_tells_them(sql: str, names: tuple[str, ...] | None) -> None:
    assert output_columns(parse_select(sql), SCHEMAS) == names


def test_known_columns_are_those_of_the_engine(guarded: Any) -> None:
    schemas: dict[tuple[str, ...], list[str]] = {
        ("sales", "shop", "orders"): ["id", "region", "note", "email", "amount", "ssn", "st", "li"]
    }
    for sql in (
        "select * exclude (st, li) replace (1 as id) from sales.shop.orders",
        "select a.*, b.id as other from sales.shop.orders a join sales.shop.orders b using (id)",
        "select * from sales.shop.orders a left join (select id, 1 as flag from sales.shop.orders) b using (id)",
        "with q(k) as (from sales.shop.orders) select * rename (k as key) from q",
        "select id, amount from sales.shop.orders union all by name select 1 as extra, id from sales.shop.orders",
        "select * from sales.shop.orders x(one, two) anti join sales.shop.orders y on x.one = y.id + 1",
    ):
        statement = parse_select(sql)
        described = guarded.session.describe(statement.bind({("sales", "shop", "orders"): "__t_1"}).sql)
        assert output_columns(statement, schemas) == tuple(name for name, _ in described), sql


def test_small_builders_quote_everything() -> None:
    assert quote('a"b') == '"a""b"'
    assert select_star('x"y') == 'SELECT * FROM "x""y"'
    assert project("r", ["a", ("b c", 'd"')]) == (
        'SELECT "__src"."a" AS "a", "__src"."b c" AS "d""" FROM "r" AS "__src"'
    )
    assert limit('SELECT 1 AS "a"', 5) == 'SELECT * FROM (SELECT 1 AS "a") AS "__src" LIMIT 5'
    assert count("SELECT 1") == 'SELECT count(*) AS "rows" FROM (SELECT 1) AS "__src"'


def test_what_is_pivoted_keeps_the_tables_of_its_columns() -> None:
    inner = "(SELECT t.a, u.b, u.c FROM d.p.t, u)"
    quoted = '(SELECT "t"."a", "u"."b", "u"."c" FROM "__t_1" AS "t", "__t_3" AS "u")'
    assert _sql(f"PIVOT {inner} ON a IN (1) USING sum(b)") == f'PIVOT {quoted} ON "a" IN (1) USING sum("b")'
    assert quoted in _sql(f"WITH x AS (UNPIVOT {inner} ON a, b INTO NAME n VALUE v) SELECT n FROM x")
    assert quoted in _sql(f"SELECT * FROM {inner} PIVOT (sum(b) FOR a IN (1))")


def test_a_star_with_a_subquery_keeps_the_names_of_its_columns() -> None:
    for star in ("*", "t.*"):
        bound = _sql(f"SELECT {star} REPLACE ((SELECT max(b) FROM d.p.t AS x) AS a) FROM d.p.t AS t")
        assert bound.startswith("SELECT ")
        assert bound.count('AS "a") FROM "__t_1" AS "t"') == 1, bound
