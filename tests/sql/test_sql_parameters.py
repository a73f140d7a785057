"""Parameters: where they may stand, and the typed literals that take their place."""

from __future__ import annotations

import duckdb
import pytest

from hanse.base import Denied, QueryError
from hanse.sql import Value, parse_select

NAMES = ("window_start", "window_end")
VALUES = {"window_start": Value("2024-01-01", "DATE"), "window_end": Value("2024-02-01", "DATE")}


def bound(text: str) -> str:
    return parse_select(text, parameters=NAMES).bind({("t",): "t"}, values=VALUES).sql


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT $window_end - $window_start", 31),
        ("SELECT len(range($window_start,$window_end,INTERVAL '1 day'))", 31),
        ("SELECT DATE '2024-01-05' BETWEEN $Window_Start AND $WINDOW_END", True),
        ("SELECT DATE '2024-01-01' IN ($window_end,$window_start)", True),
        ("SELECT '$window_start,$window_end'", "$window_start,$window_end"),
        ("SELECT $$ $window_start $$", " $window_start "),
        ("SELECT $window_start$a$window_start$", "a"),
        ("SELECT 1 -- $window_start", 1),
        ('SELECT "$window_start" FROM (SELECT 5 AS "$window_start")', 5),
        ("WITH c AS (SELECT $window_start AS d) SELECT month(d) FROM c", 1),
        ("SELECT $window_start::VARCHAR", "2024-01-01"),
    ],
)
def test_a_parameter_is_its_value(text: str, wanted: object) -> None:
    (row,) = duckdb.sql(bound(text)).fetchall()
    assert row[0] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "SELECT $window_starts",
        "SELECT $other",
        "SELECT $1",
        "SELECT $ window_start",
        "SELECT * FROM $window_start",
        "SELECT a.$window_start FROM t AS a",
        "SELECT $window_start.a",
        "SELECT 1 AS $window_start",
        "SELECT $window_start()",
    ],
)
def test_nothing_else_is_a_parameter(text: str) -> None:
    with pytest.raises((Denied, QueryError)):
        parse_select(text, parameters=NAMES)


def test_without_names_there_are_no_parameters() -> None:
    with pytest.raises(Denied) as caught:
        parse_select("SELECT $window_start")
    assert caught.value.code.id == "HNS-D005"


def test_places_are_those_of_the_text() -> None:
    found = parse_select("SELECT 1\nWHERE 2 < $window_end\n  AND $window_start > $window_end", parameters=NAMES)
    places = [(name, where.line, where.column) for name, where in found.parameters.items()]
    assert places == [("window_end", 2, 11), ("window_start", 3, 7)]


def test_every_parameter_needs_a_value() -> None:
    with pytest.raises(ValueError, match="window_start"):
        parse_select("SELECT $window_start", parameters=NAMES).bind({})
