"""Windows: how they are read, and how they cut a column into cells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.base import Problem
from hanse.spec.document import read_document
from hanse.spec.pipeline_file import read_pipeline
from hanse.spec.variables import Expansion
from hanse.spec.windows import Span, Window, as_document, from_document, parse_boundary

UNITS = ("minute", "hour", "day", "week", "month", "year")
STARTS = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(lambda t: t.replace(day=min(t.day, 28)))  # noqa: DTZ001
WINDOWS = st.one_of(
    st.builds(
        lambda start, size, unit, back, back_unit: Window("c", start, Span(size, unit), Span(back, back_unit)),
        STARTS,
        st.integers(1, 40),
        st.sampled_from(UNITS),
        st.integers(0, 40),
        st.sampled_from(UNITS),
    ),
    st.builds(
        lambda start, size, back: Window("c", start, Span(size), Span(back), ("raw", "id")),
        st.integers(-(10**6), 10**6),
        st.integers(1, 10**6),
        st.integers(0, 10**6),
    ),
)


@given(WINDOWS, st.integers(-20, 100))
def test_a_boundary_begins_its_cell_and_ends_the_one_before(window: Window, number: int) -> None:
    at = window.at(number)
    just_before: Any = at - 1 if isinstance(at, int) else at - timedelta(microseconds=1)
    assert window.cell_of(at) == number
    assert window.cell_of(just_before) == number - 1
    assert window.cells_before(at) == max(number, 0)
    assert window.cells_before(at + (at - just_before)) == max(number + 1, 0)
    assert parse_boundary(window.text(at)) == at


@given(WINDOWS, st.integers(0, 100))
def test_looking_back_reaches_as_far_as_it_says_and_at_most_one_cell_further(window: Window, top: int) -> None:
    first = window.reopened(top)
    assert 0 <= first <= top
    if window.is_timed:
        assert (first == top) is (window.lookback.number == 0 or top == 0)
    else:
        assert first < top or top == 0  # the last cell of keys is never closed
        if first > 0:
            assert window.at(first) <= window.at(top) - 1 - window.lookback.number < window.at(first + 1)  # type: ignore[operator]


@given(WINDOWS, st.integers(-5, 50))
def test_windows_that_cut_alike_have_one_phase(window: Window, cells: int) -> None:
    moved = Window(window.column, window.at(cells), window.size, window.lookback, window.until)
    assert moved.phase == window.phase
    off: Any = window.start + 1 if isinstance(window.start, int) else window.start + timedelta(seconds=1)
    assert (window.size.number == 1 and not window.is_timed) or (
        Window(window.column, off, window.size, window.lookback).phase != window.phase
    )


@given(WINDOWS)
def test_a_window_survives_the_cache(window: Window) -> None:
    assert from_document(as_document(window)) == window


def test_only_what_has_passed_is_complete() -> None:
    window = Window("c", datetime(2024, 1, 31), Span(1, "day"), Span(0, "day"))  # noqa: DTZ001
    assert window.complete(datetime(2024, 1, 30, tzinfo=UTC)) == 0
    assert window.complete(datetime(2024, 1, 31, 23, 59, tzinfo=UTC)) == 0
    assert window.complete(datetime(2024, 2, 1, tzinfo=UTC)) == 1


def read(window: str) -> tuple[Window | None, tuple[Problem, ...]]:
    text = f"apiVersion: hanse/v1\nkind: Pipeline\ninputs: {{}}\ntables:\n  t:\n    window:\n{window}"
    reading = read_pipeline(read_document(text.encode(), "pipeline.yaml"), (), ".", Expansion({}))
    window_ = reading.pipeline.tables["t"].window if reading.pipeline else None
    return window_, tuple(reading.problems)


def lines(**keys: str) -> str:
    return "".join(f"      {key}: {value}\n" for key, value in keys.items())


DAYS = {"column": "day", "start": "2024-01-01", "size": "1 day"}
KEYS = {"column": "id", "start": "0", "size": "100000", "until": "a.raw.id"}


def test_windows_are_read() -> None:
    first = datetime(2024, 1, 1)  # noqa: DTZ001
    assert read(lines(**DAYS)) == (Window("day", first, Span(1, "day"), Span(0, "day")), ())
    weeks = DAYS | {"start": "2024-01-01T00:00:00Z", "size": "2 weeks", "lookback": "36 hours"}
    assert read(lines(**weeks)) == (Window("day", first, Span(2, "week"), Span(36, "hour")), ())
    keys = Window("id", 0, Span(100_000), Span(0), ("a", "raw", "id"))
    assert read(lines(**KEYS)) == (keys, ())


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        (DAYS | {"start": "soon"}, "start"),
        (DAYS | {"start": "2024-01-01T00:00:00+02:00"}, "start"),
        (DAYS | {"start": "2024-01-31", "size": "1 month"}, "start"),
        (DAYS | {"size": "0 days"}, "size"),
        (DAYS | {"size": "1"}, "size"),
        (DAYS | {"size": "1 fortnight"}, "size"),
        (DAYS | {"lookback": "3"}, "lookback"),
        (DAYS | {"until": "raw.day"}, "until"),
        (KEYS | {"size": "1 day"}, "size"),
        (KEYS | {"size": "0"}, "size"),
        (KEYS | {"lookback": "-1"}, "lookback"),
        (KEYS | {"until": "id"}, "until"),
        ({k: v for k, v in KEYS.items() if k != "until"}, None),
        (DAYS | {"colour": "red"}, "colour"),
        ({k: v for k, v in DAYS.items() if k != "size"}, None),
    ],
)
def test_what_is_wrong_with_a_window_is_told_with_its_line(keys: dict[str, str], key: str | None) -> None:
    _, problems = read(lines(**keys))
    assert len(problems) == 1
    where = problems[0].where
    assert where is not None
    if key is not None:
        assert where.line == 7 + list(keys).index(key)
