"""Texts and lists that a statement makes out of nothing."""

from __future__ import annotations

import pytest

from hanse.sql import parse_select


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("SELECT length(repeat('x', 3000000000))", "repeat"),
        ("SELECT 'x'.repeat(1000000)", "repeat"),
        ("SELECT \"repeat\"('x', 1000000)", "repeat"),
        ("SELECT repeat(x, 2000) FROM (SELECT repeat('x', 2000) AS x)", "repeat"),
        ("SELECT repeat('x', id) FROM t", "repeat"),
        ("SELECT rpad('x', 2000000000, 'y')", "rpad"),
        ("SELECT len(range(1000000000))", "range"),
        ("SELECT len([x FOR x IN range(1000000000)])", "range"),
        ("SELECT count(*) FROM unnest(range(id)), t", "range"),
        ("SELECT len(range(now(), now(), INTERVAL '1 microsecond'))", "range"),
        ("SELECT format('{:2000000000}', 1)", "format"),
        ("SELECT format('{:{}}', 1, 2000000000)", "format"),
        ("SELECT format(name, 1) FROM t", "format"),
        ("SELECT printf('%*d', 2000000000, 1)", "printf"),
        ("SELECT list_resize([1], 2000000000)", "list_resize"),
        ("SELECT bar(1, 0, 1, 100000)", "bar"),
    ],
)
def test_great_and_unknown_lengths_are_found(query: str, name: str) -> None:
    assert parse_select(query).inflated == name


@pytest.mark.parametrize(
    "query",
    [
        "SELECT max(lpad(id, 10, '0')) FROM t",
        "SELECT repeat('x', 100) || repeat('y', 100)",
        "SELECT count(*) FROM range(100000000)",
        "SELECT count(*) FROM generate_series(DATE '2020-01-01', current_date, INTERVAL 1 DAY)",
        "SELECT unnest(range(min(day), max(day), INTERVAL '1 day')) FROM t",
        "SELECT unnest(generate_series(min(day), max(day), INTERVAL 2 WEEKS)) FROM t",
        "SELECT len(range(0, 300, 2))",
        "SELECT format('{:>10} {}', 1, 2)",
        "SELECT bar(1, 0, 1)",
    ],
)
def test_usual_lengths_are_not(query: str) -> None:
    assert parse_select(query).inflated is None
