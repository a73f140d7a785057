"""The one road for writes: commit what was staged and checked, then make it visible by one release."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from hanse.base import Clock, TableName, new_id
from hanse.interfaces import Replacement, Snapshot, TableStore
from hanse.pipelines.due.keys import Growth
from hanse.pipelines.records import StepLog
from hanse.pipelines.staging.deliver import Change
from hanse.pipelines.transforms.graph import Node, published_name
from hanse.registry import CheckResult, CheckStatus, Registry, Release, ReleasedTable, Run
from hanse.spec import Product


@dataclass(frozen=True)
class Publication:
    """What a run wants to publish: everything in it has passed its contract.

    Attributes:
        built: what becomes of each table that was built, by node name.
        reused: tables of the visible release that still stand, by node name.
        keys: key per node name.
        growing: tables that take in deliveries, by node name.
        rows_keys: keys of their rows.
        results: verdicts of this run's checks.
        visible: the release that this one follows.
        lost: tables that the store had lost and that were created anew: nothing comes before them.
        key: the run's key.
    """

    product: Product
    nodes: Sequence[Node]
    built: Mapping[str, Change]
    reused: Mapping[str, ReleasedTable]
    keys: Mapping[str, str]
    growing: Mapping[str, Growth]
    rows_keys: Mapping[str, str]
    results: Sequence[CheckResult]
    visible: Release | None
    lost: Collection[TableName]
    key: str


def publish(
    registry: Registry, store: TableStore, clock: Clock, run: Run, log: StepLog, publication: Publication
) -> Release:
    """Commit each built table, then write the release.

    A crash after the commit leaves snapshots that no release names: the run, executed again, finds them by its id; any
    other run sets the tables back to the last released snapshot before it commits.

    Raises:
        Conflict: somebody took the run over, or committed to a table meanwhile; nothing became visible.
        StorageError: a table could not be written.
    """
    snapshots = _commit(store, log, run, publication)
    release = Release(
        id=new_id(),
        product=publication.product.name,
        sequence=0,  # given in the transaction
        run_id=run.id,
        kind="run" if publication.built else "metadata",
        key=publication.key,
        version=publication.product.version,
        created_at=clock.now(),
        tables=tuple(_released(publication, node, snapshots) for node in publication.nodes),
        checks_passed=sum(r.status is CheckStatus.PASSED for r in publication.results),
        warnings=sum(r.warns for r in publication.results),
    )
    with registry.write() as writer:
        # Only now is it this run's turn: whoever read before saw the release before, also by the clock.
        return writer.release(replace(release, created_at=clock.now()), run.fence)


def _commit(store: TableStore, log: StepLog, run: Run, publication: Publication) -> Mapping[TableName, Snapshot]:
    parents = {t.table: t.snapshot_id for t in publication.visible.tables} if publication.visible else {}
    replacements = []
    for name, change in publication.built.items():
        table = published_name(publication.product, next(n for n in publication.nodes if n.name == name))
        parent = None if table in publication.lost else parents.get(table)
        replacements.append(Replacement(table, change.added, parent, keep=change.keep))
    if not replacements:
        return {}
    with log.step("commit", str(publication.product.name)) as measured:
        snapshots = store.commit(replacements, run_id=run.id)
        measured.rows = sum(s.rows for s in snapshots)
        measured.bytes = sum(s.bytes for s in snapshots)
        measured.output = {"snapshots": {str(s.table): s.snapshot_id for s in snapshots}}
    log.flush()
    return {s.table: s for s in snapshots}


def _released(publication: Publication, node: Node, snapshots: Mapping[TableName, Snapshot]) -> ReleasedTable:
    assert node.port is not None
    assert node.port.contract is not None
    name = published_name(publication.product, node)
    reused = publication.reused.get(node.name)
    if reused is not None:
        # The same snapshot: only what is promised of it, and in which version, may be new.
        return replace(
            reused,
            port=node.port.name,
            contract_id=node.port.contract.id,
            contract_version=node.port.contract.version,
            key=publication.keys[node.name],
        )
    growth = publication.growing.get(node.name)
    source = snapshots[name]
    return ReleasedTable(
        table=name,
        port=node.port.name,
        snapshot_id=source.snapshot_id,
        schema_id=source.schema_id,
        contract_id=node.port.contract.id,
        contract_version=node.port.contract.version,
        rows=source.rows,
        bytes=source.bytes,
        key=publication.keys[node.name],
        rows_key=publication.rows_keys[node.name] if growth else None,
        delivery=growth.delivery if growth else None,
        parent_id=source.parent_id if growth else None,
        coverage=growth.window.covered_after() if growth and growth.window else None,
    )
