from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.drivers.iceberg import manifest
from hanse.drivers.iceberg.avro import AvroError, _write_bytes, _write_long, read_container, write_container
from hanse.drivers.iceberg.manifest import (
    Footer,
    LiveFile,
    Manifest,
    added,
    deleted,
    describe,
    live_file,
    read_entries,
    read_manifest_list,
    write_manifest,
    write_manifest_list,
)

PAIR = {
    "type": "record",
    "name": "pair",
    "fields": [
        {"name": "flag", "type": "boolean"},
        {"name": "number", "type": "long"},
        {"name": "text", "type": ["null", "string"]},
        {"name": "blobs", "type": {"type": "array", "items": "bytes"}},
        {"name": "inner", "type": {"type": "record", "name": "r", "fields": []}},
    ],
}
RECORDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "flag": st.booleans(),
        "number": st.integers(-(2**63), 2**63 - 1),
        "text": st.none() | st.text(),
        "blobs": st.lists(st.binary(), max_size=3),
        "inner": st.just({}),
    }
)
SCHEMA: dict[str, Any] = {"type": "struct", "schema-id": 0, "fields": []}


@settings(max_examples=50, deadline=None)
@given(records=st.lists(RECORDS, max_size=5), metadata=st.dictionaries(st.text(max_size=9), st.text(), max_size=3))
def test_what_is_written_is_read(records: list[Any], metadata: dict[str, str]) -> None:
    content = write_container(PAIR, records, metadata)
    header, found = read_container(content)
    assert found == records
    assert header.items() >= metadata.items()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_is_an_avro_error_and_nothing_else(data: st.DataObject) -> None:
    file = Footer("/x/a.parquet", 3, 100, {1: 5}, {1: 3}, {1: 0}, {1: b"a"}, {1: b"b"}, (4,))
    content = bytearray(write_manifest([added(file, 1)], schema=SCHEMA, spec_id=0))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    try:
        _, records = read_container(bytes(content))
    except AvroError:
        return
    assert isinstance(records, list)


def container(codec: str, *blocks: tuple[int, bytes], schema: str = '"long"') -> bytes:
    """Write a container by hand, as another writer might."""
    out = bytearray(b"Obj\x01")
    _write_long(out, -2)  # a negative count is followed by the block's length
    _write_long(out, 99)
    for key, value in (("avro.schema", schema), ("avro.codec", codec)):
        _write_bytes(out, key.encode())
        _write_bytes(out, value.encode())
    out += b"\x00" + bytes(16)
    for count, packed in blocks:
        _write_long(out, count)
        _write_bytes(out, packed)
        out += bytes(16)
    return bytes(out)


def test_other_writers_blocks_and_codecs() -> None:
    import pyarrow as pa

    two = b"\x02\x04"
    deflate = zlib.compressobj(wbits=-15)
    packed = deflate.compress(two) + deflate.flush()
    assert read_container(container("null", (2, two), (1, b"\x06")))[1] == [1, 2, 3]
    assert read_container(container("deflate", (2, packed)))[1] == [1, 2]
    assert read_container(container("zstandard", (2, pa.compress(two, "zstd", asbytes=True))))[1] == [1, 2]
    with pytest.raises(AvroError, match="snappy"):
        read_container(container("snappy", (2, two)))
    with pytest.raises(AvroError, match="sync"):
        read_container(container("null", (2, two))[:-1] + b"\x01")


@pytest.mark.parametrize(
    ("schema", "content", "value"),
    [
        ('"double"', b"\x00" * 6 + b"\xf8\x3f", 1.5),
        ('"float"', b"\x00\x00\xc0\x3f", 1.5),
        ('{"type": "fixed", "name": "f", "size": 2}', b"ab", b"ab"),
        ('{"type": "map", "values": "int"}', b"\x02\x02a\x04\x00", {"a": 2}),
        ('{"type": "array", "items": "int"}', b"\x01\x02\x04\x00", [2]),
        ('["null", "string"]', b"\x02\x02a", "a"),
        ('{"type": "long", "logicalType": "timestamp-micros"}', b"\x02", 1),
        (
            '{"type": "record", "name": "a", "fields": [{"name": "next", "type": ["null", "a"]}]}',
            b"\x02\x00",
            {"next": {"next": None}},
        ),
    ],
)
def test_types_that_only_others_write(schema: str, content: bytes, value: Any) -> None:
    assert read_container(container("null", (1, content), schema=schema))[1] == [value]


def written(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def one_manifest(folder: Path, entries: list[dict[str, Any]], sequence_number: int = 5) -> Manifest:
    content = write_manifest(entries, schema=SCHEMA, spec_id=0)
    path = written(folder, "m0.avro", content)
    return describe(path, len(content), entries, snapshot_id=7, sequence_number=sequence_number, spec_id=0)


def test_contents_of_a_snapshot(tmp_path: Path) -> None:
    gone = LiveFile("/x/0.parquet", 9, 90, 4, 4)
    entries = [*(added(Footer(f"/x/{n}.parquet", n, n * 10), 7) for n in range(1, 4)), deleted(gone, 7)]
    manifest = one_manifest(tmp_path, entries)
    content = write_manifest_list([manifest], snapshot_id=7, parent_id=6, sequence_number=5)
    (found,) = read_manifest_list(written(tmp_path, "snap.avro", content))
    assert found == manifest
    assert (found.live, found.is_data) == (3, True)
    files = [live_file(entry) for entry in read_entries(found)]
    assert files == [LiveFile(f"/x/{n}.parquet", n, n * 10, 5, 5) for n in range(1, 4)]


def test_a_file_that_stays_keeps_what_it_inherited(tmp_path: Path) -> None:
    first = read_entries(one_manifest(tmp_path, [added(Footer("/x/1.parquet", 1, 10), 7)], 5))
    later = one_manifest(tmp_path, [*first, added(Footer("/x/2.parquet", 1, 10), 9)], 8)
    assert later.record["min_sequence_number"] == 5
    entries = read_entries(later)
    assert [(e["sequence_number"], e["file_sequence_number"], e["snapshot_id"]) for e in entries] == [
        (5, 5, 7),
        (8, 8, 9),
    ]


def test_lists_of_older_writers(tmp_path: Path) -> None:
    """Counts had other names, or were left out; sequence numbers came with version 2."""
    record = dict(one_manifest(tmp_path, [added(Footer("/x/1.parquet", 1, 10), 7)]).record)
    members: list[dict[str, Any]] = []
    for member in manifest._MANIFEST["fields"]:
        if member["name"] in {"content", "sequence_number", "min_sequence_number"}:
            continue
        name = member["name"].replace("_files_count", "_data_files_count")
        members.append({**member, "name": name, "type": ["null", "int"] if "count" in name else member["type"]})
    old = {m["name"]: record.get(m["name"].replace("_data_files_count", "_files_count")) for m in members}
    schema = {**manifest._MANIFEST, "fields": members}
    content = write_container(schema, [old, {**old, "existing_data_files_count": None}], {})
    counted, uncounted = read_manifest_list(written(tmp_path, "snap.avro", content))
    assert (counted.live, counted.is_data, counted.record["sequence_number"]) == (1, True, 0)
    assert uncounted.live is None
    assert [live_file(entry).sequence_number for entry in read_entries(counted)] == [0]
    with pytest.raises(AvroError, match="manifest list"):
        read_manifest_list(written(tmp_path, "other.avro", container("null", (1, b"\x02"))))


def test_locations_written_as_urls() -> None:
    assert manifest.local_path("file:///a/b c%20") == "/a/b c%20"
    assert manifest.local_path("file:/a/b") == "/a/b"
    assert manifest.local_path("/a/file:/b") == "/a/file:/b"
