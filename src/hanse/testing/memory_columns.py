"""Columns of tables in memory: what may be, and what becomes of field ids when they change."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from hanse.base import StorageError
from hanse.interfaces import ColumnDraft, StoredColumn
from hanse.interfaces.codes import ILLEGAL_COLUMNS
from hanse.spec.types import DataType, Decimal, List, Map, Struct

_MAX_PRECISION = 38


def check(drafts: Sequence[ColumnDraft]) -> None:
    """Refuse columns that no table can hold.

    Raises:
        StorageError: HNS-T004.
    """
    names = [name.casefold() for draft in drafts for name in _full_names(draft.name, draft.type)]
    if not names or len(set(names)) < len(names):
        raise StorageError(ILLEGAL_COLUMNS, "a table needs columns, and they need different names")
    for draft in drafts:
        _check_children(draft.type, draft.children)


def _check_children(kind: DataType, children: Sequence[ColumnDraft]) -> None:
    members = dict(_children(kind))
    for child in children:
        if child.name not in members:
            raise StorageError(ILLEGAL_COLUMNS, f"no member is called `{child.name}`")
        _check_children(members[child.name], child.children)


def _full_names(name: str, kind: DataType) -> Iterator[str]:
    yield name
    impossible = isinstance(kind, Decimal) and not 0 <= kind.scale <= kind.precision <= _MAX_PRECISION
    if not name or impossible or kind == Decimal(0, 0) or kind == Struct(()):
        raise StorageError(ILLEGAL_COLUMNS, f"a column `{name}` {kind} cannot be stored")
    for child, inner in _children(kind):
        if not child:
            raise StorageError(ILLEGAL_COLUMNS, f"a member of `{name}` has no name")
        yield from _full_names(f"{name}.{child}", inner)


def _children(kind: DataType) -> tuple[tuple[str, DataType], ...]:
    match kind:
        case Struct(fields):
            return tuple((member.name, member.type) for member in fields)
        case List(item):
            return (("element", item),)
        case Map(key, value):
            return (("key", key), ("value", value))
        case _:
            return ()


def stored(name: str, kind: DataType, ids: Iterator[int], *, required: bool) -> StoredColumn:
    """Return a new column, it and its members with new ids."""
    field_id = next(ids)
    needed = {member.name: member.required for member in kind.fields} if isinstance(kind, Struct) else {"key": True}
    children = tuple(stored(child, inner, ids, required=needed.get(child, False)) for child, inner in _children(kind))
    return StoredColumn(field_id, name, kind, required, children)


Wanted = tuple[str, DataType, bool, ColumnDraft | None]


def evolved(
    present: Sequence[StoredColumn],
    drafts: Sequence[ColumnDraft],
    ids: Iterator[int],
) -> tuple[StoredColumn, ...]:
    """Return the columns that a table has after it was altered."""
    wanted = [(d.name, d.type, d.required, d) for d in drafts]
    pairs = _matched(present, wanted, ids)
    return tuple(column for column, _ in pairs)


def _matched(
    present: Sequence[StoredColumn],
    wanted: Sequence[Wanted],
    ids: Iterator[int],
) -> list[tuple[StoredColumn, bool]]:
    """Return each wanted column, and whether it is one of the present ones."""
    by_name = {column.name: column for column in present}
    renamed: dict[str, StoredColumn] = {}
    for name, _, _, draft in wanted:
        was = draft.was if draft else None
        if was is None or was == name:
            continue
        if was not in by_name:
            raise StorageError(ILLEGAL_COLUMNS, f"no column is called `{was}`")
        if by_name[was] in renamed.values():
            raise StorageError(ILLEGAL_COLUMNS, f"two columns were to be `{was}`")
        renamed[name] = by_name[was]
    taken = {column.field_id for column in renamed.values()}
    pairs = []
    for name, kind, required, draft in wanted:
        old = renamed.get(name) or by_name.get(name)
        if old is not None and name not in renamed and (old.field_id in taken or (draft and draft.new)):
            old = None
        children = draft.children if draft else ()
        kept = None if old is None else _widened(old, name, kind, required, children, ids)
        pairs.append((kept or stored(name, kind, ids, required=required), kept is not None))
    return pairs


def _widened(
    old: StoredColumn,
    name: str,
    kind: DataType,
    required: bool,
    children: Sequence[ColumnDraft],
    ids: Iterator[int],
) -> StoredColumn | None:
    """Return a present column under a new name and type, or None when it would be another one."""
    named = {child.name: child for child in children}
    match old.type, kind:
        case Decimal(), Decimal():
            fits = old.type.scale == kind.scale and old.type.precision <= kind.precision
            return StoredColumn(old.field_id, name, kind, required) if fits else None
        case Struct(), Struct(fields):
            wanted = [(m.name, m.type, m.required, named.get(m.name)) for m in fields]
            pairs = _matched(old.children, wanted, ids)
            if not any(kept for _, kept in pairs):
                return None
            return StoredColumn(old.field_id, name, kind, required, tuple(column for column, _ in pairs))
        case (List(), List(inner)) | (Map(), Map(_, inner)):
            if isinstance(old.type, Map) and isinstance(kind, Map) and old.type.key != kind.key:
                return None
            last = old.children[-1]
            draft = named.get(last.name)
            content = _widened(last, last.name, inner, False, draft.children if draft else (), ids)
            if content is None:
                return None
            return StoredColumn(old.field_id, name, kind, required, (*old.children[:-1], content))
        case _ if old.type == kind:
            return StoredColumn(old.field_id, name, kind, required)
        case _:
            return None


def same_but_for_new_ids(
    new: Sequence[StoredColumn], old: Sequence[StoredColumn], last_id: int, known: Collection[int]
) -> bool:
    """Say whether columns are the same when ids above ``last_id`` may be any that are not ``known``."""
    return len(new) == len(old) and all(
        (one.name, one.type, one.required) == (other.name, other.type, other.required)
        and (one.field_id == other.field_id or (one.field_id > last_id and other.field_id not in known))
        and same_but_for_new_ids(one.children, other.children, last_id, known)
        for one, other in zip(new, old, strict=True)
    )


def ids_in(columns: Sequence[StoredColumn]) -> Iterator[int]:
    """Yield the ids of columns and of everything inside them."""
    for column in columns:
        yield column.field_id
        yield from ids_in(column.children)
