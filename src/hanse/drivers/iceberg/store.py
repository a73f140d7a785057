"""The table store on Iceberg: a local warehouse folder and a catalog in SQLite.

PyIceberg is not used at run time: its import alone costs as much CPU as a hundred commits here, and a commit through it
about ten times as much as one here (decision 12 has the figures). What is written follows the public formats (Iceberg
version 2, SqlCatalog's tables), and the tests let the real SqlCatalog and DuckDB open, read and change the same tables.

Order of a commit, so that a kill at any point leaves the old state or the new one:

1. data files, manifest, manifest list and metadata file are written under new names and synced to the disk;
2. the pointers of all tables concerned move in one SQLite transaction, each only if it still is what was read;
3. metadata files that nobody needs any more are removed.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from hanse.base import Conflict, Problem, StorageError, TableName
from hanse.base.names import split_major
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.catalog import Catalog, Swap
from hanse.drivers.iceberg.commit import Draft, add_snapshot, now_ms, read_staged, to_json
from hanse.drivers.iceberg.files import remove, storage_errors, sync, write_new
from hanse.drivers.iceberg.garbage import check_inside, needed, unneeded
from hanse.drivers.iceberg.keeping import follow
from hanse.drivers.iceberg.manifest import local_path
from hanse.drivers.iceberg.mend import mend
from hanse.drivers.iceberg.metadata import Document
from hanse.drivers.iceberg.reading import Reader, TableState, identifier
from hanse.drivers.iceberg.schema import columns, evolve, ids_in, same_but_for_new_ids, without_docs
from hanse.drivers.iceberg.verify import fault
from hanse.interfaces import ColumnDraft, DataFile, Mending, Replacement, Snapshot, TableScan, TableSchema
from hanse.interfaces.codes import (
    BAD_FILE,
    COMMIT_CONFLICT,
    ILLEGAL_NOTE,
    OTHER_COLUMNS,
    STORAGE_MISSING,
)

_SQLITE_URI = "sqlite:///"
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_EXPIRE_ATTEMPTS = 5
_COLLECTED_AT_ONCE = 256


class IcebergTables:
    """A :class:`~hanse.interfaces.TableStore` in the Iceberg format. Nothing is opened or created before it is used.

    A table ``domain.product.local`` stands in ``<warehouse>/<domain>/<product>/<local>`` and in the catalog under the
    namespace ``domain.product``. Any Iceberg tool reads it, PyIceberg with
    ``SqlCatalog(name, uri=catalog_uri, warehouse=warehouse)``. Safe for use by several threads and processes.

    Args:
        warehouse: folder of the tables; created with the first table. Tables name their files by absolute path.
        catalog_uri: ``sqlite:///<path>`` of the catalog database, as SQLAlchemy writes it; created with the first
            table.
        name: the catalog's name within its database.
        busy_seconds: how long to wait for another process that holds the catalog.
    """

    def __init__(self, warehouse: str, catalog_uri: str, name: str = "hanse", *, busy_seconds: float = 30.0) -> None:
        if not catalog_uri.startswith(_SQLITE_URI):
            raise StorageError(
                STORAGE_MISSING, f"the catalog `{catalog_uri}` is not in SQLite", fix="write sqlite:///<path>"
            )
        # One spelling for one folder: tables name their files by it.
        self._warehouse = os.path.realpath(warehouse)
        self._catalog = Catalog(os.path.abspath(catalog_uri.removeprefix(_SQLITE_URI)), name, busy_seconds)
        self._reader = Reader(self._warehouse, self._catalog)

    @property
    def warehouse(self) -> str:
        """Absolute path of the warehouse; all files of all tables lie in it."""
        return self._warehouse

    def create(self, table: TableName, columns: Sequence[ColumnDraft]) -> TableSchema:
        """See :meth:`hanse.interfaces.TableStore.create`."""
        state = self._reader.find(table)
        if state is None:
            fields, last_id = evolve((), columns, 0)
            document = metadata.new_document(self._reader.location(table), fields, last_id, now_ms())
            content = to_json(document)
            path = metadata.next_path(document, None, content)
            with storage_errors(f"create the table {table}", str(table)), self._catalog.writing():
                # Under the lock: two who create at once do not both write, and none writes into what is being dropped.
                if self._catalog.pointer(*identifier(table)) is None:
                    self._make_folders(table)
                    write_new(path, *content)
                    sync((path, os.path.dirname(path)))
                    self._catalog.insert(*identifier(table), path)
            state = self._reader.state(table)
        present = metadata.fields_of(state.document)
        wanted, _ = evolve(present, columns, state.document["last-column-id"])
        if without_docs(present) != without_docs(wanted):
            raise StorageError(
                OTHER_COLUMNS, f"{table} exists with other columns", fix="run `hanse apply`", subject=str(table)
            )
        return state.schema

    def alter(self, table: TableName, columns: Sequence[ColumnDraft], *, since: int | None = None) -> TableSchema:
        """See :meth:`hanse.interfaces.TableStore.alter`."""
        state = self._reader.state(table)
        present = metadata.fields_of(state.document)
        base = metadata.fields_of(state.document, since) if metadata.has_schema(state.document, since) else present
        known_to = state.document["last-column-id"]
        wanted, last_id = evolve(base, columns, known_to)
        if same_but_for_new_ids(wanted, present, known_to, frozenset(ids_in(base))):
            return state.schema
        altered = metadata.with_fields(state.document, wanted, last_id, now_ms())
        self._commit([(state, Draft(table, state.path, altered))])
        return self._reader.state(table).schema

    def schema(self, table: TableName) -> TableSchema | None:
        """See :meth:`hanse.interfaces.TableStore.schema`."""
        state = self._reader.find(table)
        return None if state is None else state.schema

    def staging(self, table: TableName, run_id: str, part: str | None = None) -> str:
        """Return ``<location>/data/<run id>[~<part>].parquet``; see :meth:`hanse.interfaces.TableStore.staging`."""
        _check_run_id(run_id)
        if part is not None:
            _check_run_id(part)
        folder = f"{self._reader.location(table)}/data"
        with storage_errors(f"make the folder `{folder}`", str(table)):
            os.makedirs(folder, exist_ok=True)
        return f"{folder}/{run_id}.parquet" if part is None else f"{folder}/{run_id}~{part}.parquet"

    def commit(self, replacements: Sequence[Replacement], *, run_id: str) -> tuple[Snapshot, ...]:
        """See :meth:`hanse.interfaces.TableStore.commit`."""
        _check_run_id(run_id)
        if len({replacement.table for replacement in replacements}) < len(replacements):
            raise ValueError("a table stands twice in one commit")
        snapshots: dict[TableName, Snapshot] = {}
        drafts: list[tuple[TableState, Draft]] = []
        try:
            for replacement in replacements:
                table = replacement.table
                state = self._reader.state(table)
                snapshot = metadata.snapshot_of_run(state.document, run_id)
                if snapshot is None:
                    drafts.append((state, Draft(table, state.path, state.document)))
                    snapshot = self._add_snapshot(state, drafts[-1][1], replacement, run_id)
                snapshots[table] = _snapshot(table, snapshot)
        except BaseException:
            _discard(drafts)
            raise
        if drafts:
            self._commit(drafts)
        return tuple(snapshots[replacement.table] for replacement in replacements)

    def find(self, table: TableName, run_id: str) -> Snapshot | None:
        """See :meth:`hanse.interfaces.TableStore.find`."""
        state = self._reader.find(table)
        snapshot = None if state is None else metadata.snapshot_of_run(state.document, run_id)
        return None if snapshot is None else _snapshot(table, snapshot)

    def scan(self, table: TableName, snapshot_id: int) -> TableScan:
        """See :meth:`hanse.interfaces.TableStore.scan`."""
        state = self._reader.state(table)
        snapshot = state.snapshot(snapshot_id)
        manifests = self._reader.manifests(state, snapshot)
        schema_id = snapshot.get("schema-id", state.document["current-schema-id"])
        return TableScan(
            files=tuple(file.path for file in self._reader.files(state, snapshot)),
            columns=columns(metadata.fields_of(state.document, schema_id)),
            deletes=any(not manifest.is_data and manifest.live != 0 for manifest in manifests),
            metadata=state.path,
            snapshot_id=snapshot_id,
        )

    def files(self, table: TableName, snapshot_id: int) -> tuple[DataFile, ...]:
        """See :meth:`hanse.interfaces.TableStore.files`."""
        state = self._reader.state(table)
        return self._reader.bounds(state, state.snapshot(snapshot_id))

    def verify(
        self,
        table: TableName,
        snapshot_id: int,
        *,
        deep: bool = False,
        seen: MutableMapping[str, Problem | None] | None = None,
    ) -> tuple[Problem, ...]:
        """Look at size and footer of every file; see :meth:`hanse.interfaces.TableStore.verify`."""
        state = self._reader.state(table)
        snapshot = state.snapshot(snapshot_id)
        seen = {} if seen is None else seen
        try:
            files = self._reader.files_on_disk(table, snapshot)
        except StorageError as error:
            return tuple(error.problems)
        for file in files:
            if file.path not in seen:
                seen[file.path] = fault(file, str(table), deep=deep)
        return tuple(problem for file in files if (problem := seen[file.path]))

    def mend(self, wanted: Mapping[TableName, Sequence[Snapshot]], *, dry_run: bool = False) -> tuple[Mending, ...]:
        """See :meth:`hanse.interfaces.TableStore.mend`."""
        return tuple(mend(self._reader, self._catalog, wanted, dry_run=dry_run))

    def forget(self, table: TableName) -> None:
        """See :meth:`hanse.interfaces.TableStore.forget`."""
        with storage_errors(f"forget the table {table}", str(table)), self._catalog.writing():
            self._catalog.delete(*identifier(table))

    def snapshots(self, table: TableName) -> tuple[Snapshot, ...]:
        """See :meth:`hanse.interfaces.TableStore.snapshots`."""
        state = self._reader.state(table)
        return tuple(_snapshot(table, snapshot) for snapshot in state.document.get("snapshots") or ())

    def expire(self, table: TableName, keep: Collection[int]) -> int:
        """See :meth:`hanse.interfaces.TableStore.expire`; what branches and tags of other tools name stays too."""
        for attempt in range(_EXPIRE_ATTEMPTS):
            state = self._reader.state(table)
            document, gone = metadata.without_snapshots(state.document, keep, now_ms())
            if not gone:
                return 0
            try:
                self._commit([(state, Draft(table, state.path, document))])
            except Conflict:
                if attempt == _EXPIRE_ATTEMPTS - 1:
                    raise
            else:
                return gone
        raise AssertionError("unreachable")

    def garbage(self, table: TableName, *, older_than: datetime, protected: Collection[str] = ()) -> tuple[str, ...]:
        """See :meth:`hanse.interfaces.TableStore.garbage`."""
        # First what is there, then what is needed: what is committed between the two is needed.
        location = self._reader.location(table)
        self._reader.state(table)
        there = tuple(unneeded(location, (), older_than, protected))
        needed_files = needed(self._reader, self._reader.state(table))
        return tuple(path for path in there if path not in needed_files)

    def collect(self, table: TableName, paths: Collection[str]) -> int:
        """See :meth:`hanse.interfaces.TableStore.collect`."""
        state = self._reader.state(table)
        left = check_inside(self._reader.location(table), paths, str(table))
        needed_files = needed(self._reader, state)
        count = 0
        for start in range(0, len(left), _COLLECTED_AT_ONCE):
            # Under the lock no pointer moves: what is not needed now is not needed by a commit that comes after, which
            # looks for its files under the same lock.
            with storage_errors(f"delete garbage of {table}", str(table)), self._catalog.writing():
                now = self._reader.state(table)
                if now.path != state.path:
                    state, needed_files = now, needed(self._reader, now)
                part = left[start : start + _COLLECTED_AT_ONCE]
                count += remove(path for path in part if path not in needed_files)
        return count

    def tables(self) -> tuple[TableName, ...]:
        """Return the tables that stand under ``domain.product``; other writers' tables elsewhere are not Hanse's."""
        with storage_errors("list the tables"):
            names = self._catalog.names()
        found = []
        for namespace, local in names:
            domain, dot, product = namespace.partition(".")
            if dot and "." not in product:
                name, major = split_major(local)
                found.append(TableName(domain, product, name, 1 if major is None else major))
        return tuple(found)

    def drop(self, table: TableName) -> None:
        """See :meth:`hanse.interfaces.TableStore.drop`."""
        location, trash = self._reader.location(table), f"{self._warehouse}/.dropped"
        with storage_errors(f"drop the table {table}", str(table)):
            if self._catalog.pointer(*identifier(table)) is not None:
                with self._catalog.writing():
                    self._catalog.delete(*identifier(table))
            if not os.path.isdir(location):
                return
            os.makedirs(trash, exist_ok=True)
            with self._catalog.writing():
                # Nobody can create it again meanwhile; a kill before this line leaves files that nobody names.
                if self._catalog.pointer(*identifier(table)) is None:
                    os.rename(location, f"{trash}/{uuid.uuid4()}")
            shutil.rmtree(trash, ignore_errors=True)

    def close(self) -> None:
        """Close the catalog; the next use opens it again."""
        self._catalog.close()

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _make_folders(self, table: TableName) -> None:
        """Make the folders of a table, and wait until the disk has every one that is new."""
        location = self._reader.location(table)
        folder, known = location, [location]
        while not os.path.isdir(folder):
            folder = os.path.dirname(folder)
            known.append(folder)
        for part in ("metadata", "data"):
            os.makedirs(f"{location}/{part}", exist_ok=True)
        sync(known)

    def _add_snapshot(self, state: TableState, draft: Draft, replacement: Replacement, run_id: str) -> Document:
        table = replacement.table
        with storage_errors(f"write a snapshot of {table}", str(table)):
            files = read_staged(replacement, state.document, f"{self._reader.location(table)}/data")
            parent = follow(self._reader, state, replacement)
            snapshot, manifests = add_snapshot(draft, replacement, run_id, files, parent)
        self._reader.remember_manifests(state.document, snapshot["snapshot-id"], manifests)
        return snapshot

    def _commit(self, drafts: Sequence[tuple[TableState, Draft]]) -> None:
        """Write the metadata files and move all pointers, or none."""
        names = ", ".join(str(draft.table) for _, draft in drafts)
        decided = False
        try:
            with storage_errors(f"commit {names}"):
                for state, draft in drafts:
                    draft.write(state.document["last-updated-ms"])
                sync({path for _, draft in drafts for path in draft.unsynced})
                swaps = [Swap(*identifier(draft.table), draft.old_path, draft.path) for _, draft in drafts]
                with self._catalog.writing():
                    self._swap(swaps)
                    _check_present(drafts)
                    # From here on the commit may have happened even if the database reports an error.
                    decided = True
        except BaseException:
            if not decided:
                _discard(drafts)
            raise
        for _, draft in drafts:
            self._reader.remember(draft.path, draft.document)
            remove(local_path(path) for path in draft.obsolete)

    def _swap(self, swaps: Sequence[Swap]) -> None:
        lost = self._catalog.swap(swaps)
        if lost is not None:
            name = f"{lost.namespace}.{lost.table}"
            raise Conflict(
                COMMIT_CONFLICT,
                f"{name} was changed by somebody else meanwhile",
                why="nothing was committed",
                fix="run again",
                subject=name,
            )


def _check_present(drafts: Sequence[tuple[TableState, Draft]]) -> None:
    """Check that nobody collected as garbage what the commit names; under the catalog's lock."""
    for _, draft in drafts:
        for path in draft.unsynced:
            if not os.path.exists(path):
                raise StorageError(
                    BAD_FILE,
                    f"`{path}` is gone",
                    why=f"it was deleted while {draft.table} was committed; nothing was committed",
                    fix="run again",
                    subject=str(draft.table),
                )


def _discard(drafts: Sequence[tuple[TableState, Draft]]) -> None:
    for _, draft in drafts:
        remove(draft.written)


def _check_run_id(run_id: str) -> None:
    if not _RUN_ID.fullmatch(run_id):
        raise StorageError(ILLEGAL_NOTE, f"`{run_id}` is no run id", fix="use letters, digits, `.`, `_` and `-`")


def _snapshot(table: TableName, snapshot: Document) -> Snapshot:
    totals = metadata.totals(snapshot)
    return Snapshot(
        table=table,
        snapshot_id=snapshot["snapshot-id"],
        schema_id=snapshot.get("schema-id", 0),
        parent_id=snapshot.get("parent-snapshot-id"),
        run_id=(snapshot.get("summary") or {}).get(metadata.RUN_ID, ""),
        rows=totals["total-records"],
        bytes=totals["total-files-size"],
        committed_at=datetime.fromtimestamp(snapshot["timestamp-ms"] / 1000, UTC),
    )
