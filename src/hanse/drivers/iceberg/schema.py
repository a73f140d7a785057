"""Column types and Iceberg schemas: JSON as in Iceberg's specification, appendix C."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
_IDS = ("id", "element-id", "key-id", "value-id")


def columns(fields: Iterable[dict[str, Any]]) -> tuple[StoredColumn, ...]:
    """Return the columns of an Iceberg struct's fields.

    Raises:
        StorageError: HNS-T013: a type that Hanse does not hold.
    """
    return tuple(_column(f["id"], f["name"], f["type"], f["required"]) for f in fields)


def evolve(
    old: Sequence[dict[str, Any]],
    drafts: Sequence[ColumnDraft],
    last_id: int,
) -> tuple[list[dict[str, Any]], int]:
    """Return the fields that a table shall have, and the highest id then given.

    A column, or a member of a struct, keeps its id when its name or the one it had is present and its type is the same
    or a wider one (:meth:`hanse.interfaces.TableStore.alter` says which). Anything else gets ids never used before.

    Args:
        old: fields of the present schema; empty for a new table.
        drafts: the columns to have, in order.
        last_id: highest id ever given in the table.

    Raises:
        StorageError: HNS-T004: no columns, equal names, types that cannot be held, two columns that were one,
            or one that was none.
    """
    _check(drafts)
    evolution = _Evolution(count(last_id + 1))
    fields = []
    sources = evolution.sources(old, [(draft.name, draft) for draft in drafts])
    for draft, source in zip(drafts, sources, strict=True):
        kind = None if source is None else evolution.widened(source["type"], draft.type, draft.children)
        if source is None or kind is None:
            identity = next(evolution.ids)
            kind = _type_json(draft.type, evolution.ids)
        else:
            identity = source["id"]
        field = {"id": identity, "name": draft.name, "required": draft.required, "type": kind}
        fields.append({**field, "doc": draft.doc} if draft.doc else field)
    return fields, next(evolution.ids) - 1


@dataclass(frozen=True, slots=True)
class _Evolution:
    """From present fields to wanted ones. ``ids`` gives those that were never used."""

    ids: Iterator[int]

    def sources(
        self, present: Sequence[dict[str, Any]], wanted: Sequence[tuple[str, ColumnDraft | None]]
    ) -> list[dict[str, Any] | None]:
        """Return which present field each wanted one is: its name, and what more there is to say of it."""
        by_name = {field["name"]: field for field in present}
        renamed: dict[str, str] = {}
        for name, draft in wanted:
            was = draft.was if draft else None
            if was is None or was == name:
                continue
            if was not in by_name:
                raise StorageError(ILLEGAL_COLUMNS, f"`{name}` was to be `{was}`, which is no column")
            if was in renamed.values():
                raise StorageError(ILLEGAL_COLUMNS, f"two columns were to be the one that is now called `{was}`")
            renamed[name] = was
        gone = set(renamed.values())
        gone |= {name for name, draft in wanted if draft and draft.new}
        return [
            by_name[renamed[name]] if name in renamed else None if name in gone else by_name.get(name)
            for name, _ in wanted
        ]

    def widened(self, old: Any, wanted: DataType, children: Sequence[ColumnDraft]) -> Any | None:
        """Return the JSON of a type made into the wanted one without new ids for what stays; None if it cannot be."""
        named = {child.name: child for child in children}
        match wanted:
            case Struct() if _is_nested(old, "struct"):
                return self._struct(old, wanted, named)
            case List(item) if _is_nested(old, "list"):
                inner = self.widened(old["element"], item, _inner(named, "element"))
                return None if inner is None else {**old, "element": inner}
            case Map(key, value) if _is_nested(old, "map"):
                # Keys that differ only in what was added to them would become equal: a key's type never changes.
                if not _is(old["key-id"], old["key"], key):
                    return None
                inner = self.widened(old["value"], value, _inner(named, "value"))
                return None if inner is None else {**old, "value": inner}
            case Decimal() if isinstance(old, str) and _DECIMAL.fullmatch(old):
                present = _scalar("", old)
                assert isinstance(present, Decimal)
                fits = wanted.scale == present.scale and wanted.precision >= present.precision
                return _type_json(wanted, self.ids) if fits else None
            case Scalar():
                return old if old == _ICEBERG[wanted] else None
            case _:
                return None

    def _struct(self, old: Any, wanted: Struct, named: Mapping[str, ColumnDraft]) -> Any | None:
        pairs = [(member.name, named.get(member.name)) for member in wanted.fields]
        fields: list[dict[str, Any]] = []
        kept = 0
        for member, source in zip(wanted.fields, self.sources(old["fields"], pairs), strict=True):
            kind = None if source is None else self.widened(source["type"], member.type, _inner(named, member.name))
            if source is None or kind is None:
                new = {"id": next(self.ids), "name": member.name, "required": member.required}
                fields.append({**new, "type": _type_json(member.type, self.ids)})
                continue
            kept += 1
            fields.append({**source, "name": member.name, "required": member.required, "type": kind})
        return {**old, "fields": fields} if kept else None


def _inner(named: Mapping[str, ColumnDraft], name: str) -> Sequence[ColumnDraft]:
    return named[name].children if name in named else ()


def _is_nested(kind: Any, name: str) -> bool:
    return isinstance(kind, dict) and kind.get("type") == name


def _is(field_id: int, kind: Any, wanted: DataType) -> bool:
    try:
        return _column(field_id, "", kind, required=True).type == wanted
    except StorageError:  # an outside writer's type
        return False


def same_but_for_new_ids(new: Any, old: Any, last_id: int, known: Collection[int]) -> bool:
    """Say whether fields are the same when ids above ``last_id`` may be any that are not ``known``."""
    if isinstance(new, dict) and isinstance(old, dict):
        if new.keys() != old.keys():
            return False
        ids = [(new[k], old[k]) for k in new if k in _IDS]
        rest = [(new[k], old[k]) for k in new if k not in _IDS]
        return all(one == other or (one > last_id and other not in known) for one, other in ids) and all(
            same_but_for_new_ids(one, other, last_id, known) for one, other in rest
        )
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(
            same_but_for_new_ids(one, other, last_id, known) for one, other in zip(new, old, strict=True)
        )
    return bool(new == old)


def ids_in(fields: Any) -> Iterator[int]:
    """Yield the ids of fields, of their members and items."""
    if isinstance(fields, dict):
        yield from (fields[k] for k in _IDS if k in fields)
        fields = list(fields.values())
    if isinstance(fields, list):
        for inner in fields:
            yield from ids_in(inner)


def without_docs(fields: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return top-level fields without their comments."""
    return [{key: value for key, value in field.items() if key != "doc"} for field in fields]


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
        _check_children(draft.name, draft.type, draft.children)


def _check_children(name: str, kind: DataType, children: Sequence[ColumnDraft]) -> None:
    members: dict[str, DataType] = {}
    match kind:
        case Struct(fields):
            members = {member.name: member.type for member in fields}
        case List(item):
            members = {"element": item}
        case Map(key, value):
            members = {"key": key, "value": value}
    for child in children:
        if child.name not in members:
            raise StorageError(ILLEGAL_COLUMNS, f"`{name}` has no member `{child.name}`")
        _check_children(f"{name}.{child.name}", members[child.name], child.children)


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
