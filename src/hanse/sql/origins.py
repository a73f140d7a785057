"""Where the values and the rows of a result come from: the records of lineage, and how they combine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class How(StrEnum):
    """In which way something of a source reaches a result.

    The first four are about a column's values; the others decide which rows there are, or which rows a value is made
    of.
    """

    DIRECT = "direct"  # copied
    DERIVED = "derived"  # computed from one row's values
    AGGREGATED = "aggregated"  # computed from the values of several rows
    PYTHON = "python"  # a Python transform reads it, and nobody knows what for
    FILTER = "filter"  # WHERE, HAVING, QUALIFY, EXCEPT, INTERSECT, FILTER
    JOIN = "join"  # compared in a join, or matched by a key
    GROUP = "group"  # GROUP BY, DISTINCT, UNION
    ORDER = "order"  # ORDER BY, LIMIT
    WINDOW = "window"  # PARTITION BY, ORDER BY and frame of a window
    UNNEST = "unnest"  # its items become rows
    ROWS = "rows"  # the relation's rows as such, without any column
    UNKNOWN = "unknown"  # could not be resolved


VALUES = (How.DIRECT, How.DERIVED, How.AGGREGATED, How.PYTHON)
"""Ways of values, the weaker first: of two ways one after the other, the later in this order tells more."""

_STRENGTH = {how: number for number, how in enumerate(VALUES)}
_STAYS = frozenset({How.ROWS, How.UNKNOWN})


class Origin(NamedTuple):
    """One column of a relation that something comes from.

    Attributes:
        relation: the relation's name as its parts, in lower case; empty for :attr:`How.UNKNOWN`.
        column: the column as the relation's schema spells it, in lower case where no schema is known; None: all of its
            columns, or with :attr:`How.ROWS` none in particular.
        how: in which way.
    """

    relation: tuple[str, ...]
    column: str | None
    how: How


Origins = frozenset[Origin]
NOTHING: Origins = frozenset()
UNKNOWN = Origin((), None, How.UNKNOWN)


def through(how: How, origins: Iterable[Origin]) -> Origins:
    """Return origins as they are seen after one more step: a copy of a sum is a sum, a filter by a sum is a filter."""
    return frozenset(origin._replace(how=after(how, origin.how)) for origin in origins)


def after(outer: How, inner: How) -> How:
    """Return how a column reaches a result in two steps, ``inner`` first."""
    if inner in _STAYS:
        return inner
    if outer not in _STRENGTH:
        return outer
    if inner not in _STRENGTH:
        return inner
    return max(outer, inner, key=_STRENGTH.__getitem__)


def strongest(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    """Return origins sorted, with one way of values for each column: the one that tells most; influences all stay."""
    best: dict[tuple[tuple[str, ...], str | None], How] = {}
    others = set[Origin]()
    for origin in origins:
        key = origin.relation, origin.column
        if origin.how in _STRENGTH:
            best[key] = after(best.get(key, How.DIRECT), origin.how)
        elif origin.how is not How.UNKNOWN:
            others.add(origin)
    chosen = [Origin(*key, how) for key, how in best.items()] + list(others)
    ways = list(How)
    return tuple(sorted(chosen, key=lambda o: (o.relation, o.column or "", ways.index(o.how))))


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """Where one column of a result comes from.

    Attributes:
        name: the column.
        origins: what its values come from, and what influences them beyond :attr:`Lineage.rows`.
        unknown: some of it could not be resolved; the origins then name everything that it may come from.
    """

    name: str
    origins: tuple[Origin, ...]
    unknown: bool = False


@dataclass(frozen=True)
class Lineage:
    """Where a result comes from.

    Attributes:
        names: its columns in order, None where only the engine knows them.
        rows: what decides which rows there are; it influences every column.
        unknown: some of the rows' origins could not be resolved.
        find: says where a column comes from, by its name; None if the result has no such column.
        named: columns of relations that the text names: without them it fails, even if nothing comes from them.
    """

    names: tuple[str, ...] | None
    rows: tuple[Origin, ...]
    unknown: bool
    find: Callable[[str], ColumnLineage | None] = field(repr=False, compare=False)
    named: frozenset[tuple[tuple[str, ...], str]] = frozenset()
