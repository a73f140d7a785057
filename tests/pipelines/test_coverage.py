"""What a run builds of a window, and what it covers afterwards, without building anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.base import RunError
from hanse.pipelines.transforms.windows import MOST_RANGES, Asked, Windowing
from hanse.spec import Window
from hanse.spec.windows import Span, parse_boundary

START = datetime(2024, 1, 1)  # noqa: DTZ001 - boundaries are UTC, without mark


@dataclass
class Model:
    """A table as the cells that it holds, each with what it was built from."""

    window: Window
    cells: dict[int, str] = field(default_factory=dict)
    released: dict[str, Any] | None = None

    def run(self, last: int, content: str, code: str = "code", asked: Asked | None = None) -> Windowing:
        now = START.replace(tzinfo=UTC) + timedelta(days=last, hours=5)
        made = Windowing(self.window, "a.b.t", self.released, self.released is not None, now, asked)
        made.meet(code, content)
        if made.cells is None:
            made.settle(last)
        if made.anew:
            self.cells = {}
        assert made.cells is not None
        self.cells |= {n: content for a, b in made.cells for n in range(a, b)}
        self.released = made.covered_after()
        return made


def window(kind: str, lookback: int) -> Window:
    if kind == "keys":
        return Window("id", 0, Span(10), Span(lookback * 10), ("raw", "id"))
    return Window("day", START, Span(1, "day"), Span(lookback, "day"))


STEP = st.tuples(st.integers(0, 3), st.sampled_from("xyz"), st.integers(-1, 12), st.integers(1, 5))
STEPS = st.lists(STEP, max_size=15)


@given(st.sampled_from(["days", "keys"]), st.integers(0, 4), STEPS)
def test_any_sequence_covers_what_it_says(kind: str, lookback: int, steps: list[tuple[int, str, int, int]]) -> None:
    model = Model(window(kind, lookback))
    last = 0
    for more, content, first, length in steps:
        last += more
        if kind == "keys":
            content += str(last)  # the greatest key is a part of what is read
        if first >= 0 and first + length <= last:
            asked = Asked(model.window.at(first), model.window.at(first + length))
            made = model.run(last, content, asked=asked)
            assert made.cells == ((first, first + length),)
        else:
            before, top = dict(model.cells), max(model.cells, default=-1) + 1
            edge = model.window.reopened(top)
            made = model.run(last, content)
            assert not made.is_behind
            assert model.cells.keys() >= set(range(last))
            changed = {n for n in model.cells if model.cells[n] != before.get(n)}
            due = {n for n in range(last) if n not in before}
            due |= {n for n in before if n >= edge and before[n] != content}
            assert changed == due
            assert model.run(last, content).is_idle
        assert model.released is not None
        told = {n for a, b in model.released["built"] for n in range(_cell(model, a), _cell(model, b))}
        assert told == model.cells.keys()
        recent = {n: c for a, b, c in model.released["recent"] for n in range(_cell(model, a), _cell(model, b))}
        assert recent.items() <= model.cells.items()


def _cell(model: Model, text: str) -> int:
    return model.window.cell_of(parse_boundary(text))


def test_another_code_begins_anew_and_refuses_a_range() -> None:
    model = Model(window("days", 1))
    model.run(5, "x")
    with pytest.raises(RunError) as caught:
        model.run(5, "x", code="other", asked=Asked(START, None))
    assert caught.value.code.id == "HNS-L084"
    assert model.run(5, "x", code="other").cells == ((0, 5),)


def test_open_ends_are_those_of_the_window() -> None:
    model = Model(window("days", 0))
    model.run(9, "x")
    assert model.run(9, "y", asked=Asked(start=START + timedelta(days=6, hours=1))).cells == ((6, 9),)
    assert model.run(9, "y", asked=Asked(end=START + timedelta(days=2, hours=1))).cells == ((0, 3),)


def test_a_clock_that_was_set_back_closes_nothing_and_builds_nothing() -> None:
    model = Model(window("days", 2))
    model.run(9, "x")
    assert model.run(4, "y").is_idle
    assert model.run(9, "y").cells == ((7, 9),)


def test_too_many_ranges_are_refused() -> None:
    with pytest.raises(RunError) as caught:
        Model(window("days", 0)).run(MOST_RANGES + 1, "x")
    assert caught.value.code.id == "HNS-L085"
