"""Column types and Iceberg schemas: JSON as in Iceberg's specification, appendix C."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from hanse.base import StorageError
from hanse.interfaces import ColumnDraft, StoredColumn
from hanse.interfaces.codes import FOREIGN_TABLE, ILLEGAL_COLUMNS
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct

_ICEBERG = {
    Scalar.BOOLEAN: "boolean",
    Scalar.BIGINT: "long",
    Scalar.DOUBLE: "double",
    Scalar.VARCHAR: "string",
    Scalar.BLOB: "binary",
    Scalar.DATE: "date",
    Scalar.TIME: "time",
    Scalar.TIMESTAMP: "timestamp",
    Scalar.TIMESTAMPTZ: "timestamptz",
}
_SCALARS = {name: scalar for scalar, name in _ICEBERG.items()}
_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_MAX_PRECISION = 38


def columns(fields: Iterable[dict[str, Any]]) -> tuple[StoredColumn, ...]:
    """Return the columns of an Iceberg struct's fields.

    Raises:
        StorageError: HNS-T013: a type that Hanse does not hold.
    """
    return tuple(_column(f["id"], f["name"], f["type"], f["required"]) for f in fields)


def evolve(
    old: Sequence[dict[str, Any]], drafts: Sequence[ColumnDraft], last_id: int
) -> tuple[list[dict[str, Any]], int]:
    """Return the fields that a table shall have, and the highest id then given.

    A column keeps its id, and those inside it, when its name is the same and its type is equal or a wider decimal
    of the same scale. Anything else gets ids never used before.

    Args:
        old: fields of the present schema; empty for a new table.
        drafts: the columns to have, in order.
        last_id: highest id ever given in the table.

    Raises:
        StorageError: HNS-T004: no columns, equal names, or types that cannot be held.
    """
    _check(drafts)
    present = {field["name"]: field for field in old}
    ids = count(last_id + 1)
    fields = [_evolved(present.get(draft.name), draft, ids) for draft in drafts]
    return fields, next(ids) - 1


def without_docs(fields: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return top-level fields without their comments."""
    return [{key: value for key, value in field.items() if key != "doc"} for field in fields]


def _evolved(old: dict[str, Any] | None, draft: ColumnDraft, ids: Iterator[int]) -> dict[str, Any]:
    if old is not None and _fits(old, draft.type):
        field_id = old["id"]
        kind = _type_json(draft.type, ids) if isinstance(draft.type, Decimal) else old["type"]
    else:
        field_id = next(ids)
        kind = _type_json(draft.type, ids)
    field = {"id": field_id, "name": draft.name, "required": draft.required, "type": kind}
    if draft.doc:
        field["doc"] = draft.doc
    return field


def _fits(old: dict[str, Any], wanted: DataType) -> bool:
    try:
        present = _column(old["id"], old["name"], old["type"], old["required"]).type
    except StorageError:  # an outside writer's type: replaced by one of ours, under a new id
        return False
    if isinstance(present, Decimal) and isinstance(wanted, Decimal):
        return wanted.scale == present.scale and wanted.precision >= present.precision
    return present == wanted


def _check(drafts: Sequence[ColumnDraft]) -> None:
    if not drafts:
        raise StorageError(ILLEGAL_COLUMNS, "a table needs at least one column")
    seen: dict[str, str] = {}
    for draft in drafts:
        for name in _full_names(draft.name, draft.type):
            if name.casefold() in seen:
                other = seen[name.casefold()]
                raise StorageError(ILLEGAL_COLUMNS, f"the columns `{other}` and `{name}` have the same name")
            seen[name.casefold()] = name


def _full_names(name: str, kind: DataType) -> Iterator[str]:
    """Yield the dotted names that Iceberg readers index a column and its members by."""
    if not name:
        raise StorageError(ILLEGAL_COLUMNS, "a column has an empty name")
    yield name
    if isinstance(kind, Struct):
        if not kind.fields:
            raise StorageError(ILLEGAL_COLUMNS, f"`{name}` is a struct without members")
        for member in kind.fields:
            if not member.name:
                raise StorageError(ILLEGAL_COLUMNS, f"a member of `{name}` has an empty name")
            yield from _full_names(f"{name}.{member.name}", member.type)
    elif isinstance(kind, List):
        yield from _full_names(f"{name}.element", kind.item)
    elif isinstance(kind, Map):
        yield from _full_names(f"{name}.key", kind.key)
        yield from _full_names(f"{name}.value", kind.value)
    elif isinstance(kind, Decimal) and not (
        1 <= kind.precision <= _MAX_PRECISION and 0 <= kind.scale <= kind.precision
    ):
        raise StorageError(ILLEGAL_COLUMNS, f"`{name}` has the impossible type {kind}")


def _type_json(kind: DataType, ids: Iterator[int]) -> Any:
    match kind:
        case Scalar():
            return _ICEBERG[kind]
        case Decimal(precision, scale):
            return f"decimal({precision}, {scale})"
        case Struct(fields):
            return {
                "type": "struct",
                "fields": [
                    {"id": next(ids), "name": f.name, "required": f.required, "type": _type_json(f.type, ids)}
                    for f in fields
                ],
            }
        case List(item):
            return {
                "type": "list",
                "element-id": next(ids),
                "element": _type_json(item, ids),
                "element-required": False,
            }
        case Map(key, value):
            return {
                "type": "map",
                "key-id": next(ids),
                "key": _type_json(key, ids),
                "value-id": next(ids),
                "value": _type_json(value, ids),
                "value-required": False,
            }


def _column(field_id: int, name: str, kind: Any, required: bool) -> StoredColumn:
    if isinstance(kind, str):
        return StoredColumn(field_id, name, _scalar(name, kind), required)
    read = _NESTED.get(kind["type"])
    if read is None:
        raise _unknown(name, kind["type"])
    data_type, children = read(kind)
    return StoredColumn(field_id, name, data_type, required, children)


def _scalar(name: str, kind: str) -> DataType:
    if kind in _SCALARS:
        return _SCALARS[kind]
    match = _DECIMAL.fullmatch(kind)
    if match is None:
        raise _unknown(name, kind)
    return Decimal(int(match[1]), int(match[2]))


def _struct(kind: Any) -> tuple[DataType, tuple[StoredColumn, ...]]:
    children = columns(kind["fields"])
    return Struct(tuple(Field(c.name, c.type, c.required) for c in children)), children


def _list(kind: Any) -> tuple[DataType, tuple[StoredColumn, ...]]:
    item = _column(kind["element-id"], "element", kind["element"], kind["element-required"])
    return List(item.type), (item,)


def _map(kind: Any) -> tuple[DataType, tuple[StoredColumn, ...]]:
    key = _column(kind["key-id"], "key", kind["key"], required=True)
    value = _column(kind["value-id"], "value", kind["value"], kind["value-required"])
    return Map(key.type, value.type), (key, value)


_NESTED: dict[str, Callable[[Any], tuple[DataType, tuple[StoredColumn, ...]]]] = {
    "struct": _struct,
    "list": _list,
    "map": _map,
}


def _unknown(name: str, kind: object) -> StorageError:
    return StorageError(FOREIGN_TABLE, f"column `{name}` has the Iceberg type `{kind}`, which Hanse does not hold")
