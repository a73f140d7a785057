"""What the files of a table still tell when its metadata is lost: older metadata, manifest lists and manifests.

Nothing is guessed. A file is believed if its seal holds; a snapshot is brought back if its manifest list, all its
manifests and a schema are there, and it has the rows and bytes that were released.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hanse.base import StorageError
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.avro import AvroError
from hanse.drivers.iceberg.commit import now_ms
from hanse.drivers.iceberg.manifest import LiveFile, Manifest, live_file, read_entries, read_header, read_manifest_list
from hanse.drivers.iceberg.metadata import Document
from hanse.drivers.iceberg.seal import is_broken
from hanse.interfaces import Snapshot

_LIST = re.compile(r"snap-(\d+)(?:-.*)?\.avro")
_VERSION = re.compile(r"(\d+)-.*\.metadata\.json")


@dataclass
class Copies:
    """Whole metadata and manifest lists below a table's folder.

    Attributes:
        location: the table's folder.
        documents: whole metadata by path, the newest first.
        lists: manifest lists by snapshot id.
    """

    location: str
    documents: dict[str, Document] = field(default_factory=dict)
    lists: dict[int, str] = field(default_factory=dict)

    @property
    def newest(self) -> str | None:
        """Path of the newest whole metadata."""
        return next(iter(self.documents), None)


def find_copies(location: str) -> Copies:
    """Look through a table's folder.

    Raises:
        OSError: the folder cannot be read.
    """
    copies = Copies(location)
    folder = f"{location}/metadata"
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = []
    for name in names:
        path = f"{folder}/{name}"
        if match := _LIST.fullmatch(name):
            copies.lists[int(match[1])] = path
        elif (match := _VERSION.fullmatch(name)) and (document := _whole(path, location)):
            found.append((int(match[1]), document["last-updated-ms"], path, document))
    copies.documents = {path: document for _, _, path, document in sorted(found, key=lambda f: f[:3], reverse=True)}
    return copies


def _whole(path: str, location: str) -> Document | None:
    try:
        with open(path, "rb") as file:
            content = file.read()
        document = None if is_broken(path, content) else metadata.check(json.loads(content), path)
    except (OSError, ValueError, StorageError):
        return None
    return document if document and document["location"] == location else None


def rebuild(copies: Copies, wanted: Sequence[Snapshot]) -> tuple[Document | None, tuple[Snapshot, ...]]:
    """Return the table's metadata as far as the copies tell it, with the snapshots wanted.

    Args:
        copies: what is there.
        wanted: snapshots to bring back, what the registry knows of them; the first is what readers see.

    Returns:
        The metadata, None if nothing tells the columns; and the snapshots that cannot be brought back.
    """
    schemas = {s["schema-id"]: s for d in reversed(copies.documents.values()) for s in d["schemas"]}
    known = {s["snapshot-id"]: s for d in reversed(copies.documents.values()) for s in d.get("snapshots") or ()}
    last_id = max((d["last-column-id"] for d in copies.documents.values()), default=0)
    found, missing = [], []
    for snapshot in wanted:
        told = _told_by_manifests(copies, snapshot)
        if told:
            schemas |= {s["schema-id"]: s for s in told.schemas if s["schema-id"] not in schemas}
            last_id = max(last_id, told.last_column_id)
        document = known.get(snapshot.snapshot_id) or (told.document if told else None)
        if document is None or document.get("schema-id", snapshot.schema_id) not in schemas:
            missing.append(snapshot)
        else:
            found.append(document)
    newest = copies.newest
    if newest is None and (not schemas or not found):
        return None, tuple(missing)
    last_id = max([last_id, *(i for s in schemas.values() for i in _ids(s))])
    base = _base(copies, found, schemas, last_id)
    return _with_snapshots(base, found, schemas, last_id), tuple(missing)


@dataclass(frozen=True)
class _Told:
    document: Document
    schemas: Sequence[Document]
    last_column_id: int


def _told_by_manifests(copies: Copies, snapshot: Snapshot) -> _Told | None:
    """Return a snapshot as its manifest list and manifests tell it, if they agree with what was released."""
    path = copies.lists.get(snapshot.snapshot_id)
    found = None if path is None else _files_of(path)
    if path is None or found is None:
        return None
    manifests, files, field_ids = found
    if (sum(f.rows for f in files), sum(f.size for f in files)) != (snapshot.rows, snapshot.bytes):
        return None
    header = read_header(path)
    parent = header.get("parent-snapshot-id", "null")
    schemas = [json.loads(read_header(m.path)["schema"]) for m in manifests]
    moment = int(snapshot.committed_at.timestamp() * 1000) if snapshot.committed_at else now_ms()
    document = {
        "snapshot-id": snapshot.snapshot_id,
        **({} if parent == "null" else {"parent-snapshot-id": int(parent)}),
        "sequence-number": int(header["sequence-number"]),
        "timestamp-ms": moment,
        "manifest-list": path,
        "summary": {
            "operation": "overwrite",
            metadata.RUN_ID: snapshot.run_id,
            "total-data-files": str(len(files)),
            "total-records": str(snapshot.rows),
            "total-files-size": str(snapshot.bytes),
        },
        "schema-id": snapshot.schema_id,
    }
    return _Told(document, schemas, max(field_ids, default=0))


def _files_of(manifest_list: str) -> tuple[Sequence[Manifest], Sequence[LiveFile], set[int]] | None:
    """Return manifests, data files, and the ids of the columns that these have; None if any of it is damaged."""
    try:
        manifests = read_manifest_list(manifest_list)
        entries = [entry for m in manifests for entry in read_entries(m)]
    except (OSError, AvroError):
        return None
    ids = {pair["key"] for entry in entries for pair in entry["data_file"]["column_sizes"] or ()}
    data = [entry for entry in entries if not entry["data_file"]["content"]]
    return manifests, [live_file(entry) for entry in data], ids


def _base(copies: Copies, found: Sequence[Document], schemas: dict[int, Document], last_id: int) -> Document:
    newest = copies.newest
    if newest is not None:
        return copies.documents[newest]
    schema = schemas[found[0]["schema-id"]]
    document = metadata.new_document(copies.location, schema["fields"], last_id, now_ms())
    return {**document, "current-schema-id": schema["schema-id"]}


def _with_snapshots(base: Document, found: Sequence[Document], schemas: dict[int, Document], last_id: int) -> Document:
    """Return metadata with these snapshots; those it has already stay, but the first one found is its head."""
    there = {s["snapshot-id"]: s for s in base.get("snapshots") or ()} | {s["snapshot-id"]: s for s in found}
    snapshots = sorted(there.values(), key=lambda s: int(s["sequence-number"]))
    moments = [base["last-updated-ms"], now_ms(), *(s["timestamp-ms"] for s in snapshots)]
    document = {
        **base,
        "schemas": [schemas[number] for number in sorted(schemas)],
        "last-column-id": max(last_id, base["last-column-id"]),
        "last-sequence-number": max([base["last-sequence-number"], *(s["sequence-number"] for s in snapshots)]),
        "last-updated-ms": max(moments),
        "snapshots": snapshots,
        # What the log told of the time between is lost, and a log with gaps would tell wrong snapshots.
        "snapshot-log": [],
        "metadata-log": [],
    }
    if not found:
        return document
    head = found[0]["snapshot-id"]
    refs = base.get("refs") or {}
    main = {**refs.get(metadata.MAIN, {"type": "branch"}), "snapshot-id": head}
    return {**document, "current-snapshot-id": head, "refs": {**refs, metadata.MAIN: main}}


def _ids(schema: Any) -> Iterator[int]:
    """Yield the ids of a schema's fields, at any depth."""
    if isinstance(schema, dict):
        for key in ("id", "element-id", "key-id", "value-id"):
            if isinstance(schema.get(key), int):
                yield schema[key]
        for value in schema.values():
            yield from _ids(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _ids(item)
