"""From the entries of an ODCS ``relationships`` list to foreign keys.

References come in two forms. The shorthand names a table and a column of the same contract: ``customers.id``; further
names lead into objects. The full form walks the standard's ``id`` s, and may begin with a contract's file:
``crm.odcs.yaml#/schema/customers/properties/id``.

Source: ODCS 3.1, RFC 0009 and 0013.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

from hanse.spec.contract import Relationship
from hanse.spec.document import Document, Map, plain

_INNER = frozenset({"properties", "items", "key", "value"})


@dataclass(frozen=True, slots=True)
class _Reference:
    """One end of a relationship: a column somewhere."""

    contract: str | None
    table: str
    names: tuple[str, ...]


class _Unreadable(Exception):
    """A reference is written in a form that means nothing."""


def read_relationships(document: Document, entry: Map) -> tuple[Relationship, ...]:
    """Read the ``relationships`` of a table or a property that keeps to its standard.

    Args:
        document: where it stands.
        entry: the table or the property.

    Returns:
        One per entry, also for those that mean nothing: they have a ``fault``.
    """
    found = entry.get("relationships") or ()
    return tuple(_relationship(document, e) for e in found if isinstance(e, Map))


def _relationship(document: Document, entry: Map) -> Relationship:
    keys, to = _listed(entry.get("from")), _listed(entry.get("to"))
    stated, where = ", ".join(map(str, to)), document.at(entry)
    try:
        own = [_reference(key, document.path) for key in keys]
        others = [_reference(other, document.path) for other in to]
        fault = _fault(own, others)
    except _Unreadable as error:
        return Relationship((), "", (), stated=stated, fault=str(error), where=where)
    return Relationship(
        columns=tuple(r.names for r in own),
        table=others[0].table,
        to=tuple(r.names for r in others),
        contract=others[0].contract,
        from_table=own[0].table if own else None,
        stated=stated,
        fault=fault,
        where=where,
    )


def _listed(value: Any) -> list[Any]:
    found = plain(value)
    return [] if found is None else list(found) if isinstance(found, list | tuple) else [found]


def _fault(own: list[_Reference], others: list[_Reference]) -> str | None:
    if len(others) != max(len(own), 1):
        return f"{max(len(own), 1)} columns cannot refer to {len(others)}"
    for ends in (own, others):
        if len({(r.contract, r.table) for r in ends}) > 1:
            return "all columns of a key are in one table"
    return "a key is a column of this contract" if any(r.contract for r in own) else None


def _reference(text: Any, path: str) -> _Reference:
    if not isinstance(text, str):
        raise _Unreadable(f"`{text}` is no reference")
    contract, found, inner = text.rpartition("#")
    file = _file(contract, path) if found else None
    if found or "/" in inner:
        return _full(inner.strip("/").split("/"), file, text)
    table, *names = inner.split(".")
    if not names:
        raise _Unreadable(f"`{text}` names no column: write `table.column`")
    return _Reference(None, table, tuple(names))


def _full(steps: list[str], file: str | None, text: str) -> _Reference:
    pairs = list(zip(steps[::2], steps[1::2], strict=False))
    inner = pairs[1:]
    if len(steps) % 2 or not inner or pairs[0][0] != "schema" or any(kind not in _INNER for kind, _ in inner):
        raise _Unreadable(f"`{text}` leads to no column: write `schema/<table>/properties/<column>`")
    return _Reference(file, pairs[0][1], tuple(name for _, name in inner))


def _file(written: str, path: str) -> str:
    """Return a contract's file relative to the mesh; references are relative to the file that they stand in."""
    if "://" in written:
        return written
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), written.lstrip("/")))
