"""Table metadata documents (Iceberg format version 2), as JSON. Every function returns a new document.

What other writers put into a document (tags, statistics, properties) is carried along untouched.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from hanse.base import StorageError
from hanse.drivers.iceberg.seal import seal
from hanse.interfaces.codes import CORRUPT_STORE, FOREIGN_TABLE

Document = dict[str, Any]

MAIN = "main"
RUN_ID = "hanse.run-id"
_PREVIOUS_VERSIONS = "write.metadata.previous-versions-max"
_DELETE_PREVIOUS = "write.metadata.delete-after-commit.enabled"
_KEPT_VERSIONS = 5
_FIRST_PARTITION_ID = 1000
_NO_SUMMARY: Document = {}
_TOTALS = (
    "total-data-files",
    "total-records",
    "total-files-size",
    "total-delete-files",
    "total-position-deletes",
    "total-equality-deletes",
)
_NEEDED = {
    "format-version": int,
    "table-uuid": str,
    "location": str,
    "last-column-id": int,
    "last-sequence-number": int,
    "last-updated-ms": int,
    "current-schema-id": int,
    "schemas": list,
}


def new_document(location: str, fields: list[dict[str, Any]], last_column_id: int, now_ms: int) -> Document:
    """Return the document of a new, empty, unpartitioned table."""
    return {
        "format-version": 2,
        "table-uuid": str(uuid.uuid4()),
        "location": location,
        "last-sequence-number": 0,
        "last-updated-ms": now_ms,
        "last-column-id": last_column_id,
        "current-schema-id": 0,
        "schemas": [_schema(0, fields)],
        "default-spec-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": []}],
        "last-partition-id": _FIRST_PARTITION_ID - 1,
        "default-sort-order-id": 0,
        "sort-orders": [{"order-id": 0, "fields": []}],
        "properties": {_PREVIOUS_VERSIONS: str(_KEPT_VERSIONS), _DELETE_PREVIOUS: "true"},
        "snapshots": [],
        "refs": {},
        "snapshot-log": [],
        "metadata-log": [],
        "statistics": [],
        "partition-statistics": [],
    }


def check(document: Any, path: str) -> Document:
    """Return the document if Hanse can work with it.

    Raises:
        StorageError: HNS-T007: it is damaged; HNS-T013: a format version or partitioning that Hanse does not write.
    """
    found = check_readable(document, path)
    if any(spec.get("fields") for spec in found.get("partition-specs", ())):
        raise StorageError(FOREIGN_TABLE, f"the table of `{path}` is partitioned; Hanse does not partition tables yet")
    return found


def check_readable(document: Any, path: str) -> Document:
    """Return the document if Hanse can read the table.

    Raises:
        StorageError: HNS-T007: it is damaged; HNS-T013: a format version that Hanse does not read.
    """
    version = document.get("format-version") if isinstance(document, dict) else None
    if isinstance(version, int) and version != 2:
        raise StorageError(FOREIGN_TABLE, f"`{path}` has Iceberg format version {version}; Hanse holds version 2")
    for key, kind in _NEEDED.items():
        if not isinstance(document, dict) or not isinstance(document.get(key), kind):
            raise StorageError(CORRUPT_STORE, f"`{path}` is damaged", why=f"`{key}` is missing or no {kind.__name__}")
    return dict(document)


def schema_of(document: Document, schema_id: int | None = None) -> dict[str, Any]:
    """Return a schema; the newest one when no id is given.

    Raises:
        StorageError: HNS-T007: the document does not hold the schema.
    """
    wanted = document["current-schema-id"] if schema_id is None else schema_id
    for schema in document["schemas"]:
        if schema["schema-id"] == wanted:
            return dict(schema)
    raise StorageError(CORRUPT_STORE, f"the table at `{document['location']}` has no schema {wanted}")


def fields_of(document: Document, schema_id: int | None = None) -> list[dict[str, Any]]:
    """Return the fields of a schema; as :func:`schema_of`."""
    fields: list[dict[str, Any]] = schema_of(document, schema_id)["fields"]
    return fields


def has_schema(document: Document, schema_id: int | None) -> bool:
    """Say whether the table has, or once had, a schema."""
    return any(schema["schema-id"] == schema_id for schema in document["schemas"])


def with_fields(document: Document, fields: list[dict[str, Any]], last_column_id: int, now_ms: int) -> Document:
    """Return the document with these fields as its newest schema; an equal older schema is used again."""
    schemas = document["schemas"]
    same = next((s["schema-id"] for s in schemas if s["fields"] == fields and not s.get("identifier-field-ids")), None)
    if same is None:
        same = max(schema["schema-id"] for schema in schemas) + 1
        schemas = [*schemas, _schema(same, fields)]
    return {
        **document,
        "schemas": schemas,
        "current-schema-id": same,
        "last-column-id": max(last_column_id, document["last-column-id"]),
        "last-updated-ms": max(now_ms, document["last-updated-ms"]),
    }


def snapshot_of(document: Document, snapshot_id: int) -> dict[str, Any] | None:
    """Return a snapshot by its id; the newest are looked at first, as those are wanted most."""
    found = (s for s in reversed(document.get("snapshots") or ()) if s["snapshot-id"] == snapshot_id)
    return next(found, None)


def snapshot_of_run(document: Document, run_id: str) -> dict[str, Any] | None:
    """Return the snapshot that a run committed."""
    for snapshot in reversed(document.get("snapshots") or ()):
        if (snapshot.get("summary") or _NO_SUMMARY).get(RUN_ID) == run_id:
            found: Document = snapshot
            return found
    return None


def new_snapshot_id(document: Document) -> int:
    """Return an id that no snapshot of the table has: 63 random bits, as PyIceberg gives them."""
    taken = {snapshot["snapshot-id"] for snapshot in document.get("snapshots") or ()}
    while True:
        number = uuid.uuid4().int >> 65
        if number and number not in taken:
            return number


def with_snapshot(document: Document, snapshot: dict[str, Any]) -> Document:
    """Return the document with one snapshot more, which is the head of the main branch whatever was there before."""
    identity = snapshot["snapshot-id"]
    refs = document.get("refs") or {}
    main = {**refs.get(MAIN, {"type": "branch"}), "snapshot-id": identity}
    return {
        **document,
        "last-sequence-number": snapshot["sequence-number"],
        "last-updated-ms": snapshot["timestamp-ms"],
        "current-snapshot-id": identity,
        "snapshots": [*(document.get("snapshots") or ()), snapshot],
        "refs": {**refs, MAIN: main},
        "snapshot-log": [
            *(document.get("snapshot-log") or ()),
            {"snapshot-id": identity, "timestamp-ms": snapshot["timestamp-ms"]},
        ],
    }


def totals(snapshot: Document) -> dict[str, int]:
    """Return the totals of a snapshot's summary; those that its writer left out are 0."""
    summary = snapshot.get("summary") or {}
    return {name: int(summary.get(name, 0)) for name in _TOTALS}


def has_totals(snapshot: Document) -> bool:
    """Whether the summary can be believed: only if Hanse wrote it."""
    return RUN_ID in (snapshot.get("summary") or {})


def without_snapshots(document: Document, keep: Collection[int], now_ms: int) -> tuple[Document, int]:
    """Return the document with only these snapshots, the head, and what other tools' branches and tags name.

    Returns:
        The document, and how many snapshots it lost.
    """
    refs = document.get("refs") or {}
    kept = {*keep, document.get("current-snapshot-id"), *(ref["snapshot-id"] for ref in refs.values())}
    snapshots = document.get("snapshots") or []
    left = [snapshot for snapshot in snapshots if snapshot["snapshot-id"] in kept]
    if len(left) == len(snapshots):
        return document, 0
    identities = {snapshot["snapshot-id"] for snapshot in left}
    log: list[Document] = []
    for entry in document.get("snapshot-log") or ():
        # A log with a gap would tell a wrong snapshot for the time of the gap, so it begins after the last one.
        log = [*log, entry] if entry["snapshot-id"] in identities else []
    changed = {
        **document,
        "snapshots": left,
        "snapshot-log": log,
        "last-updated-ms": max(now_ms, document["last-updated-ms"]),
    }
    for name in ("statistics", "partition-statistics"):
        if document.get(name):
            changed[name] = [entry for entry in document[name] if entry.get("snapshot-id") in identities]
    return changed, len(snapshots) - len(left)


def with_previous(document: Document, path: str, updated_ms: int) -> tuple[Document, list[str]]:
    """Return the document with its predecessor noted, and the metadata files that nobody needs after the commit.

    Args:
        document: the new document.
        path: file of the document that it follows.
        updated_ms: when that one was written.
    """
    properties = document.get("properties") or {}
    keep = max(int(properties.get(_PREVIOUS_VERSIONS, _KEPT_VERSIONS)), 1)
    log = [*(document.get("metadata-log") or ()), {"metadata-file": path, "timestamp-ms": updated_ms}]
    gone = [entry["metadata-file"] for entry in log[:-keep]]
    delete = properties.get(_DELETE_PREVIOUS, "false").lower() == "true"
    return {**document, "metadata-log": log[-keep:]}, gone if delete else []


def next_path(document: Document, previous: str | None, content: Sequence[bytes]) -> str:
    """Return the path of a new metadata file: ``<location>/metadata/<version>-<seal>.metadata.json``."""
    version = 0
    if previous is not None:
        match = re.search(r"/(\d+)-[^/]*\.metadata\.json$", previous)
        version = int(match[1]) + 1 if match else 0
    return f"{document['location']}/metadata/{version:05d}-{seal(content)}.metadata.json"


def _schema(schema_id: int, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "struct", "schema-id": schema_id, "identifier-field-ids": [], "fields": fields}
