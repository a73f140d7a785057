"""The graph of columns across products, as applied or as planned: who comes from what, and who uses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from hanse.base import ProductName, TableName
from hanse.registry.records import AppliedProduct
from hanse.sql.origins import How


class Edge(NamedTuple):
    """One column that something of a table comes from.

    Attributes:
        table: the table that uses it.
        target: its column that does; None: its rows.
        source: address of the table used, or ``file:<name>``.
        column: the column used; None: all of its columns, or with ``rows`` none in particular.
        how: in which way.
    """

    table: TableName
    target: str | None
    source: str
    column: str | None
    how: How

    @property
    def uses_rows(self) -> bool:
        """Whether it is the rows as such that matter, not any column."""
        return self.how is How.ROWS


@dataclass(frozen=True, slots=True)
class Origins:
    """Where a table comes from.

    Attributes:
        name: the table.
        columns: its columns in order.
        edges: all that it uses.
        unknown: columns of which something could not be resolved, None among them for the rows.
        named: columns of other tables, as address and name, that its SQL names though nothing comes from them.
    """

    name: TableName
    columns: tuple[str, ...]
    edges: tuple[Edge, ...]
    unknown: frozenset[str | None] = frozenset()
    named: tuple[tuple[str, str], ...] = ()


class Graph:
    """Tables of some products and where their columns come from. Pure over what was recorded of the products.

    Attributes:
        tables: the tables by their addresses.
    """

    def __init__(self, tables: Iterable[Origins], applied: Iterable[Origins] | None = None) -> None:
        """Take in tables as a plan makes them.

        Args:
            tables: the tables.
            applied: the same as they were before; None: nothing of them changes.
        """
        self.tables: Mapping[str, Origins] = {str(t.name): t for t in tables}
        self._applied = self.tables if applied is None else {str(t.name): t for t in applied}

    def is_old(self, edge: Edge) -> bool:
        """Whether a table used, or may have used, a column for the same column before the plan."""
        before = self._applied.get(str(edge.table))
        return before is not None and any(
            (e.target, e.source) == (edge.target, edge.source)
            and not e.uses_rows
            and (edge.column is None or e.column in (None, edge.column))
            for e in before.edges
        )

    @cached_property
    def users(self) -> Mapping[str, tuple[Edge, ...]]:
        """What uses each table or file."""
        found: dict[str, list[Edge]] = {}
        for table in self.tables.values():
            for edge in table.edges:
                found.setdefault(edge.source, []).append(edge)
        return {source: tuple(edges) for source, edges in found.items()}

    def naming(self, source: str, column: str) -> Iterator[TableName]:
        """Yield the tables whose SQL names a column, in any case, though nothing of them comes from it."""
        for table in self.tables.values():
            if any(named == source and other.lower() == column.lower() for named, other in table.named):
                yield table.name


def of_applied(product: AppliedProduct) -> Iterator[Origins]:
    """Yield where the tables of an applied product come from."""
    yield from of_document(((t.name, [c["name"] for c in t.columns]) for t in product.tables), product.document)


def of_document(tables: Iterable[tuple[TableName, Iterable[str]]], document: Mapping[str, Any]) -> Iterator[Origins]:
    """Yield where tables come from, by the document recorded with their product.

    Args:
        tables: each table with its columns.
        document: :attr:`hanse.registry.AppliedProduct.document`. Where it tells no columns, because the product was
            applied before they were looked at, each column may come from all that its table reads.
    """
    lineage, reads = document.get("lineage") or {}, document.get("reads") or {}
    for name, columns in tables:
        known = lineage.get(name.local)
        if known is None:
            yield _by_table(name, tuple(columns), reads.get(name.local) or ())
            continue
        origins = [*known["columns"].items(), (None, known["rows"])]
        edges = [
            Edge(name, target, source, column, How(how)) for target, found in origins for source, column, how in found
        ]
        unknown: set[str | None] = set(known.get("unknown") or ())
        if known.get("unknown_rows"):
            unknown.add(None)
        named = tuple((source, column) for source, column in known.get("named") or ())
        yield Origins(name, tuple(columns), tuple(edges), frozenset(unknown), named)


def _by_table(name: TableName, columns: tuple[str, ...], reads: Iterable[str]) -> Origins:
    edges = [
        Edge(name, target, source, None, how)
        for source in reads
        for target, how in ((None, How.ROWS), (None, How.UNKNOWN), *((column, How.UNKNOWN) for column in columns))
    ]
    return Origins(name, columns, tuple(edges), frozenset({None, *columns}) if edges else frozenset())


def downstream(sources: Mapping[ProductName, Iterable[ProductName]], of: Iterable[ProductName]) -> set[ProductName]:
    """Return some products and all that read them, directly or not.

    Args:
        sources: products → the products that they read.
        of: the products to start from.
    """
    readers: dict[ProductName, list[ProductName]] = {}
    for reader, read in sources.items():
        for source in read:
            readers.setdefault(source, []).append(reader)
    return _closure(readers, of)


def upstream(sources: Mapping[ProductName, Iterable[ProductName]], of: Iterable[ProductName]) -> set[ProductName]:
    """Return some products and all that they read, directly or not; arguments as of :func:`downstream`."""
    return _closure(sources, of)


def _closure(following: Mapping[ProductName, Iterable[ProductName]], of: Iterable[ProductName]) -> set[ProductName]:
    found: set[ProductName] = set()
    waiting = list(of)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(following.get(name, ()))
    return found
