"""Which columns of two states of a table are the same, whatever they are called.

A column is known by the stable ``id`` of its property where both states give one, by what it says of itself
(``was``, a custom property: the name it had before), or by its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hanse.base import Problem
from hanse.spec import codes
from hanse.spec.contract import Column

WAS = "was"


class Identity(NamedTuple):
    """What tells a column from the others of its table, or a member from the others of its object."""

    name: str
    id: str | None = None
    was: str | None = None


def identity(column: Column) -> Identity:
    """Return what tells a column from its neighbours."""
    return Identity(column.name, column.property_id, column.was)


def pair(old: Sequence[Identity], new: Sequence[Identity]) -> tuple[int | None, ...]:
    """Return for each new column the place of the old one that it is, None for one that is none of them.

    ``was`` may stay in a contract after the renaming: it has been done when the old column of that name said the same.
    Columns of one name with two ids are two columns.
    """
    names = {column.name: place for place, column in enumerate(old)}
    ids = {column.id: place for place, column in enumerate(old) if column.id}
    found = [ids.get(column.id) if column.id else None for column in new]
    taken = {place for place in found if place is not None}
    for number, column in enumerate(new):
        if found[number] is None and renames(old, column):
            place = names.get(column.was or "")
            if place is not None and place not in taken:
                found[number] = place
                taken.add(place)
    for number, column in enumerate(new):
        place = names.get(column.name)
        if found[number] is None and place is not None and place not in taken:
            found[number] = None if _differ(old[place], column) else place
    return tuple(found)


def renames(old: Sequence[Identity], column: Identity) -> bool:
    """Say whether a column's ``was`` is still to be done: no old column of its name says the same."""
    holder = next((c for c in old if c.name == column.name), None)
    return column.was is not None and (holder is None or holder.was != column.was)


def _differ(one: Identity, other: Identity) -> bool:
    return bool(one.id and other.id and one.id != other.id)


def check_identities(columns: Sequence[Column], of: str) -> Iterator[Problem]:
    """Yield what makes it unclear which column is which: ids given twice, and renamings that nobody can mean.

    Args:
        columns: columns of a table, or members of an object.
        of: how that is called in a sentence.
    """
    ids = Counter(c.property_id for c in columns if c.property_id)
    claims = Counter(c.was for c in columns if c.was)
    by_name = {c.name: c for c in columns}
    for column in columns:
        if column.property_id and ids[column.property_id] > 1:
            what = f"two columns of {of} have the id `{column.property_id}`"
            why = "an id tells which column is which when names change"
            yield Problem(codes.DUPLICATE_ID, what, column.where, why, "give each an id of its own")
            ids[column.property_id] = 0  # told once
        for what, fix in _unclear(column, claims, by_name):
            yield Problem(codes.UNCLEAR_RENAME, f"column `{column.name}` of {of} {what}", column.where, fix=fix)


def _unclear(column: Column, claims: Counter[str], by_name: dict[str, Column]) -> Iterator[tuple[str, str]]:
    if column.was is None:
        return
    other = by_name.get(column.was)
    if column.was == column.name:
        yield "says that it was called as it is called", "remove `was`, or name the column that it was"
    elif claims[column.was] > 1:
        yield (
            f"is not the only one that was `{column.was}`",
            "leave `was` to the one that keeps the values; build the other one in the transform",
        )
    elif other is not None and other.was is None:
        yield (
            f"was `{column.was}`, and there is a column `{column.was}` still",
            f"remove one of them; if `{column.was}` is a new column and the renaming was applied, remove `was`",
        )
