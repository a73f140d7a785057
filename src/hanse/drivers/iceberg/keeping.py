"""Which of the parent's files a new snapshot keeps, and whether their rows fit the newest columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hanse.base import StorageError
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.commit import Parent
from hanse.drivers.iceberg.layout import Layout, keep_all, keep_none, keep_some, merge_small
from hanse.drivers.iceberg.metadata import Document
from hanse.drivers.iceberg.reading import Reader, TableState
from hanse.drivers.iceberg.schema import columns
from hanse.interfaces import DataFile, Replacement, StoredColumn
from hanse.interfaces.codes import KEPT_FILE
from hanse.spec.types import Struct


def follow(reader: Reader, state: TableState, replacement: Replacement) -> Parent:
    """Return what becomes of the snapshot that a replacement follows.

    Raises:
        StorageError: HNS-T002: there is no such snapshot; HNS-T016: a file cannot be kept; or files are to be kept and
            the snapshot's manifests cannot be read.
    """
    if replacement.parent_id is None:
        if replacement.keep and replacement.keep != "all":
            raise _unknown(replacement, replacement.keep[0])
        return Parent(None, Layout())
    snapshot = state.snapshot(replacement.parent_id)
    if not replacement.keep:
        try:
            manifests = reader.manifests(state, snapshot)
            return Parent(snapshot, keep_none(manifests, lambda m: reader.live_files(state, m)))
        except StorageError:
            # They are only noted as deleted, for incremental readers; a damaged past must not keep a table broken.
            return Parent(snapshot, Layout(), damaged=True)
    layout = _keep(reader, state, snapshot, replacement)
    _check_rows(reader, state, snapshot, replacement)
    merge_small(layout, lambda m: reader.entries(state.table, m))
    return Parent(snapshot, layout, _totals(reader, state, snapshot))


def _keep(reader: Reader, state: TableState, snapshot: Document, replacement: Replacement) -> Layout:
    manifests = reader.manifests(state, snapshot)
    if replacement.keep == "all":
        return keep_all(manifests)
    layout, unknown = keep_some(
        manifests,
        replacement.keep,
        lambda m: reader.live_files(state, m),
        lambda m: reader.entries(state.table, m),
    )
    if unknown:
        raise _unknown(replacement, unknown[0])
    return layout


def _totals(reader: Reader, state: TableState, snapshot: Document) -> dict[str, int]:
    totals = metadata.totals(snapshot)
    if metadata.has_totals(snapshot):
        return totals
    files = reader.files(state, snapshot)
    return {
        **totals,
        "total-data-files": len(files),
        "total-records": sum(file.rows for file in files),
        "total-files-size": sum(file.size for file in files),
    }


def _unknown(replacement: Replacement, path: str) -> StorageError:
    return StorageError(
        KEPT_FILE,
        f"`{path}` is no data file of snapshot {replacement.parent_id} of {replacement.table}",
        fix="run again",
        subject=str(replacement.table),
    )


def _check_rows(reader: Reader, state: TableState, snapshot: Document, replacement: Replacement) -> None:
    """Check that no kept row lacks the value of a required column.

    Rows of a snapshot fit the columns that it was written with; so only what is required since needs a look, and the
    statistics say whether each file has a value in all its rows.
    """
    newest = columns(metadata.fields_of(state.document))
    schema_id = snapshot.get("schema-id")
    if schema_id == state.document["current-schema-id"]:
        return
    before = () if schema_id is None else columns(metadata.fields_of(state.document, schema_id))
    tightened = tuple(_tightened(newest, {column.field_id: column.required for column in _all(before)}))
    if not tightened:
        return
    keep = replacement.keep if replacement.keep == "all" else frozenset(replacement.keep)
    for file in reader.bounds(state, snapshot):
        if keep != "all" and file.path not in keep:
            continue
        for column, leaves in tightened:
            if file.rows and not any(file.nulls.get(leaf) == 0 for leaf in leaves):
                raise _lacks(replacement, file, column)


def _all(present: Sequence[StoredColumn]) -> Iterator[StoredColumn]:
    for column in present:
        yield column
        yield from _all(column.children)


def _tightened(
    newest: Sequence[StoredColumn], required_before: Mapping[int, bool], *, repeated: bool = False
) -> Iterator[tuple[StoredColumn, tuple[int, ...]]]:
    """Yield each column that is required since, with the leaves any of which proves that it has a value."""
    for column in newest:
        if column.required and not required_before.get(column.field_id):
            # Inside lists and maps, statistics say nothing of single items.
            yield column, () if repeated else tuple(_leaves(column))
        if column.field_id not in required_before:
            continue  # null in every row, so it has no members to miss
        inner = repeated or not isinstance(column.type, Struct)
        yield from _tightened(column.children, required_before, repeated=inner)


def _leaves(column: StoredColumn) -> Iterator[int]:
    if isinstance(column.type, Struct):
        for child in column.children:
            yield from _leaves(child)
    elif not column.children:
        yield column.field_id


def _lacks(replacement: Replacement, file: DataFile, column: StoredColumn) -> StorageError:
    return StorageError(
        KEPT_FILE,
        f"`{file.path}` cannot stay in {replacement.table}",
        why=f"the column `{column.name}` is required and not known to have a value in all {file.rows} rows",
        fix="let it be optional, or build the whole table anew",
        subject=str(replacement.table),
    )
