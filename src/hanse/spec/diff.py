"""What a new state of a contract means to those who read the data: breaking, additive or cosmetic, and why.

The point of view is the reader's. A promise that grows stricter is additive, one that grows weaker is breaking; what
nobody can compare (two patterns, two SQL texts) counts as weaker. Comparing says nothing about whether a change is
allowed: that depends on who relies on the contract, and is decided when a plan is built.
"""

from __future__ import annotations

from collections.abc import Iterator

from hanse.base import Location
from hanse.spec.change import Change, ChangeKind
from hanse.spec.contract import Contract, Table
from hanse.spec.diff_column import Scope, diff_columns, essence, pair_columns
from hanse.spec.diff_relationships import diff_relationships, relationship_key
from hanse.spec.diff_rules import diff_rules, diff_service_levels, rule_key
from hanse.spec.diff_values import frozen

# What a contract's status promises. Anything before `active` may change freely.
UNPROMISED = frozenset({"proposed", "draft"})

_WORDS = (
    ("name", "name"),
    ("purpose", "purpose"),
    ("usage", "usage"),
    ("limitations", "limitations"),
    ("tags", "tags"),
    ("api_version", "version of the standard"),
)


def diff_contracts(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Compare two states of one contract.

    Args:
        old: the contract as consumers know it.
        new: the contract as it shall be.

    Returns:
        Every change, contract first, then tables in the new order (those gone before them). Empty when the two
        promise the same, however differently their files are laid out.
    """
    whole = Location(new.path)
    return (
        *_diff_head(old, new, whole),
        *diff_service_levels(old.service_levels, new.service_levels, whole),
        *_diff_tables(old, new, whole),
    )


def _diff_head(old: Contract, new: Contract, whole: Location) -> Iterator[Change]:
    if old.id != new.id:
        what, why = f"id changed from `{old.id}` to `{new.id}`", "products and tools refer to the contract by its id"
        yield Change(ChangeKind.BREAKING, "id", what, why, where=whole)
    if old.major != new.major:
        what = f"version changed from {old.version} to {new.version}"
        why = f"readers address major {old.major}, which this file no longer describes"
        yield Change(ChangeKind.BREAKING, "version", what, why, where=whole)
    elif old.version != new.version:
        what = f"version changed from {old.version} to {new.version}"
        yield Change(ChangeKind.COSMETIC, "version", what, "readers address the major, which stays", where=whole)
    if old.status != new.status:
        kind, why = _status(old.status, new.status)
        yield Change(kind, "status", f"status changed from {old.status} to {new.status}", why, where=whole)
    for attribute, word in _WORDS:
        if getattr(old, attribute) != getattr(new, attribute):
            why = "the data and its guarantees stay as they are"
            yield Change(ChangeKind.COSMETIC, word, f"{word} changed", why, where=whole)
    if frozen(old.custom) != frozen(new.custom):
        why = "the data and its guarantees stay as they are"
        yield Change(ChangeKind.COSMETIC, "custom properties", "custom properties changed", why, where=whole)


def _status(old: str, new: str) -> tuple[ChangeKind, str]:
    if new == "retired":
        return ChangeKind.BREAKING, "nothing is served any more"
    if old == "retired":
        return ChangeKind.ADDITIVE, "it is served again"
    if new in UNPROMISED and old not in UNPROMISED:
        return ChangeKind.BREAKING, "the promise is withdrawn: it may change without a new major version"
    if old in UNPROMISED and new not in UNPROMISED:
        return ChangeKind.ADDITIVE, "it is a promise now: breaking changes need a new major version"
    if new == "deprecated":
        return ChangeKind.ADDITIVE, "it is served as before; readers should plan to move on"
    if old == "deprecated":
        return ChangeKind.ADDITIVE, "readers may stay with it"
    return ChangeKind.COSMETIC, "the data and its guarantees stay as they are"


def _diff_tables(old: Contract, new: Contract, whole: Location) -> Iterator[Change]:
    for table in old.tables:
        if new.table(table.name) is None:
            what, why = f"table `{table.name}` removed", "statements that name it fail"
            yield Change(ChangeKind.BREAKING, "table", what, why, table.name, where=whole)
    for table in new.tables:
        before = old.table(table.name)
        if before is None:
            why = "readers name the tables they want, and lose nothing"
            yield Change(
                ChangeKind.ADDITIVE, "table", f"table `{table.name}` added", why, table.name, where=table.where or whole
            )
        else:
            yield from diff_tables(before, table, whole)
    common = [t.name for t in old.tables if new.table(t.name)]
    if common != [t.name for t in new.tables if old.table(t.name)]:
        yield Change(
            ChangeKind.COSMETIC, "order", "order of the tables changed", "tables are read by name", where=whole
        )


def diff_tables(old: Table, new: Table, whole: Location) -> tuple[Change, ...]:
    """Compare two states of one table; ``whole`` is where things are reported that have no place of their own."""
    where = new.where or whole
    found = [
        *diff_columns(old.columns, new.columns, Scope(new.name, where)),
        *_diff_key(old, new, where),
        *diff_rules(old.rules, new.rules, table=new.name, column=None, gone=where),
        *diff_relationships(old.relationships, new.relationships, table=new.name, column=None, gone=where),
        *_diff_words(old, new, where),
    ]
    if not found and _essence(old) != _essence(new):
        what, why = f"`{new.name}` is written differently", "readers notice no difference"
        found.append(Change(ChangeKind.COSMETIC, "table", what, why, new.name, where=where))
    return tuple(found)


def _diff_key(old: Table, new: Table, where: Location) -> Iterator[Change]:
    """Compare primary keys. Fewer columns ask more: what is unique by one of them is unique by both."""
    renamed = {before.name: after.name for before, after in pair_columns(old.columns, new.columns)[0]}
    before, after = tuple(renamed.get(c, c) for c in old.primary_key), new.primary_key
    if before == after:
        return
    words = f"primary key changed from {_key_words(before)} to {_key_words(after)}"
    if set(before) == set(after):
        kind, why = ChangeKind.COSMETIC, "the same columns together are unique"
    elif not before:
        kind, why = ChangeKind.ADDITIVE, "a stricter promise: nothing that held stops holding"
    elif after and set(after) < set(before):
        kind, why = ChangeKind.ADDITIVE, "rows that are unique by fewer columns are unique by more"
    else:
        kind, why = ChangeKind.BREAKING, "several rows may share what used to name one, and joins multiply rows"
    yield Change(kind, "primary key", words, why, new.name, where=where)


def _diff_words(old: Table, new: Table, where: Location) -> Iterator[Change]:
    if old.granularity != new.granularity:
        why = "no statement fails, but readers who count rows should read it"
        what = "what one row stands for is described anew"
        yield Change(ChangeKind.ADDITIVE, "granularity", what, why, new.name, where=where)
    why = "the data and its guarantees stay as they are"
    changed = [
        a for a in ("physical_name", "description", "business_name", "tags") if getattr(old, a) != getattr(new, a)
    ]
    if frozen(old.custom) != frozen(new.custom):
        changed.append("custom_properties")
    for attribute in changed:
        word = attribute.replace("_", " ")
        yield Change(ChangeKind.COSMETIC, word, f"{word} of `{new.name}` changed", why, new.name, where=where)


def _key_words(columns: tuple[str, ...]) -> str:
    return f"({', '.join(columns)})" if columns else "none"


def _essence(table: Table) -> tuple[object, ...]:
    rules = tuple(rule_key(r) for r in table.rules), tuple(relationship_key(r) for r in table.relationships)
    keys = (table.physical_name, table.description, table.business_name, table.granularity, table.tags)
    return keys, frozen(table.custom), rules, tuple(essence(c) for c in table.columns)
