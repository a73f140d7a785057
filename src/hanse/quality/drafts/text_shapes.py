"""How the texts of a column are written: length, a format that has a name, or one pattern of a code. For a draft.

A pattern says which kind of character stands where (``^[A-Z]{3}-[0-9]{6}$``), and is told only for texts that look like
codes: of few kinds of runs, without spaces, and many different ones, so that chance did not write them alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from hanse.quality.notation.formats import TEXT_FORMATS
from hanse.sql.build import column, identifier

if TYPE_CHECKING:
    from hanse.interfaces import Session

ENOUGH = 20
"""Least number of values that a shape is told from."""
FORMATS = ("uuid", "email", "uri", "ipv4", "ipv6")
"""Formats with a shape that no other text has; a hostname or base64 may be any word."""
_DIGITS, _UPPER, _LOWER = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_CLASSES = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
_SEPARATORS = frozenset("-_./:#")
_SHAPES, _RUNS, _LONGEST = 8, 9, 40
_SAMPLE = 5_000


@dataclass(frozen=True, slots=True)
class TextShape:
    """How the texts of a column are written.

    Attributes:
        shortest, longest: in characters; None without a value.
        format: name of a format that all of them have.
        pattern: regular expression of ECMA-262 that all of them match as a whole.
        example: the first of them in the order of their characters; None without a value, or if it is long.
    """

    shortest: int | None = None
    longest: int | None = None
    format: str | None = None
    pattern: str | None = None
    example: str | None = None


def text_shapes(session: Session, relation: str, present: Mapping[str, int]) -> dict[str, TextShape]:
    """Look at the texts of some columns.

    Args:
        session: where ``relation`` is bound.
        relation: a relation.
        present: its columns of text → number of values that are not null.

    Raises:
        EngineError: they cannot be read.
    """
    if not present:
        return {}
    names = list(present)
    table = exp.Table(this=identifier(relation))
    sample = exp.select("*").from_(table.copy()).limit(_SAMPLE).subquery("s")
    likely = _matched(session, sample, dict.fromkeys(names, FORMATS))
    wanted = {name: tuple(f for f, fits in likely[name].items() if fits) for name in names}
    found = _matched(session, table, wanted)
    lengths = _extremes(session, table, names)
    shapes = {}
    for name in names:
        shortest, longest, first = lengths[name]
        enough = present[name] >= ENOUGH
        named = next((f for f in wanted[name] if found[name][f]), None) if enough else None
        pattern = None
        if enough and named is None and longest is not None and longest <= _LONGEST:
            pattern = pattern_of(_distinct_shapes(session, table, name))
        shapes[name] = TextShape(shortest, longest, named, pattern, first if first and len(first) <= _LONGEST else None)
    return shapes


def pattern_of(shapes: Sequence[str]) -> str | None:
    """Return the pattern of codes whose characters were written as kinds (``AAA-999999``); None if they are no codes.

    Args:
        shapes: all that there are; upper case stands for itself as `A`, lower case as `a`, digits as `9`.
    """
    if not 0 < len(shapes) <= _SHAPES:
        return None
    runs = [[(kind, len(list(same))) for kind, same in groupby(shape)] for shape in shapes]
    kinds = [kind for kind, _ in runs[0]]
    alike = all([kind for kind, _ in each] == kinds for each in runs)
    legal = all(kind in _CLASSES or kind in _SEPARATORS for kind in kinds)
    if not (alike and legal and 1 < len(kinds) <= _RUNS and "9" in kinds and not _is_number(kinds)):
        return None
    spans = [[each[at][1] for each in runs] for at in range(len(kinds))]
    return "^" + "".join(_run(kind, min(span), max(span)) for kind, span in zip(kinds, spans, strict=True)) + "$"


def _is_number(kinds: Sequence[str]) -> bool:
    """Say whether it is a number or a date as some country writes it, which is no code."""
    return set(kinds) <= {"9", ".", "-", "/", ":"} and kinds[0] != "."


def _run(kind: str, least: int, most: int) -> str:
    one = _CLASSES.get(kind) or re.sub(r"([./])", r"\\\1", kind)
    if least == most:
        return one if least == 1 else f"{one}{{{least}}}"
    return f"{one}{{{least},{most}}}"


def _matched(session: Session, source: exp.Expr, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, bool]]:
    """Say of each column and format whether no value differs from it."""
    asked = [(name, format_) for name, formats in wanted.items() for format_ in formats]
    found: dict[str, dict[str, bool]] = {name: {} for name in wanted}
    if not asked:
        return found
    counts = [
        _call("count_if", exp.Not(this=_call("regexp_full_match", column(name), _text(TEXT_FORMATS[format_]))))
        for name, format_ in asked
    ]
    for (name, format_), number in zip(asked, _fetch_row(session, counts, source), strict=True):
        found[name][format_] = not number
    return found


def _extremes(
    session: Session, source: exp.Expr, names: Sequence[str]
) -> dict[str, tuple[int | None, int | None, str | None]]:
    chosen: list[exp.Expr] = []
    for name in names:
        length = _call("length", column(name))
        chosen += [exp.Min(this=length), exp.Max(this=length.copy()), exp.Min(this=column(name))]
    numbers = _fetch_row(session, chosen, source)
    return {name: (numbers[3 * at], numbers[3 * at + 1], numbers[3 * at + 2]) for at, name in enumerate(names)}


def _distinct_shapes(session: Session, source: exp.Expr, name: str) -> list[str]:
    shape = _call(
        "translate",
        column(name),
        _text(_DIGITS + _UPPER + _LOWER),
        _text("9" * len(_DIGITS) + "A" * len(_UPPER) + "a" * len(_LOWER)),
    )
    present = exp.Not(this=exp.Is(this=column(name), expression=exp.Null()))
    query = exp.select(exp.alias_(shape, "shape", quoted=True)).distinct().from_(source.copy()).where(present)
    found = session.fetch(query.limit(_SHAPES + 1).sql("duckdb")).column(0).to_pylist()
    return sorted(map(str, found))


def _fetch_row(session: Session, chosen: Sequence[exp.Expr], source: exp.Expr) -> list[Any]:
    named = [exp.alias_(value, f"c{at}", quoted=True) for at, value in enumerate(chosen)]
    found = session.fetch(exp.select(*named).from_(source.copy()).sql("duckdb"))
    return [values[0].as_py() for values in found.columns]


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _text(text: str) -> exp.Literal:
    return exp.Literal.string(text)
