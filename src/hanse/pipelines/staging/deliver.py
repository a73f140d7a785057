"""From a delivery to a table: which files stay, and what the new one holds.

A delivery is the result of a table's transform in one run. What it means is said by ``materialize`` in
``pipeline.yaml``. Nothing here is visible to anybody: the outcome is a staged file and a list of files that stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal

from hanse.base import TableName
from hanse.interfaces import (
    ColumnStatistics,
    DataFile,
    Session,
    StagedFile,
    StoredColumn,
    TableScan,
    TableStore,
)
from hanse.pipelines.staging.parts import stage_parts
from hanse.registry import ReleasedTable, Run
from hanse.spec import Column, Scalar, Table, TableSettings

_FILE = "__file"
HELD_ROWS = 1_000_000
"""A delivery of no more rows is held in memory without those that it marks as deleted, to be checked."""
ASKED_ONE_BY_ONE = 32
"""So many files are asked in turn whether they hold a delivered key: mostly, the first rows of one that does tell."""
LOOKED_AT_FIRST = 4096
"""Rows of a file that are looked at before all of it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The rows of one run for a table that is not simply replaced.

    Attributes:
        relation: the session's name for them.
        file: where they were staged.
        moment: when the run began: the time of the changes that a history keeps.
    """

    relation: str
    file: StagedFile
    moment: datetime


@dataclass(frozen=True, slots=True)
class Fresh:
    """Rows that a delivery brings, where they are bound, and the files that they are in, if they are in files alone."""

    relation: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a delivery makes of a table.

    Attributes:
        added: new files, none if there is nothing new to store.
        keep: files of the released snapshot that stay.
        files: all files of the table afterwards.
        rows: all its rows afterwards.
        fresh: the new rows by themselves, if the new file also holds rows that stay; None if it has to be looked at.
    """

    added: tuple[StagedFile, ...]
    keep: tuple[str, ...] | Literal["all"]
    files: tuple[str, ...]
    rows: int
    fresh: Fresh | None = None


@dataclass(frozen=True)
class Target:
    """The table that a delivery is for.

    Attributes:
        name: its address.
        table: its contract.
        settings: what a delivery means.
        columns: its columns in the table store.
        released: what is visible of it, None before its first release.
        path_of: where its new files are staged, by their numbers from 0.
    """

    name: TableName
    table: Table
    settings: TableSettings
    columns: tuple[StoredColumn, ...]
    released: ReleasedTable | None
    path_of: Callable[[int], str]

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that tell which rows of the table a delivered row is about; empty for appended ones."""
        match self.settings.materialize:
            case "merge":
                return self.table.primary_key
            case "snapshot":
                return tuple(k for k in self.table.primary_key if k != self.settings.since)
            case "partition":
                return self.settings.by or partition_keys(self.table)
            case _:
                return ()

    @property
    def delivered(self) -> tuple[str, ...]:
        """Columns of the table that a delivery brings; a history's own columns are kept by Hanse."""
        return tuple(c.name for c in self.table.columns if c.name not in _kept_by_us(self.settings))


def delivered_table(table: Table, settings: TableSettings) -> Table:
    """Return a table as its transform has to deliver it: without a history's own columns, with the mark of deletion."""
    columns = tuple(c for c in table.columns if c.name not in _kept_by_us(settings))
    if settings.deleted is not None:
        columns = (*columns, Column(settings.deleted, Scalar.BOOLEAN, "boolean"))
    return replace(table, columns=columns)


def _kept_by_us(settings: TableSettings) -> frozenset[str]:
    return frozenset({settings.since, settings.until} if settings.materialize == "snapshot" else ())


def partition_keys(table: Table) -> tuple[str, ...]:
    """Return the contract's partition keys, in their order."""
    keyed = [c for c in table.columns if c.partition_key_position]
    return tuple(c.name for c in sorted(keyed, key=lambda c: c.partition_key_position or 0))


def unchanged(store: TableStore, target: Target) -> Change:
    """Return the change that a delivery makes which the table already holds: none."""
    assert target.released is not None
    old = store.files(target.name, target.released.snapshot_id)
    return Change((), "all", tuple(f.path for f in old), sum(f.rows for f in old))


def committed_before(store: TableStore, run: Run, target: Target) -> Change | None:
    """Return the change that this run committed before its process died; its files are not to be written again."""
    snapshot = store.find(target.name, run.id) if run.fence > 1 else None
    if snapshot is None:
        return None
    now = store.files(target.name, snapshot.snapshot_id)
    before = {f.path for f in store.files(target.name, target.released.snapshot_id)} if target.released else set()
    added = tuple(StagedFile(f.path, f.rows, f.bytes) for f in now if f.path not in before)
    kept = tuple(f.path for f in now if f.path in before)
    return Change(added, kept, tuple(f.path for f in now), sum(f.rows for f in now))


def deliver(session: Session, store: TableStore, target: Target, delivery: Delivery) -> Change:
    """Stage what a delivery adds and changes.

    Args:
        session: where the delivery is bound.
        store: knows the files of the table as it is visible.
        target: the table.
        delivery: the rows; the key columns of a merge or a history hold no null and no key twice.

    Raises:
        EngineError: something cannot be read or written.
    """
    return _Delivering(session, store, target, delivery).change()


class _Delivering:
    def __init__(self, session: Session, store: TableStore, target: Target, delivery: Delivery) -> None:
        self._session, self._store, self._target, self._delivery = session, store, target, delivery
        released = target.released
        self._old: tuple[DataFile, ...] = store.files(target.name, released.snapshot_id) if released else ()
        self._relation = f"__o_{target.name.local}"
        self._names = tuple(c.name for c in target.columns)

    def change(self) -> Change:
        from hanse.sql import deliveries as builders

        way = self._target.settings.materialize
        if way == "append":
            return self._staged((), builders.arrivals(self._delivery.relation, self._names))
        if way == "snapshot":
            return self._history()
        marker = self._target.settings.deleted
        arrivals = builders.arrivals(self._delivery.relation, self._names, marker)
        keys, new = self._target.key, self._delivery.relation
        # In a partition's key, null is a value like any other; in a primary key it does not occur.
        nulls = way == "partition"
        candidates = self._candidates()
        if len(candidates) <= ASKED_ONE_BY_ONE:
            touched = self._touched_in_turn(candidates, nulls=nulls)
        else:
            select = builders.touched_files(self._relation, new, keys, _FILE, nulls=nulls)
            touched = self._touched(candidates, select)
        if touched:
            left = builders.survivors(self._relation, new, keys, self._names, nulls=nulls)
            return replace(self._staged(touched, builders.both(left, arrivals)), fresh=self._fresh(arrivals, marker))
        return self._staged(touched, arrivals)

    def _fresh(self, arrivals: str, marker: str | None) -> Fresh | None:
        """Return what is new by itself; the file that is staged holds rows that stay, too."""
        if marker is None:
            return Fresh(self._delivery.relation, (self._delivery.file.path,))
        if self._delivery.file.rows > HELD_ROWS:
            return None
        name = f"__w_{self._target.name.local}"
        self._session.hold(name, arrivals)
        return Fresh(name)

    def _history(self) -> Change:
        from hanse.sql import deliveries as builders

        settings, keys, new = self._target.settings, self._target.key, self._delivery.relation
        history = builders.History(
            settings.since, settings.until, self._delivery.moment.isoformat(sep=" "), settings.missing == "close"
        )
        compared = [c for c in self._target.delivered if c not in keys]
        # A row may end because its key was not delivered, so bounds of the delivered keys rule out no file.
        touched = self._touched(
            self._old, builders.historic_touched(self._relation, new, keys, compared, history, _FILE)
        )
        everything = None
        if self._old:
            everything = f"__a_{self._target.name.local}"
            self._session.bind(everything, self._scan(f.path for f in self._old))
        select = builders.historic_arrivals(everything, new, keys, compared, history, self._names)
        if touched:
            ended = builders.historic_rows(self._relation, new, keys, compared, history, self._names)
            select = builders.both(ended, select)
        return self._staged(touched, select)

    def _touched(self, candidates: Sequence[DataFile], select: str) -> tuple[DataFile, ...]:
        """Return the files that hold rows to be changed, and bind them."""
        if not candidates:
            return ()
        self._session.bind(self._relation, self._scan((f.path for f in candidates), with_file=True))
        found = set(self._session.fetch(select).column("file").to_pylist())
        return self._bound(tuple(f for f in candidates if f.path in found))

    def _touched_in_turn(self, candidates: Sequence[DataFile], *, nulls: bool) -> tuple[DataFile, ...]:
        """Do the same by a statement that ends with the first row that it finds, for each file."""
        from hanse.sql import deliveries as builders

        touched = []
        for file in candidates:
            self._session.bind(self._relation, self._scan((file.path,)))
            ask = partial(
                builders.touched,
                self._relation,
                self._delivery.relation,
                self._target.key,
                nulls=nulls,
                within=self._bounds(file),
            )
            # Of scattered keys some stand among the first rows; whole row groups need not be decoded to know.
            if any(self._session.fetch(ask(first=first)).num_rows for first in (LOOKED_AT_FIRST, None)):
                touched.append(file)
        return self._bound(tuple(touched))

    def _bounds(self, file: DataFile) -> dict[str, tuple[int, int]]:
        """Return the bounds of a file's key columns, of those that hold integers and no null."""
        bounds = {}
        for column in self._target.columns:
            low, high = file.lower.get(column.field_id), file.upper.get(column.field_id)
            sound = column.type is Scalar.BIGINT and file.nulls.get(column.field_id) == 0
            if column.name in self._target.key and sound and isinstance(low, int) and isinstance(high, int):
                bounds[column.name] = (low, high)
        return bounds

    def _bound(self, touched: tuple[DataFile, ...]) -> tuple[DataFile, ...]:
        if touched:
            self._session.bind(self._relation, self._scan(f.path for f in touched))
        return touched

    def _candidates(self) -> tuple[DataFile, ...]:
        """Return the files whose bounds let them hold a delivered key."""
        facts = self._session.statistics([self._delivery.file.path])
        ids = {c.name: c.field_id for c in self._target.columns}
        wanted = {ids[key]: facts[key] for key in self._target.key if key in facts}
        return tuple(f for f in self._old if _may_hold(f, wanted))

    def _scan(self, paths: Any, *, with_file: bool = False) -> TableScan:
        return TableScan(tuple(paths), self._target.columns, file_column=_FILE if with_file else None)

    def _staged(self, touched: Sequence[DataFile], select: str) -> Change:
        from hanse import sql

        have = self._session.describe(select)
        want = [(c.name, c.type) for c in self._target.columns]
        added = stage_parts(
            self._session, sql.cast_projection(select, have, want), self._target.path_of, self._target.columns
        )
        gone = {f.path for f in touched}
        kept = tuple(f for f in self._old if f.path not in gone)
        return Change(
            added=added,
            keep=tuple(f.path for f in kept) if gone else self._all,
            files=(*(f.path for f in kept), *(f.path for f in added)),
            rows=sum(f.rows for f in kept) + sum(f.rows for f in added),
        )

    @property
    def _all(self) -> tuple[str, ...] | Literal["all"]:
        return "all" if self._target.released else ()


def _may_hold(file: DataFile, wanted: Mapping[int, ColumnStatistics]) -> bool:
    """Say whether a file may hold a row whose key is within the delivered bounds."""
    for field_id, facts in wanted.items():
        lower, upper = file.lower.get(field_id), file.upper.get(field_id)
        if facts.nulls or file.nulls.get(field_id, 1) or None in (lower, upper, facts.minimum, facts.maximum):
            continue  # nulls have no bounds; what is unknown rules nothing out
        if lower > facts.maximum or upper < facts.minimum:
            return False
    return True
