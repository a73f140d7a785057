"""Avro object container files (Avro 1.11 specification), as far as Iceberg uses them for manifests.

Reading follows the schema written in the file, so files of other writers are understood too. Values are plain Python:
records are dicts, maps written as arrays of key-value records stay lists.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_MAGIC = b"Obj\x01"
_SYNC_LENGTH = 16

Encode = Callable[[bytearray, Any], None]


class AvroError(ValueError):
    """The bytes are no Avro container that can be read here."""


def write_container(schema: Any, records: Iterable[Any], metadata: Mapping[str, str]) -> bytes:
    """Return a container with one deflated block.

    Args:
        schema: the Avro schema as JSON.
        records: values that fit it; none gives a container without a block.
        metadata: file metadata beside ``avro.schema`` and ``avro.codec``.
    """
    sync = os.urandom(_SYNC_LENGTH)
    header = {"avro.schema": json.dumps(schema, separators=(",", ":")), "avro.codec": "deflate", **metadata}
    out = bytearray(_MAGIC)
    _write_long(out, len(header))
    for key, value in header.items():
        _write_bytes(out, key.encode())
        _write_bytes(out, value.encode())
    out += b"\x00" + sync
    encode = encoder(schema)
    block = bytearray()
    count = 0
    for record in records:
        encode(block, record)
        count += 1
    if count:
        raw = zlib.compressobj(wbits=-15)
        packed = raw.compress(bytes(block)) + raw.flush()
        _write_long(out, count)
        _write_bytes(out, packed)
        out += sync
    return bytes(out)


def read_container(content: bytes) -> tuple[dict[str, str], list[Any]]:
    """Return the file metadata and all records.

    Raises:
        AvroError: damaged, truncated, or packed with a codec other than null, deflate or zstandard.
    """
    try:
        return _read_container(content)
    except AvroError:
        raise
    except (IndexError, KeyError, TypeError, ValueError, OSError, struct.error, zlib.error, OverflowError) as error:
        raise AvroError(f"damaged Avro file: {error}") from error


def _read_container(content: bytes) -> tuple[dict[str, str], list[Any]]:
    if content[:4] != _MAGIC:
        raise AvroError("not an Avro file")
    source = _Source(content, 4)
    metadata: dict[str, bytes] = {}
    while count := source.long():
        if count < 0:
            count, _ = -count, source.long()
        for _ in range(count):
            key = source.bytes().decode()
            metadata[key] = source.bytes()
    sync = source.take(_SYNC_LENGTH)
    decode = _decoder(json.loads(metadata["avro.schema"]), {})
    codec = metadata.get("avro.codec", b"null").decode()
    records: list[Any] = []
    while source.at < len(content):
        count = source.long()
        block = _Source(_unpack(codec, source.bytes()), 0)
        records.extend(decode(block) for _ in range(count))
        if source.take(_SYNC_LENGTH) != sync:
            raise AvroError("a block does not end with the file's sync marker")
    return {key: value.decode() for key, value in metadata.items()}, records


def _unpack(codec: str, packed: bytes) -> bytes:
    if codec == "null":
        return packed
    if codec == "deflate":
        return zlib.decompress(packed, wbits=-15)
    if codec == "zstandard":
        import pyarrow as pa

        unpacked: bytes = pa.CompressedInputStream(pa.BufferReader(packed), "zstd").read()
        return unpacked
    raise AvroError(f"codec `{codec}` is not supported")


def _write_long(out: bytearray, value: int) -> None:
    rest = (value << 1) ^ (value >> 63)
    while rest > 0x7F:
        out.append((rest & 0x7F) | 0x80)
        rest >>= 7
    out.append(rest)


def _write_bytes(out: bytearray, value: bytes) -> None:
    _write_long(out, len(value))
    out += value


def _write_text(out: bytearray, value: str) -> None:
    _write_bytes(out, value.encode())


def _write_boolean(out: bytearray, value: bool) -> None:
    out.append(1 if value else 0)


_ENCODERS: dict[str, Encode] = {
    "boolean": _write_boolean,
    "int": _write_long,
    "long": _write_long,
    "bytes": _write_bytes,
    "string": _write_text,
}


def encoder(schema: Any) -> Encode:
    """Return a function that appends a value of this schema to a buffer.

    Understands the types that manifests need: boolean, int, long, bytes, string, record, array, and null or one other.
    """
    if isinstance(schema, str):
        return _ENCODERS[schema]
    if isinstance(schema, list):
        _, other = schema  # ["null", type]
        encode_other = encoder(other)

        def encode_optional(out: bytearray, value: Any) -> None:
            if value is None:
                out.append(0)
            else:
                out.append(2)
                encode_other(out, value)

        return encode_optional
    if schema["type"] == "array":
        encode_item = encoder(schema["items"])

        def encode_array(out: bytearray, values: Any) -> None:
            if values:
                _write_long(out, len(values))
                for value in values:
                    encode_item(out, value)
            out.append(0)

        return encode_array
    members = [(field["name"], encoder(field["type"])) for field in schema["fields"]]

    def encode_record(out: bytearray, record: Any) -> None:
        for name, encode in members:
            encode(out, record[name])

    return encode_record


class _Source:
    """Bytes and a position in them."""

    __slots__ = ("at", "content")

    def __init__(self, content: bytes, at: int) -> None:
        self.content = content
        self.at = at

    def long(self) -> int:
        byte = self.content[self.at]
        self.at += 1
        value, shift = byte & 0x7F, 7
        while byte & 0x80:
            byte = self.content[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
        return (value >> 1) ^ -(value & 1)

    def take(self, length: int) -> bytes:
        end = self.at + length
        if length < 0 or end > len(self.content):
            raise AvroError("the file ends too early")
        part = self.content[self.at : end]
        self.at = end
        return part

    def bytes(self) -> bytes:
        return self.take(self.long())


Decode = Callable[[_Source], Any]

_DECODERS: dict[str, Decode] = {
    "null": lambda _: None,
    "boolean": lambda source: source.take(1) != b"\x00",
    "int": _Source.long,
    "long": _Source.long,
    "float": lambda source: struct.unpack("<f", source.take(4))[0],
    "double": lambda source: struct.unpack("<d", source.take(8))[0],
    "bytes": _Source.bytes,
    "string": lambda source: source.bytes().decode(),
}


def _decoder(schema: Any, named: dict[str, Decode]) -> Decode:
    if isinstance(schema, str):
        return _DECODERS.get(schema) or named[schema]
    if isinstance(schema, list):
        options = [_decoder(option, named) for option in schema]
        return lambda source: options[source.long()](source)
    kind = schema["type"]
    if kind == "array":
        item = _decoder(schema["items"], named)
        return lambda source: _read_blocks(source, item)
    if kind == "map":
        value = _decoder(schema["values"], named)
        return lambda source: dict(_read_blocks(source, lambda at: (at.bytes().decode(), value(at))))
    if kind == "fixed":
        size = int(schema["size"])
        return lambda source: source.take(size)
    if kind == "record":
        return _record_decoder(schema, named)
    return _decoder(kind, named)


def _record_decoder(schema: Any, named: dict[str, Decode]) -> Decode:
    members: list[tuple[str, Decode]] = []

    def decode(source: _Source) -> dict[str, Any]:
        return {name: member(source) for name, member in members}

    named[schema["name"]] = decode
    members.extend((field["name"], _decoder(field["type"], named)) for field in schema["fields"])
    return decode


def _read_blocks(source: _Source, item: Decode) -> list[Any]:
    values: list[Any] = []
    while count := source.long():
        if count < 0:
            count, _ = -count, source.long()
        values.extend(item(source) for _ in range(count))
    return values
