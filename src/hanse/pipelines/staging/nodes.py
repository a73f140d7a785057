"""Staging the nodes of one build, in parallel, each as soon as what it reads is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace

from hanse import quality
from hanse.interfaces import (
    ParquetScan,
    Session,
    StagedFile,
    TableScan,
)
from hanse.pipelines.staging.deliver import Change, Target, committed_before, deliver, delivered_table
from hanse.pipelines.staging.deliver import Delivery as Delivered
from hanse.pipelines.staging.deliver import unchanged as unchanged_table
from hanse.pipelines.staging.drift import record_drift
from hanse.pipelines.staging.python_steps import PythonSteps
from hanse.pipelines.staging.ranges import Ranges
from hanse.pipelines.staging.refusals import refuse_casts
from hanse.pipelines.staging.stage import (
    hold_private,
    relation_of,
    stage_private,
    stage_table,
)
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import Node, NodeRead, published_name, settings_of

HELD_ROWS = 100_000
"""Private transforms that read no more rows than this are held in memory: a file would cost more than it saves."""

_FIRST_FENCE = 1  # a run of a later fence was taken over


class Staging:
    """Stages nodes in a session."""

    def __init__(self, work: Work, session: Session) -> None:
        self._work, self._session = work, session
        self._python = PythonSteps(work.scratch, work.around.workspace.mesh.engine)

    def stage_all(self, wanted: Sequence[Node]) -> None:
        """Stage nodes as soon as what they read is staged; the first failure lets the others under way finish.

        What reads a table that was refused is left out: the refusal is what its owner has to mend.
        """
        names = {n.name for n in wanted}
        waiting = {n.name: {relation_of(NodeRead(need)) for need in names.intersection(n.needs)} for n in wanted}
        nodes = {n.name: n for n in wanted}
        running: dict[Future[None], str] = {}
        done = 0
        with (
            ThreadPoolExecutor(_workers(), thread_name_prefix="hanse-stage") as pool,
            _ended_at_once(self._session, self._python),
        ):
            while True:
                ready = self._work.found.ready.keys()
                for name in [n for n, needs in waiting.items() if needs <= ready]:
                    del waiting[name]
                    running[pool.submit(self._stage, nodes[name])] = name
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    name = running.pop(future)
                    self._raise_failure(future, waiting)
                    done += 1
                    self._work.listener("stage", name, done, len(wanted))

    @staticmethod
    def _raise_failure(future: Future[None], waiting: dict[str, set[str]]) -> None:
        if future.exception() is not None:
            waiting.clear()
            future.result()

    def _stage(self, node: Node) -> None:
        if not node.is_private:
            self._stage_table(node)
        elif self._is_small(node):
            with self._work.log.step("stage", node.name) as measured:
                measured.rows = hold_private(self._session, node, self._work.product)
            self._work.found.ready[relation_of(NodeRead(node.name))] = measured.rows
        else:
            self._stage_private(node)

    def _compute(self, node: Node) -> None:
        """Run a Python transform; whatever follows reads its result. SQL needs no such step."""
        if node.program is not None:
            with self._work.log.step("python", node.name) as measured:
                self._python.run(self._session, node, self._work.product, measured)

    def _is_small(self, node: Node) -> bool:
        """Say whether a private result can be held in memory: quick to build again, and not worth a file."""
        if node.program is not None:
            return False  # a process of its own costs more than a file
        rows = [self._work.found.ready[relation_of(read)] for read in node.reads.values()]
        return all(r is not None for r in rows) and sum(r or 0 for r in rows) <= HELD_ROWS

    def _stage_private(self, node: Node) -> None:
        path = self._work.kept.path(node.name, self._work.keys[node.name])
        rows = None if self._work.force else self._work.kept.rows(path)
        if rows is not None:
            self._work.log.reused("stage", node.name, rows, {"path": path})
        else:
            self._compute(node)
            with self._work.log.step("stage", node.name) as measured:
                staged = stage_private(self._session, node, self._work.product, path)
                rows = measured.rows = staged.rows
                measured.bytes = staged.bytes
            self._work.kept.remember(staged)
        name = relation_of(NodeRead(node.name))
        self._session.bind(name, ParquetScan((path,)))
        self._work.found.ready[name] = rows

    def _stage_table(self, node: Node) -> None:
        change = self._take_in(node) if node.name in self._work.growing else self._replace(node)
        if change is None:
            return
        name = relation_of(NodeRead(node.name))
        scan = TableScan(change.files, self._work.columns[node.name])
        if any(NodeRead(node.name) in reader.reads.values() for reader in self._work.graph.needed):
            self._session.bind(name, scan)
        else:
            self._work.found.unbound[node.name] = scan
        with self._work.found.lock:
            self._work.found.staged[node.name] = change
            self._work.found.ready[name] = change.rows

    def _replace(self, node: Node) -> Change | None:
        """Stage the whole table; None if values could not be cast."""
        path = self._work.staging(node)
        record_drift(self._work, self._session, node)
        ready = self._staged_before(node, path)
        if ready is None:
            self._compute(node)
            with self._work.log.step("stage", node.name) as measured:
                aside = os.path.join(self._work.scratch, f"sound-{node.name}.parquet")
                staged = stage_table(
                    self._session, node, self._work.product, path, self._work.columns[node.name], aside
                )
                if staged.failures:
                    refuse_casts(self._work, node, staged)
                    with self._work.found.lock:
                        self._work.found.sound[node.name] = staged.file
                    sound = TableScan((staged.file.path,), self._work.columns[node.name])
                    self._session.bind(relation_of(NodeRead(node.name)), sound)
                    return None
                ready = staged.file
                measured.rows, measured.bytes = ready.rows, ready.bytes
                measured.output = {"path": ready.path, "rows": ready.rows, "bytes": ready.bytes}
        return Change((ready,), (), (ready.path,), ready.rows)

    def _take_in(self, node: Node) -> Change | None:
        """Stage what this run's delivery makes of a table that grows; None if the delivery was refused."""
        growth = self._work.growing[node.name]
        target = self._target(node)
        if growth.is_taken:
            return unchanged_table(self._work.around.store, target)
        committed = committed_before(self._work.around.store, self._work.run, target)
        if growth.window is not None:
            return Ranges(self._work, self._session, self._python, node, target, growth.window).take_in(committed)
        if committed is not None:
            return committed
        relation_name = f"__d_{node.name}"
        path = os.path.join(self._work.scratch, f"delivery-{node.name}.parquet")
        self._compute(node)
        with self._work.log.step("stage", node.name) as measured:
            delivered = replace(node, table=delivered_table(target.table, target.settings))
            aside = os.path.join(self._work.scratch, f"sound-{node.name}.parquet")
            record_drift(self._work, self._session, delivered)
            staged = stage_table(self._session, delivered, self._work.product, path, None, aside)
            measured.rows, measured.bytes = staged.file.rows, staged.file.bytes
            if staged.failures:
                refuse_casts(self._work, node, staged)
                return None
            self._session.bind(relation_name, ParquetScan((path,)))
            if self._refuse_keys(node, target, relation_name, staged.file):
                return None
        with self._work.log.step("deliver", node.name) as measured:
            delivery = Delivered(relation_name, staged.file, self._work.run.started_at)
            change = deliver(self._session, self._work.around.store, target, delivery)
            measured.rows = sum(file.rows for file in change.added)
            measured.bytes = sum(file.bytes for file in change.added)
            measured.output = {"kept": "all" if change.keep == "all" else len(change.keep), "table_rows": change.rows}
        return change

    def _target(self, node: Node) -> Target:
        assert node.table is not None
        name = published_name(self._work.product, node)
        released = None if name in self._work.lost else self._work.visible(node)
        if self._work.growing[node.name].before is None:
            released = None  # what was there was replaced as a whole; so is it by the first delivery
        settings, columns = settings_of(self._work.product, node), self._work.columns[node.name]
        return Target(name, node.table, settings, columns, released, lambda number: self._work.staging(node, number))

    def _refuse_keys(self, node: Node, target: Target, relation_name: str, file: StagedFile) -> bool:
        """Record a delivery whose key is null or there twice: nobody could say which row is meant."""
        if target.settings.materialize not in ("merge", "snapshot"):
            return False
        assert node.table is not None
        assert node.port is not None
        assert node.port.contract is not None
        verdict = quality.verify(
            self._session,
            node.table,
            node.port.contract,
            relation_name,
            [file.path],
            run_id=self._work.run.id,
            table_name=target.name,
            relations={},
            checks=[quality.key_check(node.table, target.key)],
        )
        with self._work.found.lock:
            self._work.found.results.extend(verdict.results)
            self._work.found.failed_rows.extend(verdict.failed_rows)
        return verdict.blocked

    def _staged_before(self, node: Node, path: str) -> StagedFile | None:
        """Return the file that this run staged before its process died, if it is recorded and there whole."""
        if self._work.run.fence == _FIRST_FENCE or not os.path.exists(path):
            return None
        committed = (
            self._work.around.store.find(published_name(self._work.product, node), self._work.run.id) is not None
        )
        if node.name in self._work.unsteady() and not committed:
            return None  # another table may have been staged from another result of the same SQL
        for step in self._work.around.registry.reader().steps(self._work.run.id):
            if step.name == f"stage:{node.name}" and step.output.get("path") == path:
                staged = StagedFile(path, int(step.output["rows"]), int(step.output["bytes"]))
                return staged if committed or os.path.getsize(path) == staged.bytes else None
        return None


@contextmanager
def _ended_at_once(session: Session, python: PythonSteps) -> Iterator[None]:
    """End what runs in a session and beside it when somebody interrupts; otherwise its threads would be waited for."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        python.close()
        session.close()
        raise


def _workers() -> int:
    """Return how many nodes are built side by side; each uses the engine's own threads."""
    return min(4, os.cpu_count() or 1)
