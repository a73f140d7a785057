"""How documents look. Colour and boxes only on a terminal; plain aligned text, never cut, anywhere else."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TextIO

import click

from hanse.base import Problem
from hanse.base.visible import visible
from hanse.cli.text import width, wrapped

Document = Mapping[str, Any]
_DELETE_TO_C1 = re.compile("[\x7f-\x9f]")
# What the runners of CI systems obey in whatever a program prints.
# Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\[)")
_EFFECTS = {"bold", "dim"}
_MARKS = {
    "ok": ("✓", "green"),
    "passed": ("✓", "green"),
    "succeeded": ("✓", "green"),
    "unchanged": ("=", "dim"),
    "warning": ("!", "yellow"),
    "warned": ("!", "yellow"),
    "manual": ("?", "cyan"),
    "not_applicable": ("-", "dim"),
    "failed": ("✗", "red"),
    "blocked": ("✗", "red"),
    "error": ("✗", "red"),
    "problem": ("✗", "red"),
    "refused": ("✗", "red"),
    "plan": ("~", "yellow"),
    "running": ("…", "cyan"),
    "abandoned": ("-", "dim"),
}


def print_json(document: Any, *, err: bool = False) -> None:
    """Print a document as JSON, the same that the text is made of."""
    stream = sys.stderr if err else sys.stdout
    text = json.dumps(document, indent=2, ensure_ascii=not _writes_unicode(stream), default=str)
    # JSON lets these stand, terminals obey some of them.
    text = _DELETE_TO_C1.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    stream.write(text + "\n")


def _writes_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") in {"utf8", "utf16", "utf32"}


def is_terminal(stream: TextIO | None = None) -> bool:
    """Say whether a person looks at a stream (standard output by default)."""
    return (stream or sys.stdout).isatty()


def terminal_width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size().columns


def is_coloured(stream: TextIO) -> bool:
    """Say whether a stream shall have colours: a terminal that knows them, of a user who did not forbid them."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def coloured(text: str, style: str) -> str:
    """Return a text with a style's escape sequences around it.

    Args:
        text: one line without control characters.
        style: ``bold``, ``dim``, a colour, or two of these.
    """
    *effects, last = style.split()
    colour = None if last in _EFFECTS else last
    return click.style(text, fg=colour, **dict.fromkeys({*effects, last} & _EFFECTS, True))


def say(text: str = "", *, style: str | None = None, err: bool = False) -> None:
    """Print lines; what terminals or runners obey in them is written out, ``style`` is used on a terminal only."""
    stream = sys.stderr if err else sys.stdout
    for line in text.split("\n"):
        shown = _COMMAND.sub(_disarmed, visible(line.expandtabs(4)))
        stream.write((coloured(shown, style) if style and shown and is_coloured(stream) else shown) + "\n")


def _disarmed(found: re.Match[str]) -> str:
    return f"{found[1]}\\x3a" if found[1] is not None else "\\x23"


def lines_of(text: str, *, room: int, stream: TextIO | None = None) -> list[str]:
    """Return a text's lines; on a terminal broken at words, so that they fit beside so many columns."""
    if is_terminal(stream):
        return wrapped(text.strip(), max(terminal_width() - room, 20))
    return text.strip().split("\n")


def say_field(label: str, text: str, *, room: int = 11, prose: bool = True, err: bool = False) -> None:
    """Print a labelled text, its further lines below the first; on a terminal prose is broken at words.

    Commands are no prose: a line that is broken cannot be copied.
    """
    stream = sys.stderr if err else sys.stdout
    lines = lines_of(text, room=room + 3, stream=stream) if prose else text.strip().split("\n")
    for number, line in enumerate(lines):
        say(f"  {label if number == 0 else '':<{room}} {line}".rstrip(), err=err)


def mark(status: str) -> str:
    """Return the sign of a status."""
    return _MARKS.get(status, ("·", ""))[0]


def say_status(status: str, text: str, *, indent: int = 0) -> None:
    """Print one verdict in one line."""
    sign, style = _MARKS.get(status, ("·", ""))
    say(f"{' ' * indent}{sign} {text}", style=style or None)


def print_problems(problems: Iterable[Problem], *, as_json: bool = False) -> None:
    """Print problems on standard error: in the house's shape, or as a document with the key ``problems``."""
    documents = [problem.as_document() for problem in problems]
    if as_json:
        print_json({"problems": documents}, err=True)
        return
    for document in documents:
        print_problem(document)


def print_problem(problem: Document) -> None:
    """Print one problem's document on standard error."""
    style = "bold red" if problem["severity"] == "error" else "yellow"
    say(f"{problem['severity']}[{problem['code']}] {problem['what']}", style=style, err=True)
    for label, key in (("at", "where"), ("why", "why"), ("fix", "fix")):
        if problem.get(key):
            say_field(label, str(problem[key]), room=4, prose=key == "why", err=True)


def print_tree(node: Document, *, prefix: str = "", last: bool = True, root: bool = True) -> None:
    """Print a tree of ``label`` (with an optional ``style``) and ``children``."""
    joint = "" if root else ("└─ " if last else "├─ ")
    below = prefix if root else prefix + ("   " if last else "│  ")
    children = node.get("children") or []
    room = max(terminal_width() - len(prefix + joint) - 2, 20)
    first, *rest = wrapped(node["label"], room) if is_terminal() and width(node["label"]) > room else [node["label"]]
    _say_in_tree(prefix + joint, first, node.get("style"))
    for line in rest:
        _say_in_tree(below + ("│ " if children else "  "), line, node.get("style"))
    for number, child in enumerate(children):
        print_tree(child, prefix=below, last=number == len(children) - 1, root=False)


def _say_in_tree(branches: str, text: str, style: str | None) -> None:
    shown = visible(text)
    sys.stdout.write(branches + (coloured(shown, style) if style and is_coloured(sys.stdout) else shown) + "\n")


def count(number: int | None, one: str, many: str | None = None) -> str:
    """Return ``1 row``, ``2 rows``, with thousands separated."""
    if number is None:
        return f"- {many or one + 's'}"
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def grouped(number: int | None) -> str:
    """Return a number with its thousands separated; nothing for None."""
    return "" if number is None else f"{number:,}"


def short_id(id_: str) -> str:
    """Return the end of an id, by which `hanse runs` finds it: ids of one moment begin alike."""
    return id_[-8:]


def size(number: int | None) -> str:
    """Return bytes in a unit that people read; nothing for None."""
    if number is None:
        return ""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def moment(iso: str | None, to: Literal["seconds", "minutes"] = "seconds") -> str:
    """Return an ISO time in UTC, cut to seconds or minutes."""
    return iso[: 19 if to == "seconds" else 16].replace("T", " ") + "Z" if iso else "-"
