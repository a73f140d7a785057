"""What lineage calls irrelevant to a column never changes it: random queries on the real engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse import sql
from hanse.base import HanseError
from hanse.sql import How, Lineage
from random_queries import TABLES, Writer

SCHEMAS: dict[tuple[str, ...], tuple[str, ...]] = {(name,): columns for name, columns in TABLES.items()}
_TYPES = {"items": "INTEGER[]", "pair": "STRUCT(x INTEGER, d INTEGER)"}
_ROWS = 6
_TRIES = 2

Data = dict[str, dict[str, list[Any]]]
seeds = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for name, columns in TABLES.items():
            types = ", ".join(f"{c} {_TYPES.get(c, 'INTEGER')}" for c in columns)
            connection.execute(f"CREATE TABLE {name} ({types})")
        yield connection


def _values(random: Random, column: str) -> list[Any]:
    def number() -> int | None:
        return random.choice([0, 1, 1, 2, 3, None])

    def value() -> Any:
        if column == "items":
            return [number() for _ in range(random.randint(0, 3))]
        return {"x": number(), "d": number()} if column == "pair" else number()

    return [value() for _ in range(_ROWS)]


def _load(engine: duckdb.DuckDBPyConnection, data: Data, only: str | None = None) -> None:
    for name in TABLES if only is None else (only,):
        engine.execute(f"DELETE FROM {name}")
        rows = list(zip(*data[name].values(), strict=True))
        places = f"({', '.join('?' * len(data[name]))})"
        engine.execute(f"INSERT INTO {name} VALUES {', '.join([places] * len(rows))}", [v for row in rows for v in row])


def _result(engine: duckdb.DuckDBPyConnection, query: str) -> tuple[list[str], list[Counter[str]]] | None:
    """Return each column's values without their order; None if the engine refuses the query or the data."""
    try:
        found = engine.execute(query)
        names, rows = [d[0] for d in found.description or ()], found.fetchall()
    except duckdb.Error:
        return None
    return names, [Counter(repr(row[place]) for row in rows) for place in range(len(names))]


def _parsed(query: str) -> sql.Statement | None:
    try:
        return sql.parse_select(query)
    except HanseError:
        return None


def _matters(lineage: Lineage, name: str) -> set[tuple[tuple[str, ...], str | None]]:
    column = lineage.find(name)
    assert column is not None, name
    return {(o.relation, o.column) for o in (*column.origins, *lineage.rows) if o.how is not How.ROWS}


def check(engine: duckdb.DuckDBPyConnection, seed: int, schemas: Mapping[tuple[str, ...], tuple[str, ...]]) -> int:
    """Try the law on one query. Returns how many pairs of a source and a result column were put to the test."""
    random = Random(seed)
    query = Writer(random).query(random.randint(0, 3)).sql
    data: Data = {name: {c: _values(random, c) for c in columns} for name, columns in TABLES.items()}
    _load(engine, data)
    before, statement = _result(engine, query), _parsed(query)
    if before is None or statement is None:
        return 0
    lineage = sql.column_lineage(statement, schemas)
    names = before[0]
    matters = {place: _matters(lineage, n) for place, n in enumerate(names) if names.count(n) == 1}
    tested = 0
    for table, column in ((t, c) for t, columns in TABLES.items() for c in columns):
        free = [p for p, origins in matters.items() if not origins & {((table,), column), ((table,), None)}]
        tested += len(free)
        for _ in range(_TRIES if free else 0):
            _load(engine, {table: data[table] | {column: _values(random, column)}}, table)
            after = _result(engine, query)
            if after is None:
                continue
            for place in free:
                assert after[1][place] == before[1][place], f"{names[place]} changed with {table}.{column} in: {query}"
        _load(engine, data, table)
    return tested


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_what_lineage_leaves_out_never_matters(engine: duckdb.DuckDBPyConnection, seed: int) -> None:
    check(engine, seed, SCHEMAS)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_nor_where_the_columns_of_a_relation_are_not_known(engine: duckdb.DuckDBPyConnection, seed: int) -> None:
    hidden = Random(seed).choice([["t"], ["u"], ["t", "u"]])
    check(engine, seed, {key: columns for key, columns in SCHEMAS.items() if key[0] not in hidden})


def test_the_law_is_put_to_the_test(engine: duckdb.DuckDBPyConnection) -> None:
    tested = [check(engine, seed, SCHEMAS) for seed in range(30)]
    assert len([t for t in tested if t]) > 10
    assert sum(tested) > 100


@pytest.mark.slow
def test_what_lineage_leaves_out_never_matters_many_times(engine: duckdb.DuckDBPyConnection) -> None:
    assert sum(check(engine, seed, SCHEMAS) for seed in range(1_000, 1_300)) > 2_000


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_a_rewritten_statement_comes_from_nothing_else(seed: int) -> None:
    random = Random(seed)
    statement = _parsed(Writer(random).query(random.randint(0, 3)).sql)
    if statement is None:
        return
    bound = statement.bind({("t",): "secret_t", ("u",): "secret_u"})
    rewritten = _parsed(bound.sql.replace('"__', '"g__'))  # generated names are not for authors
    assert rewritten is not None, bound.sql
    one = sql.column_lineage(statement, SCHEMAS)
    other = sql.column_lineage(rewritten, {("secret_t",): TABLES["t"], ("secret_u",): TABLES["u"]})
    assert one.names is None or one.names == other.names

    def plain(relation: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part.removeprefix("secret_") for part in relation)

    def rows(lineage: Lineage) -> set[Any]:
        return {(plain(o.relation), o.column, o.how) for o in lineage.rows}

    assert rows(other) <= rows(one)
    for name in one.names or ():
        mine, theirs = one.find(name), other.find(name)
        assert mine is not None
        assert theirs is not None
        assert {o._replace(relation=plain(o.relation)) for o in theirs.origins} <= set(mine.origins)
        assert theirs.unknown <= mine.unknown
