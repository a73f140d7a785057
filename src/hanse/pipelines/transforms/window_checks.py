"""Whether windows and the transforms that ask for ranges go together, as far as it is known without data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from hanse.base import Location, Problem, RunError
from hanse.base.suggest import did_you_mean
from hanse.pipelines.codes import KEYS_WITHOUT_END, WINDOW_MISSING, WINDOW_UNUSED
from hanse.pipelines.transforms.graph import Graph, Node, Read, settings_of
from hanse.spec import Product, Scalar, Window


def check_windows(graph: Graph) -> Iterator[Problem]:
    """Yield windows that no transform asks for, and transforms that ask for a range without a window."""
    for node in graph.nodes:
        settings = settings_of(graph.product, node)
        if settings.window is None:
            yield from _without(graph.product, node)
        elif node.is_private:
            yield _private(graph, node, settings.where)
        else:
            yield from _with(graph.product, node, settings.window, settings.where)


def _private(graph: Graph, node: Node, where: Location | None) -> Problem:
    product = graph.product.name
    # The settings of a name hold for all its majors, so what is left of a major that was retired takes them, too.
    later = next((n.name for n in graph.nodes if n.table and n.table.name == node.name), None)
    if later is None or node.transform is None:
        what = f"private transform `{node.name}` of {product} has a window, and is built as a whole"
        fix = "give the window to the table of a contract that reads it"
        return Problem(WINDOW_UNUSED, what, where, fix=fix, subject=str(product))
    what = f"transform `{node.name}` of {product} has a window, and builds no table of a contract any more"
    why = f"the table `{node.name}` is built by `{later}`, and a private transform is built as a whole"
    file = PurePosixPath(node.transform.path).name
    fix = f"rename `transforms/{file}`, which is read still" if node in graph.needed else f"delete `transforms/{file}`"
    return Problem(WINDOW_UNUSED, what, Location(node.transform.path), why, fix, subject=str(product))


def relation_of_until(node: Node, window: Window) -> tuple[Read, tuple[str, ...]] | None:
    """Return what the end of a window over keys is read from, with its name; None if the node does not read it."""
    for parts, read in node.reads.items():
        if tuple(part.lower() for part in parts) == window.until[:-1]:
            return read, parts
    return None


def keys_without_end(window: Window, subject: str) -> RunError:
    """Return the error that the greatest value of ``until`` is no key."""
    return RunError(
        KEYS_WITHOUT_END,
        f"`{'.'.join(window.until)}` holds no whole numbers, so the keys have no end",
        fix="name a column of whole numbers in `until`",
        subject=subject,
    )


def _without(product: Product, node: Node) -> Iterator[Problem]:
    for name, where in node.edges.items():
        private = node.is_private
        yield Problem(
            WINDOW_MISSING,
            f"transform `{node.name}` of {product.name} asks for `${name}`, and its table has no window",
            where,
            why="a private transform is built as a whole" if private else None,
            fix="let the transform of the table that reads it ask for the range"
            if private
            else f"add a `window` to `tables: {{{node.name}: …}}` in `pipeline.yaml`",
            subject=str(product.name),
        )
        return


def _with(product: Product, node: Node, window: Window, where: Location | None) -> Iterator[Problem]:
    if not node.edges:
        yield Problem(
            WINDOW_UNUSED,
            f"table `{node.name}` of {product.name} has a window, and nothing asks for its ranges",
            where,
            fix=f"write `WHERE {window.column} >= $window_start AND {window.column} < $window_end` in its transform, "
            "or remove the `window`",
            subject=str(product.name),
        )
    if window.until and relation_of_until(node, window) is None:
        name = ".".join(window.until[:-1])
        yield Problem(
            KEYS_WITHOUT_END,
            f"the window of table `{node.name}` of {product.name} ends with `{name}`, which it does not read",
            where,
            fix=did_you_mean(name, [".".join(parts) for parts in node.reads]) or "name a relation that it reads",
            subject=str(product.name),
        )
    assert node.table is not None
    column = node.table.column(window.column)
    kind = column.type if column else None
    wanted = "int" if kind is Scalar.BIGINT else "date" if kind is Scalar.DATE else "datetime"
    for edge in node.program.edges if node.program else ():
        if edge.kind != wanted:
            yield Problem(
                WINDOW_MISSING,
                f"the parameter `{edge.name}` is annotated as {edge.kind}, and the window's column is another type",
                edge.where,
                fix=f"annotate it with `{'int' if wanted == 'int' else f'datetime.{wanted}'}`",
                subject=str(product.name),
            )
