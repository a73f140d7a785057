"""Looking at a product's transforms without running them: names, circles, columns, checks that make no sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse import quality, sql
from hanse.base import Location, Problem, ProductName, TableName
from hanse.pipelines.codes import COLUMNS_DIFFER
from hanse.pipelines.staging.deliver import delivered_table
from hanse.pipelines.transforms.graph import FileRead, Graph, Node, NodeRead, PortRead, build_graph, settings_of
from hanse.pipelines.transforms.referred import ReferredTables
from hanse.pipelines.transforms.window_checks import check_windows
from hanse.spec import Product, Workspace

Columns = tuple[str, ...]


def check_product(workspace: Workspace, name: ProductName) -> tuple[Problem, ...]:
    """Return everything wrong with a product's transforms and checks that can be known without data.

    Args:
        workspace: the mesh.
        name: a product whose own files could be read.
    """
    product = workspace.product(name)
    graph = build_graph(product, workspace.resolve_inputs(name))
    problems = list(graph.problems)
    problems += _check_columns(workspace, graph)
    problems += check_windows(graph)
    for port, table in product.tables:
        assert port.contract is not None
        problems += quality.lint(port.contract, table)
    for contract in {port.contract.path: port.contract for port, _ in product.tables if port.contract}.values():
        problems += quality.lint_contract(contract)
    served = [n for n in graph.nodes if not n.is_private]
    referred = ReferredTables(served, workspace.resolve_inputs(name), workspace.product)
    for node in served:
        problems += referred.problems(node)
    return tuple(problems)


def reads_of(graph: Graph) -> Mapping[str, Sequence[str]]:
    """Return, for every table that a product serves, what it reads from outside, by their addresses.

    Of files, and of tables of databases, it is ``file:<name>``. Private transforms are looked through.
    """
    outside: dict[str, dict[str, None]] = {}
    for node in graph.nodes:
        found: dict[str, None] = {}
        for read in node.reads.values():
            match read:
                case NodeRead(other):
                    found.update(outside.get(other, {}))
                case FileRead(file):
                    found[f"file:{file}"] = None
                case PortRead(table):
                    found[str(table)] = None
        outside[node.name] = found
    return {n.name: tuple(outside[n.name]) for n in graph.nodes if not n.is_private}


def _check_columns(workspace: Workspace, graph: Graph) -> list[Problem]:
    problems = []
    known: dict[str, Columns | None] = {}
    for node in graph.nodes:
        promised = tuple(c.name for c in node.table.columns) if node.table else None
        given = _columns_of(workspace, graph.product, node, known)
        known[node.name] = promised or given
        if node.table is not None and given is not None and node.transform is not None:
            wanted = delivered_table(node.table, settings_of(graph.product, node))
            fault = _compare(given, tuple(c.name for c in wanted.columns))
            if fault:
                problems.append(
                    Problem(
                        COLUMNS_DIFFER,
                        f"transform `{node.name}` of {graph.product.name} {fault} compared with its contract",
                        Location(node.transform.path),
                        fix="make its select list that of the contract, or change the contract",
                        subject=f"{graph.product.name}.{node.name}",
                    )
                )
    return problems


def _columns_of(
    workspace: Workspace, product: Product, node: Node, known: Mapping[str, Columns | None]
) -> Columns | None:
    """Return the columns that a node's SQL gives, or None where they depend on data (a file's header, a pivot)."""
    if node.statement is None:
        return None
    files = {f.name: tuple(f.columns) for f in product.pipeline.files if f.columns}
    schemas: dict[tuple[str, ...], Columns] = {}
    for parts, read in node.reads.items():
        match read:
            case NodeRead(other):
                columns = known.get(other)
            case FileRead(file):
                columns = files.get(file)
            case PortRead(table):
                columns = _port_columns(workspace, table)
        if columns is not None:
            schemas[parts] = columns
    return sql.output_columns(node.statement, schemas)


def _port_columns(workspace: Workspace, name: TableName) -> Columns | None:
    for port, table in workspace.product(name.owner).tables:
        if port.major == name.major and table.name == name.table:
            return tuple(c.name for c in table.columns)
    return None


def _compare(given: Columns, promised: Columns) -> str | None:
    have, want = {g.casefold() for g in given}, {p.casefold() for p in promised}
    missing = [p for p in promised if p.casefold() not in have]
    extra = [g for g in given if g.casefold() not in want]
    faults = []
    if missing:
        faults.append("lacks " + ", ".join(f"`{m}`" for m in missing))
    if extra:
        faults.append("has the extra " + ", ".join(f"`{e}`" for e in extra))
    return " and ".join(faults) or None
