"""What analysts write means the same after both readings as in DuckDB itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.drivers.duckdb.references import read_references
from hanse.sql import parse_select, second_reading
from hanse.sql.functions import FUNCTIONS, OUTSIDE, TABLE_FUNCTIONS, VOLATILE
from hanse.sql.lex import _SPECIAL_SYNTAX

TABLES = """
CREATE TABLE t AS SELECT i AS id, i % 3 AS a, i * 10 AS b, CASE WHEN i % 4 = 0 THEN NULL ELSE i % 5 END AS c,
    DATE '2013-01-01' + (i * 7)::INTEGER AS d, TIMESTAMP '2013-01-01 05:00:00' + INTERVAL (i * 11) HOUR AS ts,
    'Name ' || i AS s, [i, i + 1, NULL] AS l, {'x': i, 'y': {'z': 'deep ' || i}} AS st, MAP {'k': i} AS m,
    ('{"a": {"b": ' || i || '}, "a.b": "dotted", "list": [1, 2]}')::JSON AS j, i * 1.5 AS price
FROM range(12) r(i);
CREATE TABLE u AS SELECT i AS id, i % 4 AS a, 'u' || i AS label,
    TIMESTAMP '2013-01-02 00:00:00' + INTERVAL (i) DAY AS ts
FROM range(6) r(i);
CREATE TABLE "weird ""name" AS SELECT 1 AS "select", 2 AS "x""y", 3 AS "FROM";
"""


def _features() -> list[str]:
    """One feature each, a blank line between; each gives the same rows whatever their order."""
    return Path(__file__).with_name("features.sql").read_text(encoding="utf-8").strip().split("\n\n")


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(TABLES)
        connection.execute("CREATE VIEW __t_1 AS FROM t; CREATE VIEW __t_2 AS FROM u")
        connection.execute('CREATE VIEW __t_3 AS FROM "weird ""name"')
        yield connection


NAMES: dict[tuple[str, ...], str] = {("t",): "__t_1", ("u",): "__t_2", ('weird "name',): "__t_3"}


def _bound(duck: duckdb.DuckDBPyConnection, sql: str) -> str:
    bound = parse_select(sql).bind(NAMES)
    row = duck.execute("SELECT json_serialize_sql(?)", [bound.sql]).fetchone()
    assert row is not None
    second_reading(bound, read_references(row[0]))
    return bound.sql


def _answer(duck: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[str]]:
    cursor = duck.execute(sql)
    return [column[0] for column in cursor.description], sorted(map(repr, cursor.fetchall()))


@pytest.mark.parametrize("sql", _features())
def test_a_feature_gives_the_same_rows(sql: str, duck: duckdb.DuckDBPyConnection) -> None:
    _, rows = _answer(duck, sql)
    assert _answer(duck, _bound(duck, sql))[1] == rows


# Names of columns that the author did not name come from the engine's print of the expression, and these print anew.
RENAMED = (
    "INTERVAL 14",
    "->",
    "'dow'",
    "INTERVAL 1 ",
    "(SELECT",
    "**",
    "^",
    "position(",
    "@",
    "ESCAPE",
    "!~",
    "s ~",
    "CAST",
    "substring(",
    "trim(",
    "5.",
    "try(",
    "if(",
)


@pytest.mark.parametrize("sql", [sql for sql in _features() if not any(word in sql for word in RENAMED)])
def test_a_feature_gives_the_same_column_names(sql: str, duck: duckdb.DuckDBPyConnection) -> None:
    names, _ = _answer(duck, sql)
    assert _answer(duck, _bound(duck, sql))[0] == names


def _calls(tree: Any) -> list[tuple[str, int]]:
    found = []
    if isinstance(tree, dict):
        if tree.get("class") in ("FUNCTION", "WINDOW") and tree.get("function_name"):
            found.append((tree["function_name"], len(tree["children"])))
        for value in tree.values():
            found += _calls(value)
    elif isinstance(tree, list):
        for value in tree:
            found += _calls(value)
    return found


def _parsed(duck: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = duck.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    assert row is not None
    return json.loads(row[0])


@pytest.mark.parametrize("arguments", ["a", "a, b", "a, b, 3", "a, b, 3, 'x'"])
def test_every_listed_function_is_called_by_its_own_name(arguments: str, duck: duckdb.DuckDBPyConnection) -> None:
    """The vendor's parser rewrites hundreds of them; none may reach the engine as another one."""
    for name in sorted(FUNCTIONS - _SPECIAL_SYNTAX - {"nullif", "coalesce", "ifnull"}):
        sql = f"SELECT {name}({arguments}) FROM t"
        original = _parsed(duck, sql)
        if original["error"]:  # syntax of its own, or not with so many arguments
            continue
        assert _calls(_parsed(duck, _bound(duck, sql))) == _calls(original), sql


def test_every_listed_function_exists_in_the_engine(duck: duckdb.DuckDBPyConnection) -> None:
    known = {row[0].lower() for row in duck.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    syntax = {
        "coalesce", "current_time", "current_timestamp", "date", "error", "extract", "grouping", "grouping_id", "if",
        "ifnull", "localtime", "localtimestamp", "percentile_cont", "percentile_disc", "struct_pack", "try", "trim",
        "width_bucket",
    }  # fmt: skip
    assert not FUNCTIONS - known - syntax
    assert not TABLE_FUNCTIONS - known


def test_no_listed_function_is_one_that_reaches_outside(duck: duckdb.DuckDBPyConnection) -> None:
    assert not (FUNCTIONS | TABLE_FUNCTIONS) & OUTSIDE
    rows = duck.execute("SELECT DISTINCT function_name, function_type FROM duckdb_functions()").fetchall()
    for name, kind in rows:
        outside = name.startswith(("pg_", "duckdb_", "pragma_", "has_", "__", "current_setting", "inet_", "read_"))
        if (outside and name != "pg_size_pretty") or kind == "pragma":
            assert name not in FUNCTIONS, name
            assert name not in TABLE_FUNCTIONS, name
    tables = {name for name, kind in rows if kind.startswith("table")}
    assert tables & FUNCTIONS <= TABLE_FUNCTIONS | {"repeat", "histogram"}


def test_volatile_functions_are_all_known_to_the_engine_as_such(duck: duckdb.DuckDBPyConnection) -> None:
    sql = (
        "SELECT DISTINCT function_name FROM duckdb_functions() "
        "WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')"
    )
    changing = {row[0] for row in duck.execute(sql).fetchall()}
    pure = {  # they hold state or refuse folding for other reasons
        "age", "approx_top_k", "parse_duckdb_log_message",
    }  # fmt: skip
    assert not (changing & FUNCTIONS) - VOLATILE - pure


# A small grammar of queries over t and u. Everything in it is deterministic up to the order of rows.

NUMBERS = st.sampled_from(["t.id", "t.a", "b", "c", "7", "-1", "2.5", "NULL", "length(s)", "year(d)", "(st.x)", "l[1]"])
TEXTS = st.sampled_from(["s", "'x'", "'it''s'", "upper(s)", "label", "st.y.z", "(j->>'a.b')", "left(s, 3)", "NULL"])


def _arithmetic(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, st.sampled_from(["+", "-", "*", "%", "//", "&"]), inner).map(
        lambda p: f"({p[0]})::BIGINT {p[1]} ({p[2]})::BIGINT" if p[1] in ("//", "&", "%") else f"{p[0]} {p[1]} {p[2]}"
    )
    call = st.tuples(st.sampled_from(["abs", "coalesce", "greatest", "round"]), inner).map(lambda p: f"{p[0]}({p[1]})")
    case = st.tuples(inner, inner, inner).map(lambda p: f"CASE WHEN {p[0]} > {p[1]} THEN {p[2]} ELSE {p[1]} END")
    return binary | call | case | inner.map(lambda x: f"-({x})") | inner.map(lambda x: f"({x})")


VALUES = st.recursive(NUMBERS, _arithmetic, max_leaves=5)
CONDITIONS = st.recursive(
    st.tuples(VALUES, st.sampled_from(["=", "<>", "<", ">=", "IS DISTINCT FROM"]), VALUES).map(" ".join)
    | st.tuples(TEXTS, st.sampled_from(["LIKE", "NOT LIKE", "ILIKE", "~", "!~", "GLOB", "="]), TEXTS).map(" ".join)
    | VALUES.map(lambda v: f"{v} IS NULL")
    | VALUES.map(lambda v: f"{v} IN (1, 2, 30)")
    | VALUES.map(lambda v: f"{v} NOT BETWEEN 1 AND 5")
    | st.just("EXISTS (SELECT 1 FROM u AS z WHERE z.id = t.id)"),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(" ".join)
        | inner.map(lambda c: f"NOT ({c})")
        | inner.map(lambda c: f"NOT {c}")
    ),
    max_leaves=4,
)
FROMS = st.sampled_from(
    [
        "t JOIN u ON t.id = u.id",
        "t LEFT JOIN u ON t.a = u.a AND u.id < 4",
        "t CROSS JOIN (SELECT label FROM u WHERE id = 1) u",
        "(SELECT * FROM t) t, LATERAL (SELECT label FROM u WHERE u.a = t.a) u",
        "t POSITIONAL JOIN u",
        "t ASOF JOIN u ON t.ts >= u.ts",
    ]
)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Draw a query."""
    where = draw(CONDITIONS)
    source = draw(FROMS)
    if draw(st.booleans()):
        columns = ", ".join(
            f"{v} AS v{i}" for i, v in enumerate(draw(st.lists(VALUES | TEXTS, min_size=1, max_size=3)))
        )
        extra = draw(st.sampled_from(["", ", sum(b) OVER (PARTITION BY t.a) AS w", ", count(*) OVER () AS n"]))
        body = f"SELECT {columns}{extra} FROM {source} WHERE {where}"
    else:
        key = draw(VALUES)
        body = (
            f"SELECT {key} AS k, count(*) AS n, sum(b) FILTER (WHERE {draw(CONDITIONS)}) AS f, "
            f"list(DISTINCT t.a ORDER BY t.a) AS l FROM {source} WHERE {where} GROUP BY ALL"
        )
    wrap = draw(st.integers(0, 3))
    if wrap == 1:
        return f"WITH t2 AS ({body}) FROM t2"
    if wrap == 2:
        return f"WITH u AS (SELECT * FROM u WHERE id < 5), q AS ({body}) SELECT * FROM q"
    if wrap == 3:
        return f"({body}) UNION ALL ({body})"
    return body


@settings(max_examples=150, deadline=None)
@given(sql=queries())
def test_generated_queries_give_the_same_rows(sql: str, duck: duckdb.DuckDBPyConnection) -> None:
    """L1's and L2's output answers as the author's text does in DuckDB itself, errors included."""
    try:
        expected: Any = _answer(duck, sql)[1]
    except duckdb.Error as error:
        expected = type(error)
    generated = _bound(duck, sql)
    try:
        answer: Any = _answer(duck, generated)[1]
    except duckdb.Error as error:
        answer = type(error)
    assert answer == expected, generated
