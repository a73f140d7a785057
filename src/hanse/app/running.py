"""``run`` over the products of a mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hanse import catalog, pipelines
from hanse.app import findings
from hanse.app.addresses import products_of
from hanse.app.codes import BAD_RANGE
from hanse.base import Conflict, Problem, ProductName, QueryError, RunError, Severity
from hanse.registry import Pause
from hanse.spec.windows import boundary_of

if TYPE_CHECKING:
    from hanse.app.mesh import Bound, Mesh
    from hanse.spec import Workspace

Document = dict[str, Any]
Listener = Callable[[str, str, int, int], None]

_OUTCOMES = ("succeeded", "unchanged", "blocked", "failed", "refused", "paused")


def run(
    mesh: Mesh,
    products: Iterable[str] | None,
    *,
    force: bool,
    asked: pipelines.Asked | None,
    trigger: str,
    listener: Listener | None,
) -> Document:
    """Run products one after the other, in the order of what they read; see :meth:`hanse.app.Mesh.run`."""
    workspace = mesh.load()
    names = products_of(workspace, products)
    findings.refuse_errors(workspace, mesh.cache, names)
    ordered = pipelines.order(workspace, names)
    if asked is not None:
        pipelines.require_windows(workspace, ordered, asked)
    around = mesh.surroundings(workspace)
    documents = []
    # A schedule or "run everything" passes over what is paused; only a product named by a person is refused.
    pauses = mesh.registry.reader().pauses() if products is None or trigger != "manual" else {}
    for number, name in enumerate(ordered):
        if name in pauses:
            documents.append(_paused(mesh, pauses[name]))
            continue
        if listener:
            listener("run", str(name), number, len(ordered))
        documents.append(_run_one(mesh, around, name, force=force, asked=asked, trigger=trigger, listener=listener))
    if products is None:
        documents += _unreadable(workspace)
    mesh.cache.save()
    counts = {s: sum(d["status"] == s for d in documents) for s in _OUTCOMES}
    return {"runs": documents, **counts}


def _unreadable(workspace: Workspace) -> list[Document]:
    """Return products whose files have errors, so that nothing is known of them; none is passed over in silence."""
    known = {str(name) for name in workspace.entries}
    first: dict[str, Problem] = {}
    for problem in workspace.problems:
        if problem.severity is Severity.ERROR and problem.subject is not None and problem.subject not in known:
            first.setdefault(problem.subject, problem)
    return [{"product": name, "status": "refused", "error": p.as_document()} for name, p in sorted(first.items())]


def _run_one(
    mesh: Mesh,
    around: pipelines.Surroundings,
    name: ProductName,
    *,
    force: bool,
    asked: pipelines.Asked | None,
    trigger: str,
    listener: Listener | None,
) -> Document:
    try:
        outcome = pipelines.execute(around, name, force=force, asked=asked, trigger=trigger, listener=listener)
    except (Conflict, RunError) as error:
        # It could not begin, so there is no record of it; the other products still run.
        return {"product": str(name), "status": "refused", "error": error.problem.as_document()}
    return _outcome(mesh, outcome)


def asked_range(
    products: Iterable[str] | None, start: Bound | None, end: Bound | None, *, force: bool
) -> pipelines.Asked | None:
    """Return the range that shall be built by itself, None if none is given.

    Raises:
        QueryError: HNS-A004: it is no range, or does not go with what else is asked for.
    """
    if start is None and end is None:
        return None
    if products is None or force:
        what = "a range belongs to products that are named" if products is None else "`force` builds everything"
        raise QueryError(BAD_RANGE, f"no range can be built: {what}", fix="name the product, or leave out the range")
    try:
        asked = pipelines.Asked(*(None if bound is None else boundary_of(bound) for bound in (start, end)))
    except ValueError as error:
        fix = "write a date or a time in UTC, such as `2024-01-01`, or a key"
        raise QueryError(BAD_RANGE, "a range begins or ends with neither a time nor a key", fix=fix) from error
    if None not in (asked.start, asked.end) and type(asked.start) is not type(asked.end):
        raise QueryError(BAD_RANGE, "a range begins with a key and ends with a time", fix="give two of one kind")
    return asked


def _paused(mesh: Mesh, pause: Pause) -> Document:
    release = mesh.registry.reader().release(pause.product)
    problem = pipelines.pause_problem(pause, severity=Severity.WARNING)
    return {
        "product": str(pause.product),
        "status": "paused",
        "release": catalog.release_document(release) if release else None,
        "error": problem.as_document(),
    }


def _outcome(mesh: Mesh, outcome: pipelines.Outcome) -> Document:
    reader = mesh.registry.reader()
    document = catalog.run_document(outcome.run)
    document["release"] = catalog.release_document(outcome.release) if outcome.release else None
    document["built"] = [str(t) for t in outcome.built]
    document["checks"] = catalog.check_report(reader.checks(outcome.run.id), reader.failed_rows(outcome.run.id))
    document["problems"] = [p.as_document() for p in outcome.error.problems] if outcome.error else []
    return document
