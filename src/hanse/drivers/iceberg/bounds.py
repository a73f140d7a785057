"""Bounds and null counts of a manifest's entries as Python values."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as Number
from decimal import localcontext
from typing import Any

from hanse.drivers.iceberg.manifest import live_file
from hanse.interfaces import DataFile, StoredColumn
from hanse.spec.types import DataType, Decimal, Scalar

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a timestamp without zone is meant
_MAX_DIGITS = 38
_Read = Callable[[bytes], Any]


def leaf_types(columns: Iterable[StoredColumn]) -> dict[int, DataType]:
    """Return the types of columns, and of members of structs, by field id."""
    types: dict[int, DataType] = {}
    for column in columns:
        types[column.field_id] = column.type
        types |= leaf_types(column.children)
    return types


def data_file(entry: Mapping[str, Any], types: Mapping[int, DataType]) -> DataFile:
    """Return the file of a manifest's entry.

    Args:
        entry: as :func:`~hanse.drivers.iceberg.manifest.existing` makes it.
        types: by field id, of all columns that the table ever had; others are left out.
    """
    file = live_file(entry)
    raw = entry["data_file"]
    nulls, nans = (_values(raw[name]) for name in ("null_value_counts", "nan_value_counts"))
    return DataFile(
        file.path,
        file.rows,
        file.size,
        {field_id: count for field_id, count in nulls.items() if field_id in types},
        _bounds(raw["lower_bounds"], types, nans),
        _bounds(raw["upper_bounds"], types, nans),
    )


def _values(pairs: Iterable[Mapping[str, Any]] | None) -> dict[int, Any]:
    return {pair["key"]: pair["value"] for pair in pairs or ()}


def _bounds(
    pairs: Iterable[Mapping[str, Any]] | None, types: Mapping[int, DataType], nans: Mapping[int, int]
) -> dict[int, Any]:
    bounds = {}
    for field_id, raw in _values(pairs).items():
        kind = types.get(field_id)
        if kind is None or (kind is Scalar.DOUBLE and nans.get(field_id) != 0):
            continue  # footers leave NaN out of the bounds, and do not say whether there is one
        try:
            bounds[field_id] = _number(raw, kind) if isinstance(kind, Decimal) else _READERS[kind](raw)  # type: ignore[index]
        except (KeyError, ValueError, OverflowError, struct.error):
            continue  # a nested type; a year that Python does not have; not what the specification says
    return bounds


def _number(raw: bytes, kind: Decimal) -> Number:
    with localcontext(prec=_MAX_DIGITS + 1):
        return Number(int.from_bytes(raw, "big", signed=True)).scaleb(-kind.scale)


def _integer(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _double(raw: bytes) -> float:
    value: float = struct.unpack("<d" if len(raw) == struct.calcsize("<d") else "<f", raw)[0]
    return value


def _timestamp(raw: bytes) -> datetime:
    return _EPOCH + timedelta(microseconds=_integer(raw))


_READERS: dict[Scalar, _Read] = {
    Scalar.BOOLEAN: lambda raw: raw != b"\x00",
    Scalar.BIGINT: _integer,
    Scalar.DOUBLE: _double,
    Scalar.VARCHAR: lambda raw: raw.decode(),
    Scalar.BLOB: bytes,
    Scalar.DATE: lambda raw: date(1970, 1, 1) + timedelta(days=_integer(raw)),
    Scalar.TIME: lambda raw: (_EPOCH + timedelta(microseconds=_integer(raw))).time(),
    Scalar.TIMESTAMP: _timestamp,
    Scalar.TIMESTAMPTZ: lambda raw: _timestamp(raw).replace(tzinfo=UTC),
}
