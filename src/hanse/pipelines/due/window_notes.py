"""What a plan says of tables that are built range by range: how, what is there, and what the next run makes of it."""

from __future__ import annotations

from collections.abc import Iterator

from hanse.base import ProductName
from hanse.pipelines.due.keys import code_digests
from hanse.pipelines.due.outdated import shape_digest
from hanse.pipelines.transforms.coverage import reused_coverage
from hanse.pipelines.transforms.graph import Node, build_graph, published_name, settings_of
from hanse.pipelines.transforms.windows import code_of
from hanse.registry import Reader, ReleasedTable
from hanse.spec import Window, Workspace


def window_notes(workspace: Workspace, reader: Reader, name: ProductName) -> Iterator[tuple[str, str]]:
    """Yield the address of each table of a product that has a window, with what there is to say of it."""
    if not workspace.entries[name].windows:
        return
    product = workspace.product(name)
    graph = build_graph(product, workspace.resolve_inputs(name))
    codes = code_digests(graph, {n.name: shape_digest(n) for n in graph.needed if not n.is_private})
    release = reader.release(name)
    released = {t.table: t for t in release.tables} if release else {}
    for node in graph.needed:
        window = None if node.is_private else settings_of(product, node).window
        if window is not None:
            table = published_name(product, node)
            yield str(table), _note(node, window, released.get(table), codes[node.name])


def _note(node: Node, window: Window, released: ReleasedTable | None, code: str) -> str:
    begins = window.text(window.start)
    how = f"is built in ranges of {window.size} of `{window.column}` from {begins}"
    if released is None:
        return how
    if released.coverage is None:
        return f"{how}; what is there was built otherwise, so the next run builds it anew"
    built = ", ".join(f"{start} to {end}" for start, end in released.coverage["built"][-1:]) or "nothing"
    digest = code_of(window, code)
    if released.coverage["code"] != digest:
        changed = f"`{node.name}`, its contract or what it reads of this product changed"
        return f"{how}; {changed}, so the next run builds anew what is there: {built}"
    if reused_coverage(window, digest, released.coverage) is None:
        first = released.coverage["built"][0][0]
        return (
            f"{how}; what is there begins at {first}, so the next run builds it anew, without what lies before {begins}"
        )
    return f"{how}; what is there goes on: {built}"
