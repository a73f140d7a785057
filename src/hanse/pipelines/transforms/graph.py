"""The graph of a product's transforms: who reads what, found from their code itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from hanse import sql
from hanse.base import HanseError, Location, Problem, Severity, TableName
from hanse.base.names import split_major
from hanse.base.suggest import did_you_mean
from hanse.pipelines.codes import CYCLE, ONLY_NEW_REPLACED, UNKNOWN_RELATION, UNUSED_TRANSFORM
from hanse.pipelines.transforms.program import Program, read_program
from hanse.pipelines.transforms.windows import PARAMETERS
from hanse.spec import OutputPort, Product, ResolvedInput, Source, Table, TableSettings, Transform

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeRead:
    """A transform reads another node of its product."""

    node: str


@dataclass(frozen=True, slots=True)
class FileRead:
    """A transform reads a file input, or a table of a database, which is a file once it was read."""

    name: str


@dataclass(frozen=True, slots=True)
class PortRead:
    """A transform reads a table of another product through an input port."""

    table: TableName


Read = NodeRead | FileRead | PortRead


@dataclass(frozen=True)
class Node:
    """One thing to build: a table of a contract, or a private transform.

    Attributes:
        name: name within the product (``orders`` or ``orders_v2``).
        transform: code that builds it, None for a table built straight from a file.
        port: output port that serves it, None if private.
        table: the contract's table, None if private.
        reads: what each relation named in the code means.
        statement: what was read of a transform in SQL.
        program: what was read of a transform in Python.
    """

    name: str
    transform: Transform | None
    port: OutputPort | None
    table: Table | None
    reads: Mapping[Parts, Read]
    statement: sql.Statement | None = field(default=None, repr=False, compare=False)
    program: Program | None = field(default=None, repr=False, compare=False)

    @property
    def is_private(self) -> bool:
        """Staged within the run and never published."""
        return self.table is None

    @property
    def edges(self) -> Mapping[str, Location]:
        """The boundaries of a window that its code asks for, each with its place."""
        if self.program is not None:
            return {edge.name: edge.where for edge in self.program.edges}
        return self.statement.parameters if self.statement else {}

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the nodes it reads, each once, in order of first mention."""
        return tuple(dict.fromkeys(r.node for r in self.reads.values() if isinstance(r, NodeRead)))


@dataclass(frozen=True)
class Graph:
    """All nodes of a product, in an order in which they can be built."""

    product: Product
    nodes: tuple[Node, ...]
    problems: tuple[Problem, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """Nodes by name."""
        return {n.name: n for n in self.nodes}

    @cached_property
    def needed(self) -> tuple[Node, ...]:
        """Nodes that some table of a contract needs, in building order."""
        wanted = {n.name for n in self.nodes if not n.is_private}
        for node in reversed(self.nodes):
            if node.name in wanted:
                wanted.update(node.needs)
        return tuple(n for n in self.nodes if n.name in wanted)


def build_graph(product: Product, inputs: Sequence[ResolvedInput]) -> Graph:
    """Find what every transform reads and put them in order.

    Args:
        product: the product.
        inputs: what its input ports mean, from :meth:`Workspace.resolve_inputs`.

    Returns:
        The graph. Its ``problems`` hold bad SQL, unknown relations, cycles and unused transforms; the nodes concerned
        are left out.
    """
    return _Builder(product, inputs).build()


class _Builder:
    def __init__(self, product: Product, inputs: Sequence[ResolvedInput]) -> None:
        self.product = product
        self.inputs = {i.name: i for i in inputs}
        self.ports = {(str(i.product.domain), i.product.product, t): i for i in inputs for t in i.tables}
        self.files: dict[str, Source] = {s.name: s for s in product.pipeline.sources}
        self.served = {_local(port, table): (port, table) for port, table in product.tables}
        self.transforms = {t.name: t for t in product.transforms}
        self.problems: list[Problem] = []

    def build(self) -> Graph:
        nodes: dict[str, Node] = {}
        for name, (port, table) in self.served.items():
            node = self._served(name, port, table)
            if node:
                nodes[name] = node
        for transform in self.transforms.values():
            if transform.name not in nodes and transform.name not in self.served:
                node = self._parsed(transform.name, transform, None, None)
                if node:
                    nodes[transform.name] = node
        graph = Graph(self.product, self._ordered(nodes), ())
        self._report_unused(graph)
        self._report_replaced(graph)
        return Graph(self.product, graph.nodes, tuple(self.problems))

    def _served(self, name: str, port: OutputPort, table: Table) -> Node | None:
        transform = self.transforms.get(name) or self.transforms.get(table.name)
        if transform:
            return self._parsed(name, transform, port, table)
        if table.name in self.files:
            return Node(name, None, port, table, {(table.name,): FileRead(table.name)})
        return None  # spec reports a table that nothing builds

    def _parsed(self, name: str, transform: Transform, port: OutputPort | None, table: Table | None) -> Node | None:
        statement, program = None, None
        try:
            if transform.language == "python":
                program = read_program(transform)
            else:
                statement = sql.parse_select(transform.text, path=transform.path, parameters=PARAMETERS)
        except HanseError as error:
            self.problems.extend(error.problems)
            return None
        relations = program.relations if program else statement.relations if statement else ()
        reads: dict[Parts, Read] = {}
        for relation in relations:
            read = self._resolve(name, tuple(p.lower() for p in relation.parts))
            if read is None:
                self._report_unknown(transform, relation)
            else:
                reads[relation.parts] = read
        if len(reads) < len({r.parts for r in relations}):
            return None
        return Node(name, transform, port, table, reads, statement, program)

    def _resolve(self, reader: str, parts: Parts) -> Read | None:
        match parts:
            case (name,):
                return self._resolve_local(reader, name)
            case (port, table) if port in self.inputs and table in self.inputs[port].tables:
                return PortRead(_port_table(self.inputs[port], table))
            case (domain, product, table):
                plain, major = split_major(table)
                found = self.ports.get((domain, product, plain))
                return PortRead(_port_table(found, plain)) if found and major in {None, found.major} else None
        return None

    def _resolve_local(self, reader: str, name: str) -> Read | None:
        if name in self.files and (name == reader or (name not in self.transforms and name not in self.served)):
            return FileRead(name)
        if name in self.transforms or name in self.served:
            return NodeRead(name)
        port = self.inputs.get(name)
        return PortRead(_port_table(port, port.tables[0])) if port and len(port.tables) == 1 else None

    def _report_unknown(self, transform: Transform, relation: sql.RelationRef) -> None:
        name = ".".join(relation.parts)
        known = [
            *self.files,
            *self.transforms,
            *self.served,
            *(f"{i.name}.{t}" for i in self.inputs.values() for t in i.tables),
            *(f"{i.product}.{t}" for i in self.inputs.values() for t in i.tables),
        ]
        self.problems.append(
            Problem(
                UNKNOWN_RELATION,
                f"transform `{transform.name}` of {self.product.name} reads `{name}`, which is not declared",
                Location(transform.path, relation.line, relation.column),
                fix=did_you_mean(name, known)
                or "declare it in `pipeline.yaml` under `inputs`: a `file`, a `table`, or a `port` of another product",
                subject=str(self.product.name),
            )
        )

    def _ordered(self, nodes: Mapping[str, Node]) -> tuple[Node, ...]:
        sorter = TopologicalSorter({n.name: [need for need in n.needs if need in nodes] for n in nodes.values()})
        try:
            return tuple(nodes[name] for name in sorter.static_order())
        except CycleError as error:
            # graphlib names the nodes of one circle, each a predecessor of the next; readers come first in ours.
            self._report_cycle(list(reversed(error.args[1])), nodes)
            return ()

    def _report_cycle(self, circle: Sequence[str], nodes: Mapping[str, Node]) -> None:
        transform = nodes[circle[0]].transform
        self.problems.append(
            Problem(
                CYCLE,
                f"transforms of {self.product.name} read each other in a circle: {' reads '.join(circle)}",
                Location(transform.path) if transform else None,
                fix="break the circle: let one of them read an input instead",
                subject=str(self.product.name),
            )
        )

    def _report_replaced(self, graph: Graph) -> None:
        new = {f.name: f for f in self.product.pipeline.files if f.only_new}
        for node in graph.nodes if new else ():
            if node.table is None:
                continue
            tables = self.product.pipeline.tables
            settings = tables.get(node.name) or tables.get(node.table.name)
            if settings is not None and settings.materialize != "replace":
                continue
            for name in sorted(file_inputs(graph, node) & new.keys()):
                self.problems.append(
                    Problem(
                        ONLY_NEW_REPLACED,
                        f"table `{node.name}` of {self.product.name} is replaced in every run, and reads only new "
                        f"files of input `{name}`",
                        new[name].where,
                        fix=f"let it grow, for example `tables: {{{node.name}: {{materialize: append}}}}`, or remove "
                        "`only_new`",
                        subject=str(self.product.name),
                    )
                )

    def _report_unused(self, graph: Graph) -> None:
        needed = {n.name for n in graph.needed}
        # A table of a later major may be built by the transform of the first, under the name of its own.
        used = {n.transform.name for n in graph.needed if n.transform}
        for node in graph.nodes:
            if node.name not in needed and node.transform and node.transform.name not in used:
                self.problems.append(
                    Problem(
                        UNUSED_TRANSFORM,
                        f"transform `{node.name}` of {self.product.name} is read by no table of a contract",
                        Location(node.transform.path),
                        fix="remove it, read it, or add a table of this name to a contract",
                        severity=Severity.WARNING,
                        subject=str(self.product.name),
                    )
                )


def file_inputs(graph: Graph, node: Node) -> frozenset[str]:
    """Return the file inputs that a node reads, itself or through private transforms."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for read in waiting.pop().reads.values():
            if isinstance(read, FileRead):
                found.add(read.name)
            elif isinstance(read, NodeRead) and read.node in graph.by_name and graph.by_name[read.node].is_private:
                waiting.append(graph.by_name[read.node])
    return frozenset(found)


def settings_of(product: Product, node: Node) -> TableSettings:
    """Return how a node is materialised; settings of a name hold for all its majors that have none of their own."""
    tables = product.pipeline.tables
    return tables.get(node.name) or tables.get(node.table.name if node.table else node.name) or TableSettings()


def published_name(product: Product, node: Node) -> TableName:
    """Return the address of the table that a served node builds."""
    assert node.port is not None
    assert node.table is not None
    return TableName(product.name.domain, product.name.product, node.table.name, node.port.major)


def _local(port: OutputPort, table: Table) -> str:
    return table.name if port.major == 1 else f"{table.name}_v{port.major}"


def _port_table(port: ResolvedInput, table: str) -> TableName:
    return TableName(port.product.domain, port.product.product, table, port.major)
