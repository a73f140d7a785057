"""Where columns come from, case by case."""

from __future__ import annotations

import pytest

from hanse import sql
from hanse.sql import How, Lineage, Origin

Schemas = dict[tuple[str, ...], tuple[str, ...]]
SCHEMAS: Schemas = {("t",): ("a", "b", "c", "l", "s"), ("u",): ("k", "a", "w")}


def lineage(query: str, schemas: Schemas = SCHEMAS) -> Lineage:
    return sql.column_lineage(sql.parse_select(query), schemas)


def words(origins: tuple[Origin, ...]) -> str:
    return " ".join(f"{'.'.join(o.relation)}.{o.column}:{o.how}" for o in origins if o.how is not How.ROWS)


def column(query: str, name: str = "x") -> str:
    found = lineage(query).find(name)
    assert found is not None
    assert not found.unknown
    return words(found.origins)


def rows(query: str) -> str:
    found = lineage(query)
    assert not found.unknown
    return words(found.rows)


@pytest.mark.parametrize(
    ("query", "origins"),
    [
        ("SELECT a AS x FROM t", "t.a:direct"),
        ("FROM t SELECT x: a + b", "t.a:derived t.b:derived"),
        ("SELECT sum(a) AS x FROM t", "t.a:aggregated"),
        ("SELECT CAST(a AS VARCHAR) AS x FROM t", "t.a:derived"),
        ("SELECT count(*) AS x FROM t", ""),
        ("SELECT a + 1 AS y, y * b AS x FROM t", "t.a:derived t.b:derived"),
        ("SELECT a + 1 AS b, b AS x FROM t", "t.b:direct"),
        ("SELECT sum(a) FILTER (WHERE b > 1) AS x FROM t", "t.a:aggregated t.b:filter"),
        ("SELECT list(a ORDER BY b) AS x FROM t", "t.a:aggregated t.b:order"),
        ("SELECT lag(a) OVER (PARTITION BY b ORDER BY c) AS x FROM t", "t.a:aggregated t.b:window t.c:window"),
        ("SELECT sum(a) OVER w AS x FROM t WINDOW v AS (PARTITION BY b), w AS (v ORDER BY c)",
         "t.a:aggregated t.b:window t.c:window"),
        ("SELECT (SELECT max(w) FROM u WHERE u.k = t.a) AS x FROM t", "t.a:filter u.k:filter u.w:aggregated"),
        ("SELECT EXISTS (SELECT w FROM u WHERE k = t.b) AS x FROM t", "t.b:filter u.k:filter"),
        ("SELECT b IN (SELECT w FROM u) AS x FROM t", "t.b:derived u.w:derived"),
        ("SELECT s.f.g AS x FROM t", "t.s:derived"),
        ("SELECT t.s.f AS x FROM t", "t.s:derived"),
        ("SELECT t AS x FROM t", "t.a:derived t.b:derived t.c:derived t.l:derived t.s:derived"),
        ("SELECT list_transform(l, lambda a: a + b) AS x FROM t", "t.b:derived t.l:derived"),
        ("SELECT [a + b FOR a IN l] AS x FROM t", "t.b:derived t.l:derived"),
        ("SELECT {'a': b} AS x FROM t", "t.b:derived"),
        ("SELECT MAP {a: b} AS x FROM t", "t.a:derived t.b:derived"),
        ("SELECT y AS x FROM t, unnest(t.l) AS n(y)", "t.l:derived"),
        ("SELECT unnest(l) AS x FROM t", "t.l:derived"),
        ("SELECT x FROM t, LATERAL (SELECT t.a + u.w AS x FROM u)", "t.a:derived u.w:derived"),
        ("SELECT x FROM t, (SELECT b + w AS x FROM u)", "t.b:derived u.w:derived"),
        ("SELECT x FROM (SELECT * EXCLUDE (a) REPLACE (c AS b) RENAME (b AS x) FROM t)", "t.c:direct"),
        ("SELECT COLUMNS('^(a|b)$') + k AS x FROM t, (SELECT k FROM u)",
         "t.a:derived t.b:derived t.c:derived t.l:derived t.s:derived u.k:derived"),
        ("SELECT x_1 AS x FROM (SELECT a AS x, b AS x FROM t)", "t.b:direct"),
        ("SELECT a AS x FROM t LEFT JOIN u USING (a)", "t.a:direct"),
        ("SELECT a AS x FROM t FULL JOIN u USING (a)", "t.a:direct u.a:direct"),
        ("SELECT a AS x FROM t UNION ALL SELECT w * 2 FROM u", "t.a:direct u.w:derived"),
        ("SELECT a AS x FROM t UNION BY NAME SELECT w AS y, k AS x FROM u", "t.a:direct u.k:direct"),
        ("SELECT a AS x FROM t EXCEPT SELECT w FROM u", "t.a:direct"),
        ("WITH t AS (SELECT w AS a FROM u) SELECT a AS x FROM t", "u.w:direct"),
        ("WITH RECURSIVE r(x, y) AS (SELECT a, b FROM t UNION ALL SELECT y, x + 1 FROM r WHERE x < 3) SELECT x FROM r",
         "t.a:derived t.b:derived"),
        ("SELECT x FROM (VALUES (1)) AS v(x), t", ""),
        ("SELECT current_date AS x FROM t", ""),
    ],
)  # fmt: skip
def test_values(query: str, origins: str) -> None:
    assert column(query) == origins


@pytest.mark.parametrize(
    ("query", "origins"),
    [
        ("SELECT a FROM t WHERE b > 1", "t.b:filter"),
        ("SELECT a AS z FROM t WHERE z > 1", "t.a:filter"),
        ("SELECT a FROM t JOIN u ON t.b = u.k", "t.b:join u.k:join"),
        ("SELECT b FROM t NATURAL JOIN u", "t.a:join u.a:join"),
        ("SELECT b FROM t SEMI JOIN u ON t.b = u.k", "t.b:join u.k:join"),
        ("SELECT a, sum(b) FROM t GROUP BY 1", "t.a:group"),
        ("SELECT a, sum(b) FROM t GROUP BY ALL", "t.a:group"),
        ("SELECT a + b AS z, count(*) FROM t GROUP BY z", "t.a:group t.b:group"),
        ("SELECT count(*) FROM t GROUP BY GROUPING SETS ((a), (b, c))", "t.a:group t.b:group t.c:group"),
        ("SELECT a FROM t GROUP BY a HAVING sum(b) > 1", "t.a:group t.b:filter"),
        ("SELECT DISTINCT a, b FROM t", "t.a:group t.b:group"),
        ("SELECT DISTINCT ON (a) b FROM t ORDER BY c", "t.a:group t.c:order"),
        ("SELECT DISTINCT ON (a) t.* REPLACE (b AS a) FROM t", "t.a:group t.b:group"),
        ("SELECT a, b FROM t ORDER BY 2 LIMIT 1", "t.b:order"),
        ("SELECT a FROM t ORDER BY ALL LIMIT 1", "t.a:order"),
        ("(SELECT a FROM t) ORDER BY b LIMIT 1", "t.b:order"),
        ("SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY b ORDER BY c) = 1", "t.b:filter t.c:filter"),
        ("SELECT a FROM t WHERE EXISTS (FROM u WHERE k = b)", "t.b:filter u.k:filter"),
        ("SELECT a FROM t, unnest(l) AS n(y)", "t.l:unnest"),
        ("SELECT a, unnest(l) AS y FROM t", "t.l:unnest"),
        ("SELECT a FROM t UNION SELECT w FROM u", "t.a:group u.w:group"),
        ("SELECT a FROM t INTERSECT ALL SELECT w FROM u", "t.a:filter u.w:filter"),
        ("PIVOT (SELECT a, b, c FROM t) ON b IN (1) USING sum(c)", "t.a:group t.b:filter t.c:filter"),
    ],
)
def test_rows(query: str, origins: str) -> None:
    assert rows(query) == origins


def test_every_relation_lends_its_rows() -> None:
    found = lineage("SELECT count(*) AS n FROM t WHERE a > (SELECT count(*) FROM u)")
    assert {o.relation for o in found.rows if o.how is How.ROWS} == {("t",), ("u",)}


def test_relations_of_unknown_columns_are_asked_by_name() -> None:
    found = lineage("SELECT * EXCLUDE (z), y + 1 AS v FROM f", {})
    assert found.names is None
    x, v = found.find("x"), found.find("v")
    assert x is not None
    assert v is not None
    assert words(x.origins) == "f.x:direct"
    assert words(v.origins) == "f.y:derived"
    assert found.find("z") is None


def test_full_names_and_letters_of_any_case() -> None:
    found = lineage('SELECT D.P."T".Amount AS x FROM d.p.t', {("d", "p", "t"): ("AMOUNT",)}).find("X")
    assert found is not None
    assert found.origins == (Origin(("d", "p", "t"), "AMOUNT", How.DIRECT),)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nothing AS x FROM t",
        "SELECT * FROM f UNION ALL SELECT * FROM g",
        "SELECT x FROM (SELECT * FROM f) AS q(x)",
    ],
)
def test_what_cannot_be_resolved_is_unknown_and_comes_from_everything(query: str) -> None:
    found = lineage(query).find("x")
    assert found is not None
    assert found.unknown
    assert found.origins


def test_what_is_nested_too_deeply_is_unknown() -> None:
    query = "SELECT a AS x FROM t"
    for _ in range(95):
        query = f"SELECT x FROM ({query})"
    found = lineage(query).find("x")
    assert found is not None
    assert found.unknown or words(found.origins) == "t.a:direct"
    assert {o.relation for o in found.origins} == {("t",)}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT * EXCLUDE (b) FROM t", "b"),
        ("SELECT * RENAME (b AS z) FROM t", "b"),
        ("SELECT a FROM (SELECT a, b FROM t)", "a b"),
        ("WITH r AS (SELECT a, c AS b FROM t) SELECT sum(a) AS x FROM r", "a c"),
        ("SELECT count(b) AS x FROM t WHERE EXISTS (SELECT c FROM u WHERE k = 1)", "b c k"),
        ("SELECT * FROM t", ""),
    ],
)
def test_what_is_named_is_kept_though_nothing_comes_from_it(query: str, names: str) -> None:
    assert sorted(column for _, column in lineage(query).named) == names.split()
