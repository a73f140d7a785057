"""``plan`` and ``apply`` over the products of a mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hanse import plan
from hanse.app import findings
from hanse.app.addresses import products_of
from hanse.base import Problems, Severity

if TYPE_CHECKING:
    from hanse.app.mesh import Mesh

Document = dict[str, Any]


def build(mesh: Mesh, products: Iterable[str] | None) -> plan.Plan:
    """Return the plan for products, their transforms tried on the engine; see :meth:`hanse.app.Mesh.plan`."""
    workspace = mesh.load()
    names = products_of(workspace, products) if products is not None else None
    findings.refuse_errors(workspace, mesh.cache, names)
    mesh.cache.save()
    trials = findings.Trials(workspace, mesh.engine, mesh.remote)
    frozen = plan.build(workspace, mesh.registry.reader(), only=names, reads=trials.reads, lineage=trials.lineage)
    changed = [step.name for step in frozen.steps if isinstance(step, plan.PutProduct)]
    tried = [problem for name in changed for problem in trials.of(name).problems]
    refused = [p for p in tried if p.severity is Severity.ERROR]
    warned = [p for p in tried if p.severity is not Severity.ERROR]
    told = findings.window_notes(workspace, mesh.registry.reader(), changed)
    return replace(
        frozen,
        refusals=(*frozen.refusals, *refused),
        warnings=(*frozen.warnings, *warned),
        notes=(*frozen.notes, *(plan.Note("window", table, text) for table, text in told)),
    )


def apply(
    mesh: Mesh,
    products: Iterable[str] | None,
    *,
    confirm: Callable[[Document], bool] | None,
    listener: Callable[[str, str, int, int], None] | None,
) -> Document:
    """Plan and carry it out; see :meth:`hanse.app.Mesh.apply`."""
    frozen = build(mesh, products)
    document = plan.explain(frozen)
    if frozen.refusals:
        raise Problems(frozen.refusals)
    if not frozen.steps:
        return {"applied": True, "steps": 0, "plan": document}
    if confirm and not confirm(document):
        return {"applied": False, "steps": 0, "plan": document}
    total = len(frozen.steps)

    def on_step(number: int, label: str) -> None:
        if listener:
            listener("apply", label, number, total)

    plan.apply(frozen, registry=mesh.registry, store=mesh.store, clock=mesh.clock, on_step=on_step)
    return {"applied": True, "steps": total, "plan": document}
