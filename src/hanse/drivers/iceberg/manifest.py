"""Manifests and manifest lists (Iceberg format version 2): which files make up a snapshot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hanse.drivers.iceberg.avro import AvroError, read_container, write_container

_EXISTING, _ADDED, _DELETED = 0, 1, 2
_DATA = 0
_STATISTICS = (
    "column_sizes",
    "value_counts",
    "null_value_counts",
    "nan_value_counts",
    "lower_bounds",
    "upper_bounds",
)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file and what its footer says.

    Attributes:
        path: absolute path.
        rows: rows in it.
        size: bytes.
        column_sizes, value_counts, null_counts: field id → bytes, values (with nulls), nulls.
        lower_bounds, upper_bounds: field id → bound, serialised as in Iceberg's appendix D; absent where unknown.
        split_offsets: where its row groups begin.
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


@dataclass(frozen=True, slots=True)
class LiveFile:
    """A data file of a snapshot, with the sequence number under which it came."""

    path: str
    rows: int
    size: int
    sequence_number: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a snapshot consists of.

    Attributes:
        files: its data files.
        deletes: some manifest names delete files.
        manifests: paths of the manifests.
    """

    files: tuple[LiveFile, ...]
    deletes: bool
    manifests: tuple[str, ...]


def _map(key: int, value: int, kind: str) -> list[Any]:
    members = [{"name": "key", "type": "int", "field-id": key}, {"name": "value", "type": kind, "field-id": value}]
    record = {"type": "record", "name": f"k{key}_v{value}", "fields": members}
    return ["null", {"type": "array", "items": record, "logicalType": "map"}]


def _field(name: str, field_id: int, kind: Any) -> dict[str, Any]:
    optional = {"default": None} if isinstance(kind, list) else {}
    return {"name": name, "field-id": field_id, "type": kind, **optional}


_DATA_FILE = {
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
_MANIFEST = {
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


def write_manifest(
    added: Sequence[DataFile],
    deleted: Sequence[LiveFile],
    *,
    snapshot_id: int,
    schema: Mapping[str, Any],
    spec_id: int,
) -> bytes:
    """Return the one manifest of a full replace: the new files, and the old ones as deleted.

    Args:
        added: new files; their sequence number is inherited from the manifest list.
        deleted: files of the parent snapshot; their statistics are left out, nobody reads them.
        snapshot_id: snapshot that adds and deletes.
        schema: the table's newest schema, JSON.
        spec_id: the (empty) partition spec.
    """
    entries = [_entry(_ADDED, snapshot_id, None, _added(file)) for file in added]
    entries += [
        _entry(_DELETED, snapshot_id, file.sequence_number, _data_file(file.path, file.rows, file.size))
        for file in deleted
    ]
    header = {
        "schema": json.dumps(schema, separators=(",", ":")),
        "schema-id": str(schema["schema-id"]),
        "partition-spec": "[]",
        "partition-spec-id": str(spec_id),
        "format-version": "2",
        "content": "data",
    }
    return write_container(_ENTRY, entries, header)


def write_manifest_list(
    manifest: tuple[str, int] | None,
    added: Sequence[DataFile],
    deleted: Sequence[LiveFile],
    *,
    snapshot_id: int,
    parent_id: int | None,
    sequence_number: int,
    spec_id: int,
) -> bytes:
    """Return the manifest list of a full replace.

    Args:
        manifest: path and length of its manifest; None when nothing was added or deleted.
        added: new files.
        deleted: files of the parent snapshot.
        snapshot_id: the snapshot.
        parent_id: its parent.
        sequence_number: the snapshot's.
        spec_id: the (empty) partition spec.
    """
    records = []
    if manifest is not None:
        path, length = manifest
        record = {
            "manifest_path": path,
            "manifest_length": length,
            "partition_spec_id": spec_id,
            "content": _DATA,
            "sequence_number": sequence_number,
            "min_sequence_number": sequence_number,
            "added_snapshot_id": snapshot_id,
            "added_files_count": len(added),
            "existing_files_count": 0,
            "deleted_files_count": len(deleted),
            "added_rows_count": sum(file.rows for file in added),
            "existing_rows_count": 0,
            "deleted_rows_count": sum(file.rows for file in deleted),
            "partitions": [],
            "key_metadata": None,
        }
        records.append(record)
    header = {
        "snapshot-id": str(snapshot_id),
        "parent-snapshot-id": "null" if parent_id is None else str(parent_id),
        "sequence-number": str(sequence_number),
        "format-version": "2",
    }
    return write_container(_MANIFEST, records, header)


def read_contents(manifest_list: str) -> Contents:
    """Read a snapshot's manifest list and its data manifests.

    Raises:
        OSError: a file cannot be read.
        AvroError: a file is damaged.
    """
    files: list[LiveFile] = []
    deletes = False
    _, manifests = read_container(_read(manifest_list))
    try:
        for manifest in manifests:
            if manifest.get("content", _DATA) != _DATA:
                deletes = deletes or _counts(manifest) > 0
                continue
            _, entries = read_container(_read(manifest["manifest_path"]))
            files.extend(_live(entry, manifest) for entry in entries if entry["status"] != _DELETED)
    except (KeyError, TypeError) as error:
        raise AvroError(f"not a manifest of Iceberg: {error!r}") from error
    return Contents(tuple(files), deletes, tuple(manifest["manifest_path"] for manifest in manifests))


def _counts(manifest: Mapping[str, Any]) -> int:
    """Live files of a manifest; unknown counts as one."""
    counts = (manifest.get("added_files_count"), manifest.get("existing_files_count"))
    return sum(1 if number is None else int(number) for number in counts)


def _live(entry: Mapping[str, Any], manifest: Mapping[str, Any]) -> LiveFile:
    number = entry.get("sequence_number")
    file = entry["data_file"]
    return LiveFile(
        path=local_path(file["file_path"]),
        rows=file["record_count"],
        size=file["file_size_in_bytes"],
        sequence_number=manifest["sequence_number"] if number is None else number,
    )


def local_path(location: str) -> str:
    """Return the path of a location that may be written as a ``file:`` URL (PyIceberg does not escape in it)."""
    return location.removeprefix("file://") if location.startswith("file:///") else location.removeprefix("file:")


def _read(location: str) -> bytes:
    with open(local_path(location), "rb") as file:
        return file.read()


def _entry(status: int, snapshot_id: int, sequence_number: int | None, data_file: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": status,
        "snapshot_id": snapshot_id,
        "sequence_number": sequence_number,
        "file_sequence_number": sequence_number,
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


def _added(file: DataFile) -> dict[str, Any]:
    return {
        **_data_file(file.path, file.rows, file.size),
        "column_sizes": _pairs(file.column_sizes),
        "value_counts": _pairs(file.value_counts),
        "null_value_counts": _pairs(file.null_counts),
        "lower_bounds": _pairs(file.lower_bounds),
        "upper_bounds": _pairs(file.upper_bounds),
        "split_offsets": list(file.split_offsets),
        "sort_order_id": 0,
    }


def _pairs(values: Mapping[int, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in values.items()]
