"""Hundreds of attempts to see what was not granted. None may succeed, whoever stops it.

``attempts.json`` holds them by kind, each with who ends it: ``denied`` by the readings, ``engine`` when it fails in the
locked engine, ``ran`` when it is harmless and gives rows. A change of that word is a change of what is allowed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hanse.base import HanseError
from hanse.sql import parse_select

ATTEMPTS: dict[str, list[dict[str, str]]] = json.loads(
    Path(__file__).with_name("attempts.json").read_text(encoding="utf-8")
)
CASES = [(kind, attempt["sql"], attempt["end"]) for kind, attempts in ATTEMPTS.items() for attempt in attempts]
CANARIES = ("CANARY", "root:x:", "PATH=", "memory_limit")


def _filled(sql: str, root: Path) -> str:
    for name, folder in {"{outside}": root / "outside", "{inside}": root / "inside", "{root}": root}.items():
        sql = sql.replace(name, str(folder))
    return sql


def _seen(text: str, sql: str) -> list[str]:
    """Return canaries in what a reader sees, apart from those that the author wrote."""
    return [canary for canary in CANARIES if canary in text.replace(sql, "") and canary not in sql]


@pytest.mark.parametrize(("kind", "sql", "end"), CASES, ids=[f"{n}" for n in range(len(CASES))])
def test_no_attempt_sees_anything(kind: str, sql: str, end: str, guarded: Any) -> None:
    text = _filled(sql, guarded.root)
    ended, seen = guarded.answer(text)
    assert not _seen(seen, text), kind
    assert ended == end, seen
    assert sorted(p.name for p in (guarded.root / "outside").iterdir()) == ["secret.csv", "secret.txt"]


@pytest.mark.parametrize(("kind", "sql"), [case[:2] for case in CASES], ids=[f"{n}" for n in range(len(CASES))])
def test_the_second_reading_and_the_locked_engine_hold_alone(kind: str, sql: str, guarded: Any) -> None:
    text = _filled(sql, guarded.root)
    _, seen = guarded.answer_unread(text)
    assert not _seen(seen, text), kind
    assert sorted(p.name for p in (guarded.root / "outside").iterdir()) == ["secret.csv", "secret.txt"]


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from range(100000000000) t",
        "select repeat('x', 10000000000)",
        "with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r",
        "select list(range) from range(3000000000)",
        "select count(*) from range(10000000) a, range(10000000) b where a.range % 3 = b.range",
        "select count(*) from sales.shop.orders where " + " or ".join(f"id = {i} + id" for i in range(900)),
    ],
)
def test_exhaustion_ends_at_the_limits(sql: str, guarded: Any) -> None:
    ended, seen = guarded.answer(sql)
    assert ended in ("engine", "ran")
    assert ended == "ran" or "HNS-E" in seen
    assert guarded.answer("select 1 as one") == ("ran", "[{'one': 1}]")


@pytest.mark.parametrize(
    "sql",
    [
        "select " + "(" * 3000 + "1" + ")" * 3000,
        "select " + "lower(" * 3000 + "'x'" + ")" * 3000,
        "select " + "case when " * 3000 + "true" + " then 1 end" * 3000,
        "select " + "not " * 30000 + "true",
        "select " + "- " * 30000 + "1",
        "select " + "[" * 3000 + "]" * 3000,
        "select * from " + "(select * from " * 3000 + "t" + ")" * 3000,
        "select * from a " + "join a " * 20000 + "on true " * 20000,
        "select " + "+".join(["1"] * 20000),
        "select 1 where " + " or ".join(["a = 1"] * 20000),
        " union all ".join(["select 1"] * 40000),
        "select " + "x -> " * 5000 + "1",
        "select 1 " + "x" * 200_000,
        "with " + ", ".join(f"c{i} as (select 1)" for i in range(30_000)) + " select 1",
        "select a" + ".b" * 40_000,
        "select a" + "[1]" * 5_000 + " from t",
        "select a" + ".lower()" * 500 + " from t",
        "select a" + "[1].b.lower()" * 200 + " from t",
        "select " + ", ".join(["a" + "[1]" * 60] * 100) + " from t",
        "select 1" + "::int" * 5_000,
        "select a" + " is null" * 5_000 + " from t",
    ],
    ids=range(21),
)
def test_texts_made_to_exhaust_the_parser_end_in_a_code(sql: str) -> None:
    with pytest.raises(HanseError, match=r"HNS-[DQ]"):
        parse_select(sql).bind({})
