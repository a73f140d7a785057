"""Casts of lists, maps and objects: a value fits if everything in it does.

Each leaf is held against the rule of its own type, so ``'3'`` inside a list becomes 3.0 as it does in a column. What
JSON holds is opened by the type that is wanted: JSON does not tell an object from a map.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from hanse.spec.types import DataType, Field, List, Map, Scalar, Struct
from hanse.sql.build import call, type_named

_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
Leaf = Callable[[exp.Expr, str, DataType], "exp.Expr | None"]
"""Returns the condition that a value can become another type without loss; None: it always can."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an engine's name of a nested type says.

    Attributes:
        kind: ``list``, ``map`` or ``struct``.
        members: name → type; of a list its item, of a map its key and value, named so.
    """

    kind: str
    members: dict[str, str]


def parts(text: str) -> Parts | None:
    """Return what a nested type is made of; None for any other, and for lists of a fixed length."""
    if text.endswith("[]"):
        return Parts("list", {"item": text[:-2]})
    if text.startswith("MAP(") and text.endswith(")"):
        key, value = _split(text[4:-1])
        return Parts("map", {"key": key, "value": value})
    if text.startswith("STRUCT(") and text.endswith(")"):
        return Parts("struct", dict(_named(one) for one in _split(text[7:-1])))
    return None


def nested_check(value: exp.Expr, have: str, wanted: DataType, leaf: Leaf, depth: int = 0) -> exp.Expr | None:
    """Return the condition that a value which is not null can become a nested type without loss.

    Args:
        value: what is cast.
        have: its type, nested in the same way.
        wanted: the type it shall have.
        leaf: the rule of what is not nested.
        depth: of lists and maps around it.
    """
    if have == str(wanted):
        return None
    found = parts(have)
    if found is None:
        return leaf(value, have, wanted)
    match wanted:
        case List(item) if found.kind == "list":
            return _all(value, found.members["item"], item, leaf, depth)
        case Map(key, content) if found.kind == "map":
            return _both(
                _all(call("map_keys", value.copy()), found.members["key"], key, leaf, depth),
                _distinct_keys(value, key, depth) if found.members["key"] != str(key) else None,
                _all(call("map_values", value.copy()), found.members["value"], content, leaf, depth),
            )
        case Struct(fields) if found.kind == "struct":
            return _both(*_members(value, found.members, fields, leaf, depth))
    return exp.false()


def opened(value: exp.Expr, wanted: DataType) -> tuple[exp.Expr, str]:
    """Return a JSON value as lists, maps and objects of texts, null where it is not of that shape; and its type."""
    texts = _texts(wanted)
    shape = exp.Literal.string(json.dumps(_structure(texts)))
    fits = call("coalesce", _shaped(value, wanted, 0) or exp.true(), exp.false())
    return exp.Case(ifs=[exp.If(this=fits, true=call("from_json", value.copy(), shape))]), str(texts)


def _members(
    value: exp.Expr, have: dict[str, str], fields: tuple[Field, ...], leaf: Leaf, depth: int
) -> Iterator[exp.Expr | None]:
    wanted = {field.name.lower(): field.type for field in fields}
    for name, kind in have.items():
        member = call("struct_extract", value.copy(), exp.Literal.string(name))
        if name.lower() not in wanted:
            yield _null(member)  # it would be dropped
            continue
        yield _or_null(member, nested_check(member, kind, wanted[name.lower()], leaf, depth))


def _all(listed: exp.Expr, have: str, wanted: DataType, leaf: Leaf, depth: int) -> exp.Expr | None:
    item = _item(depth)
    return _every(listed, _or_null(item, nested_check(item, have, wanted, leaf, depth + 1)), depth)


def _every(listed: exp.Expr, holds: exp.Expr | None, depth: int) -> exp.Expr | None:
    if holds is None:
        return None
    each = call("list_transform", listed.copy(), _each(depth, holds))
    # Of an empty list DuckDB says null.
    return call("coalesce", call("list_bool_and", each), exp.true())


def _distinct_keys(value: exp.Expr, key: DataType, depth: int) -> exp.Expr:
    """Two keys that become one would be an error of the whole statement."""
    cast = exp.TryCast(this=_item(depth), to=type_named(str(key)))
    keys = call("list_transform", call("map_keys", value.copy()), _each(depth, cast))
    return _as_many(keys)


def _shaped(value: exp.Expr, wanted: DataType, depth: int) -> exp.Expr | None:
    """Whether a JSON value holds objects and lists where the type does; what leaves hold is looked at later."""
    match wanted:
        case List(item):
            inner = _every(_below(value, "$[*]"), _shaped_or_null(item, depth), depth)
            return _both(_is(value, "ARRAY"), inner)
        case Map(_, content):
            inner = _every(_below(value, "$.*"), _shaped_or_null(content, depth), depth)
            return _both(_is(value, "OBJECT"), _as_many(call("json_keys", value.copy())), inner)
        case Struct(fields):
            names = exp.Array(expressions=[exp.Literal.string(field.name) for field in fields])
            known = call("list_has_all", names, call("json_keys", value.copy()))
            members = (_shaped_member(value, field, depth) for field in fields)
            distinct = _as_many(call("json_keys", value.copy()))
            return _both(_is(value, "OBJECT"), known, distinct, *members)
    return None


def _shaped_member(value: exp.Expr, field: Field, depth: int) -> exp.Expr | None:
    member = _below(value, "/" + field.name.replace("~", "~0").replace("/", "~1"))
    holds = _shaped(member, field.type, depth)
    return None if holds is None else exp.or_(_is_nothing(member), holds)


def _shaped_or_null(wanted: DataType, depth: int) -> exp.Expr | None:
    holds = _shaped(_item(depth), wanted, depth + 1)
    return None if holds is None else exp.or_(_is_nothing(_item(depth)), holds)


def _texts(wanted: DataType) -> DataType:
    match wanted:
        case List(item):
            return List(_texts(item))
        case Map(_, content):
            return Map(Scalar.VARCHAR, _texts(content))
        case Struct(fields):
            return Struct(tuple(Field(field.name, _texts(field.type)) for field in fields))
    return Scalar.VARCHAR


def _structure(texts: DataType) -> Any:
    match texts:
        case List(item):
            return [_structure(item)]
        case Struct(fields):
            return {field.name: _structure(field.type) for field in fields}
    return str(texts)


def _split(text: str) -> list[str]:
    """Split at the commas that are in no parentheses and no quotes."""
    found, start, depth, quoted = list[str](), 0, 0, False
    for at, mark in enumerate(text):
        if mark == '"':
            quoted = not quoted
        elif not quoted:
            depth += (mark == "(") - (mark == ")")
            if mark == "," and depth == 0:
                found.append(text[start:at].strip())
                start = at + 1
    return [*found, text[start:].strip()]


def _named(text: str) -> tuple[str, str]:
    if not text.startswith('"'):
        name, _, kind = text.partition(" ")
        return name, kind
    found = _QUOTED.match(text)
    assert found is not None
    return found.group(1).replace('""', '"'), text[found.end() :].strip()


def _both(*conditions: exp.Expr | None) -> exp.Expr | None:
    """Return all conditions together; None if there are none."""
    found = [exp.Paren(this=one) for one in conditions if one is not None]
    return exp.and_(*found) if found else None


def _or_null(value: exp.Expr, holds: exp.Expr | None) -> exp.Expr | None:
    if holds is None:
        return None
    return exp.or_(_null(value), call("coalesce", holds, exp.false()))


def _as_many(keys: exp.Expr) -> exp.Expr:
    return exp.EQ(this=call("len", call("list_distinct", keys)), expression=call("len", keys.copy()))


def _is(value: exp.Expr, kind: str) -> exp.Expr:
    return exp.EQ(this=call("json_type", value.copy()), expression=exp.Literal.string(kind))


def _is_nothing(value: exp.Expr) -> exp.Expr:
    return exp.or_(_null(value), _is(value, "NULL"))


def _below(value: exp.Expr, path: str) -> exp.Expr:
    return call("json_extract", value.copy(), exp.Literal.string(path))


def _null(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value.copy(), expression=exp.Null())


def _item(depth: int) -> exp.Expr:
    return exp.Column(this=exp.to_identifier(f"__item_{depth}", quoted=True))


def _each(depth: int, body: exp.Expr) -> exp.Expr:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(f"__item_{depth}", quoted=True)])
