"""Columns that are easily taken for each other: nearly the same name, or the same words, and nothing between them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from hanse.base import Severity
from hanse.quality.records import Check, Settled, label
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column, Table
from hanse.spec.types import Scalar

# Endings and words that say what kind of a moment a name holds, not which one.
_TIME_WORDS = frozenset({"at", "on", "date", "time", "ts", "timestamp", "day", "dt", "datetime", "when"})
_KIND_WORDS = frozenset({"id", "key", "no", "nr", "num", "number", "code"})
_NOISE = frozenset({"the", "of", "a"})
_TIMES = (Scalar.DATE, Scalar.TIME, Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LETTERS = re.compile(r"\w+")
_ALIKE = 0.88  # of two descriptions' words, in order: a word changed in a long sentence
_ALIKE_START = 3  # letters in which all forms of one word begin; shorter words are the same or different
_SHORTEST = 5  # letters of a name below which one letter makes another word


def confusable_checks(table: Table) -> Iterator[Check]:
    """Yield a check for every pair of columns of a table that may be taken for each other."""
    for at, other_at in sorted(_candidates(table.columns)):
        one, other = table.columns[at], table.columns[other_at]
        why = alike(one, other)
        if why is not None:
            yield _check(one, other, why)


def _candidates(columns: Sequence[Column]) -> set[tuple[int, int]]:
    """Return pairs that share anything that makes columns alike: looking at all pairs of a wide table takes long."""
    sharing: dict[Hashable, list[int]] = defaultdict(list)
    for at, column in enumerate(columns):
        for mark in _marks(column):
            sharing[mark].append(at)
    return {pair for members in sharing.values() for pair in combinations(members, 2)}


def _marks(column: Column) -> set[Hashable]:
    """Return what a column shares with every one that it may be taken for."""
    tokens, kind = _tokens(column.name), _kind(column)
    name = "".join(tokens)
    without_one = {name[:i] + name[i + 1 :] for i in range(len(name))} if len(name) >= _SHORTEST else set()
    marks: set[Hashable] = {("name", spelled) for spelled in (name, *without_one)}
    stems = _stems(tokens, _TIME_WORDS if kind == "time" else _KIND_WORDS)
    if stems:
        # Forms of one word begin alike.
        marks.add((kind, tuple(stem[:_ALIKE_START] for stem in stems) if kind == "time" else tuple(stems)))
    words = _words(column.description)
    if words:
        marks.add((kind, "description", tuple(words)))
    return marks


def _check(one: Column, other: Column, why: str) -> Check:
    clause = f"confusable({label(one.name)}, {label(other.name)})"
    distinct = _tell_apart(one, other)
    words = f"{why}, and {'their descriptions tell them apart' if distinct else 'nothing tells them apart'}"
    if not distinct:
        words += f"; say in the descriptions of both when to take `{one.name}` and when `{other.name}`"
    return Check(
        clause,
        "confusable",
        clause,
        Settled(CheckStatus.PASSED if distinct else CheckStatus.FAILED, words),
        severity=Severity.WARNING,
        dimension="consistency",
        location=other.where or one.where,
    )


def alike(one: Column, other: Column) -> str | None:
    """Return why two columns may be taken for each other, None if they may not."""
    if _names_alike(one, other):
        return "their names are nearly the same"
    first, second = _words(one.description), _words(other.description)
    # Two that are still to be described say nothing alike; that they are to be described is told elsewhere.
    if first and first == second and "todo" not in first and _kind(one) == _kind(other):
        return "they have the same type and the same description"
    return None


def _names_alike(one: Column, other: Column) -> bool:
    first, second = _tokens(one.name), _tokens(other.name)
    if first == second:
        return True
    if _digits(first) != _digits(second):
        return False  # line_1, line_2: numbered on purpose
    if _kind(one) == _kind(other) == "time":
        stems = _stems(first, _TIME_WORDS), _stems(second, _TIME_WORDS)
        if stems[0] and len(stems[0]) == len(stems[1]) and all(map(_same_stem, *stems)):
            return True
    elif _kind(one) == _kind(other):
        stems = _stems(first, _KIND_WORDS), _stems(second, _KIND_WORDS)
        if len(first) > 1 < len(second) and stems[0] and stems[0] == stems[1]:
            return True
    else:
        return False
    return _one_letter_apart("".join(first), "".join(second))


def _tokens(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name) if word.lower() not in _NOISE]


def _digits(tokens: Sequence[str]) -> list[str]:
    return [token for token in tokens if token.isdigit()]


def _stems(tokens: Sequence[str], kinds: frozenset[str]) -> list[str]:
    return [token for token in tokens if token not in kinds]


def _same_stem(one: str, other: str) -> bool:
    """Say whether two words are forms of one: ``created`` and ``creation``, ``ship`` and ``shipped``."""
    short, long = sorted((one, other), key=len)
    common = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short == long or (common >= 4 and common >= len(short) - 3 and len(long) - common <= 5)


def _one_letter_apart(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORTEST or len(long) - len(short) > 1:
        return False
    if len(short) == len(long):
        different = [i for i in range(len(short)) if short[i] != long[i]]
        swapped = len(different) == 2 and different[1] == different[0] + 1 and short[different[0]] == long[different[1]]
        return len(different) == 1 or swapped
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def _kind(column: Column) -> str:
    return "time" if column.type in _TIMES else str(column.type)


def _words(description: str | None) -> list[str]:
    return _LETTERS.findall((description or "").lower())


def _tell_apart(one: Column, other: Column) -> bool:
    """Say whether both are described, and in different words."""
    first, second = _words(one.description), _words(other.description)
    if not first or not second or "todo" in first or "todo" in second:
        return False
    named = {other.name.lower()} & set(first) or {one.name.lower()} & set(second)
    return bool(named) or SequenceMatcher(None, first, second, autojunk=False).ratio() < _ALIKE
