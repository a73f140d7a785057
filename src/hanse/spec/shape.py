"""What a JSON Schema allows, compiled once into shapes that a document is checked against.

Only what descriptors' standards use of JSON Schema is understood (:func:`compile_schema` refuses the rest), and it is
read the way that authors mean it, where the letter differs:

* a condition on a key (``if``/``const``) holds only when the key is there;
* a key with the value null counts as not given;
* a number where text belongs is taken as the text that was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_IGNORED = frozenset(
    {"$schema", "$defs", "title", "description", "examples", "default", "deprecated", "format", "$comment"}
)


UNTITLED = "this object"


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
        hint: how it is written, for people: what ``pattern`` means.
    """

    title: str = UNTITLED
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
    hint: str | None = None


class _Compiler:
    def __init__(self, schema: Mapping[str, Any], titles: Mapping[str, str], hints: Mapping[str, str]) -> None:
        self._schema = schema
        self._titles = titles
        self._hints = hints
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
            name = reference.rsplit("/", 1)[1]
            made = self._done[reference] = Shape(self._titles.get(name, UNTITLED), hint=self._hints.get(name))
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
        for key, schema in value.items():
            found = into.properties[key] = self.shape(schema)
            if found.title == UNTITLED and "$ref" not in schema:
                found.title = f"`{key}`"

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


def compile_schema(
    schema: Mapping[str, Any], titles: Mapping[str, str], hints: Mapping[str, str] | None = None
) -> Shape:
    """Compile a JSON Schema.

    Args:
        schema: the schema, with its ``$defs``.
        titles: what an object of each of the ``$defs`` is called in a message; ``""`` names the top level.
        hints: how a text of each of the ``$defs`` that have a pattern is written, in words.

    Raises:
        ValueError: the schema uses a keyword that is not understood.
    """
    made = Shape(title=titles.get("", "this file"))
    _Compiler(schema, titles, hints or {}).add(made, schema)
    return made
