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
from hanse.pipelines.codes import BUSY, FILES_FAILED, UNEXPECTED
from hanse.pipelines.due.situation import Listener, Situation, Surroundings, observe_situation
from hanse.pipelines.lease import LEASE_SECONDS, Heartbeat, owner_identity, owner_is_dead
from hanse.pipelines.rollback import refuse_paused
from hanse.pipelines.transforms.windows import Asked
from hanse.registry import Reader, Release, Run, RunStatus


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
    asked: Asked | None = None,
    trigger: str = "manual",
    listener: Listener | None = None,
) -> Outcome:
    """Run a product's pipeline once.

    Args:
        around: the mesh.
        name: the product.
        force: build everything even if nothing changed.
        asked: of tables that are built range by range, build this range, and nothing else of them.
        trigger: what asked for the run: ``manual``, ``schedule`` …
        listener: hears of progress.

    Returns:
        The outcome; a blocked or failed run is an outcome with its ``error``, and is recorded.

    Raises:
        RunError: the run could not begin: not applied, no release upstream, an input missing.
        Conflict: another run of the product is under way, or a rollback has paused it.
    """
    while True:
        reader = around.registry.reader()
        refuse_paused(reader, name)
        situation = observe_situation(around, reader, name, asked)
        resumed = _settle_dead(around, reader, situation, resume=not force)
        if resumed is not None:
            situation = situation.at(resumed.started_at)  # it ends where it would have ended then
        elif not force and asked is None and situation.visible and situation.visible.key == situation.key:
            return _unchanged(around, situation, trigger)
        run = resumed or _begin(around, situation, trigger)
        if _still_stands(around, situation):
            return _build(around, situation, run, force=force, listener=listener)
        # Somebody published or applied between the look and the lease: what was seen is no longer what is.
        _end(around, run, RunStatus.ABANDONED)


def _build(around: Surroundings, situation: Situation, run: Run, *, force: bool, listener: Listener | None) -> Outcome:
    scratch = Path(around.state, "runs", run.id)
    with Heartbeat(around.registry, run.id, run.fence):
        try:
            from hanse.pipelines.build import build  # heavy libraries load only when there is something to build

            done = build(around, situation, run, str(scratch), force=force, listener=listener)
            if done is None:
                _end(around, run, RunStatus.UNCHANGED)
        except HanseError as error:
            return _failed(around, situation, run, error)
        except OSError as error:
            return _failed(around, situation, run, files_failed(situation.name, error))
        except BaseException as error:
            with suppress(HanseError):  # what ended the run is the greater news
                _end_failed(around, run, _unexpected(error))
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    release, built = done or (situation.visible, ())
    return Outcome(around.registry.reader().run(run.id) or run, release, built)


def _failed(around: Surroundings, situation: Situation, run: Run, error: HanseError) -> Outcome:
    _end_failed(around, run, error)
    return Outcome(around.registry.reader().run(run.id) or run, situation.visible, (), error)


def _still_stands(around: Surroundings, situation: Situation) -> bool:
    """Say whether the release and the descriptors seen before the lease are those under it."""
    reader = around.registry.reader()
    visible, applied = reader.visible([situation.name]).get(situation.name), reader.product(situation.name)
    seen = situation.visible
    return (
        (visible.id if visible else None) == (seen.id if seen else None)
        and applied is not None
        and applied.digest == around.workspace.entries[situation.name].digest
    )


def _unchanged(around: Surroundings, situation: Situation, trigger: str) -> Outcome:
    run = _begin(around, situation, trigger)
    with around.registry.write() as writer:
        writer.end_run(run.id, run.fence, RunStatus.UNCHANGED)
    return Outcome(around.registry.reader().run(run.id) or run, situation.visible)


def _settle_dead(around: Surroundings, reader: Reader, situation: Situation, *, resume: bool) -> Run | None:
    """End the runs whose process died; or take one over, if it would build the same."""
    for dead in reader.runs(situation.name, status=RunStatus.RUNNING):
        if not owner_is_dead(dead.owner):
            continue  # its lease decides, in the transaction that begins a run
        # Who loses the race for a dead run finds the winner's live lease when it begins one of its own.
        with suppress(Conflict):
            with around.registry.write() as writer:
                writer.end_lease(situation.name, dead.id, owner=dead.owner)
                taken = writer.take_over(dead.id, owner=owner_identity(), lease_seconds=LEASE_SECONDS)
            if resume and dead.key == situation.at(dead.started_at).run_key:
                return taken
            _end(around, taken, RunStatus.ABANDONED)
            shutil.rmtree(Path(around.state, "runs", dead.id), ignore_errors=True)
    return None


def _begin(around: Surroundings, situation: Situation, trigger: str) -> Run:
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
    # Paths as written: values of variables are not recorded.
    paths = {f.name: f.shown for f in around.workspace.entries[situation.name].files}
    inputs: list[dict[str, Any]] = [state.document(name, paths[name]) for name, state in situation.files.items()]
    inputs += [
        {"kind": "table", "name": d.name, "table": d.shown} for d in around.workspace.entries[situation.name].databases
    ]
    inputs += [
        {"kind": "port", "name": str(name), "release": r.id, "sequence": r.sequence}
        for name, r in situation.upstream.items()
    ]
    if situation.asked is not None:
        inputs.append({"kind": "range", "name": "range", **situation.asked.as_document()})
    return Run(
        id=new_id(),
        product=situation.name,
        status=RunStatus.RUNNING,
        key=situation.run_key,
        trigger=trigger,
        started_at=situation.now,
        inputs=tuple(inputs),
        owner=owner_identity(),
    )


def _end_failed(around: Surroundings, run: Run, error: HanseError) -> None:
    _end(around, run, RunStatus.BLOCKED if isinstance(error, Blocked) else RunStatus.FAILED, error)


def _end(around: Surroundings, run: Run, status: RunStatus, error: HanseError | None = None) -> None:
    try:
        with around.registry.write() as writer:
            writer.end_run(run.id, run.fence, status, error=error.problem.as_document() if error else None)
    except Conflict:
        return  # who took the run over decides its end, and needs its files
    discard_staged(around, run)


def files_failed(name: ProductName, error: OSError) -> RunError:
    """Say that the operating system refused a run's own files."""
    reason = error.strerror or type(error).__name__
    return RunError(
        FILES_FAILED,
        f"the run of {name} could not keep its files: {reason.lower()}",
        why=str(error.filename) if error.filename else None,
        fix="make room, or give this user the right to write there; then run again",
        subject=str(name),
    )


def _unexpected(error: BaseException) -> HanseError:
    if isinstance(error, KeyboardInterrupt):
        return RunError(UNEXPECTED, "the run was interrupted", fix="run it again")
    return RunError(UNEXPECTED, f"the run stopped: {type(error).__name__}", fix="report this with the log")


def discard_staged(around: Surroundings, run: Run) -> None:
    """Remove the files that a run staged and did not commit, whole ones and halves."""
    applied = around.registry.reader().product(run.product)
    for table in applied.tables if applied else ():
        # What is not there need not be found: the store would make its folder.
        with suppress(HanseError, OSError):  # a damaged store has been reported already, or will be by what reads it
            if around.store.schema(table.name) is None or around.store.find(table.name, run.id) is not None:
                continue
            staged = Path(around.store.staging(table.name, run.id))
            halves = (*staged.parent.glob(f".{staged.name}.*.partial"), *staged.parent.glob(f".{run.id}~*.partial"))
            for file in (staged, *staged.parent.glob(f"{run.id}~*.parquet"), *halves):
                file.unlink(missing_ok=True)
