"""Where the tables of a product come from, column by column; its private transforms are looked through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hanse import sql
from hanse.base import TableName
from hanse.pipelines.staging.deliver import delivered_table, partition_keys
from hanse.pipelines.transforms.graph import (
    FileRead,
    Graph,
    Node,
    NodeRead,
    PortRead,
    Read,
    published_name,
    settings_of,
)
from hanse.spec import Table, TableSettings, Workspace
from hanse.sql.origins import UNKNOWN, ColumnLineage, How, Lineage, Origin, Origins, strongest, through

Columns = Mapping[str, Sequence[str]]
Named = frozenset[tuple[tuple[str, ...], str]]


def lineage_of(workspace: Workspace, graph: Graph, files: Columns | None = None) -> dict[str, Any]:
    """Return the column lineage of every table that a product serves, as JSON.

    Args:
        workspace: the mesh, for the columns of the tables that the product reads.
        graph: the product's transforms.
        files: columns of file inputs, as far as they are known. A file that is missing here may have any.

    Returns:
        Table, as it is called within the product → ``columns`` (name → origins), ``rows`` (origins of which rows there
        are, which influence every column), and, where something could not be resolved, ``unknown`` (names of columns)
        and ``unknown_rows``, and, as ``named``, columns of tables that the SQL
        names though nothing comes from them. An origin is ``[relation, column, how]``: ``file:<name>`` or a table's
        address; a column, or null for all of them (with ``rows``: for none in particular); and a
        :class:`~hanse.sql.How`.
    """
    return _Lineages(workspace, graph, files or {}).document()


class _Lineages:
    """Nodes in building order, so that what a node reads is known when it is looked at."""

    def __init__(self, workspace: Workspace, graph: Graph, files: Columns) -> None:
        self._workspace, self._graph, self._files = workspace, graph, files
        self._nodes: dict[str, Lineage] = {}

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in self._graph.needed:
            lineage = self._of(node)
            if node.table is None:
                self._nodes[node.name] = lineage
            else:
                found[node.name] = self._table(node, node.table, lineage)
        return found

    def _of(self, node: Node) -> Lineage:
        if node.program is not None:
            return self._program(node)
        if node.statement is None:
            read = next(iter(node.reads.values()))
            return _copied(self._name(read))
        reads = {tuple(part.lower() for part in parts): read for parts, read in node.reads.items()}
        known = {parts: columns for parts, read in reads.items() if (columns := self._columns(read)) is not None}
        return self._outside(sql.column_lineage(node.statement, known), reads)

    def _columns(self, read: Read) -> Sequence[str] | None:
        match read:
            case FileRead(name):
                return self._files.get(name)
            case PortRead(table):
                return _columns_of(self._workspace, table)
            case NodeRead(name):
                node = self._graph.by_name[name]
                if node.table is not None:
                    return [c.name for c in node.table.columns]
                return self._nodes[name].names

    def _name(self, read: Read) -> str:
        match read:
            case FileRead(name):
                return f"file:{name}"
            case PortRead(table):
                return str(table)
            case NodeRead(name):
                return str(published_name(self._graph.product, self._graph.by_name[name]))

    def _program(self, node: Node) -> Lineage:
        """Return the lineage of a Python transform: whatever it gives may come from all that it reads."""
        every: Origins = frozenset()
        named: Named = frozenset()
        for read in node.reads.values():
            private = self._private(read)
            named |= private.named if private else frozenset()
            every |= _whole(private, How.PYTHON) if private else frozenset({_origin(self._name(read), How.PYTHON)})
            every |= frozenset(private.rows) if private else frozenset({_origin(self._name(read), How.ROWS)})
        values = frozenset(o for o in every if o.how is How.PYTHON)
        return _lineage(None, every, lambda _: values, named)

    def _private(self, read: Read) -> Lineage | None:
        return self._nodes.get(read.node) if isinstance(read, NodeRead) else None

    def _outside(self, lineage: Lineage, reads: Mapping[tuple[str, ...], Read]) -> Lineage:
        """Replace the relations of a transform by what they mean outside of the product."""

        def outside(origins: Iterable[Origin]) -> Origins:
            return frozenset[Origin]().union(*(self._followed(origin, reads[origin.relation]) for origin in origins))

        def find(name: str) -> Origins | None:
            found = lineage.find(name)
            if found is None:
                return None
            return outside(found.origins) | (frozenset({UNKNOWN}) if found.unknown else frozenset())

        rows = outside(lineage.rows) | (frozenset({UNKNOWN}) if lineage.unknown else frozenset())
        return _lineage(lineage.names, rows, find, self._named(lineage, reads))

    def _named(self, lineage: Lineage, reads: Mapping[tuple[str, ...], Read]) -> Named:
        """Return the columns that a transform names, and the private transforms that it reads."""
        inner = frozenset[tuple[tuple[str, ...], str]]()
        for read in reads.values():
            private = self._private(read)
            inner |= private.named if private else frozenset()
        outer = ((reads[relation], column) for relation, column in lineage.named)
        return inner | {((self._name(read),), column) for read, column in outer if self._private(read) is None}

    def _followed(self, origin: Origin, read: Read) -> Origins:
        private = self._private(read)
        if private is None:
            return frozenset({origin._replace(relation=(self._name(read),))})
        if origin.how is How.ROWS:
            return frozenset(private.rows) | (frozenset({UNKNOWN}) if private.unknown else frozenset())
        if origin.column is None:
            return _whole(private, origin.how)
        return through(origin.how, _column(private, origin.column))

    def _table(self, node: Node, table: Table, lineage: Lineage) -> dict[str, Any]:
        settings = settings_of(self._graph.product, node)
        given = {c.name for c in delivered_table(table, settings).columns}
        # What a history keeps by itself, from when and until when a row held, comes from the time of the run.
        columns = {c.name: _column(lineage, c.name) if c.name in given else frozenset() for c in table.columns}
        rows = frozenset(lineage.rows) | (frozenset({UNKNOWN}) if lineage.unknown else frozenset())
        rows |= _delivered(settings, table, lineage) | self._end(node, settings)
        document: dict[str, Any] = {
            "columns": {name: _document(origins) for name, origins in columns.items()},
            "rows": _document(rows),
        }
        used = {(o.relation, o.column) for o in rows.union(*columns.values())}
        named = sorted((r[0], c) for r, c in lineage.named - used if not r[0].startswith("file:"))
        if named:
            document["named"] = [list(one) for one in named]
        unknown = [name for name, origins in columns.items() if UNKNOWN in origins]
        return (
            document | ({"unknown": unknown} if unknown else {}) | ({"unknown_rows": True} if UNKNOWN in rows else {})
        )

    def _end(self, node: Node, settings: TableSettings) -> Origins:
        """Return what says where the ranges of a window over keys end."""
        until = settings.window.until if settings.window is not None else ()
        reads = {tuple(part.lower() for part in parts): read for parts, read in node.reads.items()}
        read = reads.get(until[:-1])
        return self._followed(Origin((), until[-1], How.FILTER), read) if read is not None else frozenset()


def _delivered(settings: TableSettings, table: Table, lineage: Lineage) -> Origins:
    """Return what decides which rows a delivery adds, replaces, ends or takes away."""
    keys: Sequence[str] = ()
    rows: Origins = frozenset()
    match settings.materialize:
        case "merge":
            keys = table.primary_key
        case "partition":
            keys = settings.by or partition_keys(table)
        case "snapshot":
            # A row of the history ends when anything in it differs.
            keys = tuple(c.name for c in table.columns if c.name not in (settings.since, settings.until))
        case "replace" | "append":
            pass
    for key in (*keys, *([settings.window.column] if settings.window is not None else ())):
        rows |= through(How.JOIN, _column(lineage, key))
    if settings.deleted is not None:
        rows |= through(How.FILTER, _column(lineage, settings.deleted))
    return rows


def _lineage(names: tuple[str, ...] | None, rows: Origins, find: Any, named: Named = frozenset()) -> Lineage:
    def found(name: str) -> ColumnLineage | None:
        origins = find(name)
        return None if origins is None else ColumnLineage(name, strongest(origins), UNKNOWN in origins)

    return Lineage(names, strongest(rows), UNKNOWN in rows, found, named)


def _copied(relation: str) -> Lineage:
    """Return the lineage of a table that is built straight from a file."""
    rows = frozenset({_origin(relation, How.ROWS)})
    return _lineage(None, rows, lambda name: frozenset({Origin((relation,), name, How.DIRECT)}))


def _origin(relation: str, how: How) -> Origin:
    return Origin((relation,), None, how)


def _column(lineage: Lineage, name: str) -> Origins:
    """Return where a column comes from; one that the result does not seem to have may come from anywhere."""
    found = lineage.find(name)
    if found is None:
        return _whole(lineage, How.DERIVED) | {UNKNOWN}
    return frozenset(found.origins) | (frozenset({UNKNOWN}) if found.unknown else frozenset())


def _whole(lineage: Lineage, how: How) -> Origins:
    """Return all columns of a private result."""
    if lineage.names is not None:
        return through(how, frozenset[Origin]().union(*(_column(lineage, name) for name in lineage.names)))
    relations = {o.relation for o in lineage.rows}
    return frozenset(Origin(relation, None, how) for relation in relations) | frozenset(lineage.rows)


def _document(origins: Origins) -> list[list[str | None]]:
    return [[o.relation[0], o.column, o.how.value] for o in strongest(origins)]


def _columns_of(workspace: Workspace, name: TableName) -> tuple[str, ...] | None:
    for port, table in workspace.product(name.owner).tables:
        if port.major == name.major and table.name == name.table:
            return tuple(c.name for c in table.columns)
    return None
