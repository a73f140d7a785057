"""What is left of a document once everything that breaks its standard is taken out of it.

So that all that is wrong with a file is found at once: what the standard forbids, and what is wrong with the meaning
of the rest. What a fault may have led to is not held against the file a second time (:meth:`Damage.spares`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from hanse.base import Location, Problem
from hanse.spec.document import Document, Items, Map
from hanse.spec.shape import Shape
from hanse.spec.shape_check import Fault, find_faults

_ROUNDS = 10  # taking one thing out may leave another incomplete; nesting that deep is no contract

# (line, column), counted from 1; the first belongs to the span, the second does not
_Span = tuple[tuple[int, int], tuple[int, int]]


@dataclass(slots=True)
class Damage:
    """Where a document lost what the meaning of something beside it hangs on."""

    spans: set[_Span] = field(default_factory=set)
    starts: set[tuple[int, int]] = field(default_factory=set)

    def spares(self, where: Location | None) -> bool:
        """Tell whether a problem at a place would be there without the damage, too."""
        if where is None:
            return True
        place = (where.line, where.column)
        return place not in self.starts and not any(start <= place < end for start, end in self.spans)


def salvage(
    document: Document, shape: Shape, standard: str, carriers: frozenset[str], defaults: Mapping[str, Any]
) -> tuple[list[Problem], Damage | None]:
    """Check a document against its shape, and take out of it, in place, whatever breaks the shape.

    Args:
        document: what to check; keeps to its shape afterwards.
        shape: what it may be.
        standard: name and version of the standard, for messages.
        carriers: keys that the meaning of the other keys beside them hangs on, for example a column's type.
        defaults: values for keys that the top level must have, if they are missing.

    Returns:
        All problems found at first; and the damage done, None when nothing could be saved.
    """
    problems, faults = find_faults(document, shape, standard)
    damage = Damage()
    rounds = 0
    while faults:
        rounds += 1
        if rounds > _ROUNDS:
            return problems, None
        _Surgeon(document, carriers, damage).remove_all(faults, defaults)
        faults = find_faults(document, shape, standard)[1]
    return problems, damage


def widen(damage: Damage, document: Document, problems: Iterable[Problem], carriers: frozenset[str]) -> None:
    """Count as damage, too, the mappings in which problems of meaning were found; never the whole document."""
    places = [(p.where.line, p.where.column) for p in problems if p.where]
    if not places:
        return
    surgeon = _Surgeon(document, carriers, damage)
    spans = [(_span(inner), inner) for _, _, inner in _containers(document.root) if isinstance(inner, Map)]
    for place in places:
        around = [(span, inner) for span, inner in spans if span[0] <= place < span[1]]
        if around:
            surgeon.hurt(max(around, key=lambda found: found[0][0])[1], None, certainly=True)


class _Surgeon:
    """Takes parts out of a document, and writes down what that does to the parts beside them."""

    def __init__(self, document: Document, carriers: frozenset[str], damage: Damage) -> None:
        self._document = document
        self._carriers = carriers
        self._damage = damage
        self._holders = {id(inner): (outer, key) for outer, key, inner in _containers(document.root)}
        self._doomed: dict[int, tuple[Items, set[int]]] = {}

    def remove_all(self, faults: Iterable[Fault], defaults: Mapping[str, Any]) -> None:
        root = self._document.root
        for fault in faults:
            if fault.key is not None:
                if fault.meant:
                    self.hurt(fault.container, fault.meant)
                self._remove(fault.container, fault.key)
            elif fault.container is root:
                root.update({k: v for k, v in defaults.items() if root.get(k) is None})
            elif id(fault.container) in self._holders:
                self._remove(*self._holders[id(fault.container)])
        for items, places in self._doomed.values():
            _shorten(items, places)
            outer, _ = self._holders.get(id(items), (None, None))
            if not items and isinstance(outer, Map):
                self._damage.starts.add(_span(outer)[0])

    def hurt(self, container: Map | Items, key: str | int | None, *, certainly: bool = False) -> None:
        """Note that a container lost a key, if that touches the meaning of the container's other keys."""
        outer, place = self._holders.get(id(container), (None, None))
        if isinstance(container, Map) and (certainly or key in self._carriers or place in self._carriers):
            self._damage.spans.add(_span(container))
            if outer is not None:
                self.hurt(outer, place)

    def _remove(self, container: Map | Items, key: str | int) -> None:
        if isinstance(container, Items) and isinstance(key, int):
            self._doomed.setdefault(id(container), (container, set()))[1].add(key)
        elif isinstance(container, Map):
            self.hurt(container, key)
            container.pop(str(key), None)


def _shorten(items: Items, places: set[int]) -> None:
    node = items.node
    kept = [at for at in range(len(items)) if at not in places]
    # A node of its own, so that the places of what is left stay right (and other uses of an anchor untouched).
    items.node = yaml.SequenceNode(node.tag, [node.value[at] for at in kept], node.start_mark, node.end_mark)
    items[:] = [items[at] for at in kept]


def _containers(value: Map | Items) -> Iterator[tuple[Map | Items, str | int, Map | Items]]:
    for key, inner in value.items() if isinstance(value, Map) else enumerate(value):
        if isinstance(inner, Map | Items):
            yield value, key, inner
            yield from _containers(inner)


def _span(container: Map | Items) -> _Span:
    start, end = container.node.start_mark, container.node.end_mark
    return (start.line + 1, start.column + 1), (end.line + 1, end.column + 1)
