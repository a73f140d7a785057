"""What a statement makes out of nothing: texts and lists as long as it likes.

The engine makes each of them in one step, which it neither interrupts nor counts against its memory; so the limits of a
session do not hold for them, and whoever runs a stranger's statement looks here first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

MOST = 10_000
"""Characters or entries that a stranger's statement may make: all its lengths multiplied, since they may be nested."""
# Function → which of its arguments is the length.
_SIZED = {
    "array_resize": 1, "bar": 3, "left_pad": 1, "list_resize": 1, "lpad": 1, "repeat": 1, "right_pad": 1, "rpad": 1,
}  # fmt: skip
_FORMATS = frozenset({"format", "printf"})
_SERIES = frozenset({"generate_series", "range"})
_WIDE = re.compile(r"\d{4}|\*|\{[^{}]*\{")  # a width of four digits, or one that is an argument
_COARSE = frozenset({"HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})


def inflated(tree: exp.Expr) -> str | None:
    """Return the function that makes texts or lists of great or unknown length, None if there is none."""
    product = 1
    for call in tree.find_all(exp.Anonymous):
        size = _size(call)
        product *= max(size or 1, 1)
        if size is None or product > MOST:
            return call.name.lower()
    return None


def _size(call: exp.Anonymous) -> int | None:
    """Return how many times longer a function makes what it is given, None if nobody knows."""
    name, arguments = call.name.lower(), call.expressions
    # `'a'.repeat(3)` is `repeat('a', 3)`.
    before = 1 if isinstance(call.parent, exp.Dot) and call.arg_key == "expression" else 0
    if name in _SERIES:
        return 1 if _is_relation(call) else _length(arguments)
    if name in _FORMATS:
        return 1 if not before and arguments and _is_narrow(arguments[0]) else None
    at = _SIZED.get(name, len(arguments)) - before
    return 1 if at >= len(arguments) else _number(arguments[at])


def _length(arguments: Sequence[exp.Expr]) -> int | None:
    if len(arguments) == 3 and isinstance(arguments[2], exp.Interval | exp.Cast):  # days, to find those without rows
        return 1 if _is_coarse(arguments[2]) else None
    numbers = [_number(argument) for argument in arguments]
    if not numbers or any(number is None for number in numbers):
        return None
    return max(number or 0 for number in numbers) + 1


def _is_coarse(step: exp.Expr) -> bool:
    if isinstance(step, exp.Interval):
        unit = str(step.args.get("unit") or "")
        return unit.upper().removesuffix("S") in _COARSE and _number(step.this, text=True) != 0
    number, _, unit = str(step.name).partition(" ")
    return unit.upper().removesuffix("S") in _COARSE and re.fullmatch("0*[1-9][0-9]{0,8}", number) is not None


def _is_relation(node: exp.Expr) -> bool:
    """Say whether a series is rows, which the engine makes one by one, and not a list."""
    return isinstance(node.parent, exp.Table | exp.From | exp.Lateral | exp.Join)


def _is_narrow(template: exp.Expr) -> bool:
    return isinstance(template, exp.Literal) and _WIDE.search(template.this) is None


def _number(node: exp.Expr, *, text: bool = False) -> int | None:
    if isinstance(node, exp.Literal) and (text or not node.is_string) and re.fullmatch("[0-9]{1,9}", node.this):
        return int(node.this)
    return None
