"""What all our pydantic models share, and how their findings become problems with places."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Strict, ValidationError

from hanse.base import Code, Problem
from hanse.base.suggest import did_you_mean
from hanse.spec import codes
from hanse.spec.document import Document, Items, Map, as_written

Text = Annotated[str, BeforeValidator(as_written)]
"""Text; a number is taken as it was written."""
Flag = Annotated[bool, Strict()]
"""true or false; ``yes`` and ``on`` are text."""

_YAML_11_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}

M = TypeVar("M", bound=BaseModel)


class Strictly(BaseModel):
    """An object whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False, hide_input_in_errors=True)


def validate(document: Document, model: type[M], standard: str) -> tuple[M | None, list[Problem]]:
    """Read a document as a model; return it, or None and everything that is wrong.

    Values are never shown: they may come from the environment.
    """
    try:
        return model.model_validate(document.root), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, [_problem(document, model, standard, details) for details in found]


def _problem(document: Document, model: type[BaseModel], standard: str, details: Any) -> Problem:
    container, key, models = _walk(document.root, model, details["loc"])
    title = next((m.model_config.get("title") for m in models if m.model_config.get("title")), None) or "this file"
    kind: str = details["type"]
    name = f"`{key}`" if isinstance(key, str) else f"entry {key + 1}" if isinstance(key, int) else title
    if kind == "extra_forbidden" and isinstance(key, str) and isinstance(container, Map):
        known = {f.alias or n for m in models for n, f in m.model_fields.items()} - container.keys()
        fix = did_you_mean(key, known) or "remove it"
        return Problem(
            codes.UNKNOWN_KEY,
            f"{name} is not a key of {title}",
            document.at_key(container, key),
            why=f"{standard} has no such key here",
            fix=fix,
        )
    if kind == "missing":
        return Problem(codes.MISSING_KEY, f"{title} has no {name}", document.at(container), fix=f"add `{name[1:-1]}:`")
    where = document.at(container, key)
    if kind == "union_tag_not_found":
        return Problem(
            codes.MISSING_KEY, f"{name} must have `file`, `table` or `port`", where, fix="write exactly one of them"
        )
    if kind in _WANTED:
        return Problem(codes.WRONG_TYPE, f"{name} must be {_WANTED[kind]}", where, fix=_type_fix(container, key, kind))
    return Problem(*_value(name), where=where, fix=_value_fix(kind, details))


def _value(name: str) -> tuple[Code, str]:
    if name == "`apiVersion`":
        return codes.UNSUPPORTED_VERSION, "the descriptor's `apiVersion` is not one that is read"
    return codes.BAD_VALUE, f"{name} has a value that is not allowed here"


def _value_fix(kind: str, details: Any) -> str:
    if kind == "literal_error":
        return f"write {details['ctx']['expected'].replace(chr(39), '`')}"
    if kind == "value_error":
        return str(details["ctx"]["error"])
    return str(details["msg"]).replace("Input should be ", "use a value ")


def _type_fix(container: Any, key: Any, kind: str) -> str:
    value = container[key] if key is not None else None
    if kind.startswith("bool") and isinstance(value, str) and value.lower() in _YAML_11_BOOLEANS:
        return f"write `{_YAML_11_BOOLEANS[value.lower()]}`"
    if kind == "string_type" and isinstance(value, bool):
        return "put it in quotes"
    if kind == "list_type":
        return "write a list: one `- …` line per entry"
    if _WANTED[kind] == "a mapping":
        return "write `key: value` lines below it"
    return "write one value" if isinstance(value, list | dict) else f"write {_WANTED[kind]}"


def _walk(
    root: Map, model: type[BaseModel], steps: tuple[str | int, ...]
) -> tuple[Any, str | int | None, list[type[BaseModel]]]:
    """Follow an error's path; return the last container, the key in it, and the models that it may be.

    Steps that are no keys are names that pydantic gives to the alternatives of a union; they are passed over.
    """
    container: Any = root
    models: list[type[BaseModel]] = [model]
    inner: list[type[BaseModel]] = []
    key: str | int | None = None
    real = [s for i, s in enumerate(steps) if not _is_label(steps, i)]
    for index, step in enumerate(real):
        if key is not None:
            value = container[key]
            if not isinstance(value, Map | Items):
                break
            container, models = value, inner
        key = step
        annotations = [f.annotation for m in models for n, f in m.model_fields.items() if (f.alias or n) == step]
        inner = [found for a in annotations for found in _models_in(a)] if annotations else models
        if index == len(real) - 1:
            break
    return container, key, models


def _is_label(steps: tuple[str | int, ...], index: int) -> bool:
    step = steps[index]
    return isinstance(step, str) and step.startswith("as ")


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType, Annotated, list, dict, tuple):
        for argument in get_args(annotation):
            yield from _models_in(argument)
