"""Drafts of commits: everything that is written before a table's pointer moves."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import is_
from typing import Any

from hanse.base import StorageError, TableName
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.cache import Cache
from hanse.drivers.iceberg.files import hasten, write_new
from hanse.drivers.iceberg.footer import read_file
from hanse.drivers.iceberg.layout import Layout, in_order
from hanse.drivers.iceberg.manifest import (
    Footer,
    Manifest,
    added,
    deleted,
    describe,
    write_manifest,
    write_manifest_list,
)
from hanse.drivers.iceberg.metadata import Document
from hanse.drivers.iceberg.schema import columns
from hanse.drivers.iceberg.seal import digest, seal
from hanse.interfaces import Replacement, StagedFile
from hanse.interfaces.codes import BAD_FILE, ILLEGAL_NOTE, KEPT_FILE


@dataclass(slots=True)
class Draft:
    """One table's next state, not yet pointed to.

    Attributes:
        table: the table.
        old_path: metadata file that was read.
        document: its next document.
        path: metadata file that holds it, once written.
        written: files written for it so far, to be removed if it is not committed.
        unsynced: files and folders that the disk must have before it is committed.
        obsolete: metadata files that nobody needs once it is committed.
    """

    table: TableName
    old_path: str
    document: Document
    path: str = ""
    written: list[str] = field(default_factory=list)
    unsynced: list[str] = field(default_factory=list)
    obsolete: list[str] = field(default_factory=list)

    def write(self, updated_ms: int) -> None:
        """Write the metadata file.

        Args:
            updated_ms: when the document that this one follows was written.

        Raises:
            OSError: it cannot be written.
        """
        document, self.obsolete = metadata.with_previous(self.document, self.old_path, updated_ms)
        self.document = document
        content = to_json(document)
        self.path = metadata.next_path(document, self.old_path, content)
        self.add(self.path, *content)
        self.unsynced.append(os.path.dirname(self.path))

    def add(self, path: str, *content: bytes) -> None:
        """Write a new file.

        Raises:
            OSError: it cannot be written.
        """
        self.written.append(path)
        self.unsynced.append(path)
        write_new(path, *content)


def to_json(document: Document) -> list[bytes]:
    """Return a document as JSON without white space, in pieces."""
    identity = document.get("table-uuid")
    pieces = [b"{"]
    for key, value in document.items():
        pieces += (_dump(key) + b":", *_member((identity, key), value), b",")
    pieces[-1] = b"}"
    return pieces


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_GROWING = {"snapshots", "snapshot-log"}
_LARGE = 1 << 20
_LONG = 50
_REMEMBERED_BYTES = 64 << 20
# Of a table with thousands of snapshots a commit changes none: what was written before is not encoded again.
_written: Cache[tuple[Any, str], tuple[list[Any], bytes]] = Cache(_REMEMBERED_BYTES)


def _dump(value: Any) -> bytes:
    return _encode(value).encode()


def _member(key: tuple[Any, str], value: Any) -> tuple[bytes, ...]:
    """Return a document's member as JSON."""
    if key[1] not in _GROWING or not isinstance(value, list) or len(value) < _LONG:
        return (_dump(value),)
    known, text = _written.get(key) or ([], b"")
    if known and len(known) <= len(value) and all(map(is_, known, value)):
        rest = value[len(known) :]
        text += b"".join(b"," + _dump(entry) for entry in rest)
    else:
        text = _dump(value)[1:-1]
    _written.put(key, (value, text), len(text))
    return b"[", text, b"]"


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Parent:
    """The snapshot that a new one follows.

    Attributes:
        snapshot: as the document has it; None for the first.
        layout: what becomes of its manifests.
        totals: what it holds, as its summary counts.
        damaged: its manifests cannot be read; nothing is known of its files.
    """

    snapshot: Document | None
    layout: Layout
    totals: Mapping[str, int] = field(default_factory=dict)
    damaged: bool = False


def add_snapshot(
    draft: Draft, replacement: Replacement, run_id: str, files: Sequence[Footer], parent: Parent
) -> tuple[Document, tuple[Manifest, ...]]:
    """Put a snapshot into a draft, and write its manifests.

    Args:
        draft: of the table as it is.
        replacement: what it shall hold.
        run_id: run that does it.
        files: the replacement's files.
        parent: the snapshot before.

    Returns:
        The snapshot, and its manifests.

    Raises:
        StorageError: HNS-T015: a note has a name of Iceberg's own; HNS-T016: compaction changes the number of rows.
        OSError: something cannot be written.
    """
    document = draft.document
    snapshot_id = metadata.new_snapshot_id(document)
    sequence_number = document["last-sequence-number"] + 1
    summary = _summary(files, parent, run_id, replacement)
    manifests, manifest_list = _write_manifests(draft, files, parent, snapshot_id, sequence_number)
    snapshot = {
        "snapshot-id": snapshot_id,
        **({} if replacement.parent_id is None else {"parent-snapshot-id": replacement.parent_id}),
        "sequence-number": sequence_number,
        "timestamp-ms": max(now_ms(), document["last-updated-ms"]),
        "manifest-list": manifest_list,
        "summary": summary,
        "schema-id": document["current-schema-id"],
    }
    draft.document = metadata.with_snapshot(document, snapshot)
    for file in files:
        draft.unsynced += (file.path, os.path.dirname(file.path))
    return snapshot, manifests


def read_staged(replacement: Replacement, document: Document, folder: str) -> list[Footer]:
    """Read the footers of staged files and check that they fit the table.

    Raises:
        StorageError: HNS-T005.
    """
    wanted = columns(metadata.fields_of(document))
    files = []
    for staged in replacement.files:
        if not os.path.realpath(staged.path).startswith(f"{folder}/"):
            raise _bad(replacement, staged, f"it lies outside `{folder}`")
        try:
            size = os.path.getsize(staged.path)
        except FileNotFoundError as error:
            raise _bad(replacement, staged, "it is missing") from error
        if size != staged.bytes:
            raise _bad(replacement, staged, f"it has {size} bytes, not {staged.bytes}")
        with hasten([staged.path] if size >= _LARGE else ()):
            files.append(replace(read_file(staged, wanted), digest=digest(staged.path)))
    kept = () if replacement.keep == "all" else replacement.keep
    if len({*kept, *(file.path for file in files)}) < len(files) + len(set(kept)):
        raise StorageError(BAD_FILE, "a staged file stands twice in one commit", subject=str(replacement.table))
    return files


def _write_manifests(
    draft: Draft, files: Sequence[Footer], parent: Parent, snapshot_id: int, sequence_number: int
) -> tuple[tuple[Manifest, ...], str]:
    document, layout = draft.document, parent.layout
    folder = f"{document['location']}/metadata"
    spec_id = document["default-spec-id"]
    changed = [
        *layout.rewritten,
        *(added(file, snapshot_id) for file in files),
        *(deleted(file, snapshot_id) for file in layout.removed),
    ]
    written = []
    for number, entries in enumerate(part for part in (changed, *layout.merged) if part):
        content = write_manifest(entries, schema=metadata.schema_of(document), spec_id=spec_id)
        path = f"{folder}/{seal([content])}-m{number}.avro"
        draft.add(path, content)
        written.append(
            describe(
                path,
                len(content),
                entries,
                snapshot_id=snapshot_id,
                sequence_number=sequence_number,
                spec_id=spec_id,
            )
        )
    manifests = in_order([*layout.carried, *written])
    parent_id = None if parent.snapshot is None else parent.snapshot["snapshot-id"]
    content = write_manifest_list(
        manifests, snapshot_id=snapshot_id, parent_id=parent_id, sequence_number=sequence_number
    )
    manifest_list = f"{folder}/snap-{snapshot_id}-0-{seal([content])}.avro"
    draft.add(manifest_list, content)
    return tuple(manifests), manifest_list


def _summary(files: Sequence[Footer], parent: Parent, run_id: str, replacement: Replacement) -> Mapping[str, str]:
    """Return the snapshot's summary with the counts that Iceberg names."""
    removed = parent.layout.removed
    counts = {
        "added-data-files": len(files),
        "added-records": sum(file.rows for file in files),
        "added-files-size": sum(file.size for file in files),
        "deleted-data-files": len(removed),
        "deleted-records": sum(file.rows for file in removed),
        "removed-files-size": sum(file.size for file in removed),
    }
    if replacement.same_rows and counts["added-records"] != counts["deleted-records"]:
        raise StorageError(
            KEPT_FILE,
            f"{counts['added-records']} rows cannot stand for {counts['deleted-records']} rows of {replacement.table}",
            why="compaction keeps all rows",
            subject=str(replacement.table),
        )
    before = _totals(parent, replacement)
    totals = {
        "total-data-files": before["total-data-files"] + len(files) - len(removed),
        "total-records": before["total-records"] + counts["added-records"] - counts["deleted-records"],
        "total-files-size": before["total-files-size"] + counts["added-files-size"] - counts["removed-files-size"],
        **{name: before[name] for name in _DELETE_TOTALS if before[name]},
    }
    own = {
        "operation": _operation(files, parent, replacement),
        metadata.RUN_ID: run_id,
        **{name: str(number) for name, number in counts.items() if number},
        **{name: str(number) for name, number in totals.items()},
    }
    taken = sorted((own.keys() | counts.keys() | set(_DELETE_TOTALS)) & replacement.properties.keys())
    if taken:
        raise StorageError(ILLEGAL_NOTE, f"the note `{taken[0]}` of a snapshot has a name of Iceberg's own")
    return {**own, **replacement.properties}


_DELETE_TOTALS = ("total-delete-files", "total-position-deletes", "total-equality-deletes")


def _totals(parent: Parent, replacement: Replacement) -> Mapping[str, int]:
    """Return the totals that a snapshot starts from: its parent's if files are kept, else those of what is removed."""
    if replacement.keep and parent.snapshot is not None:
        return parent.totals
    removed = parent.layout.removed
    return {
        "total-data-files": len(removed),
        "total-records": sum(file.rows for file in removed),
        "total-files-size": sum(file.size for file in removed),
        **dict.fromkeys(_DELETE_TOTALS, 0),
    }


def _operation(files: Sequence[Footer], parent: Parent, replacement: Replacement) -> str:
    """Return what incremental readers of other tools go by."""
    if replacement.same_rows:
        return "replace"
    if not parent.layout.removed and not parent.damaged:
        return "append"
    return "overwrite" if files else "delete"


def _bad(replacement: Replacement, staged: StagedFile, why: str) -> StorageError:
    return StorageError(
        BAD_FILE,
        f"the staged file `{staged.path}` cannot be published",
        why=why,
        fix="run again",
        subject=str(replacement.table),
    )
