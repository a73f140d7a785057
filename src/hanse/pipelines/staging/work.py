"""What the parts of one build share."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from hanse.base import Problems, RunError, Severity, TableName
from hanse.interfaces import (
    StagedFile,
    StoredColumn,
    TableScan,
)
from hanse.pipelines.codes import (
    FILES_TAKEN_BEFORE,
    NO_UPSTREAM_RELEASE,
    NOTHING_TO_BUILD,
)
from hanse.pipelines.due.keys import Growth, is_volatile, node_keys
from hanse.pipelines.due.outdated import released_keys, shape_digest
from hanse.pipelines.due.situation import Listener, Situation, Surroundings, product_seen
from hanse.pipelines.records import StepLog
from hanse.pipelines.staging.deliver import Change
from hanse.pipelines.staging.kept import KeptResults
from hanse.pipelines.transforms.graph import (
    Graph,
    Node,
    PortRead,
    build_graph,
    file_inputs,
    published_name,
    settings_of,
)
from hanse.pipelines.transforms.referred import ReferredTables
from hanse.pipelines.transforms.windows import Windowing
from hanse.registry import CheckResult, FailedRow, Reader, ReleasedTable, Run
from hanse.spec import Window


@dataclass
class Found:
    """What was staged and found so far, shared by the threads of one build.

    ``ready`` holds the rows, where known, of everything that can be read, by the session's name for it.
    ``unbound`` holds tables, by node name, that nobody has asked for yet: a table may have thousands of files.
    ``sound`` holds tables that were refused: their rows without values that could not be cast, for checks only.
    """

    ready: dict[str, int | None] = field(default_factory=dict)
    unbound: dict[str, TableScan] = field(default_factory=dict)
    staged: dict[str, Change] = field(default_factory=dict)
    sound: dict[str, StagedFile] = field(default_factory=dict)
    results: list[CheckResult] = field(default_factory=list)
    failed_rows: list[FailedRow] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Work:
    """One build: what was found at its start, what it is about to do, and what it has found so far.

    Attributes:
        run: the run as recorded.
        scratch: folder of its own, removed at its end.
        force: build everything anew.
        growing: tables that take in deliveries, by node name.
        rows_keys: keys of the rows of all needed nodes.
        keys: the same, of served tables with what their contracts check.
        referred: where the relationships of its contracts lead.
        lost: tables that the store had lost and that are made anew.
        columns: columns of the tables to be built in the table store, by node name.
        kept: private results of earlier runs.

    Raises:
        RunError, Problems: there is nothing to build, or it cannot be.
    """

    def __init__(
        self, around: Surroundings, situation: Situation, run: Run, scratch: str, force: bool, listener: Listener
    ) -> None:
        self.around, self.situation, self.run, self.scratch, self.force = around, situation, run, scratch, force
        self.product = product_seen(around, situation)
        self.listener = listener
        self.log = StepLog(around.registry, around.clock, run.id, run.fence)
        self.graph = self._graph()
        self.engine_key = f"{around.engine.name} {around.engine.version}"
        self.growing = self._growing()
        self.rows_keys = self._keys()
        served = [n for n in self.graph.nodes if not n.is_private]
        self.referred = ReferredTables(served, situation.inputs, around.workspace.product)
        self.keys = {
            **self.rows_keys,
            **released_keys(self.graph, self.rows_keys, self.referred, self._upstream_keys()),
        }
        self.found = Found()
        self.lost: set[TableName] = set()
        self.columns: dict[str, tuple[StoredColumn, ...]] = {}
        self.kept = KeptResults(
            os.path.join(around.state, "staged", self.product.name.domain, self.product.name.product)
        )

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

    def _upstream_keys(self) -> Mapping[TableName, str]:
        return {t.table: t.key for r in self.situation.upstream.values() for t in r.tables}

    def _keys(self) -> Mapping[str, str]:
        upstream = self._upstream_keys()
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
        files, run_id = self.situation.files, self.run.id
        return node_keys(self.graph, files, upstream, shapes, self.engine_key, run_id, self.growing)

    def _growing(self) -> dict[str, Growth]:
        """Return the tables that take in deliveries, with what they took in so far."""
        reader = self.around.registry.reader()
        found = {}
        for node in self.graph.needed:
            settings = settings_of(self.product, node)
            if node.is_private or not settings.grows:
                continue
            visible = self.visible(node)
            if settings.window is not None:
                window = self._windowing(node, settings.window, visible)
                found[node.name] = Growth(settings, visible.rows_key if visible else None, window=window)
                continue
            if visible is None or visible.delivery is None:
                found[node.name] = Growth(settings)  # what was replaced as a whole so far begins anew
            else:
                taken = reader.deliveries(visible.table, visible.snapshot_id)
                found[node.name] = Growth(settings, visible.rows_key, taken)
            self._meet_new_files(node, found[node.name], reader)
        return found

    def _windowing(self, node: Node, window: Window, visible: ReleasedTable | None) -> Windowing:
        asked = self.situation.asked
        return Windowing(
            window,
            str(published_name(self.product, node)),
            visible.coverage if visible else None,
            visible is not None,
            self.run.started_at,
            asked if asked is not None and asked.is_timed is window.is_timed else None,
            self.force,
        )

    def _meet_new_files(self, node: Node, growth: Growth, reader: Reader) -> None:
        """Find whether there is anything new for a table that grows by new files.

        Raises:
            RunError: HNS-L072: it would miss files that were taken in before.
        """
        states = {name: self.situation.files[name] for name in file_inputs(self.graph, node)}
        new = {name: state for name, state in states.items() if state.only_new}
        visible = self.visible(node)
        past = reader.taken_files(visible.table, visible.snapshot_id) if visible and growth.before and new else {}
        for name, state in new.items():
            if past.get(name, frozenset()) != state.taken:
                raise RunError(
                    FILES_TAKEN_BEFORE,
                    f"table `{node.name}` of {self.product.name} would miss files of input `{name}`",
                    why=f"{len(state.taken - past.get(name, frozenset()))} were taken in before the table was there",
                    fix="give it an input of its own: the same pattern under another name",
                    subject=str(self.product.name),
                )
        growth.idle = bool(new) and growth.before is not None and all(state.is_idle for state in new.values())

    def visible(self, node: Node) -> ReleasedTable | None:
        """Return what is visible of a served table."""
        name = published_name(self.product, node)
        released = self.situation.visible.tables if self.situation.visible else ()
        return next((t for t in released if t.table == name), None)

    def staging(self, node: Node, number: int = 0) -> str:
        """Return where this run stages a table's file, or the one of this number if there are several."""
        part = str(number) if number else None
        return self.around.store.staging(published_name(self.product, node), self.run.id, part)

    def unsteady(self) -> frozenset[str]:
        """Return the nodes that come out otherwise each time, by their own SQL or by what they read."""
        found: set[str] = set()
        for node in self.graph.needed:
            if is_volatile(node) or not found.isdisjoint(node.needs):
                found.add(node.name)
        return frozenset(found)
