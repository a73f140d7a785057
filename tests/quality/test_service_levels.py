"""Service levels: what a column shows, what releases and runs show, and what nothing shows."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.base import TableName
from hanse.quality import Deliveries, Ended, checks_of, contract_checks, lint_contract, verify, verify_contract
from hanse.quality.notation.spans import after, before, span_of
from hanse.quality.records import Broken, Span
from hanse.registry.records import CheckResult, CheckStatus
from hanse.spec.contract import Contract, ServiceLevel, Table
from hanse.spec.types import Scalar

NOW = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
PASSED, FAILED, ABSENT = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_APPLICABLE


def day(number: float) -> dt.datetime:
    """A moment so many days before now."""
    return NOW - dt.timedelta(days=number)


def promising(*levels: ServiceLevel, tables: tuple[Table, ...] = (), **facts: Any) -> Contract:
    return Contract("orders", "1.0.0", "v3.2.0", "active", tables, "o.odcs.yaml", "", service_levels=levels, **facts)


def parcels(words: Any, type_: Scalar = Scalar.TIMESTAMPTZ) -> Table:
    return Table("parcels", (words.column("id", Scalar.BIGINT), words.column("left_at", type_)))


def verdict_of(
    laboratory: Any,
    words: Any,
    level: ServiceLevel,
    moments: list[Any],
    type_: Scalar = Scalar.TIMESTAMPTZ,
    **more: Any,
) -> CheckResult:
    subject = parcels(words, type_)
    relation, files = laboratory.bind(subject, [{"id": i, "left_at": m} for i, m in enumerate(moments)], **more)
    contract = promising(level, tables=(subject,))
    found = verify(
        laboratory.session,
        subject,
        contract,
        relation,
        files,
        run_id="run",
        table_name=TableName("a", "b", "parcels"),
        relations={},
        now=NOW,
    )
    return next(r for r in found.results if r.dimension in ("timeliness", "coverage"))


def level(name: str, value: Any, unit: str | None = None, element: str | None = None, **more: Any) -> ServiceLevel:
    return ServiceLevel(name, value, unit, element, **more)


# Columns


@pytest.mark.parametrize("parquet", [True, False])
@pytest.mark.parametrize("type_", [Scalar.TIMESTAMPTZ, Scalar.TIMESTAMP, Scalar.DATE])
def test_the_newest_value_must_be_young_enough(laboratory: Any, words: Any, parquet: bool, type_: Scalar) -> None:
    def value(age: float) -> Any:
        moment = day(age)
        return (
            moment.date()
            if type_ is Scalar.DATE
            else moment
            if type_ is Scalar.TIMESTAMPTZ
            else moment.replace(tzinfo=None)
        )

    promised = level("latency", 2, "d", "parcels.left_at")
    fresh = verdict_of(laboratory, words, promised, [value(9), value(1), None], type_, parquet=parquet)
    assert (fresh.status, fresh.check_id, fresh.method) == (
        PASSED,
        "latency(left_at)",
        "statistics" if parquet else "scan",
    )
    stale = verdict_of(laboratory, words, promised, [value(9), value(3)], type_, parquet=parquet)
    assert stale.status is FAILED
    assert stale.warns
    assert "must not be older than 2 d" in str(stale.message)
    assert verdict_of(laboratory, words, promised, [None], type_, parquet=parquet).status is ABSENT


def test_rows_beyond_their_retention_are_counted_and_shown(laboratory: Any, words: Any) -> None:
    moments = [dt.datetime(2023, 3, 31, 11, tzinfo=dt.UTC), dt.datetime(2023, 3, 31, 13, tzinfo=dt.UTC), None]
    found = verdict_of(laboratory, words, level("re", 3, "y", "left_at"), moments)
    assert (found.status, found.failed_rows, found.check_id) == (FAILED, 1, "retention(left_at)")
    assert verdict_of(laboratory, words, level("re", "P4Y", None, "left_at"), moments).status is PASSED


def test_distances_between_days_are_held_against_the_frequency(laboratory: Any, words: Any) -> None:
    daily = level("frequency", 1, "d", "left_at")
    assert verdict_of(laboratory, words, daily, [day(3), day(2.1), day(2.9), day(1)]).status is PASSED
    late = verdict_of(laboratory, words, daily, [day(9), day(8), day(4)])
    assert late.status is FAILED
    assert "nothing between 2026-03-23 and 2026-03-27" in str(late.message)
    assert verdict_of(laboratory, words, daily, [day(3)]).status is ABSENT
    monthly = level("frequency", 1, "mo", "left_at")
    ends = [dt.date(2026, 1, 31), dt.date(2026, 2, 28), dt.date(2026, 3, 28)]
    assert verdict_of(laboratory, words, monthly, ends, Scalar.DATE).status is PASSED


def test_completeness_is_a_share_of_rows(laboratory: Any, words: Any) -> None:
    subject = parcels(words)
    contract = promising(level("completeness", 75, "percent", "id, left_at"), tables=(subject,))
    checks = [c for c in checks_of(contract, subject) if c.kind == "completeness"]
    assert [c.id for c in checks] == ["completeness(id)", "completeness(left_at)"]
    relation, files = laboratory.bind(subject, [{"id": 1, "left_at": None}, {"id": 2, "left_at": NOW}])
    found = verify(
        laboratory.session,
        subject,
        contract,
        relation,
        files,
        run_id="run",
        table_name=TableName("a", "b", "parcels"),
        relations={},
        checks=checks,
    )
    assert [r.status for r in found.results] == [PASSED, FAILED]


def test_a_default_element_stands_in_and_several_tables_are_told_apart(words: Any) -> None:
    one, other = parcels(words), Table("returns", (words.column("back_on", Scalar.DATE),))
    contract = promising(level("latency", 1, "d"), tables=(one, other), default_element="returns.back_on")
    assert [c.id for c in checks_of(contract, other) if c.kind == "latency"] == ["latency(back_on)"]
    assert not [c for c in checks_of(contract, one) if c.kind == "latency"]
    assert not contract_checks(contract)


@pytest.mark.parametrize(
    ("promised", "told"),
    [
        (level("latency", 4, "m", "left_at"), "minutes or months"),
        (level("latency", 4, "moons", "left_at"), "moons"),
        (level("latency", "soon", "d", "left_at"), "soon"),
        (level("latency", 0, "d", "left_at"), "no time at all"),
        (level("latency", 4, None, "left_at"), "no unit"),
        (level("latency", 4, "d", "left_on"), "left_on"),
        (level("latency", 4, "d", "parcel.left_at"), "parcel"),
        (level("latency", 4, "d", "id"), "tells no time"),
        (level("availability", 101, "percent"), "between 0 and 100"),
        (level("availability", 0.99), "is no share"),
        (level("endOfLife", "one day"), "one day"),
        (level("timeOfAvailability", "noon"), "noon"),
        (level("frequency", None, "d"), "no value"),
    ],
)
def test_what_is_not_clear_is_an_error_that_says_why(words: Any, promised: ServiceLevel, told: str) -> None:
    subject = parcels(words)
    other = Table("returns", (words.column("back_on", Scalar.DATE),))
    tables = (subject, other) if promised.element == "parcel.left_at" else (subject,)
    contract = promising(promised, tables=tables)
    checks = [*contract_checks(contract), *(c for c in checks_of(contract, subject) if c.dimension == "timeliness")]
    (broken,) = [c.measure for c in checks]
    assert isinstance(broken, Broken)
    assert broken.code.id == "HNS-C016"
    assert told in broken.what


def test_a_problem_names_the_line(words: Any) -> None:
    from hanse.base import Location

    promised = level("availability", 1, "y", where=Location("o.odcs.yaml", 7, 5))
    (problem,) = lint_contract(promising(promised))
    assert str(problem.where) == "o.odcs.yaml:7:5"
    assert problem.severity.value == "warning"


# Records


def told(promised: ServiceLevel, known: Deliveries | None) -> CheckResult:
    name = TableName("a", "b", "")
    (result,) = verify_contract(promising(promised), run_id="run", name=name, now=NOW, deliveries=known)
    return result


WELL = Ended(day(9.1), day(9), True)
BADLY = Ended(day(6.1), day(6), False)


@pytest.mark.parametrize(
    ("promised", "known", "status"),
    [
        (level("frequency", 1, "d"), Deliveries(), ABSENT),
        (level("frequency", 1, "d"), Deliveries((day(2.5), day(1.6), day(0.9))), PASSED),
        (level("frequency", 1, "d"), Deliveries((day(2.5), day(1.6))), FAILED),
        (level("frequency", 1, "d"), Deliveries((day(99), day(4), day(0.5))), FAILED),
        (level("freshness", 1, "d"), Deliveries((day(3),)), FAILED),
        (level("freshness", 1, "d"), Deliveries((day(3),), confirmed=(day(0.5),)), PASSED),
        (level("latency", 1, "d"), Deliveries((day(0.1),), read=(day(4), day(3))), FAILED),
        (level("latency", 1, "d"), Deliveries((day(3),), read=(day(4), day(0.5))), PASSED),
        (level("availability", "99.9%"), Deliveries((day(3),)), PASSED),
        (level("availability", "99.9%"), Deliveries(), ABSENT),
        (level("errorRate", 50, "percent"), Deliveries(runs=(WELL, BADLY)), PASSED),
        (level("errorRate", 49, "percent"), Deliveries(runs=(WELL, BADLY)), FAILED),
        (level("errorRate", 49, "percent"), Deliveries(), ABSENT),
        (level("timeToRepair", 1, "d"), Deliveries(runs=(WELL, BADLY)), FAILED),
        (level("timeToRepair", 7, "d"), Deliveries(runs=(WELL, BADLY)), PASSED),
        (level("timeToRepair", 2, "h"), Deliveries(runs=(WELL,)), PASSED),
        (level("timeToDetect", 1, "h"), Deliveries((day(1),)), ABSENT),
        (level("throughput", 1, "h"), Deliveries((day(1),)), ABSENT),
        (level("retention", 1, "y"), Deliveries((day(1),)), ABSENT),
        (level("completeness", 99, "percent"), Deliveries((day(1),)), ABSENT),
        (level("timeOfAvailability", "09:00Z"), Deliveries((day(2), day(0.2))), PASSED),
        (level("timeOfAvailability", "09:00Z"), Deliveries((day(2), day(0.1))), FAILED),
        (level("timeOfAvailability", "15:00+01:00"), Deliveries((day(0.1),)), ABSENT),
        (level("generalAvailability", "2026-01-01"), None, PASSED),
        (level("ga", "2027-01-01"), None, ABSENT),
        (level("endOfSupport", "2027-01-01T00:00:00-08:00"), None, PASSED),
        (level("EL", "2026-03-31T11:59:59Z"), None, FAILED),
        (level("frequency", 1, "d"), None, ABSENT),
        (level("friendliness", 10), None, CheckStatus.MANUAL),
        (level("latency", 4, "d", value_ext=5), Deliveries((day(1),)), CheckStatus.MANUAL),
    ],
)
def test_what_the_registry_and_the_calendar_tell(
    promised: ServiceLevel, known: Deliveries | None, status: CheckStatus
) -> None:
    result = told(promised, known)
    assert result.status is status, result.message
    assert result.message
    assert not result.blocks


def test_a_level_blocks_only_if_it_says_so() -> None:
    from hanse.base import Severity

    assert told(level("endOfLife", "2020-01-01", severity=Severity.ERROR), None).blocks


# Lengths of time


MOMENTS = st.datetimes(timezones=st.just(dt.UTC))


@given(MOMENTS, st.integers(0, 1200), st.integers(0, 10**9))
def test_before_is_never_later_and_after_never_earlier(moment: dt.datetime, months: int, seconds: int) -> None:
    span = Span(months, seconds)
    assert before(moment, span) <= moment <= after(moment, span)


@given(st.dates(dt.date(1000, 1, 1), dt.date(9000, 1, 1)), st.integers(1, 1200))
def test_months_keep_the_day_or_take_the_last_one(day_: dt.date, months: int) -> None:
    moment = dt.datetime.combine(day_, dt.time(), dt.UTC)
    earlier = before(moment, Span(months))
    assert (moment.year * 12 + moment.month) - (earlier.year * 12 + earlier.month) == months
    assert earlier.day == day_.day or (earlier + dt.timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("value", "unit", "span"),
    [
        (1, "d", (0, 86_400)),
        (1.5, "hours", (0, 5400)),
        ("90", "min", (0, 5400)),
        (2, "Y", (24, 0)),
        (1, "q", (3, 0)),
        ("4 h", None, (0, 14_400)),
        ("P1Y2M3DT4H5M6S", None, (14, 273_906)),
        ("P2W", None, (0, 1_209_600)),
    ],
)
def test_lengths_are_read(value: Any, unit: str | None, span: tuple[int, float]) -> None:
    found = span_of(value, unit)
    assert (found.months, found.seconds) == span


@pytest.mark.parametrize(
    ("value", "unit"), [(1, "m"), (True, "d"), (-1, "d"), ("P", None), ("", None), (0.1, "y"), (1, ""), ("1e9", "y")]
)
def test_what_is_no_length_is_refused(value: Any, unit: str | None) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        span_of(value, unit)
