"""Drafts of commits: everything that is written before a table's pointer moves."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hanse.base import StorageError, TableName
from hanse.drivers.iceberg import metadata
from hanse.drivers.iceberg.files import write_new
from hanse.drivers.iceberg.footer import read_file
from hanse.drivers.iceberg.manifest import Contents, DataFile, LiveFile, write_manifest, write_manifest_list
from hanse.drivers.iceberg.metadata import Document
from hanse.drivers.iceberg.schema import columns
from hanse.interfaces import Replacement, StagedFile
from hanse.interfaces.codes import BAD_FILE, ILLEGAL_NOTE


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
        self.path = metadata.next_path(document, self.old_path)
        self.add(self.path, to_json(document))
        self.unsynced.append(os.path.dirname(self.path))

    def add(self, path: str, content: bytes) -> None:
        """Write a new file.

        Raises:
            OSError: it cannot be written.
        """
        self.written.append(path)
        self.unsynced.append(path)
        write_new(path, content)


def to_json(document: Any) -> bytes:
    """Return a document as JSON without white space."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def add_snapshot(
    draft: Draft, replacement: Replacement, run_id: str, old: Sequence[LiveFile], folder: str
) -> tuple[dict[str, Any], Contents]:
    """Put a snapshot that holds exactly the replacement's files into a draft, and write its manifests.

    Args:
        draft: of the table as it is.
        replacement: what it shall hold.
        run_id: run that does it.
        old: files of the parent snapshot.
        folder: folder that staged files must lie in.

    Returns:
        The snapshot, and what it consists of.

    Raises:
        StorageError: HNS-T005: a staged file does not fit; HNS-T015: a note has a name of Iceberg's own.
        OSError: something cannot be written.
    """
    document = draft.document
    files = _checked(replacement, document, folder)
    snapshot_id = metadata.new_snapshot_id(document)
    sequence_number = document["last-sequence-number"] + 1
    summary = _summary(files, old, run_id, replacement)
    manifest, manifest_list = _write_manifests(draft, files, old, snapshot_id, sequence_number, replacement.parent_id)
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
    live = tuple(LiveFile(file.path, file.rows, file.size, sequence_number) for file in files)
    return snapshot, Contents(live, deletes=False, manifests=() if manifest is None else (manifest,))


def _checked(replacement: Replacement, document: Document, folder: str) -> list[DataFile]:
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
        files.append(read_file(staged, wanted))
    if len({file.path for file in files}) < len(files):
        raise StorageError(BAD_FILE, "a staged file stands twice in one commit", subject=str(replacement.table))
    return files


def _write_manifests(
    draft: Draft,
    files: Sequence[DataFile],
    old: Sequence[LiveFile],
    snapshot_id: int,
    sequence_number: int,
    parent_id: int | None,
) -> tuple[str | None, str]:
    document = draft.document
    commit = os.urandom(16).hex()
    folder = f"{document['location']}/metadata"
    spec_id = document["default-spec-id"]
    written = None
    if files or old:
        path = f"{folder}/{commit}-m0.avro"
        content = write_manifest(
            files, old, snapshot_id=snapshot_id, schema=metadata.schema_of(document), spec_id=spec_id
        )
        draft.add(path, content)
        written = (path, len(content))
    manifest_list = f"{folder}/snap-{snapshot_id}-0-{commit}.avro"
    content = write_manifest_list(
        written,
        files,
        old,
        snapshot_id=snapshot_id,
        parent_id=parent_id,
        sequence_number=sequence_number,
        spec_id=spec_id,
    )
    draft.add(manifest_list, content)
    return (written[0] if written else None), manifest_list


def _summary(
    files: Sequence[DataFile], old: Sequence[LiveFile], run_id: str, replacement: Replacement
) -> Mapping[str, str]:
    """Return the snapshot's summary with the counts that Iceberg names."""
    counts = {
        "added-data-files": len(files),
        "added-records": sum(file.rows for file in files),
        "added-files-size": sum(file.size for file in files),
        "deleted-data-files": len(old),
        "deleted-records": sum(file.rows for file in old),
        "removed-files-size": sum(file.size for file in old),
    }
    totals = {
        "total-data-files": len(files),
        "total-records": counts["added-records"],
        "total-files-size": counts["added-files-size"],
        "total-delete-files": 0,
        "total-position-deletes": 0,
        "total-equality-deletes": 0,
    }
    own = {
        "operation": "append" if replacement.parent_id is None else "overwrite",
        metadata.RUN_ID: run_id,
        **{name: str(number) for name, number in counts.items() if number},
        **{name: str(number) for name, number in totals.items()},
    }
    taken = sorted(own.keys() & replacement.properties.keys() | counts.keys() & replacement.properties.keys())
    if taken:
        raise StorageError(ILLEGAL_NOTE, f"the note `{taken[0]}` of a snapshot has a name of Iceberg's own")
    return {**own, **replacement.properties}


def _bad(replacement: Replacement, staged: StagedFile, why: str) -> StorageError:
    return StorageError(
        BAD_FILE,
        f"the staged file `{staged.path}` cannot be published",
        why=why,
        fix="run again",
        subject=str(replacement.table),
    )
