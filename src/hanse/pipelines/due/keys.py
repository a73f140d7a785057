"""Keys: digests of everything that decides a result. Equal keys mean that there is nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from hanse.base import ProductName, TableName, digest
from hanse.ingest import InputState
from hanse.pipelines.transforms.graph import FileRead, Graph, Node, NodeRead, PortRead, settings_of
from hanse.pipelines.transforms.windows import Windowing, code_of
from hanse.registry import Release
from hanse.spec import DatabaseInput, Source, TableSettings, TextStyle, Window
from hanse.spec.folder import python_environment


def run_key(
    settings: str,
    files: Mapping[str, InputState],
    upstream: Mapping[ProductName, Release],
    engine: str,
) -> str:
    """Return the key of a whole run.

    Args:
        settings: digest of the product's descriptors and SQL, with the values of the variables they refer to.
        files: file inputs by name.
        upstream: the releases read, by product.
        engine: name and version of the engine.
    """
    return digest(
        {
            "product": settings,
            "files": {name: state.content for name, state in files.items()},
            "upstream": {str(name): {str(t.table): t.key for t in r.tables} for name, r in upstream.items()},
            "engine": engine,
        }
    )


def node_keys(
    graph: Graph,
    files: Mapping[str, InputState],
    upstream: Mapping[TableName, str],
    shapes: Mapping[str, str],
    engine: str,
    run_id: str,
    growing: Mapping[str, Growth] | None = None,
) -> Mapping[str, str]:
    """Return the key of every needed node's rows.

    Args:
        graph: the product's graph.
        files: file inputs by name.
        upstream: keys of the released tables read through input ports.
        shapes: per served node, a digest of its contract's columns.
        engine: name and version of the engine.
        run_id: the run that builds.
        growing: tables that take in deliveries; what each delivery's digest is gets noted in them.

    Returns:
        Keys by node name. A node that calls a volatile function (``now()``, ``random()``) has another key in every
        run, and so has everything that reads it.
    """
    sources = {s.name: s for s in graph.product.pipeline.sources}
    keys: dict[str, str] = {}
    codes = code_digests(graph, shapes)
    for node in graph.needed:
        reads = {".".join(p): _read_key(r, keys, files, sources, upstream) for p, r in node.reads.items()}
        shape = shapes.get(node.name)
        whole: dict[str, Any] = {
            "sql": _code(node),
            "reads": reads,
            "shape": shape,
            "engine": engine,
            "nonce": run_id if is_volatile(node) else None,
        }
        if node.program is not None:
            whole["python"] = python_environment()
        growth = (growing or {}).get(node.name)
        if growth is None:
            keys[node.name] = digest(whole)
        elif growth.window is not None:
            keys[node.name] = growth.key_of_ranges(growth.window, whole, codes[node.name], shape)
        else:
            keys[node.name] = growth.key(whole, reads, shape)
    return keys


def _code(node: Node) -> str | None:
    """Return what a node's code says: of SQL without comments, which change no row."""
    if node.statement is not None:
        return node.statement.essence
    return node.transform.text if node.transform else None


def code_digests(graph: Graph, shapes: Mapping[str, str]) -> Mapping[str, str]:
    """Return a digest of each needed node's code, with that of what it reads of its own product.

    Rows of tables that are read count by their code, not by their content: other rows are late rows, other code makes
    other tables. Of those with a window, its start counts too, which decides how far they reach back.
    """
    found: dict[str, str] = {}
    for node in graph.needed:
        read = [found[name] for name in node.needs]
        windows = (_window_of(graph, name) for name in node.needs)
        begins = [[w.column, w.text(w.start)] for w in windows if w is not None]
        found[node.name] = digest([_code(node), shapes.get(node.name), *read, *begins])
    return found


def _window_of(graph: Graph, name: str) -> Window | None:
    node = graph.by_name[name]
    return None if node.is_private else settings_of(graph.product, node).window


@dataclass
class Growth:
    """A table that takes in deliveries: what it holds is a matter of its past.

    Attributes:
        settings: how it takes them in.
        before: key of its rows as they are visible, None before the first release.
        taken: digests of the deliveries in them.
        delivery: digest of this run's delivery, once known.
        idle: it grows by new files or ranges, and there are none.
        window: what is built of a table that is built range by range.
    """

    settings: TableSettings
    before: str | None = None
    taken: frozenset[str] = frozenset()
    delivery: str = ""
    idle: bool = False
    window: Windowing | None = None

    def key(self, whole: Mapping[str, Any], reads: Mapping[str, Any], shape: str | None) -> str:
        """Return the key of the rows after this run's delivery.

        An appended delivery is told by what was delivered alone: the same files appended again by another SQL would be
        there twice. The other ways come to the same rows however often they are repeated.
        """
        way = self.settings.materialize
        told: Mapping[str, Any] = {"reads": reads, "nonce": whole["nonce"]} if way == "append" else whole
        settings = [way, self.settings.deleted, list(self.settings.by), self.settings.since, self.settings.until]
        self.delivery = digest({"told": told, "settings": [*settings, self.settings.missing]})
        state = self.before.partition(".")[0] if self.before else None
        if not self.is_taken:
            state = digest({"delivery": self.delivery, "after": state})
        # The shape stands apart: columns may change while the rows stay.
        return f"{state}.{shape}"

    def key_of_ranges(self, window: Windowing, whole: Mapping[str, Any], code: str, shape: str | None) -> str:
        """Return the key of the rows after this run's ranges are built.

        Raises:
            RunError: HNS-L083 to HNS-L085: the range asked for cannot be built.
        """
        window.meet(code_of(window.window, code), digest(whole))
        if window.anew:
            self.before = None
        self.idle = window.is_idle
        self.delivery = digest({"ranges": window.told})
        state = self.before.partition(".")[0] if self.before else None
        if not self.idle:
            state = digest({"delivery": self.delivery, "after": state})
        return f"{state}.{shape}"

    @property
    def is_taken(self) -> bool:
        """Whether the table holds the delivery already."""
        return self.idle or self.delivery in self.taken


def is_volatile(node: Node) -> bool:
    """Say whether a node's code gives another result each time by itself."""
    found = node.statement or node.program
    return found is not None and found.is_volatile


def _read_key(
    read: NodeRead | FileRead | PortRead,
    keys: Mapping[str, str],
    files: Mapping[str, InputState],
    sources: Mapping[str, Source],
    upstream: Mapping[TableName, str],
) -> Any:
    match read:
        case NodeRead(name):
            return keys[name]
        case FileRead(name):
            source = sources[name]
            if isinstance(source, DatabaseInput):
                kinds = {column: str(kind) for column, kind in source.columns.items()}
                return [files[name].delivered, "table", kinds, source.drift]
            dialect = [source.delimiter, source.quote, source.header, source.encoding, list(source.null_values)]
            dialect += [source.sheet, source.drift]
            if source.style != TextStyle() or source.bad_rows:
                dialect += [*astuple(source.style), str(source.bad_rows)]
            return [files[name].delivered, source.format, source.compression, dict(source.columns), dialect]
        case PortRead(table):
            return upstream[table]
