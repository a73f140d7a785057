"""``doctor --repair``: first what copies can mend, then what runs can make anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.app.codes import RUNS_UNDER_WAY
from hanse.app.damage import Damage, can_be_built, findings, look_for_damage
from hanse.base import Conflict, HanseError, ProductName

if TYPE_CHECKING:
    from hanse.app.mesh import Confirm, Listener, Mesh

Document = dict[str, Any]


def repair(mesh: Mesh, *, deep: bool, confirm: Confirm | None, listener: Listener | None) -> Document:
    """Mend what can be mended; see :meth:`hanse.app.Mesh.repair`."""
    damage = look_for_damage(mesh, deep=deep)
    steps = [*_mendings(damage), *_runs(mesh, damage)]
    document = {"steps": steps, "cannot": _cannot(damage, steps), "repaired": False}
    if not steps or (confirm and not confirm(document)):
        return document
    _refuse_beside_runs(mesh)
    _mend(mesh, steps)
    # What was hidden behind damaged metadata shows now.
    damage = look_for_damage(mesh, deep=deep)
    names = {step["subject"] for step in steps if step["kind"] == "run"}
    steps += [step for step in _runs(mesh, damage) if step["subject"] not in names]
    runs = [step for step in steps if step["kind"] == "run"]
    for number, step in enumerate(runs):
        if listener:
            listener("repair", step["subject"], number, len(runs))
        _run(mesh, step)
    left = look_for_damage(mesh, deep=deep)
    return {"steps": steps, "cannot": list(findings(left)), "repaired": True}


def _mendings(damage: Damage) -> list[Document]:
    return [
        {
            "kind": "mend",
            "subject": str(m.table) if m.table else None,
            "what": m.problem.what,
            "does": m.does,
            "done": False,
            "error": None,
        }
        for m in damage.mendings
        if m.does is not None
    ]


def _runs(mesh: Mesh, damage: Damage) -> list[Document]:
    """Return the forced runs that make damaged tables anew, those of products that are read by others first."""
    from hanse.pipelines import order

    workspace = mesh.load()
    reader = mesh.registry.reader()
    digests, pauses = reader.digests(), reader.pauses()
    entries = workspace.entries
    wanted = {
        name: tables
        for name, tables in can_be_built(damage)
        if name in entries and digests.get(name) == entries[name].digest and name not in pauses
    }
    return [
        {
            "kind": "run",
            "subject": str(name),
            "what": f"{', '.join(map(str, wanted[name]))}: lost or damaged",
            "does": "build the product anew from its inputs as they are now, and release it",
            "done": False,
            "error": None,
        }
        for name in order(workspace, list(wanted))
    ]


def _cannot(damage: Damage, steps: list[Document]) -> list[Document]:
    mended = {step["subject"] for step in steps if step["kind"] == "mend"}
    built = {step["subject"] for step in steps if step["kind"] == "run"}

    def is_left(finding: Document) -> bool:
        subject = finding["subject"]
        return subject not in mended and (subject is None or _product_of(subject) not in built)

    return [finding for finding in findings(damage) if is_left(finding)]


def _product_of(subject: str) -> str:
    return ".".join(subject.split(".")[:2])


def _refuse_beside_runs(mesh: Mesh) -> None:
    from hanse.pipelines.lease import owner_is_dead
    from hanse.registry import RunStatus

    for run in mesh.registry.reader().runs(status=RunStatus.RUNNING):
        if not owner_is_dead(run.owner):
            raise Conflict(
                RUNS_UNDER_WAY,
                f"run {run.id} of {run.product} is under way: nothing was changed",
                fix="wait for it, or end it",
                subject=str(run.product),
            )


def _mend(mesh: Mesh, steps: list[Document]) -> None:
    from hanse.pipelines import needed_snapshots

    if not any(step["kind"] == "mend" for step in steps):
        return
    done = {str(m.table) if m.table else None for m in mesh.store.mend(needed_snapshots(mesh.registry.reader()))}
    for step in steps:
        step["done"] = step["done"] or (step["kind"] == "mend" and step["subject"] in done)


def _run(mesh: Mesh, step: Document) -> None:
    from hanse.pipelines import execute

    try:
        around = mesh.surroundings(mesh.load())
        outcome = execute(around, ProductName.parse(step["subject"]), force=True, trigger="repair")
    except HanseError as error:
        step["error"] = error.problem.as_document()
    else:
        step["done"] = outcome.error is None
        step["error"] = outcome.error.problem.as_document() if outcome.error else None
