"""Names, texts and paths as SQL tokens. Whatever they hold, they stay one token."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

_GLOB = re.compile(r"[*?\[]")


def identifier(name: str) -> str:
    """Return a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a string literal. NUL ends a statement in the parser, so it is refused.

    Raises:
        ValueError: the text holds NUL.
    """
    if "\0" in value:
        raise ValueError("text with NUL cannot be written in SQL")
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """Return a list of string literals."""
    return "[" + ", ".join(text(v) for v in values) + "]"


def local_path(path: str) -> str:
    """Return an absolute, normal path of a local file; a ``file://`` prefix is dropped."""
    return os.path.abspath(path.removeprefix("file://"))


def literal_path(path: str) -> str:
    """Return a path literal for a reader, with the glob characters ``*?[`` taken as themselves."""
    return text(_GLOB.sub(r"[\g<0>]", local_path(path)))


def literal_paths(paths: Iterable[str]) -> str:
    """Return a list of path literals for a reader."""
    return "[" + ", ".join(literal_path(p) for p in paths) + "]"


def fold(name: str) -> str:
    """Return a name as the engine compares names: ASCII letters in lower case, all others untouched."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)
