"""Thrift's compact protocol, as far as footers of Parquet files use it: any struct in, the same bytes out.

Source: the specification of the compact protocol in Apache Thrift, and ``parquet.thrift`` of Apache Parquet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 12
_SET = 10
_LONG_LIST = 15
_DOUBLE_BYTES = 8

#: Field id → (type, value), in the order in which the fields were written. Values of booleans stand in their types.
Struct = dict[int, tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Items:
    """A list: the type of its items, and them."""

    kind: int
    values: list[Any]


class ThriftError(ValueError):
    """The bytes are no struct that can be read here."""


def read_struct(content: bytes) -> Struct:
    """Read one struct.

    Raises:
        ThriftError: the bytes end too early, or hold a map.
    """
    try:
        found, _ = _struct(content, 0)
    except IndexError as error:
        raise ThriftError("the bytes end within a struct") from error
    return found


def write_struct(struct: Struct) -> bytes:
    """Write one struct."""
    out = bytearray()
    _write_struct(out, struct)
    return bytes(out)


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _integer(content: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(content, at)
    return (value >> 1) ^ -(value & 1), at


def _struct(content: bytes, at: int) -> tuple[Struct, int]:
    found: Struct = {}
    field_id = 0
    while True:
        head = content[at]
        at += 1
        kind, delta = head & 0x0F, head >> 4
        if not kind:
            return found, at
        if delta:
            field_id += delta
        else:
            field_id, at = _integer(content, at)
        value, at = (None, at) if kind in (TRUE, FALSE) else _value(kind, content, at)
        found[field_id] = (kind, value)


def _value(kind: int, content: bytes, at: int) -> tuple[Any, int]:
    if kind in (I16, I32, I64):
        return _integer(content, at)
    if kind == BINARY:
        length, at = _varint(content, at)
        return _taken(content, at, length)
    if kind == STRUCT:
        return _struct(content, at)
    if kind in (LIST, _SET):
        head = content[at]
        at += 1
        size, inner = head >> 4, head & 0x0F
        if size == _LONG_LIST:
            size, at = _varint(content, at)
        values = []
        for _ in range(size):
            value, at = _value(inner, content, at)
            values.append(value)
        return Items(inner, values), at
    if kind in (TRUE, FALSE, BYTE):  # booleans in lists take a byte
        return content[at], at + 1
    if kind == DOUBLE:
        return _taken(content, at, _DOUBLE_BYTES)
    raise ThriftError(f"a value of type {kind} is not expected in a footer")


def _taken(content: bytes, at: int, length: int) -> tuple[bytes, int]:
    if at + length > len(content):
        raise IndexError
    return content[at : at + length], at + length


def _write_varint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)


def _write_integer(out: bytearray, value: int) -> None:
    _write_varint(out, (value << 1) ^ (value >> 63))


def _write_struct(out: bytearray, struct: Struct) -> None:
    last = 0
    for field_id, (kind, value) in struct.items():
        delta = field_id - last
        if 0 < delta < _LONG_LIST + 1:
            out.append(delta << 4 | kind)
        else:
            out.append(kind)
            _write_integer(out, field_id)
        last = field_id
        if kind not in (TRUE, FALSE):
            _write_value(out, kind, value)
    out.append(0)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in (I16, I32, I64):
        _write_integer(out, value)
    elif kind == BINARY:
        _write_varint(out, len(value))
        out += value
    elif kind == STRUCT:
        _write_struct(out, value)
    elif kind in (LIST, _SET):
        size = len(value.values)
        out.append((min(size, _LONG_LIST) << 4) | value.kind)
        if size >= _LONG_LIST:
            _write_varint(out, size)
        for item in value.values:
            _write_value(out, value.kind, item)
    elif kind == DOUBLE:
        out += value
    else:
        out.append(value)
