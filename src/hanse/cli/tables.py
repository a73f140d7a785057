"""Tables for people: aligned anywhere; on a terminal with a rule below the headings, and made to fit its width.

What does not fit is first wrapped, then left out with a word about it, and rows of data are turned on their side.
Off a terminal nothing is wrapped, cut or left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hanse.base.visible import visible
from hanse.cli.render import is_terminal, say, terminal_width
from hanse.cli.text import pad, width, wrapped

_GAP = 2
_LEAST = 12
_LEAST_DATA = 24


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: heading.
        right: aligned to the right; columns that hold only numbers are anyway.
        prose: may be broken at words.
        rank: on a terminal too narrow, columns above 0 are left out, the highest first.
    """

    name: str
    right: bool = False
    prose: bool = False
    rank: int = 0


Row = Sequence[str]


def print_table(columns: Sequence[str | Column], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under headings; None is an empty cell."""
    table = _Table.of(columns, rows, null="")
    if not is_terminal():
        table.print(table.natural)
        return
    room = terminal_width()
    left_out = []
    while table.fitted(room) is None and (lesser := table.least_important()) is not None:
        left_out.append(table.columns[lesser].name)
        table = table.without(lesser)
    table.print(table.fitted(room) or table.narrowest(_LEAST), rule=True)
    if left_out:
        say(f"no room for {', '.join(reversed(left_out))}: widen the terminal, or use --json", style="dim")


def print_data(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Collection[str] = ()) -> None:
    """Print rows of somebody's data; None is ``NULL``. Rows too wide for a terminal are printed one after another.

    Args:
        columns: names.
        rows: JSON-ready values.
        right: columns of numbers that come as text, as decimals do.
    """
    table = _Table.of(_data_columns(columns, right), rows, null="NULL")
    if not is_terminal():
        table.print(table.natural)
        return
    widths = table.fitted(terminal_width(), _LEAST_DATA)
    if widths is not None:
        table.print(widths, rule=True)
    else:
        table.print_one_by_one()


def print_sample(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Collection[str] = ()) -> None:
    """Print a few rows as an example. Too wide for a terminal, they become columns, as many of them as fit."""
    table = _Table.of(_data_columns(columns, right), rows, null="NULL")
    room = terminal_width()
    widths = table.fitted(room, _LEAST_DATA) if is_terminal() else table.natural
    if widths is not None:
        table.print(widths, rule=is_terminal())
        return
    for shown in range(len(rows), 0, -1):
        turned = [[name, *(row[i] for row in rows[:shown])] for i, name in enumerate(columns)]
        heads = [Column("column"), *(Column(f"row {n}", prose=True) for n in range(1, shown + 1))]
        sideways = _Table.of(heads, turned, null="NULL")
        widths = sideways.fitted(room, _LEAST_DATA)
        if widths is not None:
            sideways.print(widths, rule=True)
            return
    table.print_one_by_one()


def _data_columns(names: Sequence[str], right: Collection[str]) -> list[Column]:
    return [Column(n, right=n in right, prose=n not in right) for n in names]


@dataclass(frozen=True)
class _Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, columns: Sequence[str | Column], rows: Sequence[Sequence[Any]], *, null: str) -> _Table:
        named = [Column(c) if isinstance(c, str) else c for c in columns]
        numeric = [_is_numeric([row[i] for row in rows]) for i in range(len(named))]
        return cls(
            tuple(
                Column(visible(c.name), right=c.right or number, prose=c.prose and not number, rank=c.rank)
                for c, number in zip(named, numeric, strict=True)
            ),
            tuple(tuple(_cell(value, null) for value in row) for row in rows),
        )

    @property
    def natural(self) -> list[int]:
        return [max([width(c.name), *(width(row[i]) for row in self.rows)]) for i, c in enumerate(self.columns)]

    def narrowest(self, least: int) -> list[int]:
        """Return the widths below which nothing is squeezed: of prose so many columns, of anything else its own."""
        return [
            max(width(c.name), min(n, least)) if c.prose else n for c, n in zip(self.columns, self.natural, strict=True)
        ]

    def fitted(self, room: int, least: int = _LEAST) -> list[int] | None:
        """Return widths with which the table fits, the widest columns of prose made narrower; None if it cannot."""
        natural = self.natural
        inner = room - _GAP * (len(natural) - 1)
        low = self.narrowest(least)
        if sum(low) > inner:
            return None
        cap = max(natural, default=0)
        while sum(widths := [max(small, min(n, cap)) for small, n in zip(low, natural, strict=True)]) > inner:
            cap -= 1
        return widths

    def least_important(self) -> int | None:
        ranked = [(c.rank, i) for i, c in enumerate(self.columns) if c.rank]
        return max(ranked)[1] if ranked else None

    def without(self, index: int) -> _Table:
        return _Table(_cut(self.columns, index), tuple(_cut(row, index) for row in self.rows))

    def print(self, widths: Sequence[int], *, rule: bool = False) -> None:
        say(self._line([c.name for c in self.columns], widths), style="bold" if rule else None)
        if rule:
            say((" " * _GAP).join("─" * w for w in widths), style="dim")
        for row in self.rows:
            broken = [wrapped(cell, w) if width(cell) > w else [cell] for cell, w in zip(row, widths, strict=True)]
            for number in range(max(map(len, broken), default=1)):
                say(self._line([lines[number] if number < len(lines) else "" for lines in broken], widths))

    def _line(self, cells: Row, widths: Sequence[int]) -> str:
        padded = (pad(x, w, right=c.right) for x, w, c in zip(cells, widths, self.columns, strict=True))
        return (" " * _GAP).join(padded).rstrip()

    def print_one_by_one(self) -> None:
        names = max(width(c.name) for c in self.columns)
        room = max(terminal_width() - names - 2 * _GAP, 8)
        for number, row in enumerate(self.rows, start=1):
            head = f"─ row {number} "
            say(head + "─" * max(0, terminal_width() - len(head)), style="dim")
            for column, cell in zip(self.columns, row, strict=True):
                first, *rest = wrapped(cell, room) if width(cell) > room else [cell]
                say(f"  {pad(column.name, names)}  {first}".rstrip())
                for line in rest:
                    say(f"  {'':<{names}}  {line}")


def _cut(items: tuple[Any, ...], index: int) -> tuple[Any, ...]:
    return (*items[:index], *items[index + 1 :])


def _is_numeric(values: Sequence[Any]) -> bool:
    known = [v for v in values if v is not None]
    return bool(known) and all(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in known)


_WORDS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    list: lambda value: json.dumps(value, ensure_ascii=False),
    dict: lambda value: json.dumps(value, ensure_ascii=False),
}


def _cell(value: Any, null: str) -> str:
    if value is None:
        return null
    return visible(_WORDS.get(type(value), str)(value))
