"""What releases need of the table store, and making tables anew that it has lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hanse.base import ProductName, RunError, StorageError, TableName
from hanse.interfaces import Snapshot, TableStore
from hanse.pipelines.codes import HISTORY_LOST
from hanse.registry import Reader, Release


def needed_snapshots(reader: Reader, product: ProductName | None = None) -> Mapping[TableName, tuple[Snapshot, ...]]:
    """Return the snapshots that visible and retained releases name, the visible ones first, as the registry knows them.

    Args:
        reader: the registry.
        product: of one product; None: of all.
    """
    found: dict[TableName, dict[int, Snapshot]] = {}
    newest_first = reader.releases(product)
    runs: dict[tuple[TableName, int], Release] = {}
    for release in newest_first:  # the oldest one that names a snapshot is its run's; the others took it over
        runs |= {(t.table, t.snapshot_id): release for t in release.tables}
    visible = {r.id for r in reader.visible(None if product is None else [product]).values()}
    kept = [r for r in newest_first if r.expired_at is None]
    for release in sorted(kept, key=lambda r: r.id not in visible):
        for t in release.tables:
            first = runs[t.table, t.snapshot_id]
            found.setdefault(t.table, {}).setdefault(
                t.snapshot_id,
                Snapshot(
                    table=t.table,
                    snapshot_id=t.snapshot_id,
                    schema_id=t.schema_id,
                    parent_id=t.parent_id,
                    run_id=first.run_id or "",
                    rows=t.rows,
                    bytes=t.bytes,
                    committed_at=first.created_at,
                ),
            )
    return {table: tuple(snapshots.values()) for table, snapshots in found.items()}


def mend_tables(
    store: TableStore, reader: Reader, tables: Collection[TableName], growing: Collection[TableName]
) -> frozenset[TableName]:
    """Make tables usable that a forced run is about to replace: from copies if there are any, else empty.

    Args:
        store: the table store.
        reader: the registry.
        tables: tables of one product that the run builds.
        growing: those of them whose rows come from the past too, so that no run can make them anew.

    Returns:
        The tables whose past is lost: nothing comes before what the run makes.

    Raises:
        RunError: HNS-L090: one of these grows.
        StorageError: the storage cannot be read or written.
    """
    names = sorted(tables)
    known = needed_snapshots(reader, names[0].owner) if names else {}
    wanted = {name: known[name] for name in names if name in known}
    if any(m.table is None for m in store.mend(wanted, dry_run=True)):
        wanted = dict(needed_snapshots(reader))  # what all tables share is made anew for all of them
    lost = {m.table: m.problem for m in store.mend(wanted) if m.does is None and m.table is not None}
    for name in names:
        if name in growing and name in wanted:
            problems = [lost[name]] if name in lost else store.verify(name, wanted[name][0].snapshot_id)
            if problems:
                raise RunError(
                    HISTORY_LOST,
                    f"table {name} has lost rows, and it grows: no run makes those of earlier deliveries anew",
                    why=problems[0].what,
                    fix="restore what is lost from a backup, or go back to a whole release: `hanse doctor` names it",
                    subject=str(name),
                )
    for name in lost.keys() & set(names):
        store.forget(name)
    for name in names:
        if name not in wanted and _is_unreadable(store, name):
            store.forget(name)  # applied and never released: there is nothing to lose
    return frozenset(lost.keys() & set(names))


def _is_unreadable(store: TableStore, table: TableName) -> bool:
    try:
        store.schema(table)
    except StorageError:
        return True
    return False
