"""One execution of a product's pipeline: observe, stage, check, commit, release.

The order is the guarantee. Files are staged where nobody looks; they are checked; they are committed to the table
store, which consumers never ask directly; and then one registry row, the release, makes all of them visible together.
A kill between any two of these leaves the old release, and the next run goes on from the records of this one or starts
anew.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hanse.base import Blocked, Conflict, HanseError, ProductName, RunError, TableName, new_id
from hanse.pipelines.codes import BUSY, UNEXPECTED
from hanse.pipelines.lease import LEASE_SECONDS, Heartbeat, owner_identity, owner_is_dead
from hanse.pipelines.situation import Listener, Situation, Surroundings, observe_situation
from hanse.registry import Reader, Release, Run, RunStatus, StepStatus


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run.

    Attributes:
        run: the run as recorded.
        release: the release now visible, None if there is none.
        built: tables built by this run; those not named were reused.
        error: why it was blocked or failed.
    """

    run: Run
    release: Release | None
    built: tuple[TableName, ...] = ()
    error: HanseError | None = None


def execute(
    around: Surroundings,
    name: ProductName,
    *,
    force: bool = False,
    trigger: str = "manual",
    listener: Listener | None = None,
) -> Outcome:
    """Run a product's pipeline once.

    Args:
        around: the mesh.
        name: the product.
        force: build everything even if nothing changed.
        trigger: what asked for the run: ``manual``, ``schedule`` …
        listener: hears of progress.

    Returns:
        The outcome; a blocked or failed run is an outcome with its ``error``, and is recorded.

    Raises:
        RunError: the run could not begin: not applied, no release upstream, an input missing.
        Conflict: another run of the product is under way.
    """
    reader = around.registry.reader()
    situation = observe_situation(around, reader, name)
    if not force and situation.visible and situation.visible.key == situation.key:
        return _unchanged(around, situation, trigger)
    run = _begin(around, reader, situation, trigger, resume=not force)
    from hanse.pipelines.build import build  # heavy libraries load only when there is something to build

    scratch = Path(around.state, "runs", run.id)
    with Heartbeat(around.registry, run.id, run.fence):
        try:
            release, built = build(around, situation, run, str(scratch), force=force, listener=listener)
        except HanseError as error:
            _end_failed(around, run, error)
            ended = around.registry.reader().run(run.id) or run
            return Outcome(ended, situation.visible, (), error)
        except BaseException as error:
            _end_failed(around, run, _unexpected(error))
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return Outcome(around.registry.reader().run(run.id) or run, release, built)


def _unchanged(around: Surroundings, situation: Situation, trigger: str) -> Outcome:
    run = _new_run(around, situation, trigger)
    with around.registry.write() as writer:
        writer.begin_run(run, lease_seconds=LEASE_SECONDS)
        writer.end_run(run.id, run.fence, RunStatus.UNCHANGED)
    return Outcome(around.registry.reader().run(run.id) or run, situation.visible)


def _begin(around: Surroundings, reader: Reader, situation: Situation, trigger: str, *, resume: bool) -> Run:
    """Record the run; or go on with one whose process died, if it would build the same."""
    for dead in reader.runs(situation.name, status=RunStatus.RUNNING):
        if not owner_is_dead(dead.owner):
            continue  # its lease decides, in the transaction below
        with around.registry.write() as writer:
            writer.end_lease(situation.name, dead.id)
            if resume and dead.key == situation.key:
                return writer.take_over(dead.id, owner=owner_identity(), lease_seconds=LEASE_SECONDS)
            taken = writer.take_over(dead.id, owner=owner_identity(), lease_seconds=LEASE_SECONDS)
            writer.end_run(dead.id, taken.fence, RunStatus.ABANDONED)
        discard_staged(reader, dead.id)
        shutil.rmtree(Path(around.state, "runs", dead.id), ignore_errors=True)
    run = _new_run(around, situation, trigger)
    try:
        with around.registry.write() as writer:
            writer.begin_run(run, lease_seconds=LEASE_SECONDS)
    except Conflict as error:
        raise Conflict(
            BUSY,
            f"a run of {situation.name} is under way",
            why=error.problem.what,
            fix="wait for it, or look at `hanse runs`",
            subject=str(situation.name),
        ) from error
    return run


def _new_run(around: Surroundings, situation: Situation, trigger: str) -> Run:
    inputs: list[dict[str, Any]] = [
        {"kind": "file", "name": name, "path": state.path, "sha256": state.sha256, "bytes": state.bytes}
        for name, state in situation.files.items()
    ]
    inputs += [
        {"kind": "port", "name": str(name), "release": r.id, "sequence": r.sequence}
        for name, r in situation.upstream.items()
    ]
    return Run(
        id=new_id(),
        product=situation.name,
        status=RunStatus.RUNNING,
        key=situation.key,
        trigger=trigger,
        started_at=around.clock.now(),
        inputs=tuple(inputs),
        owner=owner_identity(),
    )


def _end_failed(around: Surroundings, run: Run, error: HanseError) -> None:
    status = RunStatus.BLOCKED if isinstance(error, Blocked) else RunStatus.FAILED
    # Somebody who took the run over decides its end; then there is nothing left to record or to clear here.
    with suppress(Conflict), around.registry.write() as writer:
        writer.end_run(run.id, run.fence, status, error=error.problem.as_document())
    discard_staged(around.registry.reader(), run.id)


def _unexpected(error: BaseException) -> HanseError:
    if isinstance(error, KeyboardInterrupt):
        return RunError(UNEXPECTED, "the run was interrupted", fix="run it again")
    return RunError(UNEXPECTED, f"the run stopped: {type(error).__name__}", fix="report this with the log")


def discard_staged(reader: Reader, run_id: str) -> None:
    """Remove the files that a run staged and did not commit. What is missed here is found by maintenance."""
    steps = reader.steps(run_id)
    if any(s.kind == "commit" and s.status is StepStatus.DONE for s in steps):
        return  # the table store names them now
    for step in steps:
        path = step.output.get("path")
        if step.kind == "stage" and path:
            Path(path).unlink(missing_ok=True)
