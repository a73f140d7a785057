"""YAML with places: one pass of libyaml, and every value remembers where it stands.

Values are resolved by the rules of YAML 1.2 narrowed to what JSON can say: ``yes``, ``on``, ``2013-01-01``, ``1_000``,
``010``, ``0x1F``, ``.inf`` and ``1:30`` are text, as is every key. A number with a fraction keeps its spelling, so that
``version: 1.10`` can still be read as the text that was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from hanse.base import Code, Location, Problem, SpecError
from hanse.spec import codes

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 500_000
# libyaml's composer recurses in C without a limit: beyond this, nesting is counted by events first.
_SAFE_NESTING = 5_000

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,40})")
_FLOAT = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NUMBER_START = frozenset("-.0123456789")
_TAG = "tag:yaml.org,2002:"


class WrittenFloat(float):
    """A number with a fraction that remembers its spelling."""

    __slots__ = ("text",)
    text: str


class Map(dict[str, Any]):
    """A mapping that knows the YAML node it came from."""

    __slots__ = ("node",)
    node: yaml.MappingNode


class Items(list[Any]):
    """A sequence that knows the YAML node it came from."""

    __slots__ = ("node",)
    node: yaml.SequenceNode


class _Flat:
    """What the composer asks of a resolver, without the work: plain scalars get no tag, they are resolved here."""

    def resolve(self, kind: type[yaml.Node], _value: str | None, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return "" if implicit[0] else "text"
        return ""

    def descend_resolver(self, parent: yaml.Node | None, index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


_NO_CHARACTER = "found invalid Unicode character escape code"
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Flat, _Base):  # type: ignore[misc]  # the base is chosen by whether libyaml is there
    pass


@dataclass(frozen=True)
class Document:
    """A YAML file whose top level is a mapping.

    Attributes:
        path: file, as messages shall name it.
        text: the file as it stands.
        root: its top level.
        problems: duplicate keys and the like, which do not keep the rest from being read.
    """

    path: str
    text: str
    root: Map
    problems: tuple[Problem, ...] = ()

    def at(self, container: Map | Items, key: str | int | None = None) -> Location:
        """Return where a container starts, or where the value under a key or index starts."""
        return _location(self.path, _find(container, key)[1] if key is not None else container.node)

    def at_key(self, container: Map, key: str) -> Location:
        """Return where a key stands."""
        return _location(self.path, _find(container, key)[0])


def plain(value: Any) -> Any:
    """Return a value as built-in types only, without places."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return float(value) if isinstance(value, WrittenFloat) else value


def as_written(value: Any) -> Any:
    """Return a number as the text it was written as; anything else as it is."""
    if isinstance(value, WrittenFloat):
        return value.text
    return str(value) if type(value) is int else value


def decode(data: bytes, path: str) -> str:
    """Return a file's text.

    Raises:
        SpecError: HNS-S002 with the place of the first byte that is no UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        where = Location(path, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise SpecError(
            codes.NOT_UTF8,
            f"{path} is not UTF-8 text: byte 0x{data[error.start]:02x} cannot be read",
            where=where,
            fix="save the file as UTF-8",
        ) from None


def read_document(data: bytes, path: str) -> Document:
    """Read a YAML file.

    Raises:
        SpecError: HNS-S001 to S004 and S006: it cannot be read at all; duplicate keys are in ``problems`` instead.
    """
    if len(data) > MAX_BYTES:
        raise SpecError(
            codes.TOO_LARGE,
            f"{path} has {len(data):,} bytes; at most {MAX_BYTES:,} are read",
            where=Location(path),
            fix="split it",
        )
    text = decode(data, path)
    root = _compose(text, path)
    if root is None:
        raise SpecError(
            codes.EMPTY_FILE,
            f"{path} is empty",
            where=Location(path, 1, 1),
            fix="start it with `apiVersion:` and `kind:`",
        )
    builder = _Builder(path)
    value = builder.build(root, 0)
    if value is None:
        raise SpecError(
            codes.EMPTY_FILE,
            f"{path} is empty",
            where=Location(path, 1, 1),
            fix="start it with `apiVersion:` and `kind:`",
        )
    if not isinstance(value, Map):
        raise SpecError(
            codes.NOT_A_MAPPING,
            f"{path} holds {'a list' if isinstance(value, list) else 'a single value'} where `key: value` lines belong",
            where=_location(path, root),
            fix="start the file with `apiVersion:` and `kind:`",
        )
    return Document(path, text, value, tuple(builder.problems))


def _compose(text: str, path: str) -> yaml.Node | None:
    try:
        if text.count("[") + text.count("{") + max(map(len, text.splitlines()), default=0) > _SAFE_NESTING:
            _count_levels(text, path)
        loader: Any = _Loader(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        if error.problem == _NO_CHARACTER and (found := _with_pairs(text, path)):
            return found
        raise _unreadable(error, text, path) from None
    except yaml.reader.ReaderError as error:
        before = text[: max(error.position, 0)]
        raise SpecError(
            codes.UNREADABLE_YAML,
            f"{path} cannot be read as YAML: {error.reason}",
            where=Location(path, before.count("\n") + 1, len(before) - before.rfind("\n")),
            fix="remove the control character",
        ) from None
    return node


def _with_pairs(text: str, path: str) -> yaml.Node | None:
    """Read JSON whose escapes are of half characters; None if that is not all that is wrong."""
    from hanse.spec.surrogates import joined, move_back

    better, moved = joined(text)
    if not moved:
        return None
    node = _compose(better, path)
    if node is not None:
        move_back(node, moved)
    return node


def _count_levels(text: str, path: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_deep(path, event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(path: str, mark: Any) -> SpecError:
    where = Location(path, mark.line + 1, mark.column + 1)
    return SpecError(
        codes.TOO_LARGE, f"{path} is nested more than {MAX_DEPTH} levels deep", where=where, fix="nest less"
    )


def _unreadable(error: yaml.MarkedYAMLError, text: str, path: str) -> SpecError:
    mark, context, lines = error.problem_mark, error.context_mark, text.splitlines()
    what, why = error.problem or "bad syntax", error.context
    fix = "mend this line; text with `: `, `#` or a leading `@`, `*`, `&` needs quotes"
    if what == _NO_CHARACTER:
        what, fix = "an escape names no character", "write the character itself; `\\ud83d\\ude00` is known in JSON only"
    elif mark is None or (context is not None and mark.line >= len(lines)):
        # What is left open is worth more than where the file ends.
        opened = (error.context or "something").removeprefix("while parsing ").removeprefix("while scanning ")
        what, why = f"{opened} never ends", error.problem
        mark, fix = context, "close it"
    elif mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
        what, why, fix = "a tab stands where spaces belong", None, "indent with spaces"
    elif context is not None and context.line != mark.line:
        why = f"{error.context} that starts on line {context.line + 1}"
    where = Location(path, mark.line + 1, mark.column + 1) if mark else Location(path)
    return SpecError(codes.UNREADABLE_YAML, f"{path} cannot be read as YAML: {what}", where=where, why=why, fix=fix)


class _Builder:
    """Turns nodes into values, counting what anchors multiply."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._values = 0
        self._around: set[int] = set()  # identities of the nodes that the present one is inside of
        self.problems: list[Problem] = []

    def build(self, node: yaml.Node, depth: int) -> Any:
        self._values += 1
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._around:
            raise self._endless(node)
        if depth >= MAX_DEPTH:
            raise _too_deep(self._path, node.start_mark)
        if self._values > MAX_VALUES:
            raise SpecError(
                codes.TOO_LARGE,
                f"{self._path} has more than {MAX_VALUES:,} values once its anchors are expanded",
                where=_location(self._path, node),
                fix="split the file, or use fewer anchors",
            )
        if node.tag and node.tag not in (f"{_TAG}map", f"{_TAG}seq"):
            raise self._foreign_tag(node)
        self._around.add(id(node))
        found: Map | Items
        if isinstance(node, yaml.SequenceNode):
            found = Items([self.build(item, depth + 1) for item in node.value])
            found.node = node
        else:
            found = self._mapping(node, depth)
        self._around.remove(id(node))
        return found

    def _mapping(self, node: Any, depth: int) -> Map:
        found = Map()
        found.node = node
        merged: list[yaml.Node] = []
        seen: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise SpecError(
                    codes.UNREADABLE_YAML,
                    f"{self._path} uses a list or mapping as a key",
                    where=_location(self._path, key_node),
                    fix="quote text that starts with `{` or `[`",
                )
            key = key_node.value
            if key == "<<" and not key_node.tag:
                merged.append(value_node)
                continue
            if key in seen:
                self.problems.append(
                    Problem(
                        codes.DUPLICATE_KEY,
                        f"`{key}` is given twice",
                        _location(self._path, key_node),
                        why=f"it stands on line {seen[key].start_mark.line + 1} already",
                        fix="keep one of them",
                    )
                )
                continue
            seen[key] = key_node
            found[key] = self.build(value_node, depth + 1)
        for source in merged:
            self._merge(found, source, depth)
        return found

    def _merge(self, into: Map, source: yaml.Node, depth: int) -> None:
        if isinstance(source, yaml.SequenceNode):
            for item in source.value:
                self._merge(into, item, depth + 1)
            return
        value = self.build(source, depth + 1)
        if not isinstance(value, Map):
            raise SpecError(
                codes.UNREADABLE_YAML,
                f"{self._path}: `<<` needs a mapping",
                where=_location(self._path, source),
                fix="write `<<: *anchor` with the anchor of a mapping",
            )
        for key, inner in value.items():
            into.setdefault(key, inner)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if not node.tag:
            return resolve(text)
        if node.tag == "text" or node.tag == f"{_TAG}str":
            return text
        if node.tag in (f"{_TAG}int", f"{_TAG}float", f"{_TAG}bool", f"{_TAG}null"):
            return resolve(text)
        raise self._foreign_tag(node)

    def _endless(self, node: yaml.Node) -> SpecError:
        return SpecError(
            codes.TOO_LARGE,
            f"{self._path} holds an anchor that is used inside itself",
            where=_location(self._path, node),
            why="its value would never end",
            fix="remove the `*` that refers to it from within",
        )

    def _foreign_tag(self, node: yaml.Node) -> SpecError:
        return SpecError(
            codes.UNREADABLE_YAML,
            f"{self._path} uses the YAML tag `{node.tag.removeprefix(_TAG)}`",
            where=_location(self._path, node),
            why="descriptors hold text, numbers, true, false, lists and mappings only",
            fix="remove the tag",
        )


def resolve(text: str) -> str | int | float | bool | None:
    """Return what an unquoted scalar means."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = WrittenFloat(text)
        number.text = text
        # An overflow to infinity has no JSON form; it stays the text that it is.
        return number if abs(number) != float("inf") else text
    return text


def _location(path: str, node: yaml.Node) -> Location:
    mark = node.start_mark
    return Location(path, mark.line + 1, mark.column + 1)


def _pairs(node: Any) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield a mapping's pairs, its own first, then those of merged mappings."""
    merged = []
    for key_node, value_node in node.value:
        if key_node.value == "<<":
            merged.append(value_node)
        else:
            yield key_node, value_node
    for source in merged:
        for mapping in source.value if isinstance(source, yaml.SequenceNode) else (source,):
            yield from _pairs(mapping)


def _find(container: Map | Items, key: str | int | None) -> tuple[yaml.Node, yaml.Node]:
    """Return the nodes of a key and its value; the container's own node for a key that is not there."""
    node = container.node
    if isinstance(key, int):
        inside = key < len(node.value)
        return (node.value[key], node.value[key]) if inside else (node, node)
    return next(((k, v) for k, v in _pairs(node) if k.value == key), (node, node))


__all__ = ["Code", "Document", "Items", "Map", "WrittenFloat", "as_written", "decode", "plain", "read_document"]
