"""Casts to a contract's types lose nothing, and say where they would."""

from __future__ import annotations

import decimal
import math
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import QueryError
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct
from hanse.sql import cast_failures, cast_projection, row_of, same_type

BIGINT, DOUBLE, VARCHAR, BOOLEAN = Scalar.BIGINT, Scalar.DOUBLE, Scalar.VARCHAR, Scalar.BOOLEAN
DATE, TIME, TIMESTAMP, TIMESTAMPTZ, BLOB = Scalar.DATE, Scalar.TIME, Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ, Scalar.BLOB


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _have(duck: duckdb.DuckDBPyConnection, select: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in duck.execute(f"DESCRIBE {select}").fetchall()]


def _project(duck: duckdb.DuckDBPyConnection, select: str, want: list[tuple[str, DataType]]) -> list[tuple[Any, ...]]:
    projection = cast_projection(select, _have(duck, select), want)
    types = [(name, kind) for name, kind in _have(duck, projection)]
    assert [name for name, _ in types] == [name for name, _ in want]
    for (_, kind), (_, wanted) in zip(types, want, strict=True):
        assert same_type(kind, wanted)
    return duck.execute(projection).fetchall()


def _failing(duck: duckdb.DuckDBPyConnection, select: str, want: list[tuple[str, DataType]]) -> int:
    failures = cast_failures(select, _have(duck, select), want, 10)
    if failures is None:
        return 0
    [(count,)] = duck.execute(failures.count).fetchall()
    assert len(duck.execute(failures.sample).fetchall()) >= min(count, 1)
    return int(count)


# value, wanted type, whether it can be held exactly
CASES: list[tuple[str, DataType, bool]] = [
    ("1.0::DOUBLE", BIGINT, True),
    ("1.5::DOUBLE", BIGINT, False),
    ("-0.0::DOUBLE", BIGINT, True),
    ("'nan'::DOUBLE", BIGINT, False),
    ("'inf'::DOUBLE", BIGINT, False),
    ("9007199254740993::BIGINT", DOUBLE, False),
    ("9007199254740992::BIGINT", DOUBLE, True),
    ("9223372036854775807::BIGINT", DOUBLE, False),
    ("170141183460469231731687303715884105727::HUGEINT", BIGINT, False),
    ("5::HUGEINT", BIGINT, True),
    ("18446744073709551615::UBIGINT", BIGINT, False),
    ("7::UTINYINT", BIGINT, True),
    ("1.25::DECIMAL(9,2)", Decimal(9, 1), False),
    ("1.20::DECIMAL(9,2)", Decimal(9, 1), True),
    ("1.00::DECIMAL(9,2)", BIGINT, True),
    ("1.50::DECIMAL(9,2)", BIGINT, False),
    ("12345.6::DECIMAL(9,1)", Decimal(4, 1), False),
    ("0.1::DOUBLE", Decimal(9, 2), True),
    ("0.125::DOUBLE", Decimal(9, 2), False),
    ("0.1::DECIMAL(38,1)", DOUBLE, True),
    ("12345678901234567890.1::DECIMAL(38,1)", DOUBLE, False),
    ("1.5::FLOAT", DOUBLE, True),
    ("2::INTEGER", BOOLEAN, False),
    ("1::INTEGER", BOOLEAN, True),
    ("true", BIGINT, True),
    ("TIMESTAMP '2020-01-01 00:00:00'", DATE, True),
    ("TIMESTAMP '2020-01-01 10:00:00'", DATE, False),
    ("TIMESTAMPTZ '2020-01-01 10:00:00+00:00'", DATE, False),
    ("TIMESTAMP '2020-01-01 10:00:00'", TIME, False),
    ("TIMESTAMP_NS '2020-01-01 00:00:00.000000001'", TIMESTAMP, False),
    ("TIMESTAMP_NS '2020-01-01 00:00:00.000001'", TIMESTAMP, True),
    ("DATE '2020-01-01'", TIMESTAMP, True),
    ("'12'", BIGINT, True),
    ("' 12 '", BIGINT, True),
    ("'12.0'", BIGINT, True),
    ("'12.4'", BIGINT, False),
    ("'1e3'", BIGINT, True),
    ("'1.5e0'", BIGINT, False),
    ("'9007199254740993.4'", BIGINT, False),
    ("'99999999999999999999'", BIGINT, False),
    ("'abc'", BIGINT, False),
    ("''", BIGINT, False),
    ("'1.23'", Decimal(9, 2), True),
    ("'1.230'", Decimal(9, 2), True),
    ("'1.239'", Decimal(9, 2), False),
    ("'1.5e-1'", Decimal(9, 2), True),
    ("'1.5e-3'", Decimal(9, 2), False),
    ("'0.1'", DOUBLE, True),
    ("'1e400'", DOUBLE, False),
    ("'inf'", DOUBLE, True),
    ("'yes'", BOOLEAN, True),
    ("'maybe'", BOOLEAN, False),
    ("'2020-01-01'", DATE, True),
    ("'2020-01-01 00:00:00'", DATE, True),
    ("'2020-01-01 10:00:00'", DATE, False),
    ("'2020-13-01'", DATE, False),
    ("'10:00:00.123456'", TIME, True),
    ("'10:00:00.1234567'", TIME, False),
    ("'2020-01-01 10:00:00'", TIMESTAMP, True),
    ("'2020-01-01 10:00:00Z'", TIMESTAMP, True),
    ("'2020-01-01 10:00:00+02'", TIMESTAMP, False),
    ("'2020-01-01 10:00:00.1234567'", TIMESTAMP, False),
    ("'2020-01-01 10:00:00+02'", TIMESTAMPTZ, True),
    ("'junk'", TIMESTAMPTZ, False),
    ("'a'::ENUM('a', 'b')", VARCHAR, True),
    ("uuid()", VARCHAR, True),
    ("[1.5, 2.0]::DOUBLE[]", List(BIGINT), False),
    ("[1.0, NULL]::DOUBLE[]", List(BIGINT), True),
    ("[1, 2]::INTEGER[]", List(BIGINT), True),
    ("{'a': 1.5::DOUBLE}", Struct((Field("a", BIGINT),)), False),
    ("{'a': 1::INTEGER}", Struct((Field("a", BIGINT),)), True),
    ("{'a': 1, 'b': 2}", Struct((Field("a", BIGINT),)), False),
    ("MAP {'k': 1.5::DOUBLE}", Map(VARCHAR, BIGINT), False),
    ("['1', NULL, '2.0']", List(BIGINT), True),
    ("['1', 'x']", List(BIGINT), False),
    ("['3', '2.5']", List(DOUBLE), True),
    ("[]::VARCHAR[]", List(BIGINT), True),
    ("[['1'], NULL, ['1.5']]", List(List(BIGINT)), False),
    ("{'a': '1.5'}", Struct((Field("a", Decimal(9, 2)),)), True),
    ("{'a': '2020-01-01T00:00:00Z', 'c d': '3'}", Struct((Field("c d", DOUBLE), Field("A", TIMESTAMPTZ))), True),
    ("{'a': '1.555'}", Struct((Field("a", Decimal(9, 2)),)), False),
    ("{'a': NULL, 'b': NULL}", Struct((Field("a", BIGINT),)), True),
    ("{'a': ['1', '2']}", Struct((Field("a", List(DATE)),)), False),
    ("MAP {'1': '3'}", Map(BIGINT, DOUBLE), True),
    ("MAP {'1': NULL}", Map(BIGINT, DOUBLE), True),
    ("MAP {'1': 'x'}", Map(BIGINT, DOUBLE), False),
    ("MAP {'x': '1'}", Map(BIGINT, DOUBLE), False),
    ("MAP {'1': 'a', '01': 'b'}", Map(BIGINT, VARCHAR), False),
    ("'{}'::JSON", Map(VARCHAR, BIGINT), True),
    ("""'{"a": "1", "b": null}'::JSON""", Map(VARCHAR, BIGINT), True),
    ("""'{"a": "1", "a": "2"}'::JSON""", Map(VARCHAR, BIGINT), False),
    ("""'{"a": {"b": "1"}}'::JSON""", Map(VARCHAR, BIGINT), False),
    ("""'{"a": "q"}'::JSON""", Map(VARCHAR, BIGINT), False),
    ("""'["a"]'::JSON""", Map(VARCHAR, VARCHAR), False),
    ("""'"a"'::JSON""", Map(VARCHAR, VARCHAR), False),
    ("""'{"a": [{"x/~": "1"}, null]}'::JSON""", Map(VARCHAR, List(Struct((Field("x/~", BIGINT),)))), True),
    ("""'{"a": [{"x/~": ["1"]}]}'::JSON""", Map(VARCHAR, List(Struct((Field("x/~", List(DATE)),)))), False),
    ("""'{"a": [{"y": "1"}]}'::JSON""", Map(VARCHAR, List(Struct((Field("x", BIGINT),)))), False),
    ("""'["1", "1.5"]'::JSON""", List(BIGINT), False),
    ("NULL", BIGINT, True),
    ("NULL::VARCHAR", DATE, True),
]


@pytest.mark.parametrize(("value", "wanted", "exact"), CASES)
def test_a_value_is_cast_exactly_or_not_at_all(
    value: str, wanted: DataType, exact: bool, duck: duckdb.DuckDBPyConnection
) -> None:
    # A table, so that nothing is folded before it runs.
    duck.execute(f"CREATE OR REPLACE TEMP TABLE src AS SELECT {value} AS v")
    select = "SELECT v FROM src"
    want: list[tuple[str, DataType]] = [("v", wanted)]
    assert _failing(duck, select, want) == (0 if exact else 1)
    if exact:
        [(found,)] = _project(duck, select, want)
        assert (found is None) == value.startswith("NULL")
    else:
        with pytest.raises(duckdb.Error):
            _project(duck, select, want)


def test_failures_are_sampled_and_counted_by_row_and_by_column(duck: duckdb.DuckDBPyConnection) -> None:
    select = (
        'SELECT i AS id, i + 0.5 * (i % 2) AS half, CASE WHEN i < 3 THEN \'x\' || i ELSE i::VARCHAR END AS "te""xt", '
        "CASE WHEN i = 1 THEN 'nan'::DOUBLE END AS f FROM range(10) t(i)"
    )
    want: list[tuple[str, DataType]] = [("id", BIGINT), ("half", BIGINT), ('te"xt', BIGINT), ("f", DOUBLE)]
    failures = cast_failures(select, _have(duck, select), want, 2)
    assert failures is not None
    assert duck.execute(failures.count).fetchall() == [(7,)]
    assert [row[0] for row in duck.execute(failures.sound).fetchall()] == [4, 6, 8]
    counts = duck.execute(failures.by_column)
    assert [c[0] for c in counts.description] == ["half", 'te"xt']
    assert counts.fetchall() == [(5, 3)]
    sample = duck.execute(failures.sample).to_arrow_table().to_pylist()
    assert [(r["column_name"], r["value_text"], r["type_text"]) for r in sample] == [
        ('te"xt', "x0", "BIGINT"),
        ("half", "1.5", "BIGINT"),
        ('te"xt', "x1", "BIGINT"),
    ]
    assert row_of(sample[0]) == {"id": 0, "half": 0.0, 'te"xt': "x0", "f": None}
    assert row_of(sample[1])["f"] == "NaN"


def test_no_statement_is_made_where_no_cast_can_fail() -> None:
    have = [("a", "INTEGER"), ("b", "BIGINT"), ("c", "DATE"), ("d", "DECIMAL(4,1)"), ("e", "BLOB"), ("f", "FLOAT")]
    want: list[tuple[str, DataType]] = [
        ("a", BIGINT), ("b", BIGINT), ("c", TIMESTAMPTZ), ("d", Decimal(9, 2)), ("e", VARCHAR), ("f", DOUBLE),
    ]  # fmt: skip
    assert cast_failures("SELECT 1", have, want, 5) is None


def test_equal_types_are_not_cast_and_columns_come_in_the_order_wanted(duck: duckdb.DuckDBPyConnection) -> None:
    select = "SELECT 1::BIGINT AS a, 'x' AS \"B\", 3 AS unused, {'n': 1::BIGINT} AS s"
    want: list[tuple[str, DataType]] = [("b", VARCHAR), ("a", BIGINT), ("s", Struct((Field("n", BIGINT),)))]
    projection = cast_projection(select, _have(duck, select), want)
    assert "CAST" not in projection.replace(select, "")
    assert _project(duck, select, want) == [("x", 1, {"n": 1})]


def test_columns_that_are_missing_or_there_twice_are_named() -> None:
    with pytest.raises(QueryError, match="HNS-Q005") as caught:
        cast_projection("SELECT 1", [("custmer", "BIGINT")], [("customer", BIGINT)])
    assert caught.value.problem.fix == "did you mean `custmer`?"
    with pytest.raises(QueryError, match="2 times"):
        cast_failures("SELECT 1", [("a", "BIGINT"), ("A", "BIGINT")], [("a", BIGINT)], 1)


def test_types_are_compared_by_meaning() -> None:
    assert same_type('STRUCT(a BIGINT, "b c" VARCHAR)', Struct((Field("a", BIGINT), Field("b c", VARCHAR))))
    assert same_type("DECIMAL(9,2)", Decimal(9, 2))
    assert same_type("TIMESTAMP WITH TIME ZONE", TIMESTAMPTZ)
    assert not same_type("INTEGER", BIGINT)
    assert not same_type("TIMESTAMP", TIMESTAMPTZ)
    assert not same_type("STRUCT(a INTEGER)", Struct((Field("a", BIGINT),)))


NUMBERS = (
    st.floats(allow_nan=True) | st.integers(-(2**63), 2**63 - 1).map(float) | st.sampled_from([0.5, 1e15, 2.0**53])
)


@settings(max_examples=100, deadline=None)
@given(value=NUMBERS)
def test_doubles_become_integers_only_when_they_are(value: float, duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute("CREATE OR REPLACE TEMP TABLE src AS SELECT ?::DOUBLE AS v", [value])
    whole = math.isfinite(value) and value == int(value) and -(2**63) <= int(value) < 2**63
    assert (_failing(duck, "SELECT v FROM src", [("v", BIGINT)]) == 0) == whole
    if whole:
        assert _project(duck, "SELECT v FROM src", [("v", BIGINT)]) == [(int(value),)]


TEXT_NUMBERS = st.decimals(-(10**8), 10**8, places=4).map(str) | st.from_regex(
    r"[+-]?[0-9]{1,6}(\.[0-9]{0,4})?", fullmatch=True
)


@settings(max_examples=100, deadline=None)
@given(text=TEXT_NUMBERS, scale=st.integers(0, 3))
def test_texts_become_decimals_only_with_all_their_digits(
    text: str, scale: int, duck: duckdb.DuckDBPyConnection
) -> None:
    duck.execute("CREATE OR REPLACE TEMP TABLE src AS SELECT ?::VARCHAR AS v", [text])
    value = decimal.Decimal(text)
    exact = value == value.quantize(decimal.Decimal(1).scaleb(-scale))
    want: list[tuple[str, DataType]] = [("v", Decimal(18, scale))]
    assert (_failing(duck, "SELECT v FROM src", want) == 0) == exact
    if exact:
        assert _project(duck, "SELECT v FROM src", want) == [(value,)]
