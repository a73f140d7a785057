"""Building what a run found to be out of date: stage in parallel, check everything, then publish."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from hanse import quality
from hanse.base import Blocked, Conflict, HanseError, Problems, RunError, Severity, TableName
from hanse.ingest import relation, unchanged
from hanse.interfaces import (
    CsvScan,
    ParquetScan,
    Session,
    SessionLimits,
    StagedFile,
    StoredColumn,
    TableScan,
    TableSchema,
)
from hanse.pipelines.codes import (
    BLOCKED,
    INPUT_CHANGED,
    NO_UPSTREAM_RELEASE,
    NOT_APPLIED,
    NOTHING_TO_BUILD,
    TABLE_NOT_APPLIED,
)
from hanse.pipelines.deliver import Change, Target, deliver, delivered_table, settings_of
from hanse.pipelines.deliver import Delivery as Delivered
from hanse.pipelines.deliver import unchanged as unchanged_table
from hanse.pipelines.graph import FileRead, Graph, Node, NodeRead, PortRead, build_graph, published_name
from hanse.pipelines.kept import KeptResults
from hanse.pipelines.keys import Growth, is_volatile, node_keys
from hanse.pipelines.outdated import has_sql_rules, outdated, released_keys, reusable, shape_digest
from hanse.pipelines.publish import Publication, publish
from hanse.pipelines.records import StepLog
from hanse.pipelines.situation import Listener, Situation, Surroundings
from hanse.pipelines.stage import (
    Staged,
    hold_private,
    relation_of,
    stage_private,
    stage_table,
    unreadable,
)
from hanse.plan import column_drafts
from hanse.registry import CheckResult, CheckStatus, FailedRow, Release, ReleasedTable, Run
from hanse.spec import FileInput, Product, Table

HELD_ROWS = 100_000
"""Private transforms that read no more rows than this are held in memory: a file would cost more than it saves."""

_FIRST_FENCE = 1  # a run of a later fence was taken over


def build(
    around: Surroundings,
    situation: Situation,
    run: Run,
    scratch: str,
    *,
    force: bool = False,
    listener: Listener | None = None,
) -> tuple[Release, tuple[TableName, ...]]:
    """Build, check and publish one product.

    Returns:
        The release now visible, and the tables that were built for it.

    Raises:
        Blocked: HNS-L013: a check of severity error failed or could not run; its results are recorded.
        RunError, Problems: something did not work.
    """
    return _Build(around, situation, run, scratch, force, listener or _silent).run()


def _silent(phase: str, name: str, done: int, total: int) -> None:
    """Hear of progress and say nothing."""


@dataclass
class _Tables:
    """What was staged and found so far, shared by the threads of one build.

    ``ready`` holds the rows, where known, of everything that can be read, by the session's name for it.
    ``sound`` holds tables that were refused: their rows without values that could not be cast, for checks only.
    """

    ready: dict[str, int | None] = field(default_factory=dict)
    staged: dict[str, Change] = field(default_factory=dict)
    sound: dict[str, StagedFile] = field(default_factory=dict)
    results: list[CheckResult] = field(default_factory=list)
    failed_rows: list[FailedRow] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Build:
    def __init__(
        self, around: Surroundings, situation: Situation, run: Run, scratch: str, force: bool, listener: Listener
    ) -> None:
        self.around, self.situation, self.run_, self.scratch, self.force = around, situation, run, scratch, force
        self.product = _product_seen(around, situation)
        self.listener = listener
        self.log = StepLog(around.registry, around.clock, run.id, run.fence)
        self.graph = self._graph()
        self.engine_key = f"{around.engine.name} {around.engine.version}"
        self.growing = self._growing()
        self.rows_keys = self._keys()
        self.keys = {**self.rows_keys, **released_keys(self.graph, self.rows_keys)}
        self.found = _Tables()
        self.lost: set[TableName] = set()
        self.columns: dict[str, tuple[StoredColumn, ...]] = {}
        self.kept = KeptResults(
            os.path.join(around.state, "staged", self.product.name.domain, self.product.name.product)
        )

    def run(self) -> tuple[Release, tuple[TableName, ...]]:
        try:
            delivery = self._deliver()
        except HanseError:
            with suppress(Conflict):  # the steps so far explain the failure
                self.log.flush()
            raise
        finally:
            # While the lease is held: afterwards, another run may be using what is kept.
            current = (n for n in self.graph.needed if n.is_private and not is_volatile(n))
            self.kept.forget_all_but(self.kept.path(n.name, self.keys[n.name]) for n in current)
        around = self.around
        release = publish(around.registry, around.store, around.clock, self.run_, self.log, delivery)
        return release, tuple(published_name(self.product, n) for n in delivery.nodes if n.name in delivery.built)

    def _deliver(self) -> Publication:
        """Build and check whatever is out of date."""
        reused = {} if self.force else reusable(self.graph, self.keys, self.situation.visible)
        wanted = outdated(self.graph, reused)
        built = [n for n in wanted if not n.is_private]
        if built:
            self._prepare(built)
            scans = self._scans(wanted, reused)
            with self._open(wanted, scans) as session:
                self._bind_inputs(session, wanted, scans)
                self._stage_all(session, wanted)
                self._check_all(session, built, scans)
            self._require_same_inputs()
        return Publication(
            product=self.product,
            nodes=[n for n in self.graph.nodes if not n.is_private],
            built={n.name: self.found.staged[n.name] for n in built},
            reused=reused,
            keys=self.keys,
            growing=self.growing,
            rows_keys=self.rows_keys,
            results=self.found.results,
            visible=self.situation.visible,
            lost=self.lost,
            key=self._release_key(),
        )

    # What to do

    def _graph(self) -> Graph:
        graph = build_graph(self.product, self.situation.inputs)
        errors = [p for p in graph.problems if p.severity is Severity.ERROR]
        if errors:
            raise Problems(errors)
        if not any(not n.is_private for n in graph.nodes):
            raise RunError(
                NOTHING_TO_BUILD,
                f"{self.product.name} has no table to build",
                fix="give an output port a contract (`contractId`) and the contract a table",
                subject=str(self.product.name),
            )
        return graph

    def _keys(self) -> Mapping[str, str]:
        upstream = {t.table: t.key for r in self.situation.upstream.values() for t in r.tables}
        for read in (r for n in self.graph.needed for r in n.reads.values()):
            if isinstance(read, PortRead) and read.table not in upstream:
                raise RunError(
                    NO_UPSTREAM_RELEASE,
                    f"{self.product.name} reads {read.table}, which is not in the release of {read.table.owner}",
                    why="it was added or removed after that release",
                    fix=f"run it first: `hanse run {read.table.owner}`",
                    subject=str(self.product.name),
                )
        shapes = {n.name: shape_digest(n) for n in self.graph.needed if not n.is_private}
        files, run_id = self.situation.files, self.run_.id
        return node_keys(self.graph, files, upstream, shapes, self.engine_key, run_id, self.growing)

    def _growing(self) -> dict[str, Growth]:
        """Return the tables that take in deliveries, with what they took in so far."""
        reader = self.around.registry.reader()
        found = {}
        for node in self.graph.needed:
            settings = settings_of(self.product, node)
            if node.is_private or settings.materialize == "replace":
                continue
            visible = self._visible(node)
            if visible is None or visible.delivery is None:
                found[node.name] = Growth(settings)  # what was replaced as a whole so far begins anew
            else:
                taken = reader.deliveries(visible.table, visible.snapshot_id)
                found[node.name] = Growth(settings, visible.rows_key, taken)
        return found

    def _visible(self, node: Node) -> ReleasedTable | None:
        name = published_name(self.product, node)
        released = self.situation.visible.tables if self.situation.visible else ()
        return next((t for t in released if t.table == name), None)

    # Getting ready

    def _prepare(self, built: Sequence[Node]) -> None:
        Path(self.scratch).mkdir(parents=True, exist_ok=True)
        self.kept.prepare()
        for node in built:
            name = published_name(self.product, node)
            assert node.table is not None
            schema = self.around.store.schema(name)
            if schema is None and self.force:
                # Whoever asks for everything anew gets it, also when the store was lost.
                schema = self.around.store.create(name, column_drafts(node.table))
                self.lost.add(name)
            if schema is None:
                raise RunError(
                    TABLE_NOT_APPLIED,
                    f"table {name} is not in the table store",
                    fix="restore the table store from a backup, or make the table anew with `hanse run --force`",
                    subject=str(name),
                )
            if not _fits(schema, node.table):
                # An apply that was killed, or two at once, may have left a schema that nobody recorded.
                schema = self.around.store.alter(name, column_drafts(node.table))
            self.columns[node.name] = schema.columns

    def _open(self, wanted: Sequence[Node], scans: Mapping[str, TableScan]) -> Session:
        files = [state.path for state in self.situation.files.values()]
        staging = [os.path.dirname(self._staging(n)) for n in wanted if not n.is_private]
        scan_folders = [os.path.dirname(f) for scan in scans.values() for f in scan.files]
        own = [self.scratch, self.kept.folder]
        settings = self.around.workspace.mesh.engine
        return self.around.engine.open(
            readable=sorted({*files, *staging, *scan_folders, *own}),
            writable=sorted({*staging, *own}),
            limits=SessionLimits(threads=settings.threads, memory=settings.memory_limit),
        )

    def _staging(self, node: Node) -> str:
        return self.around.store.staging(published_name(self.product, node), self.run_.id)

    def _scans(self, wanted: Sequence[Node], reused: Mapping[str, ReleasedTable]) -> Mapping[str, TableScan]:
        """Released tables that have to be read, by internal relation name.

        Besides what transforms read, SQL rules of a contract may name any table of the product.
        """
        upstream = {t.table: t for r in self.situation.upstream.values() for t in r.tables}
        reads = {r for n in wanted for r in n.reads.values()}
        if any(has_sql_rules(n) for n in wanted):
            reads |= {NodeRead(name) for name in reused}
        scans: dict[str, TableScan] = {}
        for read in reads:
            released = None
            if isinstance(read, PortRead):
                released = upstream[read.table]
            elif isinstance(read, NodeRead):
                released = reused.get(read.node)
            if released:
                scans[relation_of(read)] = self.around.store.scan(released.table, released.snapshot_id)
        return scans

    def _bind_inputs(self, session: Session, wanted: Sequence[Node], scans: Mapping[str, TableScan]) -> None:
        for name, scan in scans.items():
            session.bind(name, scan)
            self.found.ready[name] = self._released_rows(name)
        sources = {f.name: f for f in self.product.pipeline.files}
        reads = {r: n for n in wanted for r in n.reads.values() if isinstance(r, FileRead)}
        for read, node in reads.items():
            self._bind_file(session, sources[read.name], read, straight=node.transform is None)

    def _bind_file(self, session: Session, source: FileInput, read: FileRead, *, straight: bool) -> None:
        """Bind a file; a CSV that transforms read is staged first: it is parsed once, and its faults are its own."""
        state = self.situation.files[source.name]
        name = relation_of(read)
        with self.log.step("ingest", source.name) as measured:
            measured.bytes = state.bytes
            scan = relation(source, state.path, text=straight, scratch=self.scratch)
            try:
                session.bind(name, scan)
                if isinstance(scan, CsvScan) and not straight:
                    path = os.path.join(self.scratch, f"input-{source.name}.parquet")
                    staged = session.stage(_all_of(name), path)
                    measured.rows = staged.rows
                    session.bind(name, ParquetScan((staged.path,)))
                elif isinstance(scan, ParquetScan):
                    statistics = session.statistics(scan.files)
                    measured.rows = next((s.rows for s in statistics.values()), None)
            except HanseError as error:
                raise unreadable(error, source, f"{self.product.name}.{source.name}") from error
            self.found.ready[name] = measured.rows

    def _released_rows(self, name: str) -> int | None:
        """Return the rows of a released table by its internal name."""
        upstream = {relation_of(PortRead(t.table)): t.rows for r in self.situation.upstream.values() for t in r.tables}
        own = self.situation.visible.tables if self.situation.visible else ()
        return (upstream | {relation_of(NodeRead(t.table.local)): t.rows for t in own}).get(name)

    # Staging

    def _stage_all(self, session: Session, wanted: Sequence[Node]) -> None:
        """Stage nodes as soon as what they read is staged; the first failure lets the others under way finish.

        What reads a table that was refused is left out: the refusal is what its owner has to mend.
        """
        names = {n.name for n in wanted}
        waiting = {n.name: {relation_of(NodeRead(need)) for need in names.intersection(n.needs)} for n in wanted}
        nodes = {n.name: n for n in wanted}
        running: dict[Future[None], str] = {}
        done = 0
        with ThreadPoolExecutor(_workers(), thread_name_prefix="hanse-stage") as pool, _ended_at_once(session):
            while True:
                ready = self.found.ready.keys()
                for name in [n for n, needs in waiting.items() if needs <= ready]:
                    del waiting[name]
                    running[pool.submit(self._stage, session, nodes[name])] = name
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    name = running.pop(future)
                    self._raise_failure(future, waiting)
                    done += 1
                    self.listener("stage", name, done, len(wanted))

    @staticmethod
    def _raise_failure(future: Future[None], waiting: dict[str, set[str]]) -> None:
        if future.exception() is not None:
            waiting.clear()
            future.result()

    def _stage(self, session: Session, node: Node) -> None:
        if not node.is_private:
            self._stage_table(session, node)
        elif self._is_small(node):
            with self.log.step("stage", node.name) as measured:
                measured.rows = hold_private(session, node, self.product)
            self.found.ready[relation_of(NodeRead(node.name))] = measured.rows
        else:
            self._stage_private(session, node)

    def _is_small(self, node: Node) -> bool:
        """Say whether a private result can be held in memory: quick to build again, and not worth a file."""
        rows = [self.found.ready[relation_of(read)] for read in node.reads.values()]
        return all(r is not None for r in rows) and sum(r or 0 for r in rows) <= HELD_ROWS

    def _stage_private(self, session: Session, node: Node) -> None:
        path = self.kept.path(node.name, self.keys[node.name])
        rows = None if self.force else self.kept.rows(path)
        if rows is not None:
            self.log.reused("stage", node.name, rows, {"path": path})
        else:
            with self.log.step("stage", node.name) as measured:
                staged = stage_private(session, node, self.product, path)
                rows = measured.rows = staged.rows
                measured.bytes = staged.bytes
            self.kept.remember(staged)
        name = relation_of(NodeRead(node.name))
        session.bind(name, ParquetScan((path,)))
        self.found.ready[name] = rows

    def _stage_table(self, session: Session, node: Node) -> None:
        change = self._take_in(session, node) if node.name in self.growing else self._replace(session, node)
        if change is None:
            return
        name = relation_of(NodeRead(node.name))
        session.bind(name, TableScan(change.files, self.columns[node.name]))
        with self.found.lock:
            self.found.staged[node.name] = change
            self.found.ready[name] = change.rows

    def _replace(self, session: Session, node: Node) -> Change | None:
        """Stage the whole table; None if values could not be cast."""
        path = self._staging(node)
        ready = self._staged_before(node, path)
        if ready is None:
            with self.log.step("stage", node.name) as measured:
                aside = os.path.join(self.scratch, f"sound-{node.name}.parquet")
                staged = stage_table(session, node, self.product, path, self.columns[node.name], aside)
                if staged.failures:
                    self._refuse_casts(node, staged)
                    with self.found.lock:
                        self.found.sound[node.name] = staged.file
                    sound = TableScan((staged.file.path,), self.columns[node.name])
                    session.bind(relation_of(NodeRead(node.name)), sound)
                    return None
                ready = staged.file
                measured.rows, measured.bytes = ready.rows, ready.bytes
                measured.output = {"path": ready.path, "rows": ready.rows, "bytes": ready.bytes}
        return Change(ready, (), (ready.path,), ready.rows)

    def _take_in(self, session: Session, node: Node) -> Change | None:
        """Stage what this run's delivery makes of a table that grows; None if the delivery was refused."""
        growth = self.growing[node.name]
        target = self._target(node)
        if growth.is_taken:
            return unchanged_table(self.around.store, target)
        relation_name = f"__d_{node.name}"
        path = os.path.join(self.scratch, f"delivery-{node.name}.parquet")
        with self.log.step("stage", node.name) as measured:
            delivered = replace(node, table=delivered_table(target.table, target.settings))
            aside = os.path.join(self.scratch, f"sound-{node.name}.parquet")
            staged = stage_table(session, delivered, self.product, path, None, aside)
            measured.rows, measured.bytes = staged.file.rows, staged.file.bytes
            if staged.failures:
                self._refuse_casts(node, staged)
                return None
            session.bind(relation_name, ParquetScan((path,)))
            if self._refuse_keys(session, node, target, relation_name, staged.file):
                return None
        with self.log.step("deliver", node.name) as measured:
            delivery = Delivered(relation_name, staged.file, self.run_.started_at)
            change = deliver(session, self.around.store, target, delivery)
            measured.rows = change.added.rows if change.added else 0
            measured.bytes = change.added.bytes if change.added else 0
            measured.output = {"kept": "all" if change.keep == "all" else len(change.keep), "table_rows": change.rows}
        return change

    def _target(self, node: Node) -> Target:
        assert node.table is not None
        name = published_name(self.product, node)
        released = None if name in self.lost else self._visible(node)
        if self.growing[node.name].before is None:
            released = None  # what was there was replaced as a whole; so is it by the first delivery
        path = self._staging(node)
        return Target(name, node.table, settings_of(self.product, node), self.columns[node.name], released, path)

    def _refuse_keys(self, session: Session, node: Node, target: Target, relation_name: str, file: StagedFile) -> bool:
        """Record a delivery whose key is null or there twice: nobody could say which row is meant."""
        if target.settings.materialize not in ("merge", "snapshot"):
            return False
        assert node.table is not None
        assert node.port is not None
        assert node.port.contract is not None
        verdict = quality.verify(
            session,
            node.table,
            node.port.contract,
            relation_name,
            [file.path],
            run_id=self.run_.id,
            table_name=target.name,
            relations={},
            checks=[quality.key_check(node.table, target.key)],
        )
        with self.found.lock:
            self.found.results.extend(verdict.results)
            self.found.failed_rows.extend(verdict.failed_rows)
        return verdict.blocked

    def _staged_before(self, node: Node, path: str) -> StagedFile | None:
        """Return the file that this run staged before its process died, if it is recorded and there whole."""
        if self.run_.fence == _FIRST_FENCE or not os.path.exists(path):
            return None
        committed = self.around.store.find(published_name(self.product, node), self.run_.id) is not None
        if node.name in self._unsteady() and not committed:
            return None  # another table may have been staged from another result of the same SQL
        for step in self.around.registry.reader().steps(self.run_.id):
            if step.name == f"stage:{node.name}" and step.output.get("path") == path:
                staged = StagedFile(path, int(step.output["rows"]), int(step.output["bytes"]))
                return staged if committed or os.path.getsize(path) == staged.bytes else None
        return None

    def _unsteady(self) -> frozenset[str]:
        """Return the nodes that come out otherwise each time, by their own SQL or by what they read."""
        found: set[str] = set()
        for node in self.graph.needed:
            if is_volatile(node) or not found.isdisjoint(node.needs):
                found.add(node.name)
        return frozenset(found)

    def _refuse_casts(self, node: Node, staged: Staged) -> None:
        """Record rows whose values are not of the contract's type: they block, as a failed check does."""
        name = published_name(self.product, node)
        assert node.table is not None
        first = staged.failures[0]
        column = node.table.column(first.column)
        result = CheckResult(
            run_id=self.run_.id,
            table=name,
            check_id="cast",
            clause="every value is of the contract's type",
            status=CheckStatus.FAILED,
            severity=Severity.ERROR,
            column=first.column,
            failed_rows=staged.failed_rows,
            total_rows=staged.file.rows + staged.failed_rows,
            method="cast",
            dimension="conformity",
            message=f"`{first.value}` in column `{first.column}` is no {first.type}",
            path=column.where.path if column and column.where else None,
            line=column.where.line if column and column.where else None,
        )
        rows = [
            FailedRow(self.run_.id, name, "cast", f"`{f.value}` in column `{f.column}` is no {f.type}", f.row)
            for f in staged.failures
        ]
        with self.found.lock:
            self.found.results.append(result)
            self.found.failed_rows.extend(rows)

    # Checking

    def _check_all(self, session: Session, built: Sequence[Node], scans: Mapping[str, TableScan]) -> None:
        """Check every table, also after one has failed: the owner wants to hear everything at once."""
        staged = [n for n in built if n.name in self.found.staged or n.name in self.found.sound]
        served = [n for n in self.graph.nodes if not n.is_private]
        here = {n.name: relation_of(NodeRead(n.name)) for n in served}
        bound = scans.keys() | {relation_of(NodeRead(n.name)) for n in staged}
        relations = {name: relation for name, relation in here.items() if relation in bound}
        for number, node in enumerate(staged, 1):
            self._check(session, node, relations)
            self.listener("check", node.name, number, len(staged))
        self._record_checks()
        bad = [r for r in self.found.results if r.severity is Severity.ERROR and _blocks(r)]
        if bad:
            raise self._blocked(bad)

    def _check(self, session: Session, node: Node, relations: Mapping[str, str]) -> None:
        change = self.found.staged.get(node.name)
        sound = self.found.sound.get(node.name)
        with self.log.step("check", node.name) as measured:
            if change is None:
                assert sound is not None
                verdict = self._verify(session, node, relations[node.name], [sound.path], relations)
                measured.rows = sound.rows
            elif node.name in self.growing and self._was_checked_alike(node):
                verdict = self._verify_growth(session, node, change, relations)
                measured.rows = change.rows
            else:
                verdict = self._verify(session, node, relations[node.name], change.files, relations)
                measured.rows = change.rows
            measured.output = {"checks": len(verdict.results), "warnings": verdict.warnings}
        self.found.results.extend(verdict.results)
        self.found.failed_rows.extend(verdict.failed_rows)

    def _verify(
        self,
        session: Session,
        node: Node,
        relation_name: str,
        files: Sequence[str],
        relations: Mapping[str, str],
        checks: Sequence[quality.Check] | None = None,
    ) -> quality.Verdict:
        assert node.table is not None
        assert node.port is not None
        assert node.port.contract is not None
        return quality.verify(
            session,
            node.table,
            node.port.contract,
            relation_name,
            files,
            run_id=self.run_.id,
            table_name=published_name(self.product, node),
            relations=relations,
            checks=checks,
        )

    def _verify_growth(
        self, session: Session, node: Node, change: Change, relations: Mapping[str, str]
    ) -> quality.Verdict:
        """Check what is new row by row, and over the whole table only what is a matter of the whole table.

        Rows that stay in their files kept the same clauses when they came. A merge leaves every key of the table once
        if the delivery has every key once, which was checked before.
        """
        by_row: list[quality.Check] = []
        by_table: list[quality.Check] = []
        for check in self._checks(node):
            fresh = quality.is_row_wise(check) or (
                check.kind == "primaryKey" and settings_of(self.product, node).materialize == "merge"
            )
            (by_row if fresh else by_table).append(check)
        name = f"__w_{node.name}"
        files = (change.added.path,) if change.added else ()
        session.bind(name, TableScan(files, self.columns[node.name]))
        verdicts = [
            self._verify(session, node, name, files, relations, by_row),
            self._verify(session, node, relations[node.name], change.files, relations, by_table),
        ]
        results = tuple(r for v in verdicts for r in v.results)
        return quality.Verdict(results, tuple(f for v in verdicts for f in v.failed_rows))

    def _checks(self, node: Node) -> Sequence[quality.Check]:
        assert node.table is not None
        assert node.port is not None
        assert node.port.contract is not None
        return quality.checks_of(node.port.contract, node.table)

    def _was_checked_alike(self, node: Node) -> bool:
        """Say whether the rows that stay were checked by the clauses that hold now."""
        visible, release = self._visible(node), self.situation.visible
        if visible is None or release is None or self.growing[node.name].before is None:
            return False
        reader = self.around.registry.reader()
        for earlier in reader.releases(self.product.name):
            table = next((t for t in earlier.tables if t.table == visible.table), None)
            if table is None or table.snapshot_id != visible.snapshot_id or earlier.run_id is None:
                continue
            results = reader.checks(earlier.run_id, table=visible.table)
            known = {(r.check_id, r.clause, r.severity) for r in results}
            if known:
                return all((c.id, c.clause, c.severity) in known for c in self._checks(node))
        return False

    def _record_checks(self) -> None:
        self.log.flush()
        with self.around.registry.write() as writer:
            writer.record_checks(self.found.results, self.found.failed_rows, self.run_.fence)

    def _blocked(self, bad: Sequence[CheckResult]) -> Blocked:
        self._record_checks()
        first = bad[0]
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        return Blocked(
            BLOCKED,
            f"{self.product.name} was not published: check `{first.clause}` of table `{first.table.local}` "
            f"{'could not run' if first.status is CheckStatus.ERROR else 'failed'}{more}",
            why=first.error or first.message,
            fix=f"`hanse runs {self.run_.id}` lists all checks with failing rows; consumers keep the last release",
            subject=str(self.product.name),
        )

    def _require_same_inputs(self) -> None:
        for name, state in self.situation.files.items():
            if not unchanged(state):
                raise RunError(
                    INPUT_CHANGED,
                    f"input `{name}` of {self.product.name} was written while the run was reading it",
                    fix="run again when the delivery is complete",
                    subject=str(self.product.name),
                )

    def _release_key(self) -> str:
        """Return the run's key; never one that can be met again if some SQL gives another result each time."""
        if self._unsteady():
            return f"{self.situation.key}:{self.run_.id}"
        return self.situation.key


def _product_seen(around: Surroundings, situation: Situation) -> Product:
    """Return the product as it was when its digest was compared with the one applied.

    Raises:
        RunError: HNS-L010: its files were written meanwhile; what they say now was not applied.
    """
    product = around.workspace.product(situation.name)
    if product.digest != around.workspace.entries[situation.name].digest:
        raise RunError(
            NOT_APPLIED,
            f"the files of {situation.name} were written while the run was beginning",
            fix="look at `hanse plan`, then run `hanse apply`",
            subject=str(situation.name),
        )
    return product


@contextmanager
def _ended_at_once(session: Session) -> Iterator[None]:
    """End what runs in a session when somebody interrupts; otherwise its threads would be waited for."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        session.close()
        raise


def _fits(schema: TableSchema, table: Table) -> bool:
    have = [(c.name, c.type, c.required) for c in schema.columns]
    return have == [(c.name, c.type, c.required) for c in table.columns]


def _workers() -> int:
    """Return how many nodes are built side by side; each uses the engine's own threads."""
    return min(4, os.cpu_count() or 1)


def _all_of(relation_name: str) -> str:
    from hanse import sql

    return sql.select_star(relation_name)


def _blocks(result: CheckResult) -> bool:
    return result.status in {CheckStatus.FAILED, CheckStatus.ERROR}
