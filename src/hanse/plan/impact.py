"""What a change of a table or a column does to the tables that come from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from hanse.base import TableName
from hanse.plan.lineage import Edge, Graph
from hanse.sql.origins import How


class Effect(StrEnum):
    """What becomes of a table that uses something changed."""

    BREAKS = "breaks"  # its transform names what goes: its next run fails
    MAY_BREAK = "may break"  # it reads the whole row, or Python decides what it reads, or a type may not fit
    MISREADS = "misreads"  # a name in its transform means another column: it goes on with other values
    WAITS = "waits"  # what it reads breaks: it gets nothing new
    CHANGES = "changes"  # its values or rows may be others


class Fate(StrEnum):
    """What becomes of the name of a table or a column, for those who read it."""

    GOES = "goes"
    REPLACED = "replaced"  # another column is called so from now on
    RETYPED = "retyped"  # into a type that does not hold every value of before in the same form
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Touched:
    """A table that uses what changes, and those that use it in turn.

    Attributes:
        columns: its columns that are touched, with the ways in which.
        rows: the ways in which its rows are touched.
        readers: tables that are reached through it, each named once in the whole tree.
    """

    table: TableName
    effect: Effect
    columns: tuple[tuple[str, tuple[How, ...]], ...] = ()
    rows: tuple[How, ...] = ()
    readers: tuple[Touched, ...] = ()

    def every(self) -> Iterable[Touched]:
        """Return this table and all that are reached through it."""
        return (self, *(inner for reader in self.readers for inner in reader.every()))


@dataclass(frozen=True, slots=True)
class Impact:
    """What one change does.

    Attributes:
        table: the table that changes.
        column: its column, as readers know it; None: the table as a whole.
        shown: the name under which the plan tells of the column.
        fate: what becomes of it under this name.
        touched: who uses it, directly first.
    """

    table: TableName
    column: str | None
    shown: str | None
    fate: Fate
    touched: tuple[Touched, ...]

    def struck(self) -> tuple[TableName, ...]:
        """Return the tables that their owners have to look at: they fail, may fail by a type, or misread."""
        worst = _WORST.get(self.fate)
        return tuple(t.table for t in self.touched if t.effect is worst)


_WORST = {Fate.GOES: Effect.BREAKS, Fate.REPLACED: Effect.MISREADS, Fate.RETYPED: Effect.MAY_BREAK}


# Deeper than this, tables stand beside those that they are reached through.
_DEPTH = 50


@dataclass
class _Reached:
    """What is known of a table while changes spread."""

    table: TableName
    parent: str
    effect: Effect
    columns: dict[str, set[How]] = field(default_factory=dict)
    rows: set[How] = field(default_factory=set)


def impact(graph: Graph, table: TableName, column: str | None, fate: Fate, *, shown: str | None = None) -> Impact:
    """Follow a change downstream.

    Args:
        graph: the tables of the mesh, at least those downstream.
        table: the table that changes.
        column: its column; a member of a nested one with dots; None: the table as a whole.
        fate: what becomes of it under this name.
        shown: the name under which the plan tells of it, its own if None.
    """
    return Impact(table, column, column if shown is None else shown, fate, _Spread(graph, table, column, fate).tree())


class _Spread:
    """Changes spread from table to table until nothing new is reached."""

    def __init__(self, graph: Graph, table: TableName, column: str | None, fate: Fate) -> None:
        self._graph, self._start, self._fate = graph, str(table), fate
        self._inside = column is not None and "." in column
        top = column.partition(".")[0] if column is not None else None
        self._column = top.lower() if top is not None else None
        self._reached: dict[str, _Reached] = {}
        self._spread()

    def tree(self) -> tuple[Touched, ...]:
        """Return what was reached, each table below the one that it was first reached through."""
        children: dict[str, list[str]] = {}
        above = {self._start: (self._start, 0)}
        for name, reached in self._reached.items():
            parent, depth = reached.parent, above[reached.parent][1] + 1
            if depth > _DEPTH:
                parent, depth = above[parent]
            above[name] = parent, depth
            children.setdefault(parent, []).append(name)

        def below(name: str) -> tuple[Touched, ...]:
            return tuple(self._touched(child, below(child)) for child in children.get(name, ()))

        return below(self._start)

    def _touched(self, name: str, readers: tuple[Touched, ...]) -> Touched:
        reached = self._reached[name]
        order = [c for c in self._graph.tables[name].columns if c in reached.columns]
        columns = tuple((c, _sorted(reached.columns[c])) for c in order)
        return Touched(reached.table, reached.effect, columns, _sorted(reached.rows), readers)

    def _spread(self) -> None:
        waiting = [self._start]
        while waiting:
            name = waiting.pop(0)
            if name == self._start and self._fate is Fate.GOES and self._column is not None:
                waiting += list(self._named(self._column))
            edges = self._graph.users.get(name, ())
            waiting += [str(e.table) for e in edges if str(e.table) != self._start and self._leads_on(e)]

    def _named(self, column: str) -> Iterator[str]:
        """Take in the tables whose SQL fails without a column from which nothing of them comes."""
        effect = Effect.MAY_BREAK if self._inside else Effect.BREAKS
        for table in self._graph.naming(self._start, column):
            if str(table) != self._start:
                self._reached[str(table)] = _Reached(table, self._start, effect)
                yield str(table)

    def _uses(self, edge: Edge) -> bool:
        """Whether an edge leads on from what is known to be touched of its source."""
        if edge.source == self._start:
            return self._column is None or (
                not edge.uses_rows and (edge.column is None or edge.column.lower() == self._column)
            )
        source = self._reached[edge.source]
        if source.effect in (Effect.BREAKS, Effect.WAITS):
            return True
        if edge.uses_rows:
            return bool(source.rows)
        return bool(source.columns) if edge.column is None else edge.column in source.columns

    def _leads_on(self, edge: Edge) -> bool:
        """Remember what an edge touches, if anything; say whether that is news."""
        if not self._uses(edge):
            return False
        effect = self._effect(edge)
        key = str(edge.table)
        news = key not in self._reached
        reached = self._reached.setdefault(key, _Reached(edge.table, edge.source, effect))
        if _RANK[effect] < _RANK[reached.effect]:
            reached.effect = effect
            news = True
        if not self._touches(edge):
            return news
        ways = reached.rows if edge.target is None else reached.columns.setdefault(edge.target, set())
        news |= not ways
        ways.add(edge.how)
        return news

    def _touches(self, edge: Edge) -> bool:
        """Whether values or rows are touched; what only waits uses nothing of it."""
        if edge.source == self._start:
            return True
        source = self._reached[edge.source]
        if edge.uses_rows:
            return bool(source.rows)
        return bool(source.columns) if edge.column is None else edge.column in source.columns

    def _effect(self, edge: Edge) -> Effect:
        if edge.source != self._start:
            waits = self._reached[edge.source].effect in (Effect.BREAKS, Effect.WAITS)
            return Effect.WAITS if waits else Effect.CHANGES
        match self._fate:
            case Fate.GOES:
                certain = self._column is None or (edge.column is not None and not self._inside)
                return Effect.BREAKS if certain else Effect.MAY_BREAK
            case Fate.REPLACED:
                # What is written together with the names means what it says.
                return Effect.MISREADS if self._graph.is_old(edge) else Effect.CHANGES
            case Fate.RETYPED:
                return Effect.CHANGES if edge.how is How.DIRECT else Effect.MAY_BREAK
            case Fate.CHANGES:
                return Effect.CHANGES
            case _:
                assert_never(self._fate)


_RANK = {effect: number for number, effect in enumerate(Effect)}


def _sorted(ways: set[How]) -> tuple[How, ...]:
    return tuple(how for how in How if how in ways)


def breaking(impacts: Sequence[Impact]) -> list[tuple[Impact, tuple[TableName, ...]]]:
    """Return the changes by which tables of other products break, may break by a type or misread, with those."""
    found = []
    for change in impacts:
        others = tuple(t for t in change.struck() if t.owner != change.table.owner)
        if others:
            found.append((change, others))
    return found
