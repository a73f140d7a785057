"""What a run builds of a table that is built range by range, and what is covered afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hanse import sql
from hanse.base import RunError, digest
from hanse.pipelines.codes import BUILT_OTHERWISE, RANGE_OUTSIDE, TOO_MANY_RANGES
from hanse.pipelines.transforms.coverage import Coverage, Runs, joined, reused_coverage, union, without
from hanse.spec import Boundary, DataType, Scalar, Window

MOST_RANGES = 10_000
"""So many ranges of a table may be built in one run."""

PARAMETERS = ("window_start", "window_end")
"""By these names, a transform asks for the range that it shall build."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The range that somebody asked to have built again.

    Attributes:
        start: where it begins; None: where the window does.
        end: where it ends, excluded; None: where the window does.
    """

    start: Boundary | None = None
    end: Boundary | None = None

    @property
    def is_timed(self) -> bool:
        """Whether it is a range of times; otherwise of keys."""
        return isinstance(self.start if self.start is not None else self.end, datetime)

    def as_document(self) -> dict[str, str | None]:
        """Return it as JSON."""
        spelled = {key: None if b is None else str(b) for key, b in (("from", self.start), ("to", self.end))}
        return {key: text.removesuffix(" 00:00:00") if text else None for key, text in spelled.items()}


@dataclass(frozen=True, slots=True)
class Cell:
    """One range: the unit of building.

    Attributes:
        number: its number in the window.
        start: where it begins.
        end: where it ends, excluded.
    """

    number: int
    start: Boundary
    end: Boundary

    @property
    def part(self) -> str:
        """Its name in names of files."""
        if isinstance(self.start, int):
            return f"from{self.start}"
        return self.start.strftime("from%Y%m%dT%H%M%S")

    @property
    def edges(self) -> tuple[tuple[str, Boundary], ...]:
        """The boundaries by the names of the parameters."""
        return tuple(zip(PARAMETERS, (self.start, self.end), strict=True))

    def values(self, kind: DataType) -> dict[str, sql.Value]:
        """Return what the parameters stand for."""
        return {name: value_of(b, kind) for name, b in self.edges}


def code_of(window: Window, code: str) -> str:
    """Return a digest of what rows must have in common to stand in one table.

    Args:
        window: the table's window.
        code: digest of its transform and columns.
    """
    return digest([code, window.column, window.phase])


def cell_of(window: Window, number: int) -> Cell:
    """Return a cell of a window."""
    return Cell(number, window.at(number), window.at(number + 1))


def value_of(boundary: Boundary, kind: DataType) -> sql.Value:
    """Return a boundary as a value of a column's type."""
    if isinstance(boundary, int):
        return sql.Value(str(boundary), str(kind))
    if kind is Scalar.DATE:
        return sql.Value(boundary.date().isoformat(), str(kind))
    return sql.Value(boundary.isoformat(sep=" ") + ("+00" if kind is Scalar.TIMESTAMPTZ else ""), str(kind))


@dataclass
class Windowing:
    """One table's window in one run.

    Attributes:
        window: the window.
        table: the table, for messages.
        released: the coverage of what is visible, None if that was not built range by range.
        is_visible: whether something of the table is visible.
        now: the present, for windows over time.
        asked: the range that was asked for.
        force: everything shall be built anew.
        anew: nothing of what is visible stays.
        before: what is covered by what stays.
        cells: what to build; None: the end of the keys is not known yet.
    """

    window: Window
    table: str
    released: Mapping[str, Any] | None
    is_visible: bool
    now: datetime
    asked: Asked | None = None
    force: bool = False
    anew: bool = False
    before: Coverage | None = None
    cells: Runs | None = None
    _code: str = field(default="", repr=False)
    _content: str = field(default="", repr=False)
    _last: int = 0

    def meet(self, code: str, content: str) -> None:
        """Compare what would be built with what is visible.

        Args:
            code: digest of the transform.
            content: digest of everything that decides the rows of a range.

        Raises:
            RunError: HNS-L083 to HNS-L085.
        """
        self._code, self._content = code, content
        if not self.force:
            self.before = reused_coverage(self.window, code, self.released)
        self.anew = self.before is None
        if self.anew and self.asked is not None and self.is_visible:
            raise RunError(
                BUILT_OTHERWISE,
                f"a range of {self.table} cannot be built by itself: the rest was built otherwise",
                why="its transform, contract or window has changed since",
                fix="run it without a range: it is built anew from its start",
                subject=self.table,
            )
        if self.window.is_timed:
            self.settle(self.window.complete(self.now))
        elif not self.asked and self.before is not None and self.before.seen == content:
            self.cells = ()  # from the same, the greatest key would be the same

    def settle(self, last: int) -> None:
        """Decide what to build.

        Args:
            last: number of cells that there are.

        Raises:
            RunError: HNS-L083: the range asked for is not there. HNS-L085: there are too many.
        """
        self._last = last
        self.cells = self._wanted(last) if self.asked is not None else self._pending(self.before, last)
        count = sum(b - a for a, b in self.cells)
        if count > MOST_RANGES:
            raise RunError(
                TOO_MANY_RANGES,
                f"{self.table} would be built in {count:,} ranges of {self.window.size}",
                why=f"one run builds up to {MOST_RANGES:,}",
                fix="choose a greater `size`, or build it part by part with `--from` and `--to`",
                subject=self.table,
            )

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to build, as far as is known."""
        return self.cells == () and not self.anew

    @property
    def is_behind(self) -> bool:
        """Whether an ordinary run would find something left to build."""
        return self.cells is None or bool(self._pending(self.after, self._last))

    @property
    def told(self) -> Any:
        """What tells this run's part of the table from other parts, JSON."""
        cells = None if self.cells is None else [list(run) for run in self.cells]
        return [self._code, self._content, cells, self.asked.as_document() if self.asked else None]

    @property
    def after(self) -> Coverage:
        """What is covered when the cells are built."""
        if self.cells is None:
            raise ValueError("it is not known yet what is built")
        before = self.before or Coverage(self._code, "")
        built = union((*before.built, *self.cells))
        top = built[-1][1] if built else 0
        edge = self.window.reopened(top)
        kept = [(a, b, c) for s, e, c in before.recent for a, b in without(((s, e),), self.cells)]
        recent = [*kept, *((a, b, self._content) for a, b in self.cells)]
        clipped = sorted((max(a, edge), b, content) for a, b, content in recent if b > edge)
        # What was built of a range by itself says nothing of the end of the keys.
        seen = before.seen if self.asked is not None else self._content
        return Coverage(self._code, seen, built, joined(clipped))

    def covered_after(self) -> dict[str, Any]:
        """Return what is covered when the cells are built, as JSON."""
        return self.after.as_document(self.window)

    def _pending(self, before: Coverage | None, last: int) -> Runs:
        """Return what an ordinary run builds: what is not covered, and where late rows are looked for."""
        if before is None:
            return ((0, last),) if last else ()
        gaps = without(((0, last),), before.built) if last else ()
        top = before.top
        edge = self.window.reopened(top)
        # A clock that was set back closes nothing.
        until = min(top, last) if self.window.is_timed else top
        same = tuple((a, b) for a, b, content in before.recent if content == self._content)
        reopened = without(((edge, until),), same) if edge < until else ()
        covered = tuple((max(a, s), min(b, e)) for a, b in reopened for s, e in before.built if max(a, s) < min(b, e))
        return union((*gaps, *covered))

    def _wanted(self, last: int) -> Runs:
        assert self.asked is not None
        start, end = self.asked.start, self.asked.end
        first = 0 if start is None else self.window.cell_of(start)
        until = last if end is None else self.window.cells_before(end)
        if first < 0:
            begins = self.window.text(self.window.start)
            raise self._outside(f"the window begins at {begins}", "ask for a later range, or move the window's `start`")
        if until > last:
            ends = self.window.text(self.window.at(last))
            raise self._outside(f"what there is ends at {ends}", f"ask for a range up to {ends}")
        if first >= until:
            raise self._empty(last)
        return ((first, until),)

    def _empty(self, last: int) -> RunError:
        """Return what is wrong with a range that holds nothing, by the ends that were given."""
        assert self.asked is not None
        ends, begins = self.window.text(self.window.at(last)), self.window.text(self.window.start)
        if self.asked.end is None and not last:
            return self._outside("there is nothing yet", "run it without a range once there is something")
        if self.asked.end is None:
            return self._outside(f"what there is ends at {ends}", f"give a `--from` before {ends}")
        if self.asked.start is None:
            return self._outside(f"the window begins at {begins}", f"give a `--to` after {begins}")
        return self._outside("it is empty", "give a `--to` after `--from`")

    def _outside(self, why: str, fix: str) -> RunError:
        assert self.asked is not None
        ends = self.asked.as_document()
        what = f"from {ends['from'] or 'its start'} to {ends['to'] or 'its end'}"
        return RunError(RANGE_OUTSIDE, f"{self.table} has no range {what}", why=why, fix=fix, subject=self.table)
