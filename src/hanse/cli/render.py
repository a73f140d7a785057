"""How documents look. Colour and boxes only on a terminal; plain aligned text, never cut, anywhere else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from hanse.base import Problem

if TYPE_CHECKING:
    from rich.console import Console

Document = Mapping[str, Any]
_MARKS = {
    "ok": ("✓", "green"),
    "passed": ("✓", "green"),
    "succeeded": ("✓", "green"),
    "unchanged": ("=", "dim"),
    "warning": ("!", "yellow"),
    "manual": ("?", "cyan"),
    "failed": ("✗", "red"),
    "blocked": ("✗", "red"),
    "error": ("✗", "red"),
    "problem": ("✗", "red"),
    "refused": ("✗", "red"),
    "running": ("…", "cyan"),
    "abandoned": ("-", "dim"),
}


def print_json(document: Any) -> None:
    """Print a document as JSON, the same that the text is made of."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def is_terminal(stream: TextIO | None = None) -> bool:
    """Say whether a person looks at a stream (standard output by default)."""
    return (stream or sys.stdout).isatty()


def console(*, err: bool = False) -> Console:
    """Return rich's console for a terminal."""
    from rich.console import Console

    return Console(stderr=err, highlight=False)


def say(text: str = "", *, style: str | None = None, err: bool = False) -> None:
    """Print one line; ``style`` is used on a terminal only."""
    stream = sys.stderr if err else sys.stdout
    if style and is_terminal(stream):
        console(err=err).print(text, style=style, markup=False, soft_wrap=True)
    else:
        stream.write(text + "\n")


def mark(status: str) -> str:
    """Return the sign of a status."""
    return _MARKS.get(status, ("·", ""))[0]


def say_status(status: str, text: str, *, indent: int = 0) -> None:
    """Print one verdict in one line."""
    sign, style = _MARKS.get(status, ("·", ""))
    say(f"{' ' * indent}{sign} {text}", style=style or None)


def print_problems(problems: Iterable[Problem]) -> None:
    """Print problems on standard error, in the house's shape."""
    for problem in problems:
        print_problem(problem.as_document())


def print_problem(problem: Document) -> None:
    """Print one problem's document on standard error."""
    style = "bold red" if problem["severity"] == "error" else "yellow"
    say(f"{problem['severity']}[{problem['code']}] {problem['what']}", style=style, err=True)
    for label, key in (("at", "where"), ("why", "why"), ("fix", "fix")):
        if problem.get(key):
            lines = str(problem[key]).splitlines() or [""]
            say(f"  {label:<4} {lines[0]}", err=True)
            for line in lines[1:]:
                say(f"       {line}", err=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
    """Print rows under headings. On a terminal with rules and colours, elsewhere aligned with two spaces between.

    Args:
        columns: headings.
        rows: cells; None is shown as an empty cell.
        right: headings of columns that are aligned to the right.
    """
    cells = [[_cell(c) for c in row] for row in rows]
    if is_terminal():
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(Text(column), justify="right" if column in right else "left", overflow="fold")
        for row in cells:
            table.add_row(*(Text(c) for c in row))
        console().print(table)
        return
    widths = [max([len(h), *(len(r[i]) for r in cells)]) for i, h in enumerate(columns)]
    for row in [list(columns), *cells]:
        line = [c.rjust(w) if h in right else c.ljust(w) for c, w, h in zip(row, widths, columns, strict=True)]
        say("  ".join(line).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def print_tree(node: Document, *, prefix: str = "", last: bool = True, root: bool = True) -> None:
    """Print a tree of ``label`` (with an optional ``style``) and ``children``."""
    joint = "" if root else ("└─ " if last else "├─ ")
    say(f"{prefix}{joint}{node['label']}", style=node.get("style"))
    below = prefix if root else prefix + ("   " if last else "│  ")
    children = node.get("children") or []
    for number, child in enumerate(children):
        print_tree(child, prefix=below, last=number == len(children) - 1, root=False)


def count(number: int | None, one: str, many: str | None = None) -> str:
    """Return ``1 row``, ``2 rows``, with thousands separated."""
    if number is None:
        return f"- {many or one + 's'}"
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int | None) -> str:
    """Return bytes in a unit that people read."""
    if number is None:
        return "-"
    value = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def moment(iso: str | None) -> str:
    """Return an ISO time to the second, in UTC."""
    return iso[:19].replace("T", " ") + "Z" if iso else "-"
