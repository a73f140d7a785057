"""Planted faults: as many rows as the test plants break a clause, no more and no fewer, and all of them are found.

The table below says by hand which values keep a clause and which break it, so the oracle is held to it as well.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.quality.plan import BIG

from .judged import PLANS, STORAGE, compare, planned
from .oracle import expectations

WHOLE = {"logicalType": "integer"}
TEXT = {"logicalType": "string"}
DOUBLE = {"logicalType": "number"}
MONEY = {"logicalType": "number", "physicalType": "DECIMAL(9,2)"}
DAY = {"logicalType": "date"}
MOMENT = {"logicalType": "timestamp"}
Case = tuple[str, dict[str, Any], list[Any], list[Any]]  # clause, property, values that keep it, values that break it


def of(about: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    return {**about, "logicalTypeOptions": {**about.get("logicalTypeOptions", {}), **options}}


def one_of(about: Mapping[str, Any], *values: Any) -> dict[str, Any]:
    return {**about, "enum": [{"value": value} for value in values]}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


COMBINED, PRECOMPOSED, GRIN = "e\u0301", "\u00e9", "\U0001f600"
LINE = {"logicalType": "object", "properties": [{"name": "n", **WHOLE}]}
CASES: list[Case] = [
    ("required(x)", {**TEXT, "required": True}, ["", "a"], [None]),
    ("enum(x)", one_of(TEXT, "a", PRECOMPOSED), ["a", PRECOMPOSED, None], ["A", "", COMBINED, "a "]),
    ("enum(x)", one_of(MONEY, 1.1, "2"), [Decimal("1.10"), Decimal("2.00")], [Decimal("1.11")]),
    ("enum(x)", one_of(MOMENT, "2026-01-01T01:00:00+01:00"), [moment("2026-01-01")], [moment("2026-01-01T01:00:00")]),
    ("minimum(x)", of(WHOLE, minimum=3), [3, 2**63 - 1, None], [2, -(2**63)]),
    ("minimum(x)", of(WHOLE, minimum=2.5), [3], [2]),
    ("exclusiveMinimum(x)", of(DOUBLE, exclusiveMinimum=0.1), [0.2, math.inf], [0.1, -math.inf, math.nan]),
    ("maximum(x)", of(DOUBLE, maximum=1), [1.0, -math.inf], [1.0000000001, math.inf, math.nan]),
    ("maximum(x)", of(MONEY, maximum=0.015), [Decimal("0.01")], [Decimal("0.02")]),
    ("exclusiveMaximum(x)", of(DAY, exclusiveMaximum="9999-12-31"), [date(1, 1, 1)], [date.max]),
    ("minimum(x)", of(DAY, minimum="2026-01-01T12:00:00"), [date(2026, 1, 2)], [date(2026, 1, 1)]),
    ("maximum(x)", of({"logicalType": "time"}, maximum="08:00:00"), [time(8)], [time(8, 0, 0, 1)]),
    ("maximum(x)", of(MOMENT, maximum="2026-01-01"), [moment("2026-01-01")], [moment("2026-01-01T00:00:00.000001")]),
    ("minimum(x)", of(WHOLE, format="u8"), [0, 255], [-1]),
    ("maximum(x)", of(WHOLE, format="u8"), [0, 255], [256]),
    ("format(x)", of(DOUBLE, format="f32"), [3.4028234663852886e38], [3.5e38, math.inf]),
    ("multipleOf(x)", of(WHOLE, multipleOf=2.5), [0, -5, 10], [1, 2]),
    ("multipleOf(x)", of(DOUBLE, multipleOf=0.1), [0.3, 7e9 / 10], [0.35, math.nan, math.inf]),
    ("multipleOf(x)", of(MONEY, multipleOf=0.05), [Decimal("-1.15")], [Decimal("1.12")]),
    ("minLength(x)", of(TEXT, minLength=2), ["ab", COMBINED, GRIN * 2], ["", PRECOMPOSED, GRIN]),
    ("maxLength(x)", of(TEXT, maxLength=1), ["", GRIN, PRECOMPOSED], [COMBINED, "ab"]),
    ("maxLength(x)", of({**TEXT, "physicalType": "BLOB"}, maxLength=1), [b"", b"\xff"], [PRECOMPOSED.encode()]),
    ("pattern(x)", of(TEXT, pattern="^[A-Z]+$"), ["A", None], ["", "a", "A\n", "Ä", "\nA"]),
    ("pattern(x)", of(TEXT, pattern="b"), ["abc"], ["", "B"]),
    ("pattern(x)", of(TEXT, pattern="^.$"), [GRIN, PRECOMPOSED], [COMBINED, "", "\n", "ab"]),
    ("format(x)", of(TEXT, format="uuid"), ["6F1e2f3a-0000-4000-8000-abcdef012345"], ["", "{6f1e2f3a}"]),
    ("format(x)", of(TEXT, format="ipv4"), ["0.0.0.0", "255.255.255.255"], ["1.2.3", "1.2.3.256", "01.2.3.4"]),
    ("format(x)", of(TEXT, format="ipv6"), ["::", "1::8", "::ffff:1.2.3.4"], [":::", "1::2::3", "12345::", "::1%eth0"]),
    ("format(x)", of(TEXT, format="date"), ["2026-01-31"], ["2026-1-31", "2026-13-01", "31.01.2026"]),
    ("format(x)", of(TEXT, format="byte"), ["", "QQ=="], ["QQ=", "Q", "Q Q="]),
    ("unique(x)", {**TEXT, "unique": True}, [None], ["twice"]),
    ("minLength(x)", of({"logicalType": "array", "items": TEXT}, minItems=1), [[None], ["a"]], [[]]),
    ("uniqueItems(x)", of({"logicalType": "array", "items": TEXT}, uniqueItems=True), [[None, None]], [["a", "a"]]),
    ("uniqueItems(x)", of({"logicalType": "array", "items": DOUBLE}, uniqueItems=True),
     [[0.0, math.nan], [None, None], [None, math.nan]], [[math.nan, 1.0, math.nan], [0.0, -0.0], [math.nan, math.nan]]),
    ("dimensions(x)", {"logicalType": "vector", "logicalTypeOptions": {"dimensions": 2}}, [[0.0, 1.0]], [[0.0]]),
    ("required(x[].n)", {"logicalType": "array", "items": of(LINE, required=["n"])},
     [[{"n": 1}], [None], []], [[{"n": 1}, {"n": None}]]),
    ("maximum(x.values[])", {"logicalType": "map", "map": {"key": TEXT, "value": of(WHOLE, maximum=1)}},
     [[("a", 1), ("b", None)]], [[("a", 1), ("b", 2)]]),
]  # fmt: skip
IDS = [f"{case[0]}-{at}" for at, case in enumerate(CASES)]


def contract(about: Mapping[str, Any]) -> dict[str, Any]:
    table = {"name": "orders", "properties": [{"name": "x", **about}]}
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "planted",
        "version": "1.0.0",
        "status": "active",
        "schema": [table],
    }


def planted(good: list[Any], bad: list[Any], number: int, times: int, order: random.Random) -> list[dict[str, Any]]:
    """Return rows of which exactly ``times`` break the clause."""
    rows = [{"x": good[at % len(good)]} for at in range(number - times)]
    rows += [{"x": bad[at % len(bad)]} for at in range(times)]
    order.shuffle(rows)
    return rows


@pytest.mark.parametrize("case", CASES, ids=IDS)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(STORAGE), st.sampled_from(PLANS), st.sampled_from([0, 2, 3, 9]), st.randoms())
def test_as_many_rows_fail_as_were_planted(
    laboratory: Any, case: Case, storage: str, plan: str, times: int, order: random.Random
) -> None:
    clause, about, good, bad = case
    rows = planted(good, bad, 20, times, order)
    document = contract(about)
    assert expectations(document, "orders", {"orders": rows})[clause].failed == times
    with planned(plan):
        compare(document, {"orders": rows}, laboratory, storage)


BIG_CASES = [4, 22, 30]


def _many() -> Iterator[Case]:
    yield from (CASES[at] for at in BIG_CASES)


@pytest.mark.slow
@pytest.mark.parametrize("case", list(_many()), ids=[IDS[at] for at in BIG_CASES])
def test_tables_beyond_the_size_from_which_samples_are_looked_at(laboratory: Any, case: Case) -> None:
    clause, about, good, bad = case
    rows = planted(good, bad, BIG + 1_000, 1_234, random.Random(1))
    document = contract(about)
    for storage in ("statistics", "no statistics"):
        compare(document, {"orders": rows}, laboratory, storage)
    assert expectations(document, "orders", {"orders": rows})[clause].failed == 1_234


@pytest.mark.parametrize("storage", STORAGE)
def test_nan_is_found_though_statistics_leave_it_out(laboratory: Any, storage: str) -> None:
    document = contract({**one_of(DOUBLE, 1.0), "unique": True, "relationships": [{"to": "others.k"}]})
    document["schema"].append({"name": "others", "properties": [{"name": "k", **DOUBLE}]})
    nan = math.nan
    for mine, theirs in (([1.0, nan, nan], [nan, 5.0]), ([1.0, 1.0, nan], [nan]), ([nan, 1.0], [1.0, 2.0])):
        tables = {"orders": [{"x": v} for v in mine], "others": [{"k": v} for v in theirs]}
        compare(document, tables, laboratory, storage)
