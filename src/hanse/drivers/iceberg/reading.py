"""Reading tables: from a name to its metadata document and to the files of its snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hanse.base import StorageError, TableName
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.avro import AvroError
from hanse.drivers.iceberg.bounds import data_file, leaf_types
from hanse.drivers.iceberg.cache import Cache
from hanse.drivers.iceberg.catalog import Catalog
from hanse.drivers.iceberg.files import storage_error, storage_errors
from hanse.drivers.iceberg.manifest import LiveFile, Manifest, live_file, local_path, read_entries, read_manifest_list
from hanse.drivers.iceberg.metadata import Document
from hanse.drivers.iceberg.schema import columns
from hanse.drivers.iceberg.seal import is_broken
from hanse.interfaces import DataFile, TableSchema
from hanse.interfaces.codes import CORRUPT_STORE, STORAGE_MISSING, UNKNOWN_SNAPSHOT, UNKNOWN_TABLE
from hanse.spec.types import DataType

_CACHED_TABLES = 512
_CACHED_MANIFESTS = 50_000  # of all snapshots whose lists are kept
_CACHED_FILES = 200_000
_CACHED_BOUNDS = 20_000


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as a metadata file says.

    Attributes:
        table: the table.
        path: the metadata file.
        document: what stands in it; never changed.
    """

    table: TableName
    path: str
    document: Document

    @property
    def schema(self) -> TableSchema:
        """The newest schema."""
        return TableSchema(self.document["current-schema-id"], columns(metadata.fields_of(self.document)))

    def snapshot(self, snapshot_id: int) -> Document:
        """Return a snapshot.

        Raises:
            StorageError: HNS-T002: the table has none of this id.
        """
        snapshot = metadata.snapshot_of(self.document, snapshot_id)
        if snapshot is None:
            raise StorageError(
                UNKNOWN_SNAPSHOT,
                f"{self.table} has no snapshot {snapshot_id}",
                fix="name a newer release",
                subject=str(self.table),
            )
        return snapshot


class Reader:
    """Reads the tables of one warehouse. The catalog is asked every time; files, which never change, once.

    Args:
        warehouse: folder of the tables.
        catalog: where their metadata files are named.
    """

    def __init__(self, warehouse: str, catalog: Catalog) -> None:
        self._warehouse = warehouse
        self._catalog = catalog
        self._documents: Cache[str, Document] = Cache(_CACHED_TABLES)
        self._manifests: Cache[tuple[str, int], tuple[Manifest, ...]] = Cache(_CACHED_MANIFESTS)
        self._files: Cache[tuple[str, str], tuple[LiveFile, ...]] = Cache(_CACHED_FILES)
        self._bounds: Cache[tuple[str, str], tuple[DataFile, ...]] = Cache(_CACHED_BOUNDS)

    def location(self, table: TableName) -> str:
        """Return the folder of a table."""
        return f"{self._warehouse}/{table.domain}/{table.product}/{table.local}"

    def state(self, table: TableName, *, fresh: bool = False) -> TableState:
        """Return a table as it is now.

        Args:
            table: the table.
            fresh: read its metadata from disk, whatever is remembered of it.

        Raises:
            StorageError: HNS-T001: there is none; or its metadata cannot be read.
        """
        state = self.find(table, fresh=fresh)
        if state is None:
            raise StorageError(UNKNOWN_TABLE, f"there is no table {table}", fix="run `hanse apply`", subject=str(table))
        return state

    def find(self, table: TableName, *, fresh: bool = False) -> TableState | None:
        """Return a table as it is now, or None if there is none.

        Raises:
            StorageError: its metadata cannot be read.
        """
        before = None
        while True:
            with storage_errors("read the catalog", str(table)):
                path = self._catalog.pointer(*identifier(table))
            if path is None:
                return None
            if not local_path(path).startswith(f"{self.location(table)}/"):
                # In a copied mesh the catalog still points to the original, which must not be touched from here.
                why = f"its metadata is `{path}`"
                raise storage_error(STORAGE_MISSING, f"{table} was written elsewhere", why, str(table))
            document = None if fresh else self._documents.get(path)
            if document is None:
                try:
                    document = self._read_document(table, path)
                except StorageError:
                    if path == before:
                        raise
                    before = path  # others may have committed five times meanwhile and removed it: look once more
                    continue
                self._documents.put(path, document)
            return TableState(table, path, document)

    def manifests(self, state: TableState, snapshot: Document) -> tuple[Manifest, ...]:
        """Return the manifests of a snapshot.

        Raises:
            StorageError: the manifest list cannot be read.
        """
        key = (state.document["table-uuid"], snapshot["snapshot-id"])
        manifests = self._manifests.get(key)
        if manifests is None:
            manifests = self._read_manifests(state.table, snapshot)
            self._manifests.put(key, manifests, 1 + len(manifests))
        return manifests

    def live_files(self, state: TableState, manifest: Manifest) -> tuple[LiveFile, ...]:
        """Return the files that a manifest adds to its snapshots.

        Raises:
            StorageError: the manifest cannot be read.
        """
        key = (state.document["table-uuid"], manifest.path)
        files = self._files.get(key)
        if files is None:
            files = tuple(live_file(entry) for entry in self.entries(state.table, manifest))
            self._files.put(key, files, 1 + len(files))
        return files

    def files(self, state: TableState, snapshot: Document) -> tuple[LiveFile, ...]:
        """Return the data files of a snapshot.

        Raises:
            StorageError: a manifest cannot be read.
        """
        manifests = self.manifests(state, snapshot)
        return tuple(file for m in manifests if m.is_data for file in self.live_files(state, m))

    def bounds(self, state: TableState, snapshot: Document) -> tuple[DataFile, ...]:
        """Return the data files of a snapshot with the bounds of their values.

        Raises:
            StorageError: a manifest cannot be read.
        """
        found: list[DataFile] = []
        types: dict[int, DataType] | None = None
        for manifest in self.manifests(state, snapshot):
            if not manifest.is_data:
                continue
            key = (state.document["table-uuid"], manifest.path)
            files = self._bounds.get(key)
            if files is None:
                types = types or _types_ever(state.document)
                files = tuple(data_file(entry, types) for entry in self.entries(state.table, manifest))
                self._bounds.put(key, files, 1 + len(files))
            found.extend(files)
        return tuple(found)

    def entries(self, table: TableName, manifest: Manifest) -> list[dict[str, Any]]:
        """Read a manifest's live entries from disk.

        Raises:
            StorageError: it cannot be read.
        """
        with _reading(f"read the manifest `{manifest.path}` of {table}", table):
            return read_entries(manifest)

    def files_on_disk(self, table: TableName, snapshot: Document) -> tuple[LiveFile, ...]:
        """Read from disk, not from memory, which data files a snapshot has.

        Raises:
            StorageError: a manifest cannot be read.
        """
        manifests = self._read_manifests(table, snapshot)
        return tuple(live_file(entry) for m in manifests if m.is_data for entry in self.entries(table, m))

    def _read_manifests(self, table: TableName, snapshot: Document) -> tuple[Manifest, ...]:
        with _reading(f"read the files of snapshot {snapshot['snapshot-id']} of {table}", table):
            return read_manifest_list(snapshot["manifest-list"])

    def remember(self, path: str, document: Document) -> None:
        """Keep a document that was just written."""
        self._documents.put(path, document)

    def remember_manifests(self, document: Document, snapshot_id: int, manifests: tuple[Manifest, ...]) -> None:
        """Keep the manifests of a snapshot that was just written."""
        self._manifests.put((document["table-uuid"], snapshot_id), manifests, 1 + len(manifests))

    def _read_document(self, table: TableName, path: str) -> Document:
        with storage_errors(f"read the metadata of {table}", str(table)), open(local_path(path), "rb") as file:
            content = file.read()
        if is_broken(path, content):
            why = "its content is not what was written to it"
            raise storage_error(CORRUPT_STORE, f"`{path}` is damaged", why, str(table))
        try:
            return metadata.check(json.loads(content), path)
        except ValueError as error:
            raise storage_error(CORRUPT_STORE, f"`{path}` is damaged", str(error), str(table)) from error


def identifier(table: TableName) -> tuple[str, str]:
    """Return namespace and name of a table in the catalog."""
    return f"{table.domain}.{table.product}", table.local


@contextmanager
def _reading(what: str, table: TableName) -> Iterator[None]:
    """Raise what keeps a file of the format from being read with a code."""
    try:
        with storage_errors(what, str(table)):
            yield
    except (AvroError, KeyError) as error:
        raise storage_error(CORRUPT_STORE, f"cannot {what}", str(error), str(table)) from error


def _types_ever(document: Document) -> dict[int, DataType]:
    """Return the type of every column that the table ever had, the widest, by field id."""
    types: dict[int, DataType] = {}
    for schema in sorted(document["schemas"], key=lambda schema: int(schema["schema-id"])):
        try:
            types |= leaf_types(columns(schema["fields"]))
        except StorageError:  # an outside writer's type: nothing is known of the columns of that schema
            continue
    return types
