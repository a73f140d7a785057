"""Annotations: commands on standard output that GitHub's runner shows beside the lines of a pull request.

Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from hanse.base.visible import visible
from hanse.cli.render import Document

_IN_TEXT = {"%": "%25"}
_IN_PROPERTY = {"%": "%25", ":": "%3A", ",": "%2C"}
_NEWLINE = "%0A"


def print_annotations(problems: Iterable[Document]) -> None:
    """Print one command per problem; nothing in a problem can end it and begin another."""
    for problem in problems:
        properties = {
            "file": problem.get("file"),
            "line": problem.get("line"),
            "col": problem.get("column"),
            "title": f"{problem['code']} {problem['title']}",
        }
        written = ",".join(f"{key}={_escaped(str(v), _IN_PROPERTY)}" for key, v in properties.items() if v is not None)
        parts = (problem["what"], problem.get("why"), problem.get("fix"))
        text = _NEWLINE.join(_escaped(str(part), _IN_TEXT) for part in parts if part)
        kind = "error" if problem["severity"] == "error" else "warning"
        sys.stdout.write(f"::{kind} {written}::{text}\n")


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in visible(text))
