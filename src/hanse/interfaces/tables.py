"""The seam to the table format: tables, snapshots, commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hanse.base import Problem, TableName
from hanse.spec.types import DataType


@dataclass(frozen=True, slots=True)
class ColumnDraft:
    """A column that a table shall have. Ids are given by the store."""

    name: str
    type: DataType
    required: bool = False
    doc: str | None = None


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
        run_id: run that made it.
        rows: rows in the table.
        bytes: bytes of its data files.
    """

    table: TableName
    snapshot_id: int
    schema_id: int
    parent_id: int | None
    run_id: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class TableScan:
    """Files of one snapshot, read by field id (never by name: names come back with other meanings).

    Attributes:
        files: Parquet files, absolute paths or URLs; empty for an empty table.
        columns: the snapshot's schema.
        deletes: the snapshot holds delete files of an outside writer; ``metadata`` must be read instead of ``files``.
        metadata: the table format's own metadata document, for engines that read the format natively.
        snapshot_id: the snapshot within ``metadata``.
    """

    files: tuple[str, ...]
    columns: tuple[StoredColumn, ...]
    deletes: bool = False
    metadata: str | None = None
    snapshot_id: int | None = None


@dataclass(frozen=True, slots=True)
class Replacement:
    """What one table shall hold after a commit; the arguments of :meth:`TableStore.replace`."""

    table: TableName
    files: tuple[StagedFile, ...]
    parent_id: int | None
    properties: Mapping[str, str] = field(default_factory=dict)


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

    def alter(self, table: TableName, columns: Sequence[ColumnDraft]) -> TableSchema:
        """Make the columns be exactly these, in this order; return the new schema, or the same one if nothing changed.

        Columns of equal name and equal or widened type keep their field id; any other column of an old name is dropped
        and gets a new id, so old values can never come back under it. Old snapshots keep their own schema.
        """
        ...

    def schema(self, table: TableName) -> TableSchema | None:
        """Return the newest schema, or None when there is no such table."""
        ...

    def staging(self, table: TableName, run_id: str) -> str:
        """Return the path that a run's staged file for this table must have. Its folder exists afterwards."""
        ...

    def replace(
        self,
        table: TableName,
        files: Sequence[StagedFile],
        *,
        parent_id: int | None,
        run_id: str,
        properties: Mapping[str, str] | None = None,
    ) -> Snapshot:
        """Commit one snapshot that holds exactly these files.

        Args:
            table: the table.
            files: staged files under :meth:`staging`'s folder, written with the newest schema's field ids.
            parent_id: the last released snapshot; a head that differs (left by a crash) is set back first.
            run_id: kept in the snapshot; committing again with the same run id returns the same snapshot.
            properties: further notes kept with the snapshot.

        Raises:
            Conflict: somebody else committed meanwhile.
        """
        ...

    def replace_many(self, replacements: Sequence[Replacement], *, run_id: str) -> tuple[Snapshot, ...]:
        """Commit one snapshot for each of several tables, as :meth:`replace` does, cheaper than one by one.

        Tables that the run committed before keep that snapshot. Either all others are committed or none.

        Returns:
            The snapshots, in the order of ``replacements``.

        Raises:
            Conflict: somebody else committed to one of the tables meanwhile; nothing was committed.
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

    def verify(self, table: TableName, snapshot_id: int) -> tuple[Problem, ...]:
        """Look at every file that a snapshot needs and return what is missing or damaged; empty when all is well.

        Raises:
            StorageError: no such table or snapshot, or its metadata cannot be read.
        """
        ...

    def tables(self) -> tuple[TableName, ...]:
        """Return all tables in the store."""
        ...

    def drop(self, table: TableName) -> None:
        """Remove a table and its files. Dropping an absent table is harmless."""
        ...
