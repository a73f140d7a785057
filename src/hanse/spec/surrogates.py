r"""JSON's way to escape what is beyond ``\uffff``, two halves (``\ud83d\ude00``), for a reader of YAML.

YAML has every other escape of JSON, but knows no halves: it writes ``\U0001f600``, two characters less. Whatever stands
behind on the same line is told to stand where it does in the file.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right

import yaml

# Every escape, so that the second backslash of `\\ud83d` begins none.
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|.)")
_SHORTER = len(r"\ud83d\ude00") - len(r"\U0001f600")


def joined(text: str) -> tuple[str, dict[int, list[int]]]:
    """Return JSON with its pairs written as YAML has them; what is no JSON as it is.

    Returns:
        The text, and line → columns behind which all stands two characters too far left, both from 0.
    """
    if not text.lstrip().startswith("{") or not _is_json(text):
        return text, {}
    moved: dict[int, list[int]] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines):
        columns = list[int]()

        def whole(match: re.Match[str], columns: list[int] = columns) -> str:
            if match[1] is None:
                return match[0]
            columns.append(match.end() - _SHORTER * (len(columns) + 1))
            high, low = int(match[1], 16), int(match[2], 16)
            return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"

        lines[number] = _ESCAPE.sub(whole, line)
        if columns:
            moved[number] = columns
    return "\n".join(lines), moved


def move_back(node: yaml.Node, moved: dict[int, list[int]]) -> None:
    """Let a tree tell places as they are in the file, in place.

    Args:
        node: read from JSON, so it has no anchors.
        moved: see :func:`joined`.
    """
    left = [node]
    while left:
        one = left.pop()
        mark = one.start_mark
        if mark.line in moved:
            column = mark.column + _SHORTER * bisect_right(moved[mark.line], mark.column)
            one.start_mark = yaml.Mark(mark.name, mark.index, mark.line, column, None, 0)
        if isinstance(one, yaml.MappingNode):
            left += [inner for pair in one.value for inner in pair]
        elif isinstance(one, yaml.SequenceNode):
            left += one.value


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
