"""Renamings that cannot be done, found before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hanse.base import Location, Problem, Severity, TableName
from hanse.base.suggest import did_you_mean
from hanse.plan.codes import IMPOSSIBLE_RENAME
from hanse.plan.columns import Stored, identity_of, keeps_values, kind_of, members, pair_stored
from hanse.spec.contract import Table
from hanse.spec.renames import renames


def refuse_renames(
    name: TableName, table: Table, applied: Sequence[Stored], wanted: Sequence[Stored], path: str
) -> Iterator[Problem]:
    """Yield the renamings that would lose the values which they promise to keep.

    Args:
        name: the table's address.
        table: its contract, for the places.
        applied: documents of the columns that it has.
        wanted: documents of the columns that it shall have.
        path: the contract's file.
    """
    for column, what, fix in _impossible(applied, wanted, ""):
        found = table.column(column.split(".")[0])
        where = found.where if found and found.where else Location(path)
        yield Problem(IMPOSSIBLE_RENAME, f"{name}: {what}", where, None, fix, Severity.ERROR, str(name))


def _impossible(applied: Sequence[Stored], wanted: Sequence[Stored], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield column, what is wrong with it and what to do."""
    names = [c["name"] for c in applied]
    before = [identity_of(c) for c in applied]
    for place, column in zip(pair_stored(applied, wanted), wanted, strict=True):
        name, was = f"{prefix}{column['name']}", column.get("was")
        pending = was is not None and renames(before, identity_of(column))
        if place is None:
            if was is not None and pending and was not in names and column["name"] not in names:
                fix = did_you_mean(was, names) or f"name the column that it was, or remove `was` if `{name}` is new"
                yield name, f"`{name}` was `{was}`, and the table has no column `{was}`", fix
            continue
        old = applied[place]
        if pending and was in names and was != old["name"]:
            what = f"`{name}` is `{prefix}{old['name']}` by its id, and was `{prefix}{was}` by its own word"
            yield name, what, "remove `was`, or give it the id of the column that it was"
        elif old["name"] != column["name"] and not keeps_values(old, column):
            what = f"`{name}` cannot hold the values of `{prefix}{old['name']}`: {old['type']} is not {column['type']}"
            told = "remove `was`" if pending and was == old["name"] else "give it an id of its own"
            yield name, what, f"keep the type, or make it a new column: {told}"
        elif kind_of(column) == "struct":
            yield from _impossible(members(old), members(column), f"{name}.")
