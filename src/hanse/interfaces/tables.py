"""The seam to the table format: tables, snapshots, commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from hanse.base import Problem, TableName
from hanse.spec.types import DataType


@dataclass(frozen=True, slots=True)
class ColumnDraft:
    """A column that a table shall have. Ids are given by the store.

    Attributes:
        was: name of the column that this one is, under a new name; there must be one in the schema that is altered.
        new: it is none of the columns in that schema, even if one of them has its name.
        children: members of a nested column of which there is more to say than their names: ``was``, or ``new``. The
            item of a list is called ``element``, the sides of a map ``key`` and ``value``.
    """

    name: str
    type: DataType
    required: bool = False
    doc: str | None = None
    was: str | None = None
    children: tuple[ColumnDraft, ...] = ()
    new: bool = False


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column that a table has.

    Attributes:
        field_id: stable within the table for ever; a dropped column's id is never used again.
        children: struct members in order; for a list its one item; for a map key and value.
    """

    field_id: int
    name: str
    type: DataType
    required: bool = False
    children: tuple[StoredColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table's schema at one moment."""

    schema_id: int
    columns: tuple[StoredColumn, ...]


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A Parquet file that was written and is not yet visible to anybody.

    Attributes:
        path: absolute path or URL.
        rows: rows in it.
        bytes: size.
    """

    path: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One committed state of a table.

    Attributes:
        snapshot_id: given by the table format.
        schema_id: schema it was written with.
        parent_id: snapshot it replaced, None for the first.
        run_id: run that made it; empty for an outside writer's.
        rows: rows in the table.
        bytes: bytes of its data files.
        committed_at: when, by the clock of whoever committed.
    """

    table: TableName
    snapshot_id: int
    schema_id: int
    parent_id: int | None
    run_id: str
    rows: int
    bytes: int
    committed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file of a snapshot, and what is known of its values without opening it.

    The mappings are by field id, of columns and of members of structs. What is absent is unknown. Bounds may lie
    further out than the values, never further in; nulls do not count. A column that may hold NaN has none.

    Attributes:
        path: absolute path or URL.
        rows: rows in it.
        bytes: size.
        nulls: rows without a value.
        lower: Python values that no value is less than.
        upper: Python values that no value is greater than.
    """

    path: str
    rows: int
    bytes: int
    nulls: Mapping[int, int] = field(default_factory=dict)
    lower: Mapping[int, Any] = field(default_factory=dict)
    upper: Mapping[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableScan:
    """Files of one snapshot, read by field id (never by name: names come back with other meanings).

    Attributes:
        files: Parquet files, absolute paths or URLs; empty for an empty table.
        columns: the snapshot's schema.
        deletes: the snapshot holds delete files of an outside writer; ``metadata`` must be read instead of ``files``.
        metadata: the table format's own metadata document, for engines that read the format natively.
        snapshot_id: the snapshot within ``metadata``.
        file_column: name of a further column that tells the file of each row.
    """

    files: tuple[str, ...]
    columns: tuple[StoredColumn, ...]
    deletes: bool = False
    metadata: str | None = None
    snapshot_id: int | None = None
    file_column: str | None = None


@dataclass(frozen=True, slots=True)
class Replacement:
    """What one table shall hold after a commit.

    Attributes:
        table: the table.
        files: new files, under the folder of :meth:`TableStore.staging`, with the newest schema's field ids. A file
            without ids is refused (HNS-T005), whatever its columns are called: a name may have meant another column
            before. An engine that writes none has to have its files written again with ids before they come here.
        parent_id: the last released snapshot, which this one follows; a head that differs (left by a crash) is set
            back.
        properties: further notes kept with the snapshot.
        keep: paths of the parent's data files that stay, as they are. None: the new files are all that the table holds.
            ``"all"``: they are added, and the parent's files need not even be listed. Files of older schemas are read
            by field id: columns added since are null in them, so none of those may be required.
        same_rows: the rows stay what they were, only stored otherwise (compaction).
    """

    table: TableName
    files: tuple[StagedFile, ...]
    parent_id: int | None
    properties: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] | Literal["all"] = ()
    same_rows: bool = False


@dataclass(frozen=True, slots=True)
class Mending:
    """What keeps a table from being read, and what mending it does.

    Attributes:
        table: the table; None for what all tables share.
        problem: what is wrong.
        does: what was, or would be, done about it, to follow "to"; None if no copy is there to mend it from.
    """

    table: TableName | None
    problem: Problem
    does: str | None


Seen = MutableMapping[str, Problem | None]
"""What was found wrong with each file, by path; None if nothing was."""


class TableStore(Protocol):
    """Keeps tables in an open format. Nothing it does is visible to consumers: only a release is.

    Errors are :class:`~hanse.base.StorageError` (codes HNS-T…); a lost race is :class:`~hanse.base.Conflict`.
    """

    def create(self, table: TableName, columns: Sequence[ColumnDraft]) -> TableSchema:
        """Create a table, or return the schema of the one that is there with exactly these columns.

        Raises:
            StorageError: a table with other columns is there (use :meth:`alter`).
        """
        ...

    def alter(self, table: TableName, columns: Sequence[ColumnDraft], *, since: int | None = None) -> TableSchema:
        """Make the columns be exactly these, in this order; return the new schema, or the same one if nothing changed.

        A column that keeps its name, or is named by ``was``, keeps its field id if its type stays or widens: a decimal
        gets more digits before the point; a struct keeps at least one member, by the same rule; a list's item or a
        map's value widens. Any other column of an old name is dropped and gets a new id, so old values can never come
        back under it. Members of structs likewise. Old snapshots keep their own schema.

        Args:
            table: the table.
            columns: what it shall have.
            since: id of the schema that names and ``was`` mean, None (or one that the table never had) for the newest.
                Altering twice from the same one is altering once, whatever changes its names; and what another altered
                since then, and did not finish, is undone.

        Raises:
            StorageError: HNS-T004: columns that cannot be: equal names, two that were one, ``was`` of no column.
        """
        ...

    def schema(self, table: TableName) -> TableSchema | None:
        """Return the newest schema, or None when there is no such table."""
        ...

    def staging(self, table: TableName, run_id: str, part: str | None = None) -> str:
        """Return the path that a run's staged file for this table must have. Its folder exists afterwards.

        Args:
            table: the table.
            run_id: the run.
            part: tells several files of one run apart; letters, digits, ``.``, ``_`` and ``-``.
        """
        ...

    def commit(self, replacements: Sequence[Replacement], *, run_id: str) -> tuple[Snapshot, ...]:
        """Commit one snapshot for each of several tables.

        Tables that the run committed before keep that snapshot. Either all others are committed or none.

        Args:
            replacements: what each table shall hold.
            run_id: kept in the snapshots; committing again with the same run id returns the same snapshots.

        Returns:
            The snapshots, in the order of ``replacements``.

        Raises:
            Conflict: somebody else committed to one of the tables meanwhile; nothing was committed.
            StorageError: a staged file does not fit its table (HNS-T005), a file cannot be kept (HNS-T016), …
        """
        ...

    def find(self, table: TableName, run_id: str) -> Snapshot | None:
        """Return the snapshot that a run committed, if it did."""
        ...

    def scan(self, table: TableName, snapshot_id: int) -> TableScan:
        """Return the files and schema of a snapshot.

        Raises:
            StorageError: no such table or snapshot.
        """
        ...

    def files(self, table: TableName, snapshot_id: int) -> tuple[DataFile, ...]:
        """Return the data files of a snapshot with the bounds of their values.

        Raises:
            StorageError: no such table or snapshot.
        """
        ...

    def verify(
        self,
        table: TableName,
        snapshot_id: int,
        *,
        deep: bool = False,
        seen: MutableMapping[str, Problem | None] | None = None,
    ) -> tuple[Problem, ...]:
        """Look at every file that a snapshot needs and return what is missing or damaged; empty when all is well.

        Args:
            table: the table.
            snapshot_id: the snapshot.
            deep: compare every byte of the data with what was committed, not only what a look at the files' ends tells.
            seen: what was found wrong with each file, None if nothing was, by path. What stands there is not looked at
                again, what is looked at is put there: snapshots share files.

        Raises:
            StorageError: no such table or snapshot, or its metadata cannot be read.
        """
        ...

    def mend(self, wanted: Mapping[TableName, Sequence[Snapshot]], *, dry_run: bool = False) -> tuple[Mending, ...]:
        """Make tables readable again whose metadata is lost or damaged, from the copies that are there.

        Data files are not looked at, and nothing is made up: a snapshot comes back as it was released, or not at all.
        What is damaged stays beside what replaces it. Nobody else may write meanwhile.

        Args:
            wanted: tables that must be there, and for each the snapshots that releases name, first the visible one:
                without it a table is not mended.
            dry_run: only tell what would be done.

        Returns:
            One entry for each thing that is wrong; none when all is well.

        Raises:
            StorageError: the storage cannot be read or written.
        """
        ...

    def forget(self, table: TableName) -> None:
        """Forget a table and leave its files where they are, so that it can be created anew."""
        ...

    def snapshots(self, table: TableName) -> tuple[Snapshot, ...]:
        """Return all snapshots that the table still has, in the order of their commits.

        Raises:
            StorageError: no such table.
        """
        ...

    def expire(self, table: TableName, keep: Collection[int]) -> int:
        """Forget all snapshots but these and the newest one, and return how many. No file is removed by it.

        The newest snapshot stays whatever ``keep`` says: a run may have committed it that has not released it yet.
        Ids that the table does not have are ignored.

        Raises:
            Conflict: others committed to the table each time that this was tried.
            StorageError: no such table.
        """
        ...

    def garbage(self, table: TableName, *, older_than: datetime, protected: Collection[str] = ()) -> tuple[str, ...]:
        """Return the files under the table's folder that no snapshot needs.

        Args:
            table: the table.
            older_than: files changed at this time or later are left out: somebody may be about to commit them.
            protected: run ids whose staged files are left out whatever their age.

        Raises:
            StorageError: no such table, or the metadata of a snapshot cannot be read: then nothing is known to be
                garbage.
        """
        ...

    def collect(self, table: TableName, paths: Collection[str]) -> int:
        """Delete files that :meth:`garbage` named, and return how many.

        What a snapshot needs by now, or is gone, is passed over. A commit that runs beside either comes first, or finds
        its file gone and fails.

        Raises:
            StorageError: no such table, a path outside the table's folder (HNS-T017), or metadata that cannot be read.
        """
        ...

    def tables(self) -> tuple[TableName, ...]:
        """Return all tables in the store."""
        ...

    def drop(self, table: TableName) -> None:
        """Remove a table and its files. Dropping an absent table is harmless."""
        ...
