"""Which cells of a window a snapshot holds: intervals of numbers of cells, and the record that a release keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hanse.spec import Window
from hanse.spec.windows import parse_boundary

Runs = tuple[tuple[int, int], ...]
"""Numbers of cells as half-open intervals, ascending, apart from each other."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which cells of a window a snapshot holds.

    Attributes:
        code: digest of the transform and the cuts: rows of another code do not go with these.
        seen: digest of what the table was last built from.
        built: the cells.
        recent: first cell, last cell (excluded) and digest of what they were built from, of those that late rows are
            looked for in.
    """

    code: str
    seen: str
    built: Runs = ()
    recent: tuple[tuple[int, int, str], ...] = ()

    @property
    def top(self) -> int:
        """The cell after the last one."""
        return self.built[-1][1] if self.built else 0

    def as_document(self, window: Window) -> dict[str, Any]:
        """Return it as JSON, in boundaries: cells are counted anew when the window's start moves."""

        def text(cell: int) -> str:
            return window.text(window.at(cell))

        return {
            "column": window.column,
            "code": self.code,
            "seen": self.seen,
            "built": [[text(a), text(b)] for a, b in self.built],
            "recent": [[text(a), text(b), content] for a, b, content in self.recent],
        }


def coverage_of(window: Window, document: Mapping[str, Any]) -> Coverage:
    """Read what :meth:`Coverage.as_document` wrote, for a window that cuts alike."""

    def cell(text: str) -> int:
        return window.cell_of(parse_boundary(text))

    return Coverage(
        document["code"],
        document["seen"],
        tuple((cell(a), cell(b)) for a, b in document["built"]),
        tuple((cell(a), cell(b), content) for a, b, content in document["recent"]),
    )


def reused_coverage(window: Window, code: str, document: Mapping[str, Any] | None) -> Coverage | None:
    """Return what stays of a table as it is visible, None if everything is built anew.

    Args:
        window: how the table is built now.
        code: what its rows must have in common, from :func:`~hanse.pipelines.transforms.windows.code_of`.
        document: what the visible release records; None: that was not built range by range.
    """
    if document is None or document["code"] != code:
        return None
    found = coverage_of(window, document)
    # What lies before a later start would not be there if all were built anew.
    return None if found.built and found.built[0][0] < 0 else found


def union(runs: Iterable[tuple[int, int]]) -> Runs:
    """Return the cells of intervals that may overlap."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(runs):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return tuple(found)


def without(runs: Runs, gone: Iterable[tuple[int, int]]) -> Runs:
    """Return the cells of intervals that lie in none of others."""
    left = list(runs)
    for start, end in gone:
        left = [piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return union(left)


def joined(segments: Iterable[tuple[int, int, str]]) -> tuple[tuple[int, int, str], ...]:
    """Return segments, ascending, with neighbours of equal content as one."""
    found: list[tuple[int, int, str]] = []
    for start, end, content in segments:
        if found and found[-1][1] == start and found[-1][2] == content:
            found[-1] = (found[-1][0], end, content)
        else:
            found.append((start, end, content))
    return tuple(found)
