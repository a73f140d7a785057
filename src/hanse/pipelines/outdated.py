"""What has to be built: everything whose key is not that of the visible release."""

from __future__ import annotations

from collections.abc import Container, Mapping

from hanse import quality
from hanse.base import digest
from hanse.pipelines.graph import Graph, Node, published_name
from hanse.registry import Release, ReleasedTable


def promise_digest(node: Node) -> str:
    """Return a digest of what a contract promises of a table: columns, types and checks, not its descriptions."""
    assert node.port is not None
    assert node.port.contract is not None
    assert node.table is not None
    checks = quality.checks_of(node.port.contract, node.table)
    return digest(
        {
            "columns": [[c.name, str(c.type), c.required, c.physical_name] for c in node.table.columns],
            "checks": [[c.id, c.severity.value, repr(c.measure), repr(c.conditions), c.unit] for c in checks],
        }
    )


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


def outdated(graph: Graph, reused: Container[str]) -> tuple[Node, ...]:
    """Return the nodes to build, in order: tables that are not reused, and the private transforms that they need."""
    wanted = {n.name for n in graph.nodes if not n.is_private and n.name not in reused}
    for node in reversed(graph.nodes):
        if node.name in wanted:
            wanted.update(need for need in node.needs if need not in reused)
    return tuple(n for n in graph.nodes if n.name in wanted)
