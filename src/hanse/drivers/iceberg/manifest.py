"""Manifests and manifest lists (Iceberg format version 2): which files make up a snapshot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hanse.drivers.iceberg.avro import AvroError, read_container, write_container
from hanse.drivers.iceberg.seal import is_broken

EXISTING, ADDED, DELETED = 0, 1, 2
_DATA = 0
_DIGESTS = "hanse.sha256"
_DIGEST = "digest"
_STATISTICS = (
    "column_sizes",
    "value_counts",
    "null_value_counts",
    "nan_value_counts",
    "lower_bounds",
    "upper_bounds",
)


@dataclass(frozen=True, slots=True)
class Footer:
    """A Parquet file and what its footer says.

    Attributes:
        path: absolute path.
        rows: rows in it.
        size: bytes.
        column_sizes, value_counts, null_counts: field id → bytes, values (with nulls), nulls.
        lower_bounds, upper_bounds: field id → bound, serialised as in Iceberg's appendix D; absent where unknown.
        split_offsets: where its row groups begin.
        digest: of its content, as :func:`hanse.drivers.iceberg.seal.digest` gives it.
    """

    path: str
    rows: int
    size: int
    column_sizes: Mapping[int, int] = field(default_factory=dict)
    value_counts: Mapping[int, int] = field(default_factory=dict)
    null_counts: Mapping[int, int] = field(default_factory=dict)
    lower_bounds: Mapping[int, bytes] = field(default_factory=dict)
    upper_bounds: Mapping[int, bytes] = field(default_factory=dict)
    split_offsets: tuple[int, ...] = ()
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class LiveFile:
    """A file of a snapshot, with the sequence numbers under which its rows and itself came, and its content's digest.

    What was written by others has no digest.
    """

    path: str
    rows: int
    size: int
    sequence_number: int
    file_sequence_number: int
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as manifest lists name it.

    Attributes:
        path: absolute path.
        record: its Avro record, complete, to be written into the lists of later snapshots as it is.
        is_data: it names data files, not delete files.
        live: files that belong to the snapshot; None when its writer did not count them.
    """

    path: str
    record: Mapping[str, Any]
    is_data: bool
    live: int | None


def _map(key: int, value: int, kind: str) -> list[Any]:
    members = [{"name": "key", "type": "int", "field-id": key}, {"name": "value", "type": kind, "field-id": value}]
    record = {"type": "record", "name": f"k{key}_v{value}", "fields": members}
    return ["null", {"type": "array", "items": record, "logicalType": "map"}]


def _field(name: str, field_id: int, kind: Any) -> dict[str, Any]:
    optional = {"default": None} if isinstance(kind, list) else {}
    return {"name": name, "field-id": field_id, "type": kind, **optional}


_DATA_FILE: dict[str, Any] = {
    "type": "record",
    "name": "r2",
    "fields": [
        _field("content", 134, "int"),
        _field("file_path", 100, "string"),
        _field("file_format", 101, "string"),
        _field("partition", 102, {"type": "record", "name": "r102", "fields": []}),
        _field("record_count", 103, "long"),
        _field("file_size_in_bytes", 104, "long"),
        _field("column_sizes", 108, _map(117, 118, "long")),
        _field("value_counts", 109, _map(119, 120, "long")),
        _field("null_value_counts", 110, _map(121, 122, "long")),
        _field("nan_value_counts", 137, _map(138, 139, "long")),
        _field("lower_bounds", 125, _map(126, 127, "bytes")),
        _field("upper_bounds", 128, _map(129, 130, "bytes")),
        _field("key_metadata", 131, ["null", "bytes"]),
        _field("split_offsets", 132, ["null", {"type": "array", "element-id": 133, "items": "long"}]),
        _field("equality_ids", 135, ["null", {"type": "array", "element-id": 136, "items": "int"}]),
        _field("sort_order_id", 140, ["null", "int"]),
    ],
}
_ENTRY = {
    "type": "record",
    "name": "manifest_entry",
    "fields": [
        _field("status", 0, "int"),
        _field("snapshot_id", 1, ["null", "long"]),
        _field("sequence_number", 3, ["null", "long"]),
        _field("file_sequence_number", 4, ["null", "long"]),
        _field("data_file", 2, _DATA_FILE),
    ],
}
_MANIFEST: dict[str, Any] = {
    "type": "record",
    "name": "manifest_file",
    "fields": [
        _field("manifest_path", 500, "string"),
        _field("manifest_length", 501, "long"),
        _field("partition_spec_id", 502, "int"),
        _field("content", 517, "int"),
        _field("sequence_number", 515, "long"),
        _field("min_sequence_number", 516, "long"),
        _field("added_snapshot_id", 503, "long"),
        _field("added_files_count", 504, "int"),
        _field("existing_files_count", 505, "int"),
        _field("deleted_files_count", 506, "int"),
        _field("added_rows_count", 512, "long"),
        _field("existing_rows_count", 513, "long"),
        _field("deleted_rows_count", 514, "long"),
        # The summaries of partition fields; the item's fields do not matter as there are none.
        _field(
            "partitions",
            507,
            [
                "null",
                {
                    "type": "array",
                    "element-id": 508,
                    "items": {
                        "type": "record",
                        "name": "r508",
                        "fields": [
                            _field("contains_null", 509, "boolean"),
                            _field("contains_nan", 518, ["null", "boolean"]),
                            _field("lower_bound", 510, ["null", "bytes"]),
                            _field("upper_bound", 511, ["null", "bytes"]),
                        ],
                    },
                },
            ],
        ),
        _field("key_metadata", 519, ["null", "bytes"]),
    ],
}


def write_manifest(entries: Sequence[Mapping[str, Any]], *, schema: Mapping[str, Any], spec_id: int) -> bytes:
    """Return a manifest of data files.

    Args:
        entries: its entries, of :func:`added`, :func:`existing` and :func:`deleted`.
        schema: the table's newest schema, JSON.
        spec_id: the (empty) partition spec.
    """
    header = {
        "schema": json.dumps(schema, separators=(",", ":")),
        "schema-id": str(schema["schema-id"]),
        "partition-spec": "[]",
        "partition-spec-id": str(spec_id),
        "format-version": "2",
        "content": "data",
        # Beside the entries, not in them: their columns are the format's.
        _DIGESTS: json.dumps({e["data_file"]["file_path"]: e[_DIGEST] for e in entries if e.get(_DIGEST)}),
    }
    return write_container(_ENTRY, entries, header)


def describe(
    path: str,
    length: int,
    entries: Sequence[Mapping[str, Any]],
    *,
    snapshot_id: int,
    sequence_number: int,
    spec_id: int,
) -> Manifest:
    """Return a manifest that was written, as the list of its snapshot names it."""
    files = dict.fromkeys((EXISTING, ADDED, DELETED), 0)
    rows = dict.fromkeys((EXISTING, ADDED, DELETED), 0)
    for entry in entries:
        files[entry["status"]] += 1
        rows[entry["status"]] += entry["data_file"]["record_count"]
    numbers = [e["sequence_number"] for e in entries if e["status"] != DELETED and e["sequence_number"] is not None]
    record: dict[str, Any] = {
        "manifest_path": path,
        "manifest_length": length,
        "partition_spec_id": spec_id,
        "content": _DATA,
        "sequence_number": sequence_number,
        "min_sequence_number": min(numbers, default=sequence_number),
        "added_snapshot_id": snapshot_id,
        "added_files_count": files[ADDED],
        "existing_files_count": files[EXISTING],
        "deleted_files_count": files[DELETED],
        "added_rows_count": rows[ADDED],
        "existing_rows_count": rows[EXISTING],
        "deleted_rows_count": rows[DELETED],
        "partitions": [],
        "key_metadata": None,
    }
    return Manifest(path, record, is_data=True, live=files[ADDED] + files[EXISTING])


def write_manifest_list(
    manifests: Sequence[Manifest], *, snapshot_id: int, parent_id: int | None, sequence_number: int
) -> bytes:
    """Return the manifest list of a snapshot."""
    header = {
        "snapshot-id": str(snapshot_id),
        "parent-snapshot-id": "null" if parent_id is None else str(parent_id),
        "sequence-number": str(sequence_number),
        "format-version": "2",
    }
    return write_container(_MANIFEST, [manifest.record for manifest in manifests], header)


def read_manifest_list(path: str) -> tuple[Manifest, ...]:
    """Read which manifests a snapshot has.

    Raises:
        OSError: the file cannot be read.
        AvroError: the file is damaged.
    """
    _, records = read_container(_read(path))
    try:
        return tuple(_manifest(record) for record in records)
    except (AttributeError, KeyError, TypeError) as error:
        raise AvroError(f"not a manifest list of Iceberg: {error!r}") from error


def _manifest(record: Mapping[str, Any]) -> Manifest:
    complete: dict[str, Any] = {member["name"]: record.get(member["name"]) for member in _MANIFEST["fields"]}
    for name, old_name in _OLD_NAMES.items():
        if complete[name] is None:
            complete[name] = record.get(old_name)
    counted = None not in [complete[name] for name in _COUNTS]
    for member in _MANIFEST["fields"]:
        if complete[member["name"]] is None and isinstance(member["type"], str):
            complete[member["name"]] = 0  # as version 1 of the format means it
    live = complete["added_files_count"] + complete["existing_files_count"] if counted else None
    return Manifest(local_path(record["manifest_path"]), complete, complete["content"] == _DATA, live)


_COUNTS = ("added_files_count", "existing_files_count", "added_rows_count", "existing_rows_count")


# As older writers call them.
_OLD_NAMES = {
    "added_files_count": "added_data_files_count",
    "existing_files_count": "existing_data_files_count",
    "deleted_files_count": "deleted_data_files_count",
}


def read_entries(manifest: Manifest) -> list[dict[str, Any]]:
    """Read a manifest's entries of files that belong to the snapshot, as :func:`existing` makes them.

    Raises:
        OSError: the file cannot be read.
        AvroError: the file is damaged.
    """
    header, entries = read_container(_read(manifest.path))
    try:
        digests = json.loads(header.get(_DIGESTS, "{}"))
        found = [existing(entry, manifest) for entry in entries if entry["status"] != DELETED]
        return [{**entry, _DIGEST: digests.get(entry["data_file"]["file_path"])} for entry in found]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AvroError(f"not a manifest of Iceberg: {error!r}") from error


def read_header(path: str) -> dict[str, str]:
    """Read the file metadata of a manifest or of a manifest list.

    Raises:
        OSError: the file cannot be read.
        AvroError: the file is damaged.
    """
    return read_container(_read(path))[0]


def live_file(entry: Mapping[str, Any]) -> LiveFile:
    """Return the file of an entry of :func:`existing`."""
    file = entry["data_file"]
    return LiveFile(
        path=local_path(file["file_path"]),
        rows=file["record_count"],
        size=file["file_size_in_bytes"],
        sequence_number=entry["sequence_number"],
        file_sequence_number=entry["file_sequence_number"],
        digest=entry.get(_DIGEST),
    )


def local_path(location: str) -> str:
    """Return the path of a location that may be written as a ``file:`` URL (PyIceberg does not escape in it)."""
    return location.removeprefix("file://") if location.startswith("file:///") else location.removeprefix("file:")


def _read(location: str) -> bytes:
    with open(local_path(location), "rb") as file:
        content = file.read()
    if is_broken(location, content):
        raise AvroError("its content is not what was written to it")
    return content


def added(file: Footer, snapshot_id: int) -> dict[str, Any]:
    """Return the entry of a new file; its sequence numbers are those of the snapshot, given by the manifest list."""
    data_file = {
        **_data_file(file.path, file.rows, file.size),
        "column_sizes": _pairs(file.column_sizes),
        "value_counts": _pairs(file.value_counts),
        "null_value_counts": _pairs(file.null_counts),
        "lower_bounds": _pairs(file.lower_bounds),
        "upper_bounds": _pairs(file.upper_bounds),
        "split_offsets": list(file.split_offsets),
        "sort_order_id": 0,
    }
    return {**_entry(ADDED, snapshot_id, None, None, data_file), _DIGEST: file.digest}


def existing(entry: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """Return the entry of a file that stays, with all that it inherited from its manifest's place in the list."""
    number, file_number, snapshot_id = (
        entry.get("sequence_number"),
        entry.get("file_sequence_number"),
        entry.get("snapshot_id"),
    )
    inherited = manifest.record["sequence_number"] or 0
    number = inherited if number is None else number
    file = entry["data_file"]
    data_file = {member["name"]: file.get(member["name"]) for member in _DATA_FILE["fields"]}
    data_file["content"] = file.get("content") or _DATA
    return _entry(
        EXISTING,
        manifest.record["added_snapshot_id"] if snapshot_id is None else snapshot_id,
        number,
        number if file_number is None else file_number,
        data_file,
    )


def deleted(file: LiveFile, snapshot_id: int) -> dict[str, Any]:
    """Return the entry of a file that a snapshot takes away; its statistics are left out, nobody reads them."""
    data_file = _data_file(file.path, file.rows, file.size)
    return _entry(DELETED, snapshot_id, file.sequence_number, file.file_sequence_number, data_file)


def _entry(
    status: int,
    snapshot_id: int,
    sequence_number: int | None,
    file_sequence_number: int | None,
    data_file: dict[str, Any],
) -> dict[str, Any]:
    return {
        "status": status,
        "snapshot_id": snapshot_id,
        "sequence_number": sequence_number,
        "file_sequence_number": file_sequence_number,
        "data_file": data_file,
    }


def _data_file(path: str, rows: int, size: int) -> dict[str, Any]:
    return {
        "content": _DATA,
        "file_path": path,
        "file_format": "PARQUET",
        "partition": {},
        "record_count": rows,
        "file_size_in_bytes": size,
        # Empty, not null: PyIceberg's inspection of entries does not expect null.
        **{name: [] for name in _STATISTICS},
        **dict.fromkeys(("key_metadata", "split_offsets", "equality_ids", "sort_order_id")),
    }


def _pairs(values: Mapping[int, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in values.items()]
