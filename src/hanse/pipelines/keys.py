"""Keys: digests of everything that decides a result. Equal keys mean that there is nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanse.base import ProductName, TableName, digest
from hanse.ingest import FileState
from hanse.pipelines.graph import FileRead, Graph, Node, NodeRead, PortRead
from hanse.registry import Release
from hanse.spec import FileInput


def run_key(
    settings: str,
    files: Mapping[str, FileState],
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
            "files": {name: state.sha256 for name, state in files.items()},
            "upstream": {str(name): {str(t.table): t.key for t in r.tables} for name, r in upstream.items()},
            "engine": engine,
        }
    )


def node_keys(
    graph: Graph,
    files: Mapping[str, FileState],
    upstream: Mapping[TableName, str],
    shapes: Mapping[str, str],
    engine: str,
    run_id: str,
) -> Mapping[str, str]:
    """Return the key of every needed node's rows.

    Args:
        graph: the product's graph.
        files: file inputs by name.
        upstream: keys of the released tables read through input ports.
        shapes: per served node, a digest of its contract's columns.
        engine: name and version of the engine.
        run_id: the run that builds.

    Returns:
        Keys by node name. A node that calls a volatile function (``now()``, ``random()``) has another key in every
        run, and so has everything that reads it.
    """
    sources = {f.name: f for f in graph.product.pipeline.files}
    keys: dict[str, str] = {}
    for node in graph.needed:
        keys[node.name] = digest(
            {
                "sql": node.transform.sql if node.transform else None,
                "reads": {".".join(p): _read_key(r, keys, files, sources, upstream) for p, r in node.reads.items()},
                "shape": shapes.get(node.name),
                "engine": engine,
                "nonce": run_id if is_volatile(node) else None,
            }
        )
    return keys


def is_volatile(node: Node) -> bool:
    """Say whether a node's SQL gives another result each time by itself."""
    return node.statement is not None and node.statement.is_volatile


def _read_key(
    read: NodeRead | FileRead | PortRead,
    keys: Mapping[str, str],
    files: Mapping[str, FileState],
    sources: Mapping[str, FileInput],
    upstream: Mapping[TableName, str],
) -> Any:
    match read:
        case NodeRead(name):
            return keys[name]
        case FileRead(name):
            source = sources[name]
            dialect = [source.delimiter, source.quote, source.header, source.encoding, list(source.null_values)]
            return [files[name].sha256, source.format, source.compression, dict(source.columns), dialect]
        case PortRead(table):
            return upstream[table]
