"""Checking what one build staged: all of it, also after something has failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hanse import quality
from hanse.base import Blocked
from hanse.interfaces import (
    Session,
    StoredColumn,
    TableScan,
)
from hanse.pipelines.codes import (
    BLOCKED,
)
from hanse.pipelines.due.outdated import checked_alike, has_sql_rules
from hanse.pipelines.promises import contract_verdicts
from hanse.pipelines.staging.deliver import Change, Fresh
from hanse.pipelines.staging.stage import (
    relation_of,
)
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import Node, NodeRead, published_name, settings_of
from hanse.quality.codes import OTHER_REFUSED
from hanse.quality.records import Broken
from hanse.registry import CheckResult, CheckStatus


class Checking:
    """Checks staged tables in the session in which they are bound."""

    def __init__(self, work: Work, session: Session) -> None:
        self._work, self._session = work, session
        self._refused: frozenset[str] = frozenset()

    def check_all(self, built: Sequence[Node], scans: Mapping[str, TableScan]) -> None:
        """Check every table, also after one has failed: the owner wants to hear everything at once."""
        staged = [n for n in built if n.name in self._work.found.staged or n.name in self._work.found.sound]
        served = [n for n in self._work.graph.nodes if not n.is_private]
        here = {n.name: relation_of(NodeRead(n.name)) for n in served}
        bound = scans.keys() | {relation_of(NodeRead(n.name)) for n in staged}
        relations = {name: relation for name, relation in here.items() if relation in bound}
        self._refused = frozenset(n.name for n in built) - relations.keys()
        if any(has_sql_rules(n) for n in staged):
            for name in tuple(self._work.found.unbound):
                self._bind(name)
        for read in self._work.referred.reads_of(staged):
            if isinstance(read, NodeRead):
                self._bind(read.node)
        for number, node in enumerate(staged, 1):
            self._check(node, relations)
            self._work.listener("check", node.name, number, len(staged))
        self._work.found.results.extend(contract_verdicts(self._work, served))
        _conclude(self._work)

    def _check(self, node: Node, relations: Mapping[str, str]) -> None:
        change = self._work.found.staged.get(node.name)
        sound = self._work.found.sound.get(node.name)
        with self._work.log.step("check", node.name) as measured:
            if change is None:
                assert sound is not None
                verdict = self._verify(node, relations[node.name], [sound.path], relations)
                measured.rows = sound.rows
            elif node.name in self._work.growing and self._was_checked_alike(node):
                verdict = self._verify_growth(node, change, relations)
                measured.rows = change.rows
            else:
                self._bind(node.name)
                verdict = self._verify(node, relations[node.name], change.files, relations)
                measured.rows = change.rows
            measured.output = {"checks": len(verdict.results), "warnings": verdict.warnings}
        self._work.found.results.extend(verdict.results)
        self._work.found.failed_rows.extend(verdict.failed_rows)

    def _bind(self, name: str) -> None:
        """Bind a whole table, if nobody needed it so far."""
        scan = self._work.found.unbound.pop(name, None)
        if scan is not None:
            self._session.bind(relation_of(NodeRead(name)), scan)

    def _verify(
        self,
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
            self._session,
            node.table,
            node.port.contract,
            relation_name,
            files,
            run_id=self._work.run.id,
            table_name=published_name(self._work.product, node),
            relations={name: relations[n] for name, n in self._work.referred.names(node).items() if n in relations},
            checks=self._lookable(node, self._checks(node) if checks is None else checks),
            columns=self._work.columns[node.name],
            locate=self._work.referred.locate(node, relation_of),
            now=self._work.around.clock.now(),
        )

    def _verify_growth(self, node: Node, change: Change, relations: Mapping[str, str]) -> quality.Verdict:
        """Check what is new row by row, and over the whole table only what is a matter of the whole table.

        Rows that stay in their files kept the same clauses when they came. A merge leaves every key of the table once
        if the delivery has every key once, which was checked before. Rows of different ranges of a window have
        different keys if the window's column is one of the key's.
        """
        by_row: list[quality.Check] = []
        by_table: list[quality.Check] = []
        for check in self._checks(node):
            local = quality.is_row_wise(check) or (check.kind == "primaryKey" and self._keeps_keys_apart(node))
            (by_row if local else by_table).append(check)
        fresh = change.fresh
        if fresh is None:
            fresh = Fresh(f"__w_{node.name}", tuple(file.path for file in change.added))
            self._session.bind(fresh.relation, TableScan(fresh.files, self._work.columns[node.name]))
        verdicts = [self._verify(node, fresh.relation, fresh.files, relations, by_row)]
        if by_table:
            self._bind(node.name)
            verdicts.append(self._verify(node, relations[node.name], change.files, relations, by_table))
        results = tuple(r for v in verdicts for r in v.results)
        return quality.Verdict(results, tuple(f for v in verdicts for f in v.failed_rows))

    def _keeps_keys_apart(self, node: Node) -> bool:
        settings = settings_of(self._work.product, node)
        assert node.table is not None
        return settings.materialize == "merge" or (
            settings.window is not None and settings.window.column in node.table.primary_key
        )

    def _lookable(self, node: Node, checks: Sequence[quality.Check]) -> Sequence[quality.Check]:
        """Return the checks; those that need a table whose rows were refused cannot run, and say so."""
        if not self._refused:
            return checks
        found = []
        for check in checks:
            others = sorted(self._refused & self._work.referred.named_by(node, check))
            if others:
                what = f"{check.clause}: the rows of table `{others[0]}` were refused, so it cannot be looked at"
                check = replace(check, measure=Broken(OTHER_REFUSED, what, f"correct `{others[0]}` first"))
            found.append(check)
        return found

    def _checks(self, node: Node) -> Sequence[quality.Check]:
        assert node.table is not None
        assert node.port is not None
        assert node.port.contract is not None
        return quality.checks_of(node.port.contract, node.table)

    def _was_checked_alike(self, node: Node) -> bool:
        """Say whether the rows that stay were checked by the clauses that hold now, of the same columns."""
        visible, release = self._work.visible(node), self._work.situation.visible
        if visible is None or release is None or self._work.growing[node.name].before is None:
            return False
        then = _ids(self._work.around.store.scan(visible.table, visible.snapshot_id).columns)
        now = _ids(self._work.columns[node.name])
        if any(now[name] != field_id for name, field_id in then.items() if name in now):
            return False  # a name of then is another column now
        return checked_alike(visible.key, self._work.keys[node.name])


def check_contracts(work: Work) -> None:
    """Check what contracts state of no single table, when no table is built: it may have been written just now.

    Raises:
        Blocked: HNS-L013: it does not hold, and is of severity error.
    """
    work.found.results.extend(contract_verdicts(work, [n for n in work.graph.nodes if not n.is_private]))
    _conclude(work)


def _conclude(work: Work) -> None:
    """Record every verdict; what blocks ends the run."""
    _record(work)
    bad = [r for r in work.found.results if r.blocks]
    if bad:
        raise _blocked(work, bad)


def _record(work: Work) -> None:
    work.log.flush()
    with work.around.registry.write() as writer:
        writer.record_checks(work.found.results, work.found.failed_rows, work.run.fence)


def _blocked(work: Work, bad: Sequence[CheckResult]) -> Blocked:
    first = bad[0]
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    return Blocked(
        BLOCKED,
        f"{work.product.name} was not published: check `{first.clause}` of {_place(first)} "
        f"{'could not run' if first.status is CheckStatus.ERROR else 'failed'}{more}",
        why=first.error or first.message,
        fix=f"`hanse runs {work.run.id}` lists all checks with failing rows; consumers keep the last release",
        subject=str(work.product.name),
    )


def _place(result: CheckResult) -> str:
    return f"table `{result.table.local}`" if result.table.table else "the contract"


def _ids(columns: Sequence[StoredColumn], prefix: str = "") -> dict[str, int]:
    """Return the field ids of columns and of their members by their names, with dots."""
    found = {}
    for column in columns:
        found[prefix + column.name] = column.field_id
        found |= _ids(column.children, f"{prefix}{column.name}.")
    return found
