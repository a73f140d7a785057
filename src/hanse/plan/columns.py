"""Columns as they are recorded with an applied table: one JSON-ready document each."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hanse.spec.contract import Column, Table
from hanse.spec.diff_column import NULL_MEANING
from hanse.spec.renames import Identity, pair

Stored = Mapping[str, Any]
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def column_documents(table: Table) -> tuple[Stored, ...]:
    """Return a table's columns as they are kept with an applied table: one JSON-ready document each, in order.

    Beside what :class:`hanse.registry.AppliedTable` names, a nested column has ``children``, and a column has the
    ``id`` and the ``was`` that its contract gives it.
    """
    return tuple(_document(c) for c in table.columns)


def pair_stored(applied: Sequence[Stored], wanted: Sequence[Stored]) -> tuple[int | None, ...]:
    """Return for each wanted column the place of the applied one that it is; as :func:`hanse.spec.renames.pair`."""
    return pair([identity_of(c) for c in applied], [identity_of(c) for c in wanted])


def identity_of(column: Stored) -> Identity:
    """Return what tells a recorded column from its neighbours."""
    return Identity(column["name"], column.get("id"), column.get("was"))


def members(column: Stored) -> Sequence[Stored]:
    """Return what is recorded of a nested column's members, its item, or its key and value."""
    return column.get("children") or ()


def kind_of(column: Stored) -> str:
    """Return ``list``, ``struct``, ``map`` or ``plain``."""
    shown = column["type"]
    if shown.endswith("[]"):
        return "list"
    return "struct" if shown.startswith("STRUCT(") else "map" if shown.startswith("MAP(") else "plain"


def keeps_values(old: Stored, new: Stored) -> bool:
    """Say whether a table store can keep the values when one type becomes the other.

    The rule is that of :meth:`hanse.interfaces.TableStore.alter`.
    """
    kind, before, after = kind_of(new), members(old), members(new)
    if kind != kind_of(old):
        return False
    if not before or not after:
        return widens(old["type"], new["type"])
    if kind == "struct":
        places = zip(pair_stored(before, after), after, strict=True)
        return any(place is not None and keeps_values(before[place], column) for place, column in places)
    return (kind == "list" or before[0]["type"] == after[0]["type"]) and keeps_values(before[-1], after[-1])


def widens(old: str, new: str) -> bool:
    """Say whether a plain type holds every value of another in the same form."""
    before, after = _DECIMAL.fullmatch(old), _DECIMAL.fullmatch(new)
    if before is None or after is None:
        return old == new
    return before[2] == after[2] and int(before[1]) <= int(after[1])


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
    if column.property_id:
        document["id"] = column.property_id
    if column.was:
        document["was"] = column.was
    if column.children:
        document["children"] = [_document(c) for c in column.children]
    return document


def _null_meaning(column: Column) -> str | None:
    """Return what a null means: the column's own words, or those of the reasons that are executed."""
    meaning = column.custom.get(NULL_MEANING)
    if meaning is not None:
        return str(meaning)
    reasons = column.custom.get("nullReasons")
    if isinstance(reasons, list | tuple):
        words = [str(r.get("reason") or r.get("when")) for r in reasons if isinstance(r, Mapping)]
        return "; or ".join(words) or None
    when = column.custom.get("nullWhen")
    return None if when is None else f"only when {when}"


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
