"""Patterns that mean several files: ``*``, ``?`` and ``[…]`` within a name, ``**`` for folders of any depth."""

from __future__ import annotations

import os
import re

_HTTP = re.compile(r"https?://[^/?#]*([^?#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*")


def is_glob(path: str) -> bool:
    """Say whether a path is a pattern; a question mark in an HTTP address begins its query."""
    http = _HTTP.match(path)
    if http:
        return any(mark in http.group(1) for mark in "*[")
    return any(mark in _AUTHORITY.sub("", path, count=1) for mark in "*?[")


def fixed_folder(pattern: str) -> str:
    """Return the folders of a pattern before its first part with a mark."""
    parts = pattern.split("/")
    first = next((n for n, part in enumerate(parts) if is_glob(part)), len(parts))
    return "/".join(parts[:first])


def matches(pattern: str, folder: str) -> tuple[str, ...]:
    """Return the absolute paths of the files that match a pattern, sorted; hidden ones and folders are no matches.

    Args:
        pattern: relative to ``folder``, or absolute.
        folder: absolute; marks in it stand for themselves.
    """
    import glob

    found = glob.iglob(os.path.join(glob.escape(folder), pattern), recursive=True)
    return tuple(sorted({os.path.normpath(path) for path in found if os.path.isfile(path)}))
