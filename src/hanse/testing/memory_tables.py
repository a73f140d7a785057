"""A table store that keeps everything but the Parquet files in memory."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import RLock

from hanse.base import Problem, StorageError, TableName
from hanse.interfaces import (
    ColumnDraft,
    DataFile,
    Mending,
    Replacement,
    Snapshot,
    StagedFile,
    StoredColumn,
    TableScan,
    TableSchema,
)
from hanse.interfaces.codes import (
    BAD_FILE,
    DAMAGED_FILE,
    FOREIGN_FILE,
    ILLEGAL_NOTE,
    KEPT_FILE,
    LOST_FILE,
    OTHER_COLUMNS,
    UNKNOWN_SNAPSHOT,
    UNKNOWN_TABLE,
)
from hanse.testing.memory_columns import check, evolved, ids_in, same_but_for_new_ids, stored

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass
class _Table:
    schemas: list[TableSchema]
    last_id: int
    current: int = 0
    snapshots: dict[int, tuple[Snapshot, tuple[DataFile, ...]]] = field(default_factory=dict)

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
        self._digests: dict[str, str] = {}

    def create(self, table: TableName, columns: Sequence[ColumnDraft]) -> TableSchema:
        """See :meth:`hanse.interfaces.TableStore.create`."""
        check(columns)
        with self._lock:
            if table not in self._tables:
                ids = count(1)
                new = tuple(stored(draft.name, draft.type, ids, required=draft.required) for draft in columns)
                self._tables[table] = _Table([TableSchema(0, new)], next(ids) - 1)
            schema = self._tables[table].schema
        wanted = [(draft.name, draft.type, draft.required) for draft in columns]
        if [(column.name, column.type, column.required) for column in schema.columns] != wanted:
            raise StorageError(OTHER_COLUMNS, f"{table} exists with other columns", subject=str(table))
        return schema

    def alter(self, table: TableName, columns: Sequence[ColumnDraft], *, since: int | None = None) -> TableSchema:
        """See :meth:`hanse.interfaces.TableStore.alter`. Comments are not kept."""
        check(columns)
        with self._lock:
            held = self._held(table)
            ids = count(held.last_id + 1)
            base = next((schema for schema in held.schemas if schema.schema_id == since), held.schema).columns
            altered = evolved(base, columns, ids)
            if same_but_for_new_ids(altered, held.schema.columns, held.last_id, frozenset(ids_in(base))):
                return held.schema
            same = next((schema for schema in held.schemas if schema.columns == altered), None)
            if same is None:
                same = TableSchema(len(held.schemas), altered)
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

    def files(self, table: TableName, snapshot_id: int) -> tuple[DataFile, ...]:
        """See :meth:`hanse.interfaces.TableStore.files`. Bounds are known of integers and texts."""
        return self._known(table, snapshot_id)[1]

    def snapshots(self, table: TableName) -> tuple[Snapshot, ...]:
        """See :meth:`hanse.interfaces.TableStore.snapshots`."""
        return tuple(snapshot for snapshot, _ in self._held(table).snapshots.values())

    def expire(self, table: TableName, keep: Collection[int]) -> int:
        """See :meth:`hanse.interfaces.TableStore.expire`."""
        with self._lock:
            held = self._held(table)
            head = next(reversed(held.snapshots), None)
            gone = [number for number in held.snapshots if number != head and number not in keep]
            for number in gone:
                del held.snapshots[number]
            return len(gone)

    def garbage(self, table: TableName, *, older_than: datetime, protected: Collection[str] = ()) -> tuple[str, ...]:
        """See :meth:`hanse.interfaces.TableStore.garbage`."""
        with self._lock:
            needed = self._needed(table)
        found = []
        for path in sorted(self._data(table).glob("**/*")):
            name = path.name.removeprefix(".")
            staged = any(name.startswith((f"{run}.parquet", f"{run}~")) for run in protected)
            if path.is_file() and str(path) not in needed and not staged:
                found += [str(path)] * (path.lstat().st_mtime < older_than.timestamp())
        return tuple(found)

    def collect(self, table: TableName, paths: Collection[str]) -> int:
        """See :meth:`hanse.interfaces.TableStore.collect`."""
        with self._lock:
            needed = self._needed(table)
            for path in paths:
                if not Path(path).resolve().is_relative_to(self._data(table)):
                    raise StorageError(FOREIGN_FILE, f"`{path}` is not a file of {table}", subject=str(table))
            there = [path for path in paths if path not in needed and os.path.exists(path)]
            for path in there:
                Path(path).unlink()
            return len(there)

    def _needed(self, table: TableName) -> set[str]:
        return {file.path for _, files in self._held(table).snapshots.values() for file in files}

    def verify(
        self,
        table: TableName,
        snapshot_id: int,
        *,
        deep: bool = False,
        seen: MutableMapping[str, Problem | None] | None = None,
    ) -> tuple[Problem, ...]:
        """See :meth:`hanse.interfaces.TableStore.verify`."""
        _, files = self._known(table, snapshot_id)
        seen = {} if seen is None else seen
        for file in files:
            if file.path not in seen:
                seen[file.path] = self._damage(file, str(table), deep=deep)
        return tuple(problem for file in files if (problem := seen[file.path]))

    def _damage(self, file: DataFile, table: str, *, deep: bool) -> Problem | None:
        if not os.path.isfile(file.path) or os.path.getsize(file.path) != file.bytes:
            return Problem(LOST_FILE, f"`{file.path}` is lost", subject=table)
        if deep and _digest(file.path) != self._digests[file.path]:
            return Problem(DAMAGED_FILE, f"`{file.path}` is damaged", subject=table)
        return None

    def mend(self, wanted: Mapping[TableName, Sequence[Snapshot]], *, dry_run: bool = False) -> tuple[Mending, ...]:  # noqa: ARG002 - memory has no copies
        """See :meth:`hanse.interfaces.TableStore.mend`."""
        return tuple(
            Mending(table, Problem(UNKNOWN_TABLE, f"there is no table {table}", subject=str(table)), None)
            for table in wanted
            if table not in self._tables
        )

    def forget(self, table: TableName) -> None:
        """See :meth:`hanse.interfaces.TableStore.forget`."""
        with self._lock:
            self._tables.pop(table, None)

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

    def _known(self, table: TableName, snapshot_id: int) -> tuple[Snapshot, tuple[DataFile, ...]]:
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
        kept = () if replacement.keep == "all" else replacement.keep
        if len({*kept, *(file.path for file in replacement.files)}) < len(replacement.files) + len(set(kept)):
            raise StorageError(BAD_FILE, "a staged file stands twice in one commit", subject=str(table))
        for file in replacement.files:
            fault = _fault(file, columns, self._data(table))
            if fault:
                raise StorageError(BAD_FILE, f"`{file.path}` {fault}", subject=str(table))
        self._check_kept(replacement, columns)

    def _check_kept(self, replacement: Replacement, columns: Sequence[StoredColumn]) -> None:
        kept, removed = self._kept(replacement)
        lost = set(() if replacement.keep == "all" else replacement.keep) - {file.path for file in kept}
        why = f"there is no `{min(lost)}` to keep" if lost else None
        for file in kept:
            why = why or _misfit(file, columns)
        if replacement.same_rows and sum(f.rows for f in replacement.files) != sum(f.rows for f in removed):
            why = "compaction changes the number of rows"
        if why:
            raise StorageError(KEPT_FILE, why, subject=str(replacement.table))

    def _kept(self, replacement: Replacement) -> tuple[list[DataFile], list[DataFile]]:
        """Return the parent's files that stay and those that do not."""
        if replacement.parent_id is None:
            return [], []
        _, files = self._known(replacement.table, replacement.parent_id)
        kept = [file for file in files if replacement.keep == "all" or file.path in replacement.keep]
        return kept, [file for file in files if file not in kept]

    def _replace(self, replacement: Replacement, run_id: str) -> Snapshot:
        found = self.find(replacement.table, run_id)
        if found is not None:
            return found
        held = self._held(replacement.table)
        files = (*self._kept(replacement)[0], *(_data_file(file) for file in replacement.files))
        snapshot = Snapshot(
            replacement.table,
            next(self._snapshot_ids),
            held.schema.schema_id,
            replacement.parent_id,
            run_id,
            sum(file.rows for file in files),
            sum(file.bytes for file in files),
            datetime.now(UTC),
        )
        held.snapshots[snapshot.snapshot_id] = (snapshot, files)
        self._digests |= {file.path: _digest(file.path) for file in replacement.files}
        return snapshot


def _digest(path: str) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()


def _check_run_id(run_id: str) -> None:
    if not _RUN_ID.fullmatch(run_id):
        raise StorageError(ILLEGAL_NOTE, f"`{run_id}` is no run id")


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


def _data_file(file: StagedFile) -> DataFile:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(file.path)
    nulls, lower, upper = {}, {}, {}
    for member, column in zip(table.schema, table.columns, strict=True):
        field_id = int(member.metadata[b"PARQUET:field_id"])
        nulls[field_id] = column.null_count
        if str(member.type) in {"int64", "string"} and column.null_count < len(column):
            bounds = pc.min_max(column)
            lower[field_id], upper[field_id] = bounds["min"].as_py(), bounds["max"].as_py()
    return DataFile(file.path, file.rows, file.bytes, nulls, lower, upper)


def _misfit(file: DataFile, columns: Sequence[StoredColumn]) -> str | None:
    """Return why the rows of an older file do not fit the columns: only top-level ones are looked at."""
    for column in columns:
        if column.required and file.rows and file.nulls.get(column.field_id) != 0:
            return f"`{file.path}` cannot stay: it has no value of `{column.name}` in some row"
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
