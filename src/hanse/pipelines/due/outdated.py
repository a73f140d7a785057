"""What has to be built: everything whose key is not that of the visible release."""

from __future__ import annotations

from collections.abc import Container, Mapping

from hanse import quality
from hanse.base import TableName, digest
from hanse.pipelines.transforms.graph import Graph, Node, PortRead, published_name
from hanse.pipelines.transforms.referred import ReferredTables
from hanse.quality.records import Answer, Stated
from hanse.registry import Release, ReleasedTable


def shape_digest(node: Node) -> str:
    """Return a digest of what a contract decides about a table's rows: columns and types."""
    assert node.table is not None
    return digest([[c.name, str(c.type), c.required, c.physical_name] for c in node.table.columns])


def released_keys(
    graph: Graph, keys: Mapping[str, str], referred: ReferredTables, upstream: Mapping[TableName, str]
) -> Mapping[str, str]:
    """Return the keys of the served tables as releases name them: with what their contracts check.

    A table is built and checked again when its checks change, and when another table changes that its contract's own
    SQL compares it with, or a relationship leads to. What reads the table need not be: its rows are the same.

    Args:
        graph: the product's graph.
        keys: keys of the rows of all needed nodes, from :func:`~hanse.pipelines.due.keys.node_keys`.
        referred: where relationships lead.
        upstream: keys of the released tables of other products.
    """
    served = {n.name: n for n in graph.nodes if not n.is_private}
    found = {}
    for name, node in served.items():
        assert node.port is not None
        assert node.port.contract is not None
        assert node.table is not None
        checks = quality.checks_of(node.port.contract, node.table)
        promised = [[c.id, c.severity.value, repr(c.measure), repr(c.conditions), c.unit] for c in checks]
        compared = {other: keys[other] for check in checks for other in referred.named_by(node, check)}
        for read in referred.reads_of([node]):
            if isinstance(read, PortRead):
                compared[str(read.table)] = upstream.get(read.table, "")
        found[name] = f"{digest({'rows': keys[name], 'compared': compared})}.{digest(promised)}"
    return found


def checked_alike(one: str, other: str) -> bool:
    """Say whether two keys of :func:`released_keys` tell of the same checks; clauses in words may leave out some."""
    return one.partition(".")[2] == other.partition(".")[2] != ""


def has_sql_rules(node: Node) -> bool:
    """Say whether a contract checks a table by SQL of its own: rules, reasons for nulls, verified statements."""
    if node.table is None or node.port is None or node.port.contract is None:
        return False
    return any(isinstance(c.measure, Answer | Stated) for c in quality.checks_of(node.port.contract, node.table))


def reusable(graph: Graph, keys: Mapping[str, str], visible: Release | None) -> Mapping[str, ReleasedTable]:
    """Return the tables of the visible release that would come out the same, by node name."""
    if visible is None:
        return {}
    by_table = {t.table: t for t in visible.tables}
    found = {}
    for node in graph.nodes:
        if not node.is_private:
            released = by_table.get(published_name(graph.product, node))
            if released and released.key == keys[node.name]:
                found[node.name] = released
    return found


def outdated(graph: Graph, reused: Container[str], taken: Container[str] = ()) -> tuple[Node, ...]:
    """Return the nodes to build, in order: tables that are not reused, and the private transforms that they need.

    Args:
        graph: the product's graph.
        reused: tables of the visible release that still stand.
        taken: tables that already hold what would be delivered: they need nothing.
    """
    wanted = {n.name for n in graph.nodes if not n.is_private and n.name not in reused}
    for node in reversed(graph.nodes):
        if node.name in wanted and node.name not in taken:
            wanted.update(need for need in node.needs if need not in reused)
    return tuple(n for n in graph.nodes if n.name in wanted)
