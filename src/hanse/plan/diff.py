"""What differs between the columns that a table has and those that it shall have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from hanse.interfaces import ColumnDraft
from hanse.plan.columns import Stored, identity_of, keeps_values, kind_of, members, pair_stored
from hanse.spec.contract import Column, Table
from hanse.spec.renames import identity, pair
from hanse.spec.types import List, Map, Struct


class ColumnAction(StrEnum):
    """What happens to a column in the table store."""

    ADDED = "added"
    DROPPED = "dropped"
    RENAMED = "renamed"
    RETYPED = "retyped"
    NULLABLE = "made nullable"
    REQUIRED = "made required"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One difference in how a column is stored.

    Attributes:
        column: name; members of nested columns with dots.
        before: type, position or name before, None when the column is new.
        after: type, position or name after, None when the column goes.
    """

    action: ColumnAction
    column: str
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        match self.action:
            case ColumnAction.ADDED:
                return f"{self.column} {self.after} added"
            case ColumnAction.RETYPED:
                return f"{self.column} {self.before} → {self.after}"
            case ColumnAction.RENAMED:
                return f"{self.column} renamed {self.before} → {self.after}"
            case ColumnAction.REORDERED:
                return f"{self.column} moved from place {self.before} to {self.after}"
            case ColumnAction.DROPPED | ColumnAction.NULLABLE | ColumnAction.REQUIRED:
                return f"{self.column} {self.action.value}"


def column_drafts(table: Table, applied: Sequence[Stored] = ()) -> tuple[ColumnDraft, ...]:
    """Return a table's columns as the table store is asked for them.

    Args:
        table: the contract's table.
        applied: documents of the columns that the table has: then drafts say which ones were renamed.
    """
    return _drafts(table.columns, applied)


def _drafts(columns: Sequence[Column], applied: Sequence[Stored]) -> tuple[ColumnDraft, ...]:
    places = pair([identity_of(c) for c in applied], [identity(c) for c in columns])
    names = {c["name"] for c in applied}
    return tuple(
        _draft(column, None if place is None else applied[place], new=place is None and column.name in names)
        for place, column in zip(places, columns, strict=True)
    )


def _draft(column: Column, old: Stored | None, *, new: bool = False) -> ColumnDraft:
    was = old["name"] if old and old["name"] != column.name else None
    inner = _inner_drafts(column, members(old)) if old else ()
    return ColumnDraft(column.name, column.type, column.required, column.description, was, inner, new)


def _inner_drafts(column: Column, applied: Sequence[Stored]) -> tuple[ColumnDraft, ...]:
    """Return what there is to say of members beside their names."""
    match column.type:
        case Struct():
            drafts = _drafts(column.children, applied)
        case List() | Map() if len(column.children) == len(applied):
            # Known by their places, whatever a contract calls them.
            sides = ("element",) if isinstance(column.type, List) else ("key", "value")
            drafts = tuple(
                replace(_draft(child, old), name=side, was=None)
                for side, child, old in zip(sides, column.children, applied, strict=True)
            )
        case _:
            return ()
    return tuple(draft for draft in drafts if draft.was or draft.new or draft.children)


def diff_columns(applied: Sequence[Stored], wanted: Sequence[Stored]) -> tuple[ColumnChange, ...]:
    """Compare columns as they are stored: names, types, nullability and order, nothing else.

    Args:
        applied: documents of the columns that the table has (see :func:`~hanse.plan.columns.column_documents`).
        wanted: documents of the columns that it shall have.

    Returns:
        Dropped columns, then changes in the wanted order, then moves; empty when the same schema stores both. What
        changes inside a nested column that stays is told member by member.
    """
    return tuple(_diff(applied, wanted, ""))


def _diff(applied: Sequence[Stored], wanted: Sequence[Stored], prefix: str) -> Iterator[ColumnChange]:
    places = pair_stored(applied, wanted)
    for place, column in enumerate(applied):
        if place not in places:
            yield ColumnChange(ColumnAction.DROPPED, prefix + column["name"], before=column["type"])
    for found, column in zip(places, wanted, strict=True):
        if found is None:
            yield ColumnChange(ColumnAction.ADDED, prefix + column["name"], after=column["type"])
        else:
            yield from _diff_one(applied[found], column, prefix)
    now = [place for place in places if place is not None]
    for new, moved in enumerate(now):
        old = sorted(now).index(moved)
        if old != new:
            name = prefix + wanted[places.index(moved)]["name"]
            yield ColumnChange(ColumnAction.REORDERED, name, str(old + 1), str(new + 1))


def _diff_one(old: Stored, new: Stored, prefix: str) -> Iterator[ColumnChange]:
    name = prefix + new["name"]
    if old["name"] != new["name"]:
        yield ColumnChange(ColumnAction.RENAMED, name, old["name"], new["name"])
    if members(old) and members(new) and keeps_values(old, new):
        yield from _diff_inside(old, new, f"{name}.")
    elif old["type"] != new["type"]:
        yield ColumnChange(ColumnAction.RETYPED, name, old["type"], new["type"])
    if bool(old["required"]) != bool(new["required"]):
        action = ColumnAction.REQUIRED if new["required"] else ColumnAction.NULLABLE
        yield ColumnChange(action, name, old["type"], new["type"])


def _diff_inside(old: Stored, new: Stored, prefix: str) -> Iterator[ColumnChange]:
    if kind_of(new) == "struct":
        yield from _diff(members(old), members(new), prefix)
        return
    for before, after in zip(members(old), members(new), strict=True):
        yield from _diff_one({**before, "name": after["name"]}, after, prefix)
