"""What ranges that were built make of a table: which files stay, and which are written anew without their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hanse import sql
from hanse.interfaces import DataFile, Session, StagedFile, TableScan, TableStore
from hanse.pipelines.staging.deliver import Change, Fresh, Target
from hanse.pipelines.transforms.windows import Cell, Windowing, value_of
from hanse.spec import Boundary, DataType
from hanse.spec.windows import boundary_of

SMALL_BYTES = 32 << 20
"""Ranges that are closed share files up to this size."""

_FILE = "__file"


@dataclass(frozen=True, slots=True)
class BuiltRange:
    """A range with rows, and the file that holds them."""

    cell: Cell
    file: StagedFile


class RangeFiles:
    """The files of one table in one run.

    Args:
        session: may read the table's files and write staged ones.
        store: knows the files of the table as it is visible.
        run_id: the run.
        target: the table.
        windowing: what was built of it.
    """

    def __init__(self, session: Session, store: TableStore, run_id: str, target: Target, windowing: Windowing) -> None:
        self._session, self._store, self._run_id, self._target = session, store, run_id, target
        self._windowing, self._window = windowing, windowing.window
        column = target.table.column(self._window.column)
        assert column is not None  # spec has looked
        self._kind: DataType = column.type
        self._name = column.name
        self._field = next(c.field_id for c in target.columns if c.name == column.name)

    def change(self, built: Sequence[BuiltRange]) -> Change:
        """Put the ranges in the place of what the table held in them."""
        store, released = self._store, self._target.released
        old = store.files(self._target.name, released.snapshot_id) if released else ()
        ranges = self._boundaries()
        gone = {f.path for f in old if _covers(ranges, f, self._field)}
        touched = self._touched([f for f in old if f.path not in gone and _meets(ranges, f, self._field)], ranges)
        new = self._joined(built)
        added = [*self._survivors(touched, ranges), *new]
        fresh = Fresh(f"__w_{self._target.name.local}", tuple(f.path for f in new))
        self._session.bind(fresh.relation, TableScan(fresh.files, self._target.columns))
        gone |= {f.path for f in touched}
        kept = [f for f in old if f.path not in gone]
        return Change(
            added=tuple(added),
            keep=tuple(f.path for f in kept) if gone else "all" if released else (),
            files=(*(f.path for f in kept), *(f.path for f in added)),
            rows=sum(f.rows for f in kept) + sum(f.rows for f in added),
            fresh=fresh,
        )

    def _boundaries(self) -> list[tuple[Boundary, Boundary]]:
        return [(self._window.at(a), self._window.at(b)) for a, b in self._windowing.cells or ()]

    def _values(self, ranges: Sequence[tuple[Boundary, Boundary]]) -> list[tuple[sql.Value, sql.Value]]:
        return [(value_of(a, self._kind), value_of(b, self._kind)) for a, b in ranges]

    def _touched(
        self, candidates: Sequence[DataFile], ranges: Sequence[tuple[Boundary, Boundary]]
    ) -> Sequence[DataFile]:
        """Return those files that do hold rows of the ranges."""
        from hanse.sql.deliveries import ranged_files

        if not candidates:
            return ()
        relation = f"__o_{self._target.name.local}"
        scan = TableScan(tuple(f.path for f in candidates), self._target.columns, file_column=_FILE)
        self._session.bind(relation, scan)
        select = ranged_files(relation, self._name, self._values(ranges), _FILE)
        found = set(self._session.fetch(select).column("file").to_pylist())
        return tuple(f for f in candidates if f.path in found)

    def _survivors(
        self, touched: Sequence[DataFile], ranges: Sequence[tuple[Boundary, Boundary]]
    ) -> Sequence[StagedFile]:
        """Write the rows that stay of the files that are touched."""
        from hanse.sql.deliveries import outside

        if not touched:
            return ()
        relation = f"__o_{self._target.name.local}"
        self._session.bind(relation, TableScan(tuple(f.path for f in touched), self._target.columns))
        select = outside(relation, self._name, self._values(ranges), [c.name for c in self._target.columns])
        return self._written(select, None)

    def _joined(self, built: Sequence[BuiltRange]) -> Sequence[StagedFile]:
        """Put small closed ranges together; those that a later run may replace keep a file of their own each."""
        edge = self._window.reopened(self._windowing.after.top)
        groups: list[list[StagedFile]] = []
        open_group = False
        for one in built:
            fits = open_group and sum(f.bytes for f in groups[-1]) + one.file.bytes <= SMALL_BYTES
            if fits and one.cell.number < edge:
                groups[-1].append(one.file)
            else:
                groups.append([one.file])
                open_group = one.cell.number < edge
        return [file for n, group in enumerate(groups) for file in self._join(group, n)]

    def _join(self, group: Sequence[StagedFile], number: int) -> Sequence[StagedFile]:
        if len(group) == 1:
            return group
        relation = f"__j_{self._target.name.local}"
        self._session.bind(relation, TableScan(tuple(f.path for f in group), self._target.columns))
        return self._written(sql.select_star(relation), f"joined{number}")

    def _written(self, select: str, part: str | None) -> Sequence[StagedFile]:
        path = self._store.staging(self._target.name, self._run_id, part)
        have = self._session.describe(select)
        want = [(c.name, c.type) for c in self._target.columns]
        file = self._session.stage(sql.cast_projection(select, have, want), path, self._target.columns)
        if file.rows:
            return [file]
        Path(file.path).unlink(missing_ok=True)
        return []


def _bounds(file: DataFile, field_id: int) -> tuple[Boundary, Boundary] | None:
    """Return between what the values of a column of a file lie, None if that is not known or some are null."""
    lower, upper = file.lower.get(field_id), file.upper.get(field_id)
    if file.nulls.get(field_id, 1) or lower is None or upper is None:
        return None
    return boundary_of(lower), boundary_of(upper)


def _covers(ranges: Sequence[tuple[Boundary, Boundary]], file: DataFile, field_id: int) -> bool:
    """Say whether all rows of a file surely lie in one of the ranges."""
    bounds = _bounds(file, field_id)
    return bounds is not None and any(is_not_after(a, bounds[0]) and not is_not_after(b, bounds[1]) for a, b in ranges)


def _meets(ranges: Sequence[tuple[Boundary, Boundary]], file: DataFile, field_id: int) -> bool:
    """Say whether a file may hold rows of the ranges."""
    bounds = _bounds(file, field_id)
    return bounds is None or any(is_not_after(a, bounds[1]) and not is_not_after(b, bounds[0]) for a, b in ranges)


def is_not_after(first: Boundary, second: object) -> bool:
    """Say whether a boundary is not after a value; they are of one kind."""
    value = boundary_of(second)
    compare: Callable[[Any], bool] = first.__le__
    return compare(value)
