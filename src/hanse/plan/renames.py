"""Values that a plan would lose: renamings that cannot be done, or were not said, and tables that begin anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hanse.base import Location, Problem, Severity, TableName
from hanse.base.suggest import did_you_mean
from hanse.plan.codes import IMPOSSIBLE_RENAME
from hanse.plan.columns import Stored, identity_of, keeps_values, kind_of, members, pair_stored
from hanse.plan.diff import ColumnAction
from hanse.plan.steps import AlterTable, CreateTable, Note, PlannedTable
from hanse.registry.records import AppliedTable
from hanse.spec.contract import Table
from hanse.spec.product import Product, TableSettings
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
        if was is not None and not pending and _means_it_again(applied, column, was):
            what = f"`{name}` was `{prefix}{was}`, which was done already; it has the type of `{prefix}{was}` once more"
            yield name, what, "to rename once more, apply the contract without `was` first, then say it anew"
            continue
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


def _means_it_again(applied: Sequence[Stored], column: Stored, was: str) -> bool:
    """Say whether a renaming that has been done is perhaps meant once more: only so would the values be kept."""
    old = {c["name"]: c for c in applied}
    if column["name"] not in old or was not in old or column.get("id"):
        return False
    return not keeps_values(old[column["name"]], column) and keeps_values(old[was], column)


def likely_renames(product: Product, steps: Sequence[CreateTable | AlterTable]) -> Iterator[Note]:
    """Yield notes of a column that goes while one of its type comes: perhaps it is the same one.

    Tables that are replaced as a whole lose nothing by it.
    """
    for step in steps:
        settings = _settings(product, step.table)
        if settings is None or not settings.grows:
            continue
        changes = step.changes if isinstance(step, AlterTable) else ()
        gone = [c for c in changes if c.action is ColumnAction.DROPPED]
        come = [c for c in changes if c.action is ColumnAction.ADDED]
        if len(gone) == len(come) == 1 and gone[0].before == come[0].after:
            old, new = gone[0].column, come[0].column
            if old.rpartition(".")[0] == new.rpartition(".")[0] and old != new:
                text = (
                    f"`{old}` goes with its values, and `{new}` begins without. If it is the same column, say so: "
                    f"`customProperties: [{{property: was, value: {old.rpartition('.')[2]}}}]`"
                )
                yield Note("renamed", str(step.table), text)


def begin_anew(
    product: Product, planned: Sequence[PlannedTable], stored: Mapping[TableName, AppliedTable]
) -> Iterator[Note]:
    """Yield notes of new majors of tables that grow: they hold what is delivered from now on, and nothing of before."""
    for table in planned:
        earlier = [t for t in stored if t.table == table.name.table and t.major < table.name.major]
        settings = _settings(product, table.name)
        # Ranges of a window are built from what lies there, also those of before.
        if table.name in stored or not earlier or settings is None or settings.materialize == "replace":
            continue
        newest = max(earlier, key=lambda name: name.major)
        text = (
            f"begins without the rows that `{newest.local}` has gathered; to have them, read them from "
            f"`{newest.local}` in `transforms/{table.name.local}.sql`, and let it be `materialize: replace` in "
            "`pipeline.yaml`"
        )
        yield Note("begins", str(table.name), text)


def _settings(product: Product, table: TableName) -> TableSettings | None:
    ways = product.pipeline.tables
    return ways.get(table.local) or ways.get(table.table)
