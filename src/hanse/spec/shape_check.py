"""Checking a document against a :class:`~hanse.spec.shape.Shape`; every finding has a place and a fix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hanse.base import Problem, Severity
from hanse.base.suggest import closest, did_you_mean
from hanse.spec import codes
from hanse.spec.document import Document, Items, Map, as_written
from hanse.spec.shape import Shape

_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_BOOLEANS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Where a document breaks its shape.

    Attributes:
        container: the mapping or list at fault.
        key: the key or index whose value is wrong; None: something is missing, or does not go together.
        meant: of a key that the standard does not know: the one that it looks like.
    """

    container: Map | Items
    key: str | int | None
    meant: str | None = None


def check(document: Document, shape: Shape, standard: str) -> list[Problem]:
    """Return everything in a document that its standard does not allow, in the order found.

    Numbers where text belongs are replaced by the text that was written, in place.

    Args:
        document: what to check.
        shape: what it may be.
        standard: name and version of the standard, for messages.
    """
    return find_faults(document, shape, standard)[0]


def find_faults(document: Document, shape: Shape, standard: str) -> tuple[list[Problem], list[Fault]]:
    """Do what :func:`check` does, and return the faults behind the problems of severity error, too."""
    checker = _Checker(document, standard)
    checker.mapping(document.root, shape)
    return list(dict.fromkeys(checker.problems)), checker.faults


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


class _Checker:
    def __init__(self, document: Document, standard: str) -> None:
        self._document = document
        self._standard = standard
        self.problems: list[Problem] = []
        self.faults: list[Fault] = []

    def _report(self, code: Any, what: str, container: Any, key: str | int | None, **more: Any) -> None:
        self.problems.append(Problem(code, what, self._document.at(container, key), **more))
        self.faults.append(Fault(container, key))

    def value(self, container: Any, key: str | int, shape: Shape, of: str = "") -> None:
        """Check the value under a key or index; ``of`` names the list that an index is of."""
        value = container[key]
        name = _name(key, of)
        if shape.types:
            kind = _kind(value)
            if kind not in shape.types and not (kind == "integer" and "number" in shape.types):
                if kind in ("integer", "number") and "string" in shape.types:
                    value = container[key] = as_written(value)
                elif kind == "number" and "integer" in shape.types and value == int(value):
                    value = container[key] = int(value)
                else:
                    what, fix = _wrong_type(name, value, shape)
                    self._report(codes.WRONG_TYPE, what, container, key, fix=fix)
                    return
        if shape.enum and value not in shape.enum:
            allowed = list(map(str, shape.enum))
            near = f"write `{allowed[0]}`" if len(allowed) == 1 else did_you_mean(str(value), allowed)
            fix = near or "see the standard for the values allowed"
            self._report(codes.BAD_VALUE, f"{name} cannot be `{value}`", container, key, fix=fix)
        if shape.pattern is not None and isinstance(value, str) and not shape.pattern.search(value):
            why = f"it must match the pattern {shape.pattern.pattern}"
            scheme = re.fullmatch(r"\^([A-Za-z0-9]+://)(?:\.\*)?", shape.pattern.pattern)
            fix = shape.hint or "see the standard for how it is written"
            if scheme:
                fix = f"begin it with `{scheme.group(1)}`"
            self._report(codes.BAD_VALUE, f"{name} cannot be `{value}`", container, key, why=why, fix=fix)
        if isinstance(value, Map):
            self.mapping(value, shape)
        elif isinstance(value, Items):
            self.items(container, key, value, shape)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._bounds(container, key, value, shape)
        for alternatives in shape.one_of:
            self._alternatives(container, key, alternatives)

    def _bounds(self, container: Any, key: str | int, value: float, shape: Shape) -> None:
        fix = None
        if shape.minimum is not None and value < shape.minimum:
            fix = f"use {shape.minimum:g} or more"
        elif shape.above is not None and value <= shape.above:
            fix = f"use more than {shape.above:g}"
        if fix:
            self._report(codes.BAD_VALUE, f"{_name(key)} cannot be {value}", container, key, fix=fix)

    def items(self, container: Any, key: str | int, value: Items, shape: Shape) -> None:
        """Check a list."""
        if len(value) < shape.min_items or (shape.max_items is not None and len(value) > shape.max_items):
            many = f"{shape.min_items}" if shape.max_items == shape.min_items else f"at least {shape.min_items}"
            what = f"{_name(key)} has {len(value)} entr{'y' if len(value) == 1 else 'ies'}"
            self._report(codes.BAD_VALUE, what, container, key, fix=f"give it {many}")
        if shape.unique_items and len({repr(item) for item in value}) < len(value):
            self._report(codes.BAD_VALUE, f"{_name(key)} holds one entry twice", container, key, fix="remove one")
        if shape.items is not None:
            for index in range(len(value)):
                self.value(value, index, shape.items, key if isinstance(key, str) else "")

    def mapping(self, value: Map, shape: Shape) -> None:
        """Check a mapping."""
        shapes = [shape]
        for key, by_value in shape.cases.items():
            given = value.get(key)
            extra = by_value.get(given if isinstance(given, str) else None, by_value.get(None))
            if given is not None and extra is not None and extra not in shapes:
                shapes.append(extra)
        for key in list(value):
            known = [s.properties[key] for s in shapes if key in s.properties]
            if not known:
                self._unknown(value, key, shapes)
            elif value[key] is not None:
                for found in known:
                    self.value(value, key, found)
            elif any("null" in f.types for f in known) or not any(f.types or f.one_of for f in known):
                pass
            elif not any(key in s.required for s in shapes):
                del value[key]
        for wanted in shapes:
            self._keys(value, wanted, shape.title)

    def _keys(self, value: Map, wanted: Shape, title: str) -> None:
        for key in wanted.required:
            may_be_null = key in wanted.properties and (
                not wanted.properties[key].types or "null" in wanted.properties[key].types
            )
            if key not in value or (value[key] is None and not may_be_null):
                self._report(codes.MISSING_KEY, f"{title} has no `{key}`", value, None, fix=f"add `{key}:`")
        for key in wanted.forbidden:
            if key in value:
                what, where = f"`{key}` cannot be given in {title}", self._document.at_key(value, key)
                self.problems.append(Problem(codes.UNKNOWN_KEY, what, where, fix="remove it"))
                self.faults.append(Fault(value, key))
        given = [k for k in wanted.exclusive if k in value]
        if wanted.exclusive and len(given) != 1:
            self._report(
                codes.BAD_VALUE if given else codes.MISSING_KEY,
                f"{title} has {len(given)} conditions: {', '.join(f'`{k}`' for k in given)}"
                if given
                else f"{title} has no condition",
                value,
                None,
                why="exactly one condition belongs to it",
                fix="keep one of them, and write another rule for the other"
                if given
                else "use one of " + ", ".join(f"`{k}`" for k in wanted.exclusive),
            )

    def _unknown(self, value: Map, key: str, shapes: list[Shape]) -> None:
        known = {k for s in shapes for k in s.properties}
        where = self._document.at_key(value, key)
        title = shapes[0].title
        if any(s.closed for s in shapes):
            elsewhere = any(key in s.properties for by_value in shapes[0].cases.values() for s in by_value.values())
            why = f"{self._standard} knows the key, but not together with the other keys given here"
            near = closest(key, known - value.keys())
            fix = "remove it, or move it under `customProperties`"
            if near or "customProperties" not in known:
                fix = did_you_mean(key, known - value.keys()) or "remove it"
            self.problems.append(
                Problem(
                    codes.UNKNOWN_KEY,
                    f"`{key}` is not a key of {title}",
                    where,
                    why=why if elsewhere else f"{self._standard} has no such key here",
                    fix="check the `type` or `logicalType` beside it" if elsewhere else fix,
                )
            )
            self.faults.append(Fault(value, key, near))
            return
        near = closest(key, known - value.keys())
        if near:
            what, fix = f"`{key}` in {title} has no effect", f"did you mean `{near}`?"
            self.problems.append(Problem(codes.POSSIBLE_MISSPELLING, what, where, fix=fix, severity=Severity.WARNING))

    def _alternatives(self, container: Any, key: str | int, alternatives: list[Shape]) -> None:
        value = container[key]
        kind = _kind(value)
        fitting = [a for a in alternatives if not a.types or kind in a.types]
        if len(fitting) == 1:
            self.value(container, key, fitting[0])
            return
        if not fitting:
            either = Shape(types=frozenset().union(*(a.types for a in alternatives)))
            what, fix = _wrong_type(_name(key), value, either)
            self._report(codes.WRONG_TYPE, what, container, key, fix=fix)
            return
        attempts: list[_Checker] = []
        for alternative in fitting:
            attempt = _Checker(self._document, self._standard)
            attempt.value(container, key, alternative)
            if not attempt.faults:
                return
            attempts.append(attempt)
        least = min(attempts, key=lambda attempt: len(attempt.faults))
        self.problems += [p for p in least.problems if p.severity is Severity.ERROR]
        self.faults += least.faults


def _wrong_type(name: str, value: Any, shape: Shape) -> tuple[str, str]:
    """Return what is wrong with a value of another type, and how to mend it."""
    types = shape.types
    wanted = " or ".join(_NAMES[t] for t in sorted(types - {"null"}))
    kind = _kind(value)
    shown = f"the text `{value}`" if kind == "string" else f"`{str(value).lower()}`" if kind == "boolean" else None
    return f"{name} must be {wanted}, not {shown or _NAMES[kind]}", _type_fix(value, kind, types, wanted, shape)


def _type_fix(value: Any, kind: str, types: Iterable[str], wanted: str, shape: Shape) -> str:
    if kind == "null":
        return f"write {wanted}, or remove the entry"
    if isinstance(value, str) and "boolean" in types and value.lower() in _BOOLEANS:
        return _unquoted(value, _BOOLEANS[value.lower()])
    if isinstance(value, str) and {"integer", "number"} & set(types):
        if re.fullmatch(r"-?[0-9][0-9_]{0,40}", value):
            return _unquoted(value, str(int(value)))
        if re.fullmatch(r"[-+0-9.eE]*[0-9]", value):
            return "write a number that 64 bits can hold"
    if isinstance(value, bool) and "string" in types:
        return "put it in quotes"
    if "array" in types:
        return "write a list: one `- …` line per entry"
    if set(types) == {"object"}:
        only = shape.required[0] if len(shape.required) == 1 else None
        return f"write `{only}: {value}`" if only and isinstance(value, str) else "write `key: value` lines below it"
    return "write one value" if kind in ("array", "object") else f"write {wanted}"


def _unquoted(written: str, meant: str) -> str:
    return f"write `{meant}`" + (", without quotes" if written == meant else "")


def _name(key: str | int, of: str = "") -> str:
    return f"`{key}`" if isinstance(key, str) else f"entry {key + 1}" + (f" of `{of}`" if of else "")
