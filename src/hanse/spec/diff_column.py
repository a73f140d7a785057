"""What became of the columns of one table, or of the members of one nested column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from hanse.base import Location
from hanse.spec.change import Change, ChangeKind
from hanse.spec.contract import Column
from hanse.spec.diff_relationships import diff_relationships, relationship_key
from hanse.spec.diff_rules import diff_rules, rule_key
from hanse.spec.diff_values import Verdict, compare_enums, compare_limits, compare_types, frozen, words
from hanse.spec.renames import WAS, identity, pair
from hanse.spec.types import List, Map, Struct

NULL_MEANING = "nullMeaning"
NULL_REASONS = ("nullReasons", "nullWhen")

_WORDS = (
    ("description", "description"),
    ("business_name", "business name"),
    ("physical_name", "physical name"),
    ("physical_type", "physical type"),
    ("logical_type", "logical type"),
    ("partition_key_position", "partition key"),
    ("critical", "critical data element"),
    ("tags", "tags"),
    ("examples", "examples"),
    ("property_id", "property id"),
    ("was", "earlier name"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scope:
    """Where columns are compared.

    Attributes:
        table: the table.
        prefix: names of the columns around, with a dot at the end.
        where: place that things gone are reported at.
    """

    table: str
    where: Location | None
    prefix: str = ""

    def within(self, column: Column) -> Scope:
        """Return the scope of a column's members."""
        return Scope(self.table, column.where or self.where, f"{self.prefix}{column.name}.")


def pair_columns(
    old: Sequence[Column], new: Sequence[Column]
) -> tuple[list[tuple[Column, Column]], list[Column], list[Column]]:
    """Pair columns that are the same, as :func:`hanse.spec.renames.pair` knows them.

    Returns:
        Pairs in the new order, columns that are gone, columns that are new.
    """
    places = pair([identity(c) for c in old], [identity(c) for c in new])
    pairs = [(old[place], column) for place, column in zip(places, new, strict=True) if place is not None]
    gone = [column for place, column in enumerate(old) if place not in places]
    return pairs, gone, [column for place, column in zip(places, new, strict=True) if place is None]


def diff_columns(old: Sequence[Column], new: Sequence[Column], scope: Scope) -> Iterator[Change]:
    """Yield what became of a list of columns, in words for a reader.

    A renamed column is known by its property id (``id`` in the contract), or by the name that it says it had; without
    either it is one column gone and another added.
    """
    pairs, gone, added = pair_columns(old, new)
    again = {column.name: column for column in added}
    for column in gone:
        if column.name in again:
            new_id = again.pop(column.name).property_id
            what = f"`{column.name}` is another column now: its id changed from `{column.property_id}` to `{new_id}`"
            why = "statements that name it read other values"
            yield _change(ChangeKind.BREAKING, "column", what, why, column, scope, scope.where)
            continue
        why = "statements that name it fail"
        yield _change(ChangeKind.BREAKING, "column", f"column `{column.name}` removed", why, column, scope, scope.where)
    for before, after in pairs:
        yield from diff_column(before, after, scope)
    for column in again.values():
        why = "readers name the columns they want, and lose nothing"
        yield _change(ChangeKind.ADDITIVE, "column", f"column `{column.name}` added", why, column, scope)
    before_order, after_order = (
        [b.name for b, _ in sorted(pairs, key=lambda p: old.index(p[0]))],
        [b.name for b, _ in pairs],
    )
    if before_order != after_order:
        yield Change(
            ChangeKind.COSMETIC,
            "order",
            "order of the columns changed",
            "columns are read by name",
            scope.table,
            scope.prefix.rstrip(".") or None,
            scope.where,
        )


def diff_column(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    """Yield what became of one column."""
    found = [
        *_name(old, new, scope),
        *_type(old, new, scope),
        *_nullability(old, new, scope),
        *_uniqueness(old, new, scope),
        *_enum(old, new, scope),
        *_limits(old, new, scope),
        *diff_rules(
            old.rules, new.rules, table=scope.table, column=f"{scope.prefix}{new.name}", gone=new.where or scope.where
        ),
        *diff_relationships(
            old.relationships,
            new.relationships,
            table=scope.table,
            column=f"{scope.prefix}{new.name}",
            gone=new.where or scope.where,
        ),
        *_meaning(old, new, scope),
        *_wording(old, new, scope),
    ]
    # Keys are compared over the whole table.
    if not found and essence(old) != essence(replace(new, primary_key_position=old.primary_key_position)):
        why = "readers notice no difference"
        found.append(_change(ChangeKind.COSMETIC, "column", f"`{new.name}` is written differently", why, new, scope))
    yield from found


def promises_value(column: Column) -> bool:
    """Say whether a column never holds null: it is required, or part of the primary key."""
    return column.required or column.primary_key_position is not None


def essence(column: Column) -> tuple[Any, ...]:
    """Return everything that a column says, without the places where it says so."""
    skipped = {"where", "rules", "relationships", "children", "custom", "enum", "examples"}
    plain = tuple(repr(getattr(column, f.name)) for f in fields(column) if f.name not in skipped)
    lists = tuple(repr(v) for v in (column.enum, column.examples)), frozen(column.custom)
    keys = tuple(rule_key(r) for r in column.rules), tuple(relationship_key(r) for r in column.relationships)
    return plain, lists, keys, tuple(essence(c) for c in column.children)


def _change(
    kind: ChangeKind, clause: str, what: str, why: str, column: Column, scope: Scope, where: Location | None = None
) -> Change:
    place = where or column.where or scope.where
    return Change(kind, clause, what, why, scope.table, f"{scope.prefix}{column.name}", place)


def _name(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    if old.name != new.name:
        why = f"statements that name `{old.name}` fail, or read another column that is called so now"
        what = f"`{old.name}` renamed to `{new.name}`"
        yield replace(_change(ChangeKind.BREAKING, "name", what, why, new, scope), before=f"{scope.prefix}{old.name}")


def _type(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    """Compare types; nested ones member by member, so that every member's clauses are compared too."""
    if old.children and new.children:
        inner = scope.within(new)
        if isinstance(old.type, Struct) and isinstance(new.type, Struct):
            yield from diff_columns(old.children, new.children, inner)
            return
        same = (isinstance(old.type, List) and isinstance(new.type, List)) or (
            isinstance(old.type, Map) and isinstance(new.type, Map)
        )
        if same and len(old.children) == len(new.children):
            for before, after in zip(old.children, new.children, strict=True):
                # The item of a list, the key and value of a map: found by place, so their own names say nothing.
                yield from diff_column(replace(before, name=after.name), after, inner)
            return
    verdict = compare_types(old.type, new.type)
    if verdict:
        kind, why = verdict
        yield _change(kind, "type", f"type of `{new.name}` changed from {old.type} to {new.type}", why, new, scope)


def _nullability(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    before, after = promises_value(old), promises_value(new)
    if before and not after:
        why = "nulls may appear where none were possible"
        yield _change(ChangeKind.BREAKING, "required", f"`{new.name}` may be null now", why, new, scope)
    elif after and not before:
        why = "a stricter promise: code that copes with nulls still works"
        yield _change(ChangeKind.ADDITIVE, "required", f"`{new.name}` is never null now", why, new, scope)


def _uniqueness(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    # A single-column primary key is compared as a key of the table; here only the column's own word counts.
    if old.unique and not new.unique:
        why = "a value may appear in several rows, and joins on it multiply rows"
        yield _change(ChangeKind.BREAKING, "unique", f"`{new.name}` is no longer unique", why, new, scope)
    elif new.unique and not old.unique:
        why = "a stricter promise: nothing that held stops holding"
        yield _change(ChangeKind.ADDITIVE, "unique", f"`{new.name}` is unique now", why, new, scope)


def _enum(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    compared = compare_enums(old.enum, new.enum)
    if compared is None:
        if [repr(v) for v in old.enum] != [repr(v) for v in new.enum]:
            what, why = f"allowed values of `{new.name}` are listed differently", "the same values are allowed"
            yield _change(ChangeKind.COSMETIC, "enum", what, why, new, scope)
        return
    added, gone, verdict = compared
    if verdict is Verdict.TIGHTER:
        what = (
            f"`{new.name}` loses allowed values: {_listed(gone)}" if gone else f"`{new.name}` has a list of values now"
        )
        why = "every value that may come is one that readers know already"
        yield _change(ChangeKind.ADDITIVE, "enum", what, why, new, scope)
        return
    what = (
        f"`{new.name}` may hold further values: {_listed(added)}" if added else f"`{new.name}` may hold any value now"
    )
    why = "code that handles every value it knows meets one that it does not know"
    yield _change(ChangeKind.BREAKING, "enum", what, why, new, scope)


def _limits(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    textual = str(new.type) == "VARCHAR"
    for moved in compare_limits(old.limits, new.limits):
        what = f"{moved.clause} of `{new.name}` changed from {moved.old} to {moved.new}"
        if moved.clause == "format" and not textual:
            why = "it describes how outside systems write the value; the stored type decides"
            yield _change(ChangeKind.COSMETIC, "format", what, why, new, scope)
        elif moved.verdict is Verdict.TIGHTER:
            why = "a stricter promise: every value that may come was possible before"
            yield _change(ChangeKind.ADDITIVE, moved.clause, what, why, new, scope)
        elif moved.verdict is Verdict.LOOSER:
            why = "values may come that were impossible before"
            yield _change(ChangeKind.BREAKING, moved.clause, what, why, new, scope)
        else:
            why = "nobody can tell whether values may come that were impossible before"
            yield _change(ChangeKind.BREAKING, moved.clause, what, why, new, scope)


def _meaning(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    if old.classification != new.classification:
        what = f"classification of `{new.name}` changed from {words(old.classification)} to {words(new.classification)}"
        why = "who may see it, and whether it is masked, can depend on that"
        yield _change(ChangeKind.ADDITIVE, "classification", what, why, new, scope)
    if old.deprecated != new.deprecated:
        what = f"`{new.name}` is {'deprecated now' if new.deprecated else 'no longer deprecated'}"
        why = "it still works; readers should know" if new.deprecated else "readers may stay with it"
        yield _change(ChangeKind.ADDITIVE, "deprecated", what, why, new, scope)
    before, after = old.custom.get(NULL_MEANING), new.custom.get(NULL_MEANING)
    if before != after:
        what = f"what a null in `{new.name}` means changed from {words(before)} to {words(after)}"
        why = "no statement fails, but readers who give nulls a meaning should read it"
        yield _change(ChangeKind.ADDITIVE, "null meaning", what, why, new, scope)
    yield from _null_reasons(old, new, scope)


def _null_reasons(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    """Yield what became of the conditions under which a value may be null; nobody can compare two of them."""
    before, after = ({key: c.custom[key] for key in NULL_REASONS if key in c.custom} for c in (old, new))
    if frozen(before) == frozen(after):
        return
    if not before:
        what, why = f"reasons for nulls in `{new.name}` added", "readers may rely on one thing more, and lose nothing"
        yield _change(ChangeKind.ADDITIVE, "null reasons", what, why, new, scope)
        return
    what = f"reasons for nulls in `{new.name}` {'changed' if after else 'removed'}"
    why = "a value may be null that readers had a reason to find there"
    yield _change(ChangeKind.BREAKING, "null reasons", what, why, new, scope)


def _wording(old: Column, new: Column, scope: Scope) -> Iterator[Change]:
    changed = [word for attribute, word in _WORDS if getattr(old, attribute) != getattr(new, attribute)]
    if old.name != new.name and new.was == old.name:
        changed.remove("earlier name")  # it says what the renaming says
    left, right = (
        {k: v for k, v in c.custom.items() if k not in (NULL_MEANING, WAS, *NULL_REASONS)} for c in (old, new)
    )
    if frozen(left) != frozen(right):
        changed.append("custom properties")
    for word in changed:
        what = f"{word} of `{new.name}` changed"
        yield _change(ChangeKind.COSMETIC, word, what, "the data and its guarantees stay as they are", new, scope)


def _listed(values: Sequence[Any], limit: int = 8) -> str:
    shown = ", ".join(words(v) for v in values[:limit])
    return shown if len(values) <= limit else f"{shown} and {len(values) - limit} more"
