"""Building what a run found to be out of date: stage in parallel, check everything, then publish."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hanse.base import Conflict, HanseError, RunError, TableName
from hanse.ingest import unchanged
from hanse.pipelines.checking import Checking, check_contracts
from hanse.pipelines.codes import INPUT_CHANGED
from hanse.pipelines.due.keys import is_volatile
from hanse.pipelines.due.outdated import outdated, reusable
from hanse.pipelines.due.situation import Listener, Situation, Surroundings
from hanse.pipelines.inputs.databases import read_databases
from hanse.pipelines.inputs.ready import bind_inputs, bring_files, open_session, prepare, released_scans
from hanse.pipelines.publish import Publication, publish
from hanse.pipelines.staging.nodes import Staging
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import published_name
from hanse.registry import Release, Run


def build(
    around: Surroundings,
    situation: Situation,
    run: Run,
    scratch: str,
    *,
    force: bool = False,
    listener: Listener | None = None,
) -> tuple[Release, tuple[TableName, ...]] | None:
    """Build, check and publish one product.

    Returns:
        The release now visible, and the tables that were built for it. None: databases had to be read to know it, and
        nothing has changed.

    Raises:
        Blocked: HNS-L013: a check of severity error failed or could not run; its results are recorded.
        RunError, Problems: something did not work.
    """
    if around.workspace.entries[situation.name].databases:
        situation = read_databases(around, situation, run, scratch)
    work = Work(around, situation, run, scratch, force, listener or _silent)
    if work.product.pipeline.databases and not force and _is_visible(work):
        return None
    return _publish(work)


def _is_visible(work: Work) -> bool:
    """Say whether what was read is what the visible release was made of, and nothing else is to be built."""
    situation = work.situation
    if situation.visible is None or situation.asked is not None or work.unsteady() or _is_behind(work):
        return False
    return situation.visible.key.partition(":")[0] == situation.key


def _silent(phase: str, name: str, done: int, total: int) -> None:
    """Hear of progress and say nothing."""


def _publish(work: Work) -> tuple[Release, tuple[TableName, ...]]:
    try:
        publication = _build(work)
    except HanseError:
        with suppress(Conflict):  # the steps so far explain the failure
            work.log.flush()
        raise
    finally:
        # While the lease is held: afterwards, another run may be using what is kept.
        current = (n for n in work.graph.needed if n.is_private and not is_volatile(n))
        work.kept.forget_all_but(work.kept.path(n.name, work.keys[n.name]) for n in current)
    around = work.around
    release = publish(around.registry, around.store, around.clock, work.run, work.log, publication)
    _forget_parts(work, publication)
    return release, tuple(published_name(work.product, n) for n in publication.nodes if n.name in publication.built)


def _forget_parts(work: Work, publication: Publication) -> None:
    """Remove files of ranges that were put together; until now, a run that goes on from here needed them."""
    for node in publication.nodes:
        change = publication.built.get(node.name)
        growth = work.growing.get(node.name)
        if change is None or growth is None or growth.window is None:
            continue
        folder = Path(work.staging(node)).parent
        for file in folder.glob(f"{work.run.id}~*.parquet"):
            if str(file) not in change.files:
                with suppress(OSError):  # `hanse maintain` removes what nobody needs
                    file.unlink()


def _build(work: Work) -> Publication:
    """Build and check whatever is out of date."""
    reused = {} if work.force else reusable(work.graph, work.keys, work.situation.visible)
    wanted = outdated(work.graph, reused, {name for name, growth in work.growing.items() if growth.idle})
    built = [n for n in wanted if not n.is_private]
    if built:
        prepare(work, built)
        bring_files(work, wanted)
        scans = released_scans(work, wanted, reused)
        with open_session(work, wanted, scans) as session:
            bind_inputs(work, session, wanted, scans)
            Staging(work, session).stage_all(wanted)
            Checking(work, session).check_all(built, scans)
        _require_same_inputs(work)
    else:
        check_contracts(work)
    return Publication(
        product=work.product,
        nodes=[n for n in work.graph.nodes if not n.is_private],
        built={n.name: work.found.staged[n.name] for n in built},
        reused=reused,
        keys=work.keys,
        growing=work.growing,
        rows_keys=work.rows_keys,
        results=work.found.results,
        visible=work.situation.visible,
        lost=work.lost,
        key=_release_key(work),
    )


def _require_same_inputs(work: Work) -> None:
    for name, state in work.situation.files.items():
        if not all(map(unchanged, state.files)):
            raise RunError(
                INPUT_CHANGED,
                f"input `{name}` of {work.product.name} was written while the run was reading it",
                fix="run again when the publication is complete",
                subject=str(work.product.name),
            )


def _is_behind(work: Work) -> bool:
    return any(growth.window is not None and growth.window.is_behind for growth in work.growing.values())


def _release_key(work: Work) -> str:
    """Return the key that an ordinary run would find if there were nothing to do.

    It is never met again if databases are read, if some SQL gives another result each time, or if ranges are left to be
    built.
    """
    if _is_behind(work) or work.unsteady() or work.product.pipeline.databases:
        return f"{work.situation.key}:{work.run.id}"
    return work.situation.key
