"""Values that a contract writes down itself: examples and enum entries keep their own column's clauses.

They are tried on the engine (:mod:`hanse.quality.trials`) by the same expressions as data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hanse.base import Severity
from hanse.quality.clauses import Unverifiable, stated_clauses, value_tests
from hanse.quality.notation.values import as_json, coerce
from hanse.quality.records import Check, Each, Member, Required, Settled, Target, Tried, ValueTest
from hanse.spec.contract import Column, Table
from hanse.spec.types import DataType, List, Map, Struct


def example_checks(table: Table) -> Iterator[Check]:
    """Yield a check for every property with examples, and for every one whose enum has other clauses beside it."""
    for column in table.columns:
        yield from _column(column, Target(column.name, column.type))


def _column(column: Column, target: Target) -> Iterator[Check]:
    if column.examples:
        tests = [*_tests(column, target), *([("required", Required())] if column.required else [])]
        yield _check("examples", column, target, Tried(target, column.examples, tuple(tests)))
    if column.enum:
        tests = [(kind, test) for kind, test in _tests(column, target) if kind != "enum"]
        if tests:
            yield _check("enumEntries", column, target, Tried(target, column.enum, tuple(tests)))
    steps: list[Member | Each] = []
    if isinstance(target.type, Struct):
        steps = [Member(child.name) for child in column.children]
    elif isinstance(target.type, List):
        steps = [Each()]
    elif isinstance(target.type, Map):
        steps = [Each("keys"), Each("values")]
    for child, step in zip(column.children, steps, strict=False):
        yield from _column(child, Target(target.column, child.type, (*target.path, step)))


def _tests(column: Column, target: Target) -> list[tuple[str, ValueTest]]:
    found: list[tuple[str, ValueTest]] = []
    for kind, stated in stated_clauses(column):
        try:
            tests = value_tests(kind, stated, target)
        except Unverifiable:
            continue  # the clause itself says so
        if not isinstance(tests, Settled):
            found += [(kind, test) for test in tests]
    return found


def _check(kind: str, column: Column, target: Target, measure: Tried) -> Check:
    label = f"{kind}({target})"
    return Check(
        label,
        kind,
        label,
        measure,
        severity=Severity.WARNING,
        column=target.column,
        dimension="consistency",
        location=column.where,
    )


def misfits(measure: Tried) -> list[str]:
    """Return, in words, the values that are not of their column's type at all."""
    words = []
    for item in measure.values:
        try:
            if item is not None:
                typed(item, measure.target.type)
        except ValueError as problem:
            words.append(f"{quoted(item)} is no {measure.target.type}: {problem}")
    return words


def typed(item: Any, type_: DataType) -> Any:
    """Return a value as one of a type, nested types included.

    Raises:
        ValueError: it is none.
    """
    if isinstance(type_, List):
        return [None if each is None else typed(each, type_.item) for each in _of(item, list, "a list")]
    if isinstance(type_, Map):
        entries = _of(item, dict, "a mapping").items()
        return {typed(k, type_.key): None if v is None else typed(v, type_.value) for k, v in entries}
    if isinstance(type_, Struct):
        members = _of(item, dict, "a mapping")
        known = {f.name: f.type for f in type_.fields}
        unknown = [name for name in members if name not in known]
        if unknown:
            raise ValueError(f"it has no member `{unknown[0]}`")
        return {n: None if members.get(n) is None else typed(members[n], t) for n, t in known.items()}
    return coerce(item, type_)


def _of(item: Any, kind: type, words: str) -> Any:
    if isinstance(item, kind):
        return item
    raise ValueError(f"it is not {words}")


def quoted(item: Any) -> str:
    """Write a value of the contract for people; long ones are cut."""
    text_ = str(as_json(item))
    return f"`{text_ if len(text_) <= 60 else text_[:59] + '…'}`"
