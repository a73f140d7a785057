from __future__ import annotations

from typing import Any

import pytest

from hanse.quality.notation.formats import TEXT_FORMATS
from hanse.registry.records import CheckStatus
from hanse.spec.types import Decimal, Scalar

GOOD = {
    "byte": ["", "YQ==", "YWI=", "YWJj"],
    "date": ["2013-01-31"],
    "date-time": ["2013-01-31T12:30:00Z", "2013-01-31t12:30:60.5+01:00", "2013-01-31 00:00:00-05:00"],
    "email": ["a@b", "first.last+tag@example.org", "o'neil@sub.example.org"],
    "hostname": ["localhost", "a-b.example.org", "1a"],
    "ipv4": ["0.0.0.0", "255.255.255.255", "192.168.1.1"],
    "ipv6": ["::", "::1", "1::", "2001:db8::8a2e:370:7334", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::"],
    "time": ["12:30:00Z"],
    "uri": ["https://example.org/a?b=c#d", "mailto:a@b", "urn:isbn:1"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
}
BAD = {
    "byte": ["Y", "YQ=", "YQ= ="],
    "date": ["2013-13-01", "2013-1-1", "20130101"],
    "date-time": ["2013-01-31", "2013-01-31T12:30:00", "2013-01-31T25:00:00Z"],
    "email": ["a", "@b", "a@", "a b@c", "a..b@c", "a@-b"],
    "hostname": ["", "-a", "a-", "a..b", "a_b", "x" * 64, ".".join(["x" * 60] * 5)],
    "ipv4": ["256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4\n"],
    "ipv6": [":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1%eth0", "1:2:3:4:5:6:7:8::"],
    "time": ["12:30", "24:00:00Z"],
    "uri": ["example.org", "http://a b", "://x"],
    "uuid": ["123e4567e89b12d3a456426614174000", "g23e4567-e89b-12d3-a456-426614174000"],
}


@pytest.mark.parametrize("name", sorted(TEXT_FORMATS))
def test_text_formats(laboratory: Any, words: Any, name: str) -> None:
    subject = words.table(words.column("x", Scalar.VARCHAR, limits={"format": name}))
    rows = [{"x": t} for t in [*GOOD[name], *BAD[name], None]]
    verdict = laboratory.verify(subject, rows)
    assert words.by_id(verdict)["format(x)"].error is None
    assert [r.row["x"] for r in verdict.failed_rows] == BAD[name]
    reasons = [r.reason for r in verdict.failed_rows if len(r.row["x"]) < 200]
    assert all(reason.endswith(f"not of the format {name}") for reason in reasons)


@pytest.mark.parametrize(
    ("name", "type_", "good", "bad"),
    [
        ("i8", Scalar.BIGINT, [-128, 127], [-129, 128]),
        ("u32", Scalar.BIGINT, [0, 2**32 - 1], [-1, 2**32]),
        ("u64", Scalar.BIGINT, [0, 2**63 - 1], [-1]),
        ("i16", Decimal(9, 2), [1], [40_000]),
        ("f32", Scalar.DOUBLE, [1.0, 3e38], [1e39, float("inf")]),
    ],
)
def test_number_formats(
    laboratory: Any, words: Any, name: str, type_: Any, good: list[float], bad: list[float]
) -> None:
    subject = words.table(words.column("x", type_, limits={"format": name}))
    result = laboratory.verdict(subject, [{"x": v} for v in [*good, *bad]], "format(x)")
    assert result.failed_rows == len(bad)


@pytest.mark.parametrize(
    ("name", "type_", "status"),
    [
        ("i64", Scalar.BIGINT, CheckStatus.PASSED),
        ("i128", Scalar.BIGINT, CheckStatus.PASSED),
        ("f64", Scalar.DOUBLE, CheckStatus.PASSED),
        ("yyyy-MM-dd", Scalar.DATE, CheckStatus.PASSED),
        ("password", Scalar.VARCHAR, CheckStatus.MANUAL),
        ("binary", Scalar.VARCHAR, CheckStatus.MANUAL),
        ("postcode", Scalar.VARCHAR, CheckStatus.ERROR),
        ("i7", Scalar.BIGINT, CheckStatus.ERROR),
        ("date", Scalar.BOOLEAN, CheckStatus.ERROR),
    ],
)
def test_formats_that_need_no_look(laboratory: Any, words: Any, name: str, type_: Any, status: CheckStatus) -> None:
    subject = words.table(words.column("x", type_, limits={"format": name}))
    result = laboratory.verdict(subject, [{"x": None}], "format(x)")
    assert (result.status, result.method) == (status, "none")
    assert result.message or result.error
