"""What a name in an expression means: a column of a source, a member of a struct, an alias, a whole row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from hanse.sql.functions import VOLATILE
from hanse.sql.lineage.output import Item, Output, opened, union
from hanse.sql.origins import NOTHING, UNKNOWN, How, Origins, through


@dataclass(frozen=True)
class Source:
    """One entry of FROM.

    Attributes:
        output: what it offers.
        names: what it may be called: its alias, or the relation's parts, in lower case.
        hidden: the right side of a SEMI or ANTI join: known in its condition only.
    """

    output: Output
    names: tuple[str, ...] = ()
    hidden: bool = False

    def is_called(self, qualifier: Sequence[str]) -> bool:
        """Whether a qualifier means this source."""
        return bool(qualifier) and self.names[-len(qualifier) :] == tuple(qualifier)


@dataclass
class Scope:
    """Where names of one SELECT are looked up.

    Attributes:
        parent: the scope around, for correlated names.
        sources: entries of FROM, as far as they were read.
        merged: columns of USING and NATURAL joins, by name in lower case.
        rows: what decides which rows FROM gives.
        aliases: what the select list has named so far, by alias in lower case.
        windows: named windows.
        bound: names bound by a lambda or a comprehension.
        result: once the select list is read, its columns: from then on they count beside equal names of sources.
        spread: what ``COLUMNS(…)`` stands for at the moment.
    """

    parent: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    merged: dict[str, Origins] = field(default_factory=dict)
    rows: Origins = NOTHING
    aliases: dict[str, Origins] = field(default_factory=dict)
    windows: list[exp.Expr] = field(default_factory=list)
    bound: frozenset[str] = frozenset()
    result: Output | None = None
    spread: Origins | None = None

    def add(self, source: Source) -> None:
        """Take in one more entry of FROM."""
        self.sources.append(source)
        self.rows |= source.output.rows

    @property
    def visible(self) -> list[Source]:
        """The sources that names may mean."""
        return [s for s in self.sources if not s.hidden]

    @property
    def every(self) -> Origins:
        """All columns of all sources in sight."""
        return union(s.output.every for s in self.visible)

    def resolve(self, parts: Sequence[str]) -> Origins:
        """Return where a name comes from."""
        found = self._look_up([part.lower() for part in parts])
        if found is not None:
            return found
        if len(parts) == 1 and parts[0].lower() in VOLATILE:
            return NOTHING  # a function without parentheses
        return self._all_in_reach() | {UNKNOWN}

    def one(self, name: str) -> Origins | None:
        """Return what an unqualified name means among the sources so far; for USING."""
        merged = self.merged.get(name)
        return self._column(name)[0] if merged is None else merged

    def star(self, qualifier: Sequence[str] = ()) -> list[Item]:
        """Return the columns that ``*`` or ``t.*`` stands for."""
        chosen = [s for s in self.visible if not qualifier or s.is_called(qualifier)]
        if not chosen and qualifier:
            origins = self._look_up(list(qualifier))
            if origins is None:
                origins = self._all_in_reach() | {UNKNOWN}
            derived = through(How.DERIVED, origins)  # the members of a struct
            return [opened(lambda _: derived, derived)]
        items: list[Item] = []
        seen = set[str]()
        for source in chosen:
            for item in source.output.items:
                name = item.name.lower() if item.name is not None else None
                if qualifier or name is None or name not in self.merged:
                    items.append(item)
                elif name not in seen:
                    seen.add(name)
                    items.append(Item(item.name, self.merged[name]))
        return items

    def _look_up(self, parts: list[str]) -> Origins | None:
        if parts[0] in self.bound:
            return NOTHING
        found, certain = self._own(parts)
        if self.result is not None or not certain:
            alias = self._alias(parts)
            if alias is not None:
                found = alias if found is None else found | alias
        if certain:
            return found
        around = self.parent._look_up(parts) if self.parent is not None else None  # noqa: SLF001 - one class
        known = [origins for origins in (found, around) if origins is not None]
        return union(known) if known else None

    def _own(self, parts: list[str]) -> tuple[Origins | None, bool]:
        """Look among the sources: as a qualified column first, then as a column with members, then as a whole row."""
        for at in range(min(len(parts) - 1, 3), 0, -1):
            called = [s for s in self.visible if s.is_called(parts[:at])]
            found = [origins for s in called if (origins := s.output.get(parts[at])) is not None]
            if found:
                origins = union(found)
                return (through(How.DERIVED, origins) if parts[at + 1 :] else origins), True
        column, certain = self._column(parts[0])
        if column is not None and len(parts) > 1:
            column = through(How.DERIVED, column)
        if certain:
            return column, True
        rows = [s for s in self.visible if s.is_called(parts[:1])] if len(parts) == 1 else []
        if rows:
            row = through(How.DERIVED, union(s.output.every for s in rows))
            return (row if column is None else row | column), column is None
        return column, False

    def _column(self, name: str) -> tuple[Origins | None, bool]:
        if name in self.merged:
            return self.merged[name], True
        found = [origins for s in self.visible if (origins := s.output.certain(name)) is not None]
        maybe = [origins for s in self.visible if (origins := s.output.perhaps(name)) is not None]
        if found:
            # Where the columns of a source are not all known, the first of two equal names may be another one.
            own = [s.output.perhaps(name) for s in self.visible if s.output.certain(name) is not None]
            return union([*found, *(o for o in own if o is not None)]), True
        return (union(maybe) if maybe else None), False

    def _alias(self, parts: list[str]) -> Origins | None:
        found = self.aliases.get(parts[0]) if self.result is None else self.result.get(parts[0])
        return through(How.DERIVED, found) if found is not None and len(parts) > 1 else found

    def _all_in_reach(self) -> Origins:
        around = self.parent._all_in_reach() if self.parent is not None else NOTHING  # noqa: SLF001 - one class
        return union([around, *(s.output.every for s in self.visible)])
