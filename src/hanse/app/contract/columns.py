"""Which column of some data is which of the contract's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hanse.spec.contract import Column, Table


@dataclass(frozen=True, slots=True)
class Matched:
    """The columns of some data, compared with a contract's table.

    Attributes:
        projection: name in the data, name from here on: the contract's, or its own.
        extra: columns of the data that the contract does not name.
    """

    projection: tuple[tuple[str, str], ...]
    extra: tuple[str, ...]

    @property
    def renamed(self) -> Mapping[str, str]:
        """Name in the data → the contract's, where they differ."""
        return {old: new for old, new in self.projection if old != new}


def match(table: Table, have: Sequence[str]) -> Matched:
    """Find the contract's columns: by name, by physical name, and both once more whatever their letters' case."""
    taken: dict[str, str] = {}
    for spelled in (_name, _physical, _folded(_name), _folded(_physical)):
        spellings = {spelled(column): column.name for column in table.columns if column.name not in taken.values()}
        for name in have:
            wanted = spellings.get(name.casefold() if spelled.__name__ == "folded" else name)
            if name not in taken and wanted is not None and wanted not in taken.values():
                taken[name] = wanted
    reserved = {name.casefold() for name in taken.values()}
    projection = [(name, taken.get(name, name)) for name in have if name in taken or name.casefold() not in reserved]
    return Matched(tuple(projection), tuple(name for name in have if name not in taken))


def _name(column: Column) -> str | None:
    return column.name


def _physical(column: Column) -> str | None:
    return column.physical_name


def _folded(spelled: Callable[[Column], str | None]) -> Callable[[Column], str | None]:
    def folded(column: Column) -> str | None:
        name = spelled(column)
        return None if name is None else name.casefold()

    return folded
