"""Making tables readable again from the copies that are there; see :meth:`hanse.interfaces.TableStore.mend`."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hanse.base import Problem, StorageError, TableName
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.catalog import Catalog, Swap
from hanse.drivers.iceberg.commit import to_json
from hanse.drivers.iceberg.copies import find_copies, rebuild
from hanse.drivers.iceberg.files import storage_errors, sync, write_new
from hanse.drivers.iceberg.manifest import local_path
from hanse.drivers.iceberg.metadata import Document
from hanse.drivers.iceberg.reading import Reader, identifier
from hanse.interfaces import Mending, Snapshot
from hanse.interfaces.codes import CORRUPT_STORE, STORAGE_MISSING, UNKNOWN_SNAPSHOT, UNKNOWN_TABLE

_MENDABLE = {CORRUPT_STORE, STORAGE_MISSING, UNKNOWN_SNAPSHOT, UNKNOWN_TABLE}
_RESTORE = "restore it from a backup"
Wanted = Mapping[TableName, Sequence[Snapshot]]


def mend(reader: Reader, catalog: Catalog, wanted: Wanted, *, dry_run: bool) -> Iterator[Mending]:
    """Yield what is wrong with the catalog and with the metadata of tables, and mend it unless it is a dry run."""
    with storage_errors("look at the catalog"):
        faults = catalog.faults()
    if faults:
        why = "; ".join(faults[:3])
        problem = Problem(CORRUPT_STORE, "the catalog of all tables is damaged", why=why, fix=_RESTORE)
        with storage_errors("put the damaged catalog aside"):
            aside = catalog.set_aside(dry_run=dry_run)
        yield Mending(None, problem, f"put it aside as `{aside}` and make it anew of the tables' own metadata")
    for table, snapshots in wanted.items():
        fault = _fault(reader, None if faults and dry_run else catalog, table, snapshots)
        if fault is not None:
            yield _mend_table(reader, catalog, fault, snapshots, dry_run=dry_run, blank=bool(faults))


@dataclass(frozen=True)
class _Fault:
    table: TableName
    pointer: str | None
    problem: Problem


def _fault(reader: Reader, catalog: Catalog | None, table: TableName, wanted: Sequence[Snapshot]) -> _Fault | None:
    """Return what is wrong with a table's metadata.

    Raises:
        StorageError: the catalog cannot be read.
    """
    pointer = None
    if catalog is not None:
        with storage_errors("read the catalog", str(table)):
            pointer = catalog.pointer(*identifier(table))
    if catalog is None or pointer is None:
        what = f"the catalog does not know the table {table}"
        return _Fault(table, None, Problem(UNKNOWN_TABLE, what, fix=_RESTORE, subject=str(table)))
    try:
        state = reader.state(table, fresh=True)
    except StorageError as error:
        return _Fault(table, pointer, error.problem)
    for snapshot in wanted:
        found = metadata.snapshot_of(state.document, snapshot.snapshot_id)
        if found is None:
            what = f"the metadata of {table} does not know snapshot {snapshot.snapshot_id}, which was released"
            return _Fault(table, pointer, Problem(UNKNOWN_SNAPSHOT, what, subject=str(table)))
    return None


def _mend_table(
    reader: Reader, catalog: Catalog, fault: _Fault, wanted: Sequence[Snapshot], *, dry_run: bool, blank: bool
) -> Mending:
    table, location = fault.table, reader.location(fault.table)
    elsewhere = fault.pointer is not None and not local_path(fault.pointer).startswith(f"{location}/")
    if elsewhere or fault.problem.code not in _MENDABLE:
        return Mending(table, fault.problem, None)  # a copied mesh: the original must not be touched from here
    with storage_errors(f"look through `{location}`", str(table)):
        copies = find_copies(location)
    ready = _ready(copies.documents, wanted)
    document, missing = (None, ()) if ready else rebuild(copies, wanted)
    if ready is None and (document is None or (missing and missing[0] == wanted[0])):
        return Mending(table, fault.problem, None)
    does = f"point it to `{ready}`" if ready else "make its metadata anew of its manifests and of older metadata"
    if missing:
        does += f"; {len(missing)} of {len(wanted)} snapshots stay lost, not the visible one"
    if not dry_run:
        path = ready or _write(document or {}, copies.newest, table)
        _point(catalog, table, None if blank else fault.pointer, path)
    return Mending(table, fault.problem, does)


def _ready(documents: Mapping[str, Document], wanted: Sequence[Snapshot]) -> str | None:
    """Return the newest whole metadata that has all snapshots wanted."""
    ids = {s.snapshot_id for s in wanted}
    for path, document in documents.items():
        if ids <= {s["snapshot-id"] for s in document.get("snapshots") or ()}:
            return path
    return None


def _write(document: Document, newest: str | None, table: TableName) -> str:
    content = to_json(document)
    path = metadata.next_path(document, newest, content)
    with storage_errors(f"write the metadata of {table}", str(table)):
        write_new(path, *content)
        sync((path, os.path.dirname(path)))
    return path


def _point(catalog: Catalog, table: TableName, old: str | None, new: str) -> None:
    with storage_errors(f"point the catalog to the metadata of {table}", str(table)), catalog.writing():
        if old is None:
            catalog.insert(*identifier(table), new)
        elif catalog.swap([Swap(*identifier(table), old, new)]) is not None:
            raise sqlite3.OperationalError(f"{table} was changed by somebody else meanwhile")
