"""Where a product, a table or a column comes from, and what is made of it: trees over what was applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hanse.base import ProductName, QueryError
from hanse.base.suggest import did_you_mean
from hanse.catalog.codes import NO_SUCH_COLUMN
from hanse.catalog.runs import Document
from hanse.plan.lineage import Edge, Graph, downstream, of_applied, upstream
from hanse.registry import AppliedProduct, Reader
from hanse.sql.origins import How

DEPTH = 50
"""So many steps are followed; a tree that goes on says so."""

# A column of a table (None: its rows) → the ways it is linked with others.
_Place = tuple[str, str | None]
_Links = Mapping[_Place, Sequence[How]]


def lineage(reader: Reader, name: ProductName, table: str | None, column: str | None) -> Document:
    """Return where something comes from and what is made of it.

    Args:
        reader: the registry.
        name: an applied product.
        table: one of its tables, as it is called within the product; None: the product as a whole.
        column: a column of that table; None: the table as a whole.

    Returns:
        ``address``; ``level`` (``product``, ``table`` or ``column``); ``up`` and ``down``: nodes with ``name`` (an
        address, or ``file:`` and the address of the product that reads the file), ``column`` (None: no column in
        particular, or its rows), ``how`` (the ways in which it is used), ``unknown`` (some of it could not be
        resolved), ``seen`` (shown before, with its own ``nodes``), ``cut`` (it goes on, and is too deep to be shown)
        and ``nodes``; of a column ``rows``: what decides
        which rows its table has, and so influences every column; ``unknown``: some of it could not be resolved.

    Raises:
        QueryError: HNS-K003: no such table or column.
    """
    sources = reader.sources()
    near = downstream(sources, [name]) | upstream(sources, [name])
    products = {p.name: p for p in reader.products(near)}
    if table is None:
        return _of_product(products, sources, name)
    graph = Graph(origins for p in products.values() for origins in of_applied(p))
    address = f"{name}.{table}"
    found = graph.tables.get(address)
    if found is None:
        tables = [str(t.name.local) for t in graph.tables.values() if t.name.owner == name]
        raise _missing(f"{name} has no table `{table}`", table, tables)
    if column is None:
        walk = _Walk(lambda place: _table_up(graph, place)), _Walk(lambda place: _table_down(graph, place))
        start: _Place = (address, None)
        return _document(address, "table", walk[0].nodes(start), walk[1].nodes(start), found.unknown)
    spelt = {c.lower(): c for c in found.columns}.get(column.lower())
    if spelt is None:
        raise _missing(f"{address} has no column `{column}`", column, found.columns)
    up, down = _Walk(lambda place: _column_up(graph, place)), _Walk(lambda place: _column_down(graph, place))
    start = (address, spelt)
    rows = [n for n in _Walk(lambda place: _column_up(graph, place)).nodes((address, None)) if n["column"] or n["how"]]
    unknown = found.unknown & {spelt, None}
    return _document(f"{address}.{spelt}", "column", up.nodes(start), down.nodes(start), unknown) | {"rows": rows}


def _missing(what: str, word: str, known: Iterable[str]) -> QueryError:
    return QueryError(NO_SUCH_COLUMN, what, fix=did_you_mean(word, known))


def _document(address: str, level: str, up: list[Document], down: list[Document], unknown: Iterable[Any]) -> Document:
    return {"address": address, "level": level, "up": up, "down": down, "unknown": bool(list(unknown))}


class _Walk:
    """Follows links from place to place. What was shown once is only named when it is met again."""

    def __init__(self, links: Callable[[_Place], _Links]) -> None:
        self._links = links
        self._shown: set[_Place] = set()

    def nodes(self, place: _Place, depth: int = 0) -> list[Document]:
        """Return what a place is linked with, each with what that is linked with in turn."""
        self._shown.add(place)
        return [self._node(other, ways, depth + 1) for other, ways in self._links(place).items()]

    def _node(self, place: _Place, ways: Sequence[How], depth: int) -> Document:
        seen = place in self._shown
        cut = not seen and depth >= DEPTH and bool(self._links(place))
        known = [how for how in How if how in ways and how not in (How.ROWS, How.UNKNOWN)]
        return {
            "name": place[0],
            "column": place[1],
            "how": [how.value for how in known],
            "unknown": How.UNKNOWN in ways,
            "seen": seen,
            "cut": cut,
            "nodes": [] if seen or cut else self.nodes(place, depth),
        }


def _gather(pairs: Iterable[tuple[_Place, How]]) -> _Links:
    found: dict[_Place, list[How]] = {}
    for place, how in pairs:
        found.setdefault(place, []).append(how)
    return found


def _source(edge: Edge) -> str:
    """Return a source's address; a file is told apart by the product that reads it."""
    return f"{edge.source} of {edge.table.owner}" if edge.source.startswith("file:") else edge.source


def _edges(graph: Graph, table: str) -> tuple[Edge, ...]:
    return graph.tables[table].edges if table in graph.tables else ()


def _table_up(graph: Graph, place: _Place) -> _Links:
    return _gather(((_source(e), None), How.ROWS) for e in _edges(graph, place[0]))


def _table_down(graph: Graph, place: _Place) -> _Links:
    return _gather(((str(e.table), None), How.ROWS) for e in graph.users.get(place[0], ()))


def _column_up(graph: Graph, place: _Place) -> _Links:
    return _gather(((_source(e), e.column), e.how) for e in _edges(graph, place[0]) if e.target == place[1])


def _column_down(graph: Graph, place: _Place) -> _Links:
    """Return who uses a column; of a table whose rows are touched, who has rows because of it."""
    table, column = place
    if column is None:
        chosen = (e for e in graph.users.get(table, ()) if e.uses_rows)
    else:
        chosen = (e for e in graph.users.get(table, ()) if not e.uses_rows and e.column in (None, column))
    return _gather(((str(e.table), e.target), e.how) for e in chosen)


def _of_product(
    products: Mapping[ProductName, AppliedProduct],
    sources: Mapping[ProductName, Sequence[ProductName]],
    name: ProductName,
) -> Document:
    readers: dict[str, list[str]] = {}
    for reader, read in sources.items():
        for source in read:
            readers.setdefault(str(source), []).append(str(reader))

    def up(place: _Place) -> _Links:
        product = ProductName.parse(place[0]) if not place[0].startswith("file:") else None
        if product is None or product not in products:
            return {}
        read: Mapping[str, Sequence[str]] = products[product].document.get("reads") or {}
        files = dict.fromkeys(r for found in read.values() for r in found if r.startswith("file:"))
        names = [*map(str, sources.get(product, ())), *(f"{file} of {product}" for file in files)]
        return {(other, None): (How.ROWS,) for other in names}

    def down(place: _Place) -> _Links:
        return {(other, None): (How.ROWS,) for other in readers.get(place[0], ())}

    start: _Place = (str(name), None)
    return _document(str(name), "product", _Walk(up).nodes(start), _Walk(down).nodes(start), ())
