"""Trying transforms on the engine without data: what its binder refuses is known before anything is applied."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hanse import sql
from hanse.base import HanseError, Problem, ProductName, Severity
from hanse.ingest import RemoteFiles, locate, relation
from hanse.interfaces import CsvScan, Engine, Session, StoredColumn, TableScan
from hanse.pipelines.staging.deliver import delivered_table
from hanse.pipelines.staging.stage import explained, relation_of, require_columns, select_of
from hanse.pipelines.transforms.graph import FileRead, Graph, Node, NodeRead, PortRead, Read, build_graph, settings_of
from hanse.pipelines.transforms.window_checks import keys_without_end, relation_of_until
from hanse.pipelines.transforms.windows import cell_of
from hanse.spec import FileInput, Product, Table, Window, Workspace
from hanse.spec.urls import is_remote

SNIFFED_BYTES = 8 << 20
"""Plain files up to this size are looked at for their columns; what reads others is tried by its first run."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying a product's transforms told.

    Attributes:
        graph: the transforms.
        problems: what the engine refuses.
        files: columns of the file inputs that were looked at.
    """

    graph: Graph
    problems: tuple[Problem, ...] = ()
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def dry_run(workspace: Workspace, engine: Engine, name: ProductName, remote: RemoteFiles) -> Trial:
    """Bind every transform of a product to empty tables of the right shape.

    Args:
        workspace: the mesh.
        engine: the engine that runs will use.
        remote: knows what was fetched last; nothing is fetched to plan.
        name: a product without errors of its own.

    Returns:
        Among others what the engine refuses: unknown columns, wrong types, columns that differ from the contract. What
        depends on the files
        that lie there now is a warning: the next delivery may be another. A transform whose inputs cannot be
        known without reading much is left to the first run.
    """
    product = workspace.product(name)
    graph = build_graph(product, workspace.resolve_inputs(name))
    if not any(n.transform for n in graph.nodes):
        return Trial(graph)
    with tempfile.TemporaryDirectory(prefix="hanse-dry-run-") as scratch:
        here = {f.name: _path_here(f, product, remote) for f in product.pipeline.files}
        small = {name: path for name, path in here.items() if path is not None}
        with engine.open(readable=[*small.values(), scratch]) as session:
            run = _DryRun(workspace, graph, session, scratch, small)
            return Trial(graph, run.problems(), run.columns)


class _DryRun:
    def __init__(
        self, workspace: Workspace, graph: Graph, session: Session, scratch: str, small: Mapping[str, str]
    ) -> None:
        self._workspace, self._graph, self._session, self._scratch = workspace, graph, session, scratch
        self._files = {f.name: f for f in graph.product.pipeline.files if f.name in small}
        self._paths = small
        self.columns: dict[str, tuple[str, ...]] = {}
        self._known: set[str] = set()
        self._delivered: set[str] = set()  # what is known only from the files that lie there now

    def problems(self) -> tuple[Problem, ...]:
        found: list[Problem] = []
        for node in self._graph.nodes:
            try:
                self._try(node)
            except HanseError as error:
                severity = Severity.WARNING if self._is_delivered(node) else Severity.ERROR
                found += [replace(p, severity=severity) for p in error.problems]
            if node.table is not None:
                self._bind_empty(relation_of(NodeRead(node.name)), node.table)
        return tuple(found)

    def _try(self, node: Node) -> None:
        if node.statement is None or not all(self._bound(read) for read in node.reads.values()):
            return
        product = self._graph.product
        window = settings_of(product, node).window if node.table is not None else None
        select = select_of(self._session, node, product, cell_of(window, 0) if window else None)
        if node.table is not None:
            wanted = delivered_table(node.table, settings_of(product, node))
            with explained(node, product):
                have = self._session.describe(select)
            require_columns(replace(node, table=wanted), product, [name for name, _ in have])
            if window is not None and window.until:
                self._try_end(node, window)
            return
        name = relation_of(NodeRead(node.name))
        with explained(node, product):
            self._session.hold(name, sql.limit(select, 0))
        self._known.add(name)
        if self._is_delivered(node):
            self._delivered.add(name)

    def _try_end(self, node: Node, window: Window) -> None:
        from hanse.sql.deliveries import greatest

        found = relation_of_until(node, window)
        if found is None:
            return  # said by the checks that need no engine
        with explained(node, self._graph.product):
            ((_, kind),) = self._session.describe(greatest(relation_of(found[0]), window.until[-1]))
        if not kind.endswith("INT") and kind != "INTEGER":
            raise keys_without_end(window, f"{self._graph.product.name}.{node.name}")

    def _is_delivered(self, node: Node) -> bool:
        return any(relation_of(read) in self._delivered for read in node.reads.values())

    def _bound(self, read: Read) -> bool:
        name = relation_of(read)
        if name not in self._known:
            match read:
                case FileRead(file):
                    self._bind_file(name, file)
                case PortRead():
                    self._bind_port(name, read)
                case NodeRead():
                    pass  # it comes before its readers; if it is not known, neither can they be
        return name in self._known

    def _bind_file(self, name: str, file: str) -> None:
        source = self._files.get(file)
        if source is None:
            return
        scan = relation(source, self._paths[file], text=False, scratch=self._scratch)
        try:
            self._session.bind(name, scan)
            if isinstance(scan, CsvScan):
                self._session.hold(name, sql.limit(sql.select_star(name), 0))
            self.columns[file] = tuple(column for column, _ in self._session.describe(sql.select_star(name)))
        except HanseError:
            return  # what is wrong with a delivery is the run's news, not the plan's
        self._known.add(name)
        self._delivered.add(name)

    def _bind_port(self, name: str, read: PortRead) -> None:
        for port, table in self._workspace.product(read.table.owner).tables:
            if port.major == read.table.major and table.name == read.table.table:
                self._bind_empty(name, table)

    def _bind_empty(self, name: str, table: Table) -> None:
        columns = tuple(StoredColumn(n, c.name, c.type) for n, c in enumerate(table.columns, 1))
        self._session.bind(name, TableScan((), columns))
        self._known.add(name)


def _path_here(source: FileInput, product: Product, remote: RemoteFiles) -> str | None:
    """Return the path of a small file: of one elsewhere, that of its last copy; None: it is left to the first run."""
    path = remote.last(source) if is_remote(source.path) else locate(source, product.folder)
    try:
        small = path is not None and source.compression == "none" and os.path.getsize(path) <= SNIFFED_BYTES
    except OSError:
        return None
    return path if small else None
