"""What differs between the columns that a table has and those that it shall have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hanse.interfaces import ColumnDraft
from hanse.spec.contract import Column, Table
from hanse.spec.diff_column import NULL_MEANING


class ColumnAction(StrEnum):
    """What happens to a column in the table store."""

    ADDED = "added"
    DROPPED = "dropped"
    RETYPED = "retyped"
    NULLABLE = "made nullable"
    REQUIRED = "made required"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One difference in how a column is stored.

    Attributes:
        column: name; members of nested columns with dots.
        before: type or position before, None when the column is new.
        after: type or position after, None when the column goes.
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
            case ColumnAction.REORDERED:
                return f"{self.column} moved from place {self.before} to {self.after}"
            case ColumnAction.DROPPED | ColumnAction.NULLABLE | ColumnAction.REQUIRED:
                return f"{self.column} {self.action.value}"


def column_documents(table: Table) -> tuple[Mapping[str, Any], ...]:
    """Return a table's columns as they are kept with an applied table: one JSON-ready document each, in order.

    Beside what :class:`hanse.registry.AppliedTable` names, a nested column has ``children``.
    """
    return tuple(_document(c) for c in table.columns)


def column_drafts(table: Table) -> tuple[ColumnDraft, ...]:
    """Return a table's columns as the table store is asked for them."""
    return tuple(ColumnDraft(c.name, c.type, c.required, c.description) for c in table.columns)


def diff_columns(applied: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> tuple[ColumnChange, ...]:
    """Compare columns as they are stored: names, types, nullability and order, nothing else.

    Args:
        applied: documents of the columns that the table has (see :func:`column_documents`).
        wanted: documents of the columns that it shall have.

    Returns:
        Dropped columns, then changes in the wanted order, then moves; empty when the same schema stores both.
    """
    return tuple(_diff(applied, wanted, ""))


def _diff(
    applied: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]], prefix: str
) -> Iterator[ColumnChange]:
    before = {c["name"]: c for c in applied}
    after = {c["name"]: c for c in wanted}
    for name, column in before.items():
        if name not in after:
            yield ColumnChange(ColumnAction.DROPPED, prefix + name, before=column["type"])
    for name, column in after.items():
        if name not in before:
            yield ColumnChange(ColumnAction.ADDED, prefix + name, after=column["type"])
        else:
            yield from _diff_one(before[name], column, prefix)
    stayed, now = [n for n in before if n in after], [n for n in after if n in before]
    if stayed != now:
        for name in now:
            old, new = stayed.index(name), now.index(name)
            if old != new:
                yield ColumnChange(ColumnAction.REORDERED, prefix + name, str(old + 1), str(new + 1))


def _diff_one(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> Iterator[ColumnChange]:
    name = prefix + new["name"]
    if old["type"] != new["type"]:
        yield ColumnChange(ColumnAction.RETYPED, name, old["type"], new["type"])
    elif old.get("children") or new.get("children"):
        # Equal types hold equal names in equal order: what is left is nullability.
        yield from _diff(old.get("children") or (), new.get("children") or (), f"{name}.")
    if bool(old["required"]) != bool(new["required"]):
        action = ColumnAction.REQUIRED if new["required"] else ColumnAction.NULLABLE
        yield ColumnChange(action, name, old["type"], new["type"])


def _document(column: Column) -> Mapping[str, Any]:
    document: dict[str, Any] = {
        "name": column.name,
        "type": str(column.type),
        "required": column.required,
        "unique": column.unique,
        "primary_key": column.primary_key_position,
        "description": column.description,
        "business_name": column.business_name,
        "classification": column.classification,
        "enum": [plain(v) for v in column.enum],
        "null_meaning": _null_meaning(column),
        "examples": [plain(v) for v in column.examples],
        "deprecated": column.deprecated,
    }
    if column.children:
        document["children"] = [_document(c) for c in column.children]
    return document


def _null_meaning(column: Column) -> str | None:
    meaning = column.custom.get(NULL_MEANING)
    return None if meaning is None else str(meaning)


def plain(value: Any) -> Any:
    """Return a value from YAML as JSON can hold it: dates, bytes and numbers that JSON lacks become text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
