"""What is wrong with the files of a mesh, remembered by content."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hanse import spec
from hanse.base import Problem, Problems, ProductName, QueryError, Severity

if TYPE_CHECKING:
    from hanse.ingest import RemoteFiles
    from hanse.interfaces import Engine
    from hanse.pipelines.preview.dry_run import Trial
    from hanse.registry import Reader

Document = dict[str, Any]


def problems_of(workspace: spec.Workspace, cache: spec.ContentCache) -> tuple[list[Document], tuple[Problem, ...]]:
    """Return all problems as documents, sorted by place, and as values all those that were looked for anew.

    Args:
        workspace: the files, with what is wrong with each of them.
        cache: knows the products whose transforms and checks were found good before.
    """
    broken = {p.subject for p in workspace.problems if p.severity is Severity.ERROR}
    found = list(workspace.problems)
    documents = [p.as_document() for p in workspace.problems]
    for name, entry in workspace.entries.items():
        if str(name) in broken:
            continue
        key = _key(workspace, entry)
        known = cache.get("check", str(name))
        if known and known["key"] == key:
            documents += known["problems"]
            continue
        new = _check(workspace, cache, name, key)
        found += new
        documents += [p.as_document() for p in new]
    return sorted(documents, key=lambda d: (d["where"] or "", d["code"])), tuple(found)


def never_applied(error: QueryError, load: Callable[[], spec.Workspace], reader: Reader) -> QueryError | None:
    """Return the error of a statement over a product that is described and was never applied; None: it is another."""
    from hanse.query.codes import NOT_RELEASED, UNKNOWN_RELATION

    problem = error.problem
    if problem.code != UNKNOWN_RELATION or problem.subject is None:
        return None
    name = ProductName.parse(problem.subject)
    if name not in load().entries or reader.product(name) is not None:
        return None
    fix = f"`hanse apply {name}`, then `hanse run {name}`"
    return QueryError(NOT_RELEASED, f"{name} was never applied", where=problem.where, fix=fix, subject=problem.subject)


def refuse_errors(
    workspace: spec.Workspace, cache: spec.ContentCache, names: Collection[ProductName] | None = None
) -> None:
    """Refuse to go on if the products concerned have errors; those of others do not stop anybody.

    Raises:
        Problems: all of them.
    """
    concerned = None if names is None else {str(n) for n in names}
    _, found = problems_of(workspace, cache)
    errors = [p for p in found if p.severity is Severity.ERROR and _concerns(p, concerned)]
    if errors:
        raise Problems(errors)


@dataclass
class Trials:
    """Transforms of products that would be applied, each tried once on the engine."""

    workspace: spec.Workspace
    engine: Engine
    remote: RemoteFiles
    _known: dict[ProductName, Trial] = field(default_factory=dict)

    def of(self, name: ProductName) -> Trial:
        """Return what trying a product's transforms told."""
        from hanse.pipelines.preview.dry_run import dry_run

        if name not in self._known:
            self._known[name] = dry_run(self.workspace, self.engine, name, self.remote)
        return self._known[name]

    def reads(self, name: ProductName) -> Mapping[str, Sequence[str]]:
        """Return what each table of a product reads from outside the product."""
        from hanse.pipelines.preview.check import reads_of

        return reads_of(self.of(name).graph)

    def lineage(self, name: ProductName) -> Document:
        """Return where each table of a product comes from, column by column."""
        from hanse.pipelines.preview.lineage import lineage_of

        trial = self.of(name)
        return lineage_of(self.workspace, trial.graph, trial.files)


def window_notes(workspace: spec.Workspace, reader: Reader, names: Iterable[ProductName]) -> Iterator[tuple[str, str]]:
    """Yield tables of products that would be applied and are built range by range, with what there is to say."""
    for name in names:
        if workspace.entries[name].windows:
            from hanse.pipelines.due.window_notes import window_notes

            yield from window_notes(workspace, reader, name)


def _check(workspace: spec.Workspace, cache: spec.ContentCache, name: ProductName, key: str) -> Sequence[Problem]:
    from hanse.pipelines.preview.check import check_product

    # Whose problem it is decides whom it stops; what only reads a statement does not know.
    problems = [p if p.subject else replace(p, subject=str(name)) for p in check_product(workspace, name)]
    if not any(p.severity is Severity.ERROR for p in problems):
        cache.put("check", str(name), {"key": key, "problems": [p.as_document() for p in problems]})
    return problems


def _key(workspace: spec.Workspace, entry: spec.Entry) -> str:
    """Return what a product's check depends on: its own files, and the columns of the ports that it reads."""
    upstream = [
        f"{r.product}.{r.port}@{p.major}:{p.schema_digest}"
        for r in workspace.resolve_inputs(entry.name)
        for p in workspace.entries[r.product].outputs
        if p.name == r.port and p.major == r.major
    ]
    return "|".join([entry.digest, *upstream])


def _concerns(problem: Problem, products: Collection[str] | None) -> bool:
    """Say whether a problem stands in the way of some products; one without a subject concerns the whole mesh."""
    if products is None or problem.subject is None:
        return True
    return any(p == problem.subject or problem.subject.startswith(f"{p}.") for p in products)
