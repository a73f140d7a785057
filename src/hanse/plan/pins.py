"""Input ports and the majors they read. Once applied, only an edit moves an input port to another major."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hanse.base import Problem, ProductName, Severity
from hanse.base.suggest import did_you_mean
from hanse.plan.codes import INPUT_NOT_FOUND, PINNED_MAJOR_GONE
from hanse.plan.steps import Action, Note, PortChange
from hanse.registry.records import AppliedPort, AppliedProduct
from hanse.spec.product import Product
from hanse.spec.workspace import InputSummary, ResolvedInput, Workspace


@dataclass(frozen=True, slots=True)
class Inputs:
    """What becomes of a product's input ports.

    Attributes:
        resolved: what each reads, with the pinned major.
        ports: the ports to be recorded.
    """

    resolved: tuple[ResolvedInput, ...]
    ports: tuple[AppliedPort, ...]
    changes: tuple[PortChange, ...]
    refusals: tuple[Problem, ...]
    notes: tuple[Note, ...]


def pinned_inputs(name: ProductName, workspace: Workspace, applied: AppliedProduct | None) -> tuple[ResolvedInput, ...]:
    """Return what a product's input ports read, by the majors they are pinned to; what cannot be found is left out.

    Args:
        name: the product.
        workspace: the folder.
        applied: the product as applied, None when it never was: then the newest majors count.
    """
    pinned = {p.name: p for p in applied.ports if p.direction == "input"} if applied else {}
    newest = {r.name: r for r in workspace.resolve_inputs(name)}
    found = (
        _pin(wanted, newest[wanted.name], pinned.get(wanted.name), workspace)
        for wanted in workspace.entries[name].inputs
        if wanted.name in newest
    )
    return tuple(resolved for resolved in found if resolved)


def pin_inputs(product: Product, workspace: Workspace, applied: AppliedProduct | None) -> Inputs:
    """Resolve a product's input ports to output ports, keeping the majors pinned when they were first applied."""
    pinned = {p.name: p for p in applied.ports if p.direction == "input"} if applied else {}
    newest = {r.name: r for r in workspace.resolve_inputs(product.name)}
    resolved, changes = [], []
    refusals: list[Problem] = []
    notes: list[Note] = []
    for wanted in workspace.entries[product.name].inputs:
        latest = newest.get(wanted.name)
        if latest is None:
            refusals.append(_not_found(product, wanted, workspace))
            continue
        before = pinned.pop(wanted.name, None)
        actual = _pin(wanted, latest, before, workspace)
        if actual is None:
            assert before is not None
            refusals.append(_gone(product, wanted, before, latest))
            continue
        if actual.major < latest.major:
            notes.append(_newer(product, wanted, actual, latest))
        resolved.append(actual)
        changes.append(_change(actual, before))
    changes += [
        PortChange(p.name, "input", p.major, Action.KEEP, detail=f"no longer reads {p.source}@{p.major}")
        for p in pinned.values()
    ]
    ports = tuple(AppliedPort(r.name, "input", "tables", r.major, source=_source(r)) for r in resolved)
    return Inputs(tuple(resolved), ports, tuple(changes), tuple(refusals), tuple(notes))


def _pin(
    wanted: InputSummary, latest: ResolvedInput, before: AppliedPort | None, workspace: Workspace
) -> ResolvedInput | None:
    """Return what an input port reads; None when its pinned major is no longer offered."""
    if wanted.major is not None or before is None or before.source != _source(latest) or before.major == latest.major:
        return latest
    offered = (o for o in workspace.entries[latest.product].outputs if o.name == latest.port)
    port = next((o for o in offered if o.major == before.major), None)
    return ResolvedInput(wanted.name, latest.product, port.name, port.major, port.tables) if port else None


def _change(now: ResolvedInput, before: AppliedPort | None) -> PortChange:
    source, detail = _source(now), f"reads {_source(now)}@{now.major}"
    if before is None:
        return PortChange(now.name, "input", now.major, Action.CREATE, detail=detail)
    if (before.source, before.major) == (source, now.major):
        return PortChange(now.name, "input", now.major, Action.UNCHANGED, detail=detail)
    detail = f"read {before.source}@{before.major}, now {source}@{now.major}"
    return PortChange(now.name, "input", now.major, Action.METADATA, detail=detail)


def _source(resolved: ResolvedInput) -> str:
    return f"{resolved.product}.{resolved.port}"


def _not_found(product: Product, wanted: InputSummary, workspace: Workspace) -> Problem:
    target = wanted.port or wanted.contract_id or ""
    what = f"{product.name}: input port `{wanted.name}` reads `{target}`" + (
        f" in major {wanted.major}, which is not offered" if wanted.major else ", which no product offers"
    )
    known: Mapping[str, None] = dict.fromkeys(
        f"{e.name}.{o.name}" if wanted.port else (o.contract_id or "")
        for e in workspace.entries.values()
        for o in e.outputs
    )
    fix = did_you_mean(target, (k for k in known if k and k != target)) or "add the product that it means"
    return Problem(INPUT_NOT_FOUND, what, wanted.where, None, fix, Severity.ERROR, str(product.name))


def _gone(product: Product, wanted: InputSummary, before: AppliedPort, latest: ResolvedInput) -> Problem:
    what = f"{product.name}: input port `{wanted.name}` is pinned to {before.source}@{before.major}, which is gone"
    why = "an input port stays with the major that it was first applied with until somebody edits it"
    fix = f"write `major: {latest.major}` and adapt the transforms to it"
    return Problem(PINNED_MAJOR_GONE, what, wanted.where, why, fix, Severity.ERROR, str(product.name))


def _newer(product: Product, wanted: InputSummary, actual: ResolvedInput, latest: ResolvedInput) -> Note:
    text = (
        f"input port `{wanted.name}` stays with {_source(actual)}@{actual.major}; major {latest.major} is offered too: "
        f"write `major: {latest.major}` to move on"
    )
    return Note("pinned", str(product.name), text)
