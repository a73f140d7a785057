"""A table store that keeps everything but the Parquet files in memory."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import RLock

from hanse.base import Problem, StorageError, TableName
from hanse.interfaces import (
    ColumnDraft,
    Replacement,
    Snapshot,
    StagedFile,
    StoredColumn,
    TableScan,
    TableSchema,
)
from hanse.interfaces.codes import (
    BAD_FILE,
    ILLEGAL_COLUMNS,
    ILLEGAL_NOTE,
    LOST_FILE,
    OTHER_COLUMNS,
    UNKNOWN_SNAPSHOT,
    UNKNOWN_TABLE,
)
from hanse.spec.types import DataType, Decimal, List, Map, Struct

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_MAX_PRECISION = 38


@dataclass
class _Table:
    schemas: list[TableSchema]
    last_id: int
    current: int = 0
    snapshots: dict[int, tuple[Snapshot, tuple[StagedFile, ...]]] = field(default_factory=dict)

    @property
    def schema(self) -> TableSchema:
        return self.schemas[self.current]


class MemoryTables:
    """A :class:`~hanse.interfaces.TableStore` for tests of what stands above: tables in memory, files in a folder.

    Args:
        folder: where staged files go.
    """

    def __init__(self, folder: str) -> None:
        self._folder = str(Path(folder).resolve())
        self._tables: dict[TableName, _Table] = {}
        self._snapshot_ids = count(1)
        self._lock = RLock()

    def create(self, table: TableName, columns: Sequence[ColumnDraft]) -> TableSchema:
        """See :meth:`hanse.interfaces.TableStore.create`."""
        _check(columns)
        with self._lock:
            if table not in self._tables:
                ids = count(1)
                stored = tuple(_stored(draft.name, draft.type, ids, required=draft.required) for draft in columns)
                self._tables[table] = _Table([TableSchema(0, stored)], next(ids) - 1)
            schema = self._tables[table].schema
        wanted = [(draft.name, draft.type, draft.required) for draft in columns]
        if [(column.name, column.type, column.required) for column in schema.columns] != wanted:
            raise StorageError(OTHER_COLUMNS, f"{table} exists with other columns", subject=str(table))
        return schema

    def alter(self, table: TableName, columns: Sequence[ColumnDraft]) -> TableSchema:
        """See :meth:`hanse.interfaces.TableStore.alter`. Comments are not kept."""
        _check(columns)
        with self._lock:
            held = self._held(table)
            present = {column.name: column for column in held.schema.columns}
            ids = count(held.last_id + 1)
            stored = tuple(_evolved(present.get(draft.name), draft, ids) for draft in columns)
            same = next((schema for schema in held.schemas if schema.columns == stored), None)
            if same is None:
                same = TableSchema(len(held.schemas), stored)
                held.schemas.append(same)
            held.last_id = next(ids) - 1
            held.current = same.schema_id
            return same

    def schema(self, table: TableName) -> TableSchema | None:
        """See :meth:`hanse.interfaces.TableStore.schema`."""
        held = self._tables.get(table)
        return None if held is None else held.schema

    def staging(self, table: TableName, run_id: str, part: str | None = None) -> str:
        """See :meth:`hanse.interfaces.TableStore.staging`."""
        _check_run_id(run_id)
        if part is not None:
            _check_run_id(part)
        folder = self._data(table)
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / (f"{run_id}.parquet" if part is None else f"{run_id}~{part}.parquet"))

    def commit(self, replacements: Sequence[Replacement], *, run_id: str) -> tuple[Snapshot, ...]:
        """See :meth:`hanse.interfaces.TableStore.commit`."""
        _check_run_id(run_id)
        if len({replacement.table for replacement in replacements}) < len(replacements):
            raise ValueError("a table stands twice in one commit")
        with self._lock:
            for replacement in replacements:
                if self.find(replacement.table, run_id) is None:
                    self._check_replacement(replacement)
            return tuple(self._replace(replacement, run_id) for replacement in replacements)

    def find(self, table: TableName, run_id: str) -> Snapshot | None:
        """See :meth:`hanse.interfaces.TableStore.find`."""
        held = self._tables.get(table)
        snapshots = () if held is None else tuple(snapshot for snapshot, _ in held.snapshots.values())
        return next((snapshot for snapshot in snapshots if snapshot.run_id == run_id), None)

    def scan(self, table: TableName, snapshot_id: int) -> TableScan:
        """See :meth:`hanse.interfaces.TableStore.scan`."""
        held = self._held(table)
        snapshot, files = self._known(table, snapshot_id)
        columns = held.schemas[snapshot.schema_id].columns
        return TableScan(tuple(file.path for file in files), columns, snapshot_id=snapshot_id)

    def verify(self, table: TableName, snapshot_id: int) -> tuple[Problem, ...]:
        """See :meth:`hanse.interfaces.TableStore.verify`."""
        _, files = self._known(table, snapshot_id)
        lost = [file for file in files if not os.path.isfile(file.path) or os.path.getsize(file.path) != file.bytes]
        return tuple(Problem(LOST_FILE, f"`{file.path}` is lost", subject=str(table)) for file in lost)

    def tables(self) -> tuple[TableName, ...]:
        """See :meth:`hanse.interfaces.TableStore.tables`."""
        return tuple(sorted(self._tables))

    def drop(self, table: TableName) -> None:
        """See :meth:`hanse.interfaces.TableStore.drop`."""
        with self._lock:
            self._tables.pop(table, None)
            shutil.rmtree(self._data(table), ignore_errors=True)

    def _data(self, table: TableName) -> Path:
        return Path(self._folder, table.domain, table.product, table.local)

    def _held(self, table: TableName) -> _Table:
        if table not in self._tables:
            raise StorageError(UNKNOWN_TABLE, f"there is no table {table}", subject=str(table))
        return self._tables[table]

    def _known(self, table: TableName, snapshot_id: int) -> tuple[Snapshot, tuple[StagedFile, ...]]:
        known = self._held(table).snapshots.get(snapshot_id)
        if known is None:
            raise StorageError(UNKNOWN_SNAPSHOT, f"{table} has no snapshot {snapshot_id}", subject=str(table))
        return known

    def _check_replacement(self, replacement: Replacement) -> None:
        table = replacement.table
        columns = self._held(table).schema.columns
        if replacement.parent_id is not None:
            self._known(table, replacement.parent_id)
        if any(name in {"operation", "hanse.run-id"} or name.startswith("total-") for name in replacement.properties):
            raise StorageError(ILLEGAL_NOTE, "a note has a name that the store uses itself")
        if len({file.path for file in replacement.files}) < len(replacement.files):
            raise StorageError(BAD_FILE, "a staged file stands twice in one commit", subject=str(table))
        for file in replacement.files:
            fault = _fault(file, columns, self._data(table))
            if fault:
                raise StorageError(BAD_FILE, f"`{file.path}` {fault}", subject=str(table))

    def _replace(self, replacement: Replacement, run_id: str) -> Snapshot:
        found = self.find(replacement.table, run_id)
        if found is not None:
            return found
        held = self._held(replacement.table)
        files = replacement.files
        snapshot = Snapshot(
            replacement.table,
            next(self._snapshot_ids),
            held.schema.schema_id,
            replacement.parent_id,
            run_id,
            sum(file.rows for file in files),
            sum(file.bytes for file in files),
        )
        held.snapshots[snapshot.snapshot_id] = (snapshot, files)
        return snapshot


def _check_run_id(run_id: str) -> None:
    if not _RUN_ID.fullmatch(run_id):
        raise StorageError(ILLEGAL_NOTE, f"`{run_id}` is no run id")


def _check(drafts: Sequence[ColumnDraft]) -> None:
    names = [name.casefold() for draft in drafts for name in _full_names(draft.name, draft.type)]
    if not names or len(set(names)) < len(names):
        raise StorageError(ILLEGAL_COLUMNS, "a table needs columns, and they need different names")


def _full_names(name: str, kind: DataType) -> Iterator[str]:
    yield name
    impossible = isinstance(kind, Decimal) and not 0 <= kind.scale <= kind.precision <= _MAX_PRECISION
    if not name or impossible or kind == Decimal(0, 0) or kind == Struct(()):
        raise StorageError(ILLEGAL_COLUMNS, f"a column `{name}` {kind} cannot be stored")
    for child, inner in _children(kind):
        if not child:
            raise StorageError(ILLEGAL_COLUMNS, f"a member of `{name}` has no name")
        yield from _full_names(f"{name}.{child}", inner)


def _children(kind: DataType) -> tuple[tuple[str, DataType], ...]:
    match kind:
        case Struct(fields):
            return tuple((member.name, member.type) for member in fields)
        case List(item):
            return (("element", item),)
        case Map(key, value):
            return (("key", key), ("value", value))
        case _:
            return ()


def _stored(name: str, kind: DataType, ids: Iterator[int], *, required: bool) -> StoredColumn:
    field_id = next(ids)
    needed = {member.name: member.required for member in kind.fields} if isinstance(kind, Struct) else {"key": True}
    children = tuple(_stored(child, inner, ids, required=needed.get(child, False)) for child, inner in _children(kind))
    return StoredColumn(field_id, name, kind, required, children)


def _evolved(old: StoredColumn | None, draft: ColumnDraft, ids: Iterator[int]) -> StoredColumn:
    if old is not None and (old.type == draft.type or _widens(old.type, draft.type)):
        return StoredColumn(old.field_id, draft.name, draft.type, draft.required, old.children)
    return _stored(draft.name, draft.type, ids, required=draft.required)


def _widens(old: DataType, new: DataType) -> bool:
    return (
        isinstance(old, Decimal)
        and isinstance(new, Decimal)
        and old.scale == new.scale
        and old.precision <= new.precision
    )


def _fault(file: StagedFile, columns: Sequence[StoredColumn], folder: Path) -> str | None:
    """Return what keeps a staged file from being published."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from hanse.testing.parquet import arrow_schema

    if not Path(file.path).resolve().is_relative_to(folder):
        return "lies outside the staging folder"
    if not os.path.isfile(file.path) or os.path.getsize(file.path) != file.bytes:
        return "is missing or has another size"
    try:
        footer = pq.read_metadata(file.path)
        schema = footer.schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError) as error:
        return f"is no whole Parquet file: {error}"
    wanted = {field.metadata[b"PARQUET:field_id"]: field for field in arrow_schema(columns)}
    found = {(field.metadata or {}).get(b"PARQUET:field_id"): field for field in schema}
    if footer.num_rows != file.rows or found.keys() != wanted.keys() or len(found) < len(schema):
        return "has other rows or field ids"
    if any(not _equal(found[key].type, wanted[key].type) for key in wanted):
        return "has other types"
    required = [column.name for column in columns if column.required]
    if required and any(column.null_count for column in pq.read_table(file.path, columns=required).columns):
        return "has nulls in a required column"
    return None


def _equal(found: object, wanted: object) -> bool:
    """Whether two Arrow types are equal; names and nullability inside nested ones do not matter."""
    import pyarrow as pa

    assert isinstance(found, pa.DataType)
    assert isinstance(wanted, pa.DataType)
    if found.num_fields != wanted.num_fields or found.id != wanted.id:
        return False
    if not found.num_fields:
        return bool(found == wanted)
    return all(_equal(found.field(index).type, wanted.field(index).type) for index in range(found.num_fields))
