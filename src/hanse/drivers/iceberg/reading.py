"""Reading tables: from a name to its metadata document and to the files of its snapshots."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from hanse.base import StorageError, TableName
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.avro import AvroError
from hanse.drivers.iceberg.catalog import Catalog
from hanse.drivers.iceberg.files import storage_error, storage_errors
from hanse.drivers.iceberg.manifest import Contents, local_path, read_contents
from hanse.drivers.iceberg.metadata import Document
from hanse.drivers.iceberg.schema import columns
from hanse.interfaces import TableSchema
from hanse.interfaces.codes import CORRUPT_STORE, STORAGE_MISSING, UNKNOWN_SNAPSHOT, UNKNOWN_TABLE

_CACHED_TABLES = 512
_CACHED_SNAPSHOTS = 4096

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Cache(Generic[_Key, _Value]):
    """The values used last. What is kept here never changes, so it is never stale."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key) -> _Value | None:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: _Key, value: _Value) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)


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
        self._documents: _Cache[str, Document] = _Cache(_CACHED_TABLES)
        self._contents: _Cache[tuple[str, int], Contents] = _Cache(_CACHED_SNAPSHOTS)

    def location(self, table: TableName) -> str:
        """Return the folder of a table."""
        return f"{self._warehouse}/{table.domain}/{table.product}/{table.local}"

    def state(self, table: TableName) -> TableState:
        """Return a table as it is now.

        Raises:
            StorageError: HNS-T001: there is none; or its metadata cannot be read.
        """
        state = self.find(table)
        if state is None:
            raise StorageError(UNKNOWN_TABLE, f"there is no table {table}", fix="run `hanse apply`", subject=str(table))
        return state

    def find(self, table: TableName) -> TableState | None:
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
            document = self._documents.get(path)
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

    def contents(self, state: TableState, snapshot: Document) -> Contents:
        """Return what a snapshot consists of.

        Raises:
            StorageError: a manifest cannot be read.
        """
        key = (state.document["table-uuid"], snapshot["snapshot-id"])
        contents = self._contents.get(key)
        if contents is None:
            contents = self.read_contents(state.table, snapshot)
            self._contents.put(key, contents)
        return contents

    def read_contents(self, table: TableName, snapshot: Document) -> Contents:
        """Read from disk what a snapshot consists of.

        Raises:
            StorageError: a manifest cannot be read.
        """
        what = f"read the files of snapshot {snapshot['snapshot-id']} of {table}"
        try:
            with storage_errors(what, str(table)):
                return read_contents(snapshot["manifest-list"])
        except (AvroError, KeyError) as error:
            raise storage_error(CORRUPT_STORE, f"cannot {what}", str(error), str(table)) from error

    def remember(self, path: str, document: Document) -> None:
        """Keep a document that was just written."""
        self._documents.put(path, document)

    def remember_contents(self, document: Document, snapshot_id: int, contents: Contents) -> None:
        """Keep the contents of a snapshot that was just written."""
        self._contents.put((document["table-uuid"], snapshot_id), contents)

    def _read_document(self, table: TableName, path: str) -> Document:
        with storage_errors(f"read the metadata of {table}", str(table)), open(local_path(path), "rb") as file:
            content = file.read()
        try:
            return metadata.check(json.loads(content), path)
        except ValueError as error:
            raise storage_error(CORRUPT_STORE, f"`{path}` is damaged", str(error), str(table)) from error


def identifier(table: TableName) -> tuple[str, str]:
    """Return namespace and name of a table in the catalog."""
    return f"{table.domain}.{table.product}", table.local
