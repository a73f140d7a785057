"""Checking a document against a JSON Schema, compiled once; every finding has a place and a fix.

Only what descriptors' standards use of JSON Schema is understood (:func:`compile_schema` refuses the rest), and it is
read the way that authors mean it, where the letter differs:

* a condition on a key (``if``/``const``) holds only when the key is there;
* a key with the value null counts as not given;
* a number where text belongs is taken as the text that was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hanse.base import Problem, Severity
from hanse.base.suggest import closest, did_you_mean
from hanse.spec import codes
from hanse.spec.document import Document, Items, Map, as_written

_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_IGNORED = frozenset(
    {"$schema", "$defs", "title", "description", "examples", "default", "deprecated", "format", "$comment"}
)
_YAML_11_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


@dataclass(eq=False)
class Shape:
    """What a value may be.

    Attributes:
        title: what such an object is called in a message, for example ``a quality rule``.
        types: JSON types allowed; empty for any.
        closed: no keys beyond ``properties`` and those of the cases that hold.
        cases: what holds in addition, by key and the value that it must have (None: any).
        one_of: alternatives; a value must match one of them.
        exclusive: of these keys at most one may be given, and one must be.
        forbidden: keys that must not be given.
    """

    title: str = "this object"
    types: frozenset[str] = frozenset()
    enum: tuple[Any, ...] = ()
    pattern: re.Pattern[str] | None = None
    minimum: float | None = None
    above: float | None = None
    min_items: int = 0
    max_items: int | None = None
    unique_items: bool = False
    properties: dict[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    closed: bool = False
    items: Shape | None = None
    cases: dict[str, dict[str | None, Shape]] = field(default_factory=dict)
    one_of: list[list[Shape]] = field(default_factory=list)
    exclusive: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


class _Compiler:
    def __init__(self, schema: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        self._schema = schema
        self._titles = titles
        self._done: dict[str, Shape] = {}

    def shape(self, schema: Mapping[str, Any]) -> Shape:
        """Return the shape of a schema; one that only refers to another is that one."""
        if set(schema) - _IGNORED == {"$ref"}:
            return self.referred(schema["$ref"])
        made = Shape()
        self.add(made, schema)
        return made

    def referred(self, reference: str) -> Shape:
        if reference not in self._done:
            # Registered before it is filled: schemas refer to themselves.
            made = self._done[reference] = Shape(title=self._titles.get(reference.rsplit("/", 1)[1], "this object"))
            self.add(made, self._target(reference))
        return self._done[reference]

    def _target(self, reference: str) -> Any:
        target: Any = self._schema
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        return target  # a walk through JSON

    def add(self, into: Shape, schema: Mapping[str, Any]) -> None:
        """Add what a schema demands to a shape."""
        for keyword, value in schema.items():
            if keyword in _IGNORED:
                continue
            if keyword == "$ref":
                self.add(into, self._target(value))
                continue
            if keyword not in _KEYWORDS:
                raise ValueError(f"JSON Schema keyword {keyword} is not understood")
            _KEYWORDS[keyword](self, into, value)

    def add_type(self, into: Shape, value: str | list[str]) -> None:
        into.types = frozenset([value] if isinstance(value, str) else value)

    def add_properties(self, into: Shape, value: Mapping[str, Any]) -> None:
        into.properties.update({k: self.shape(v) for k, v in value.items()})

    def add_all(self, into: Shape, value: list[Mapping[str, Any]]) -> None:
        for part in value:
            if "if" in part:
                self._add_case(into, part["if"], self.shape(part["then"]))
            elif "not" in part:
                into.forbidden += tuple(part["not"]["required"])
            else:
                self.add(into, part)

    def add_alternatives(self, into: Shape, value: list[Mapping[str, Any]]) -> None:
        if all(len(part.get("required", ())) == 1 and "type" not in part for part in value):
            for part in value:
                self.add_properties(into, part["properties"])
            into.exclusive = tuple(part["required"][0] for part in value)
        else:
            into.one_of.append([self.shape(part) for part in value])

    def _add_case(self, into: Shape, condition: Mapping[str, Any], extra: Shape) -> None:
        for part in condition.get("anyOf", [condition]):
            for key, want in part["properties"].items():
                into.cases.setdefault(key, {})[want.get("const")] = extra


def _set(name: str, convert: Callable[[Any], Any] = lambda value: value) -> Callable[[_Compiler, Shape, Any], None]:
    def apply(_: _Compiler, into: Shape, value: Any) -> None:
        setattr(into, name, convert(value))

    return apply


def _close(_: _Compiler, into: Shape, value: Any) -> None:
    into.closed = into.closed or value is False


def _require(_: _Compiler, into: Shape, value: list[str]) -> None:
    into.required += tuple(k for k in value if k not in into.required)


def _set_items(compiler: _Compiler, into: Shape, value: Mapping[str, Any]) -> None:
    into.items = compiler.shape(value)


_KEYWORDS: dict[str, Callable[[_Compiler, Shape, Any], None]] = {
    "type": _Compiler.add_type,
    "enum": _set("enum", tuple),
    "pattern": _set("pattern", re.compile),
    "minimum": _set("minimum"),
    "exclusiveMinimum": _set("above"),
    "minItems": _set("min_items"),
    "maxItems": _set("max_items"),
    "uniqueItems": _set("unique_items"),
    "properties": _Compiler.add_properties,
    "required": _require,
    "additionalProperties": _close,
    "unevaluatedProperties": _close,
    "items": _set_items,
    "allOf": _Compiler.add_all,
    "oneOf": _Compiler.add_alternatives,
    "anyOf": _Compiler.add_alternatives,
}


def compile_schema(schema: Mapping[str, Any], titles: Mapping[str, str]) -> Shape:
    """Compile a JSON Schema.

    Args:
        schema: the schema, with its ``$defs``.
        titles: what an object of each of the ``$defs`` is called in a message; ``""`` names the top level.

    Raises:
        ValueError: the schema uses a keyword that is not understood.
    """
    made = Shape(title=titles.get("", "this file"))
    _Compiler(schema, titles).add(made, schema)
    return made


def check(document: Document, shape: Shape, standard: str) -> list[Problem]:
    """Return everything in a document that its standard does not allow, in the order found.

    Numbers where text belongs are replaced by the text that was written, in place.

    Args:
        document: what to check.
        shape: what it may be.
        standard: name and version of the standard, for messages.
    """
    checker = _Checker(document, standard)
    checker.mapping(document.root, shape)
    return checker.problems


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

    def _report(self, code: Any, what: str, container: Any, key: str | int | None, **more: Any) -> None:
        self.problems.append(Problem(code, what, self._document.at(container, key), **more))

    def value(self, container: Any, key: str | int, shape: Shape) -> None:
        """Check the value under a key or index."""
        value = container[key]
        if shape.types:
            kind = _kind(value)
            if kind not in shape.types and not (kind == "integer" and "number" in shape.types):
                if kind in ("integer", "number") and "string" in shape.types:
                    value = container[key] = as_written(value)
                elif kind == "number" and "integer" in shape.types and value == int(value):
                    value = container[key] = int(value)
                else:
                    self._wrong_type(container, key, shape.types)
                    return
        if shape.enum and value not in shape.enum:
            fix = did_you_mean(str(value), map(str, shape.enum)) or "see the standard for the values allowed"
            self._report(codes.BAD_VALUE, f"{_name(key)} cannot be `{value}`", container, key, fix=fix)
        if shape.pattern is not None and isinstance(value, str) and not shape.pattern.search(value):
            self._report(
                codes.BAD_VALUE,
                f"{_name(key)} cannot be `{value}`",
                container,
                key,
                why=f"it must match the pattern {shape.pattern.pattern}",
                fix="see the standard for how it is written",
            )
        if isinstance(value, Map):
            self.mapping(value, shape)
        elif isinstance(value, Items):
            self.items(container, key, value, shape)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._bounds(container, key, value, shape)
        for alternatives in shape.one_of:
            self._alternatives(container, key, alternatives)

    def _wrong_type(self, container: Any, key: str | int, types: Iterable[str]) -> None:
        value = container[key]
        wanted = " or ".join(_NAMES[t] for t in sorted(types - {"null"} if isinstance(types, frozenset) else types))
        kind = _kind(value)
        shown = f"the text `{value}`" if kind == "string" else f"`{str(value).lower()}`" if kind == "boolean" else None
        fix = None
        if isinstance(value, str) and "boolean" in types and value.lower() in _YAML_11_BOOLEANS:
            fix = f"write `{_YAML_11_BOOLEANS[value.lower()]}`"
        elif isinstance(value, str) and re.fullmatch(r"-?[0-9][0-9_]*", value) and {"integer", "number"} & set(types):
            fix = f"write `{int(value)}`"
        elif isinstance(value, bool) and "string" in types:
            fix = "put it in quotes"
        elif "array" in types and kind != "object":
            fix = "write a list: one `- …` line per entry"
        elif types == {"object"}:
            fix = "write `key: value` lines below it"
        else:
            fix = "write one value" if kind in ("array", "object") else f"write {wanted}"
        self._report(
            codes.WRONG_TYPE, f"{_name(key)} must be {wanted}, not {shown or _NAMES[kind]}", container, key, fix=fix
        )

    def _bounds(self, container: Any, key: str | int, value: float, shape: Shape) -> None:
        if shape.minimum is not None and value < shape.minimum:
            fix = f"use {shape.minimum:g} or more"
            self._report(codes.BAD_VALUE, f"{_name(key)} cannot be {value}", container, key, fix=fix)
        if shape.above is not None and value <= shape.above:
            fix = f"use more than {shape.above:g}"
            self._report(codes.BAD_VALUE, f"{_name(key)} cannot be {value}", container, key, fix=fix)

    def items(self, container: Any, key: str | int, value: Items, shape: Shape) -> None:
        """Check a list."""
        wrong = len(value) < shape.min_items or (shape.max_items is not None and len(value) > shape.max_items)
        if wrong:
            many = f"{shape.min_items}" if shape.max_items == shape.min_items else f"at least {shape.min_items}"
            what = f"{_name(key)} has {len(value)} entries"
            self._report(codes.BAD_VALUE, what, container, key, fix=f"give it {many}")
        if shape.unique_items and len({repr(item) for item in value}) < len(value):
            self._report(codes.BAD_VALUE, f"{_name(key)} holds one entry twice", container, key, fix="remove one")
        if shape.items is not None:
            for index in range(len(value)):
                self.value(value, index, shape.items)

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
                self.problems.append(
                    Problem(
                        codes.UNKNOWN_KEY,
                        f"`{key}` cannot be given in {title}",
                        self._document.at_key(value, key),
                        fix="remove it",
                    )
                )
        if wanted.exclusive:
            given = [k for k in wanted.exclusive if k in value]
            if len(given) != 1:
                what = f"{title} has {', '.join(f'`{k}`' for k in given)}" if given else f"{title} has no condition"
                self._report(
                    codes.MISSING_KEY if not given else codes.BAD_VALUE,
                    what,
                    value,
                    None,
                    why="exactly one condition belongs to it",
                    fix="use one of " + ", ".join(f"`{k}`" for k in wanted.exclusive),
                )

    def _unknown(self, value: Map, key: str, shapes: list[Shape]) -> None:
        known = {k for s in shapes for k in s.properties}
        where = self._document.at_key(value, key)
        title = shapes[0].title
        if any(s.closed for s in shapes):
            elsewhere = any(key in s.properties for by_value in shapes[0].cases.values() for s in by_value.values())
            why = f"{self._standard} knows the key, but not together with the other keys given here"
            fix = did_you_mean(key, known - value.keys()) or "remove it, or move it under `customProperties`"
            self.problems.append(
                Problem(
                    codes.UNKNOWN_KEY,
                    f"`{key}` is not a key of {title}",
                    where,
                    why=why if elsewhere else f"{self._standard} has no such key here",
                    fix="check the `type` or `logicalType` beside it" if elsewhere else fix,
                )
            )
            return
        near = closest(key, known - value.keys())
        if near:
            self.problems.append(
                Problem(
                    codes.POSSIBLE_MISSPELLING,
                    f"`{key}` in {title} has no effect",
                    where,
                    fix=f"did you mean `{near}`?",
                    severity=Severity.WARNING,
                )
            )

    def _alternatives(self, container: Any, key: str | int, alternatives: list[Shape]) -> None:
        value = container[key]
        kind = _kind(value)
        fitting = [a for a in alternatives if not a.types or kind in a.types]
        if len(fitting) == 1:
            self.value(container, key, fitting[0])
            return
        if not fitting:
            self._wrong_type(container, key, frozenset().union(*(a.types for a in alternatives)))
            return
        attempts: list[list[Problem]] = []
        for alternative in fitting:
            attempt = _Checker(self._document, self._standard)
            attempt.value(container, key, alternative)
            errors = [p for p in attempt.problems if p.severity is Severity.ERROR]
            if not errors:
                return
            attempts.append(errors)
        fewest = min(map(len, attempts))
        self.problems += next(errors for errors in attempts if len(errors) == fewest)


def _name(key: str | int) -> str:
    return f"`{key}`" if isinstance(key, str) else f"entry {key + 1}"
