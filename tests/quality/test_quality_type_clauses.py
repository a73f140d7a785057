"""Clauses about a property's type: physical types, zones, members, partitions, vectors, forms of dates."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.quality import lint
from hanse.quality.notation.java_dates import java_date_regex
from hanse.registry.records import CheckStatus
from hanse.spec.types import DataType, Decimal, Field, List, Scalar, Struct

PASSED, FAILED, NOT_APPLICABLE = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("type_", "physical", "good", "bad"),
    [
        (Scalar.VARCHAR, "VARCHAR(3)", "äöü", "äöüß"),
        (Scalar.VARCHAR, "character varying(2)", "ab", "abc"),
        (Scalar.VARCHAR, "UUID", "0b5d2f5e-7a3c-4c7e-9d1a-0123456789ab", "no"),
        (Scalar.BIGINT, "INT2", 32767, 32768),
        (Scalar.BIGINT, "INT32", -(2**31), 2**31),
        (Scalar.BIGINT, "UTINYINT", 255, -1),
    ],
)
def test_physical_types_that_speak_of_values(
    laboratory: Any, words: Any, type_: DataType, physical: str, good: Any, bad: Any
) -> None:
    subject = words.table(words.column("a", type_, physical_type=physical))
    result = laboratory.verdict(subject, [{"a": good}, {"a": None}], "physicalType(a)")
    assert (result.error, result.status, result.clause) == (None, PASSED, f"physicalType(a): {physical}")
    result = laboratory.verdict(subject, [{"a": good}, {"a": bad}], "physicalType(a)")
    assert (result.status, result.failed_rows) == (FAILED, 1)


@pytest.mark.parametrize(
    ("type_", "physical", "status"),
    [
        (Decimal(18, 2), "DECIMAL(18,2)", PASSED),
        (Scalar.BIGINT, "INTEGER", PASSED),  # 38 digits in one system, 32 bits in another
        (Scalar.TIMESTAMPTZ, "TIMESTAMPTZ", PASSED),
        (Scalar.VARCHAR, "TEXT", PASSED),
        (Scalar.VARCHAR, "GEOGRAPHY", NOT_APPLICABLE),
        (Scalar.VARCHAR, "JSONB", NOT_APPLICABLE),
        (Scalar.BIGINT, "VARCHAR(3)", NOT_APPLICABLE),
        (List(Scalar.BIGINT), "ARRAY<INT>", NOT_APPLICABLE),
    ],
)
def test_physical_types_that_say_nothing_of_values(
    laboratory: Any, words: Any, type_: DataType, physical: str, status: CheckStatus
) -> None:
    subject = words.table(words.column("a", type_, physical_type=physical))
    result = laboratory.verdict(subject, [], "physicalType(a)")
    assert (result.status, result.method) == (status, "none")
    assert result.message


@pytest.mark.parametrize(
    ("type_", "zone", "status"),
    [
        (Scalar.TIMESTAMPTZ, "Etc/UTC", PASSED),
        (Scalar.TIMESTAMPTZ, "Europe/Berlin", NOT_APPLICABLE),
        (Scalar.TIMESTAMP, "UTC", NOT_APPLICABLE),
        (Scalar.TIMESTAMPTZ, "next door!", CheckStatus.ERROR),
    ],
)
def test_zones(laboratory: Any, words: Any, type_: DataType, zone: str, status: CheckStatus) -> None:
    zoned = type_ is Scalar.TIMESTAMPTZ
    subject = words.table(words.column("a", type_, limits={"timezone": zoned, "default_timezone": zone}))
    moment = datetime(2026, 1, 1, tzinfo=UTC if zoned else None)
    found = words.by_id(laboratory.verify(subject, [{"a": moment}]))
    assert (found["timezone(a)"].status, found["defaultTimezone(a)"].status) == (PASSED, status)


def test_an_object_always_has_all_its_members(laboratory: Any, words: Any) -> None:
    type_ = Struct((Field("x", Scalar.BIGINT), Field("y", Scalar.BIGINT)))
    children = (words.column("x", Scalar.BIGINT), words.column("y", Scalar.BIGINT))
    kept = words.table(words.column("a", type_, limits={"min_properties": 1, "max_properties": 2}, children=children))
    assert laboratory.verdict(kept, [], "minProperties(a)").status is PASSED
    assert laboratory.verdict(kept, [], "maxProperties(a)").status is PASSED
    for limits in ({"min_properties": 3}, {"max_properties": 1}):
        subject = words.table(words.column("a", type_, limits=limits, children=children))
        (problem,) = lint(words.contract(subject), subject)
        assert (problem.code.id, "always has 2 members" in problem.what) == ("HNS-C001", True)


def test_partition_keys_are_there_and_not_null(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("day", Scalar.DATE, partition_key_position=1))
    result = laboratory.verdict(subject, [{"day": date(2026, 1, 1)}, {"day": None}], "partitioned(day)")
    assert (result.status, result.failed_rows) == (FAILED, 1)


def vector(words: Any, **limits: Any) -> Any:
    whole = limits.get("element_type") in ("int8", "uint8", "binary")
    return words.table(words.column("v", List(Scalar.BIGINT if whole else Scalar.DOUBLE), limits=limits))


def test_every_vector_has_its_dimensions(laboratory: Any, words: Any) -> None:
    subject = vector(words, dimensions=2, min_length=2, max_length=2)
    rows = [{"v": v} for v in ([1.0, 2.0], [1.0], [1.0, 2.0, 3.0], [], None)]
    verdict = laboratory.verify(subject, rows)
    assert [r.check_id for r in verdict.results] == ["type(v)", "dimensions(v)", "elementType(v)"]
    assert (verdict.results[1].failed_rows, verdict.results[1].clause) == (3, "dimensions(v): 2")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int8", (-128, 127), (128, None)),
        ("uint8", (0, 255), (-1,)),
        ("binary", (0, 1), (2,)),
        ("float16", (65504.0,), (65505.0, math.nan, math.inf)),
        ("bfloat16", (3.3e38,), (3.4e38,)),
        ("float32", (3.4e38, 0.1), (1e39, -math.inf, None)),
        ("float64", (1e308,), (math.nan, math.inf)),
        (None, (1.0,), (1e39,)),
    ],
)
def test_elements_are_there_and_in_range(
    laboratory: Any, words: Any, kind: str | None, good: tuple[Any, ...], bad: tuple[Any, ...]
) -> None:
    subject = vector(words, dimensions=1, element_type=kind)
    rows = [{"v": [x]} for x in (*good, *bad)]
    result = laboratory.verdict(subject, rows, "elementType(v)")
    assert (result.error, result.failed_rows) == (None, len(bad))


def test_normalized_vectors_have_the_length_1(laboratory: Any, words: Any) -> None:
    subject = vector(words, dimensions=2, normalized=True)
    rows = [{"v": v} for v in ([0.6, 0.8], [0.6004, 0.8], [1.0, 1.0], [math.nan, 0.0], [], None)]
    verdict = laboratory.verify(subject, rows)
    result = words.by_id(verdict)["normalized(v)"]
    assert (result.error, result.failed_rows) == (None, 3)
    assert "v is [1.0, 1.0], whose length is not 1" in [f.reason for f in verdict.failed_rows]


def test_texts_that_are_dates(laboratory: Any, words: Any) -> None:
    subject = words.table(words.column("a", Scalar.VARCHAR, limits={"format": "dd.MM.yyyy 'um' HH:mm"}))
    rows = [{"a": a} for a in ("31.12.2026 um 23:59", "31.12.2026", "32.12.2026 um 23:59", "1.1.2026 um 00:00", None)]
    result = laboratory.verdict(subject, rows, "format(a)")
    assert (result.error, result.failed_rows) == (None, 3)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("yyyy-MM-dd", "2026-02-31", "2026-13-01"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-01-02T03:04:05.678+01:00", "2026-01-02T03:04:05.678+0100"),
        ("d/M/yy", "1/2/26", "01/02/2026"),
        ("MMM d, uuuu", "Feb 3, 2026", "feb 3, 2026"),
        ("EEEE h 'o''clock' a", "Monday 3 o'clock PM", "Monday 13 o'clock PM"),
        ("yyyyDDD", "2026366", "2026367"),
    ],
)
def test_patterns_of_dates(pattern: str, good: str, bad: str) -> None:
    regex = java_date_regex(pattern)
    assert regex is not None
    assert re.fullmatch(regex, good)
    assert not re.fullmatch(regex, bad)


@pytest.mark.parametrize("pattern", ["", "---", "postcode", "yyyy-MM-ddTHH:mm", "yyyyy", "HHH", "'yyyy"])
def test_what_is_no_pattern_of_a_date(pattern: str) -> None:
    assert java_date_regex(pattern) is None


@given(st.datetimes())
def test_every_moment_fits_its_own_writing(moment: datetime) -> None:
    for pattern, written in (
        ("yyyy-MM-dd HH:mm:ss.SSSSSS", f"{moment:%Y-%m-%d %H:%M:%S.%f}".rjust(26, "0")),
        ("dd.MM.yy", f"{moment:%d.%m.%y}"),
        ("hh:mm a, EEE d MMMM", f"{moment:%I:%M %p, %a} {moment.day} {moment:%B}"),
        ("DDD", f"{moment:%j}"),
    ):
        assert re.fullmatch(java_date_regex(pattern) or "", written), (pattern, written)
