"""Which columns refer to which tables: by their names, and by values that are all among a key's. For a draft.

Values alone say little: the numbers 1 to 9 are among every key's. So a name is asked for as well, and no value missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from hanse.quality.drafts.profile import singulars, words
from hanse.sql.build import column, identifier

if TYPE_CHECKING:
    from hanse.interfaces import Session

Profile = Mapping[str, Any]
_TYPES = frozenset({"BIGINT", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
_MOST = 500  # looks at the data


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Columns of a table whose values are all among those of another table's key.

    Attributes:
        table, columns: who refers; names as in the data.
        to_table, to_columns: the key, in the same order.
    """

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]


def inclusions(session: Session, profiles: Sequence[Profile], relations: Mapping[str, str]) -> list[Inclusion]:
    """Find what refers to what.

    Args:
        session: where the relations are bound.
        profiles: as :func:`hanse.quality.drafts.profile.profile` returns them.
        relations: name of a table → its bound relation, with the types of its profile.

    Returns:
        At most one for the same columns of a table.

    Raises:
        EngineError: they cannot be read.
    """
    found: list[Inclusion] = []
    taken: set[tuple[str, ...]] = set()
    looks = 0
    for candidate in _candidates(profiles):
        own = (candidate.table, *candidate.columns)
        if own in taken or looks >= _MOST:
            continue
        looks += 1
        if _holds(session, candidate, relations):
            found.append(candidate)
            taken.add(own)
    return found


def _candidates(profiles: Sequence[Profile]) -> Iterator[Inclusion]:
    """Yield what names suggest, keys of one column first."""
    for parent in profiles:
        if len(parent["primary_key"]) == 1:
            key = _column(parent, parent["primary_key"][0])
            for child in profiles:
                for entry in child["columns"]:
                    if _may_refer(child, entry, parent, key):
                        yield Inclusion(child["name"], (entry["name"],), parent["name"], (key["name"],))
    for parent in profiles:
        if len(parent["primary_key"]) > 1:
            for child in profiles:
                columns = _same_names(child, parent) if child is not parent else None
                if columns:
                    yield Inclusion(child["name"], columns, parent["name"], tuple(parent["primary_key"]))


def _may_refer(child: Profile, entry: Profile, parent: Profile, key: Profile) -> bool:
    if entry["type"] != key["type"] or entry["type"] not in _TYPES or not entry["distinct"]:
        return False
    if child is parent and entry["name"] == key["name"]:
        return False
    is_own_key = child["primary_key"] == [entry["name"]]
    if is_own_key and (entry["distinct"] >= key["distinct"] or words(entry["name"]) == "id"):
        return False  # one to one: only the smaller table is part of the larger one
    return refers(entry["name"], parent["name"], key["name"])


def refers(name: str, table: str, key: str) -> bool:
    """Say whether a column's name means another table's key: ``customer_id``, ``ship_to_customer``, ``customerNo``."""
    plain, own = words(name), words(key)
    ones = singulars(words(table))
    meant = {own} if own not in ("id", "key", "code", "number", "nr", "no", "uuid", "name") else set()
    for one in ones:
        last = own.removeprefix(f"{one}_")
        meant |= {one, f"{one}_{last}", f"{one}_id"}
    return any(plain == word or plain.endswith(f"_{word}") for word in meant)


def _same_names(child: Profile, parent: Profile) -> tuple[str, ...] | None:
    """Return the child's columns called like the parent's key, if it has all of them and they are not its own key."""
    have = {words(c["name"]): c for c in child["columns"]}
    found = []
    for name in parent["primary_key"]:
        own = _column(parent, name)
        other = have.get(words(name))
        if other is None or other["type"] != own["type"] or own["type"] not in _TYPES:
            return None
        found.append(other["name"])
    return tuple(found) if set(found) != set(child["primary_key"]) else None


def _holds(session: Session, candidate: Inclusion, relations: Mapping[str, str]) -> bool:
    """Say whether every key that is whole has its row in the other table."""
    child = exp.Table(this=identifier(relations[candidate.table]), alias=exp.TableAlias(this=identifier("c")))
    parent = exp.Table(this=identifier(relations[candidate.to_table]), alias=exp.TableAlias(this=identifier("p")))
    equal = [
        exp.EQ(this=column(own, table="c"), expression=column(other, table="p"))
        for own, other in zip(candidate.columns, candidate.to_columns, strict=True)
    ]
    whole = [exp.Not(this=exp.Is(this=column(own, table="c"), expression=exp.Null())) for own in candidate.columns]
    there = exp.Exists(this=exp.select(exp.Literal.number(1)).from_(parent).where(exp.and_(*equal)))
    orphans = exp.select(exp.Count(this=exp.Star())).from_(child).where(exp.and_(*whole, exp.Not(this=there)))
    return not session.rows(orphans.sql("duckdb"))[0][0]


def _column(profile: Profile, name: str) -> Profile:
    found: Profile = next(c for c in profile["columns"] if c["name"] == name)
    return found
