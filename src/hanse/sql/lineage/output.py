"""What a query or a relation offers: columns with their origins, some of them known only by being asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from hanse.sql.origins import NOTHING, UNKNOWN, How, Origin, Origins, through

_NUMBERED = re.compile(r"(.+)_[0-9]+")


@dataclass(frozen=True)
class Item:
    """One column, or several whose names are not known.

    Attributes:
        name: the column's name; None where the engine makes it up.
        origins: where it comes from; of several columns, where any of them comes from.
        find: of several columns: says where the one of a name (in lower case) comes from, None if it is none of them.
    """

    name: str | None
    origins: Origins
    find: Callable[[str], Origins | None] | None = None


@dataclass(frozen=True)
class Output:
    """What a query or a relation offers.

    Attributes:
        items: its columns in order.
        rows: what decides which rows there are.
    """

    items: tuple[Item, ...]
    rows: Origins = NOTHING

    @cached_property
    def named(self) -> dict[str, Item]:
        """Columns whose names are known, by name in lower case; a name that comes again gets a number."""
        found: dict[str, Item] = {}
        for item in self.items:
            if item.name is None:
                continue
            name, number = item.name.lower(), 0
            while name in found:
                number += 1
                name = f"{item.name.lower()}_{number}"
            found[name] = item
        return found

    @cached_property
    def is_closed(self) -> bool:
        """Whether the number of columns is known."""
        return all(item.find is None for item in self.items)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The columns' names, None where only the engine knows them."""
        if any(item.name is None for item in self.items):
            return None
        return tuple(item.name or "" for item in self.items)

    @cached_property
    def every(self) -> Origins:
        """Where any column comes from."""
        return union(item.origins for item in self.items)

    def certain(self, name: str) -> Origins | None:
        """Return where a column comes from whose name is known; None if there is none."""
        item = self.named.get(name.lower())
        return None if item is None else item.origins

    def perhaps(self, name: str) -> Origins | None:
        """Return where the columns come from that may have a name: those of unknown names."""
        found = [self._perhaps(name.lower())]
        numbered = _NUMBERED.fullmatch(name.lower())
        if numbered:
            # The second of two columns `x` is `x_1` to the query around.
            found.append(self._perhaps(numbered[1]))
        known = [origins for origins in found if origins is not None]
        return union(known) if known else None

    def _perhaps(self, name: str) -> Origins | None:
        found: list[Origins] = []
        for item in self.items:
            if item.find is not None:
                origins = item.find(name)
                if origins is not None:
                    found.append(origins)
            elif item.name is None:
                found.append(item.origins)
        return union(found) if found else None

    def promised(self, name: str) -> Origins | None:
        """Return where a column comes from that exists exactly once."""
        known = self.certain(name)
        return self.perhaps(name) if known is None else known

    def get(self, name: str) -> Origins | None:
        """Return where a column may come from that a query around names."""
        known, maybe = self.certain(name), self.perhaps(name)
        if known is None or maybe is None:
            return maybe if known is None else known
        return known | maybe


def union(parts: Iterable[Origins]) -> Origins:
    """Return all origins of several sets."""
    return NOTHING.union(*parts)


def opened(find: Callable[[str], Origins | None], origins: Origins) -> Item:
    """Return columns of unknown names."""
    return Item(None, origins, find)


def whole(relation: tuple[str, ...]) -> Origins:
    """Return all columns of a relation whose columns are not known."""
    return frozenset({Origin(relation, None, How.DIRECT)})


def relation(key: tuple[str, ...], columns: tuple[str, ...] | None) -> Output:
    """Return what a base relation offers."""
    rows = frozenset({Origin(key, None, How.ROWS)})
    if columns is None:
        return Output((opened(lambda name: frozenset({Origin(key, name, How.DIRECT)}), whole(key)),), rows)
    return Output(tuple(Item(name, frozenset({Origin(key, name, How.DIRECT)})) for name in columns), rows)


def renamed(output: Output, names: tuple[str, ...]) -> Output:
    """Apply the names of ``AS t(a, b)``; there may be fewer than columns."""
    if not names:
        return output
    if all(item.find is None for item in output.items[: len(names)]) and len(names) <= len(output.items):
        changed = [Item(name, item.origins) for name, item in zip(names, output.items, strict=False)]
        return Output((*changed, *output.items[len(names) :]), output.rows)
    # Which column stands at which place is not known.
    guess = output.every | {UNKNOWN}
    return Output((*(Item(name, guess) for name in names), opened(lambda _: guess, guess)), output.rows)


def stacked(left: Output, right: Output, *, by_name: bool) -> tuple[Item, ...]:
    """Return the columns of a UNION: by their places, or by their names."""
    if by_name:
        return _stacked_by_name(left, right)
    if left.is_closed and right.is_closed and len(left.items) == len(right.items):
        pairs = zip(left.items, right.items, strict=True)
        return tuple(Item(one.name, one.origins | other.origins) for one, other in pairs)
    others = right.every | {UNKNOWN}
    return tuple(_with(item, others) for item in left.items)


def _with(item: Item, more: Origins) -> Item:
    find = item.find
    if find is None:
        return Item(item.name, item.origins | more)

    def found(name: str) -> Origins | None:
        origins = find(name)
        return None if origins is None else origins | more

    return Item(item.name, item.origins | more, found)


def _stacked_by_name(left: Output, right: Output) -> tuple[Item, ...]:
    if left.names is not None and right.names is not None:
        names = [*left.named, *(name for name in right.named if name not in left.named)]
        spelt = {name: item.name for output in (right, left) for name, item in output.named.items()}
        return tuple(
            Item(spelt[name], (left.certain(name) or NOTHING) | (right.certain(name) or NOTHING)) for name in names
        )

    def found(name: str) -> Origins | None:
        known = [origins for origins in (left.get(name), right.get(name)) if origins is not None]
        return union(known) if known else None

    return (opened(found, left.every | right.every),)


def influence(how: How, outputs: Iterable[Output]) -> Origins:
    """Return all columns of some outputs as an influence on rows."""
    return union(through(how, output.every) for output in outputs)
