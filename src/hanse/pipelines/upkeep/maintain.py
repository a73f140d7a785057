"""Keeping tables fit: old releases expire, small files become larger ones, files that nobody needs are removed.

Everything happens under the product's lease, beside readers and beside runs of other products. What is compacted
becomes visible by a release of the same rows. A file is removed only when no release that may still be read names it:
a release that expires stays readable for whoever is reading it, until a grace period is over.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hanse.base import HanseError, ProductName, RunError, TableName, new_id
from hanse.interfaces import DataFile, Replacement, SessionLimits, TableScan
from hanse.pipelines.codes import COMPACTION_LOST_ROWS
from hanse.pipelines.due.situation import Surroundings
from hanse.pipelines.lease import LEASE_SECONDS, Heartbeat, end_leases_of_the_dead, owner_identity
from hanse.pipelines.run import files_failed
from hanse.pipelines.staging.parts import SIZES, stage_parts
from hanse.registry import Release, ReleasedTable, Run, RunStatus

FEW_FILES = 8
"""So many small files may stay as they are."""
GRACE = timedelta(hours=1)
"""How long an expired release's files stay for those who are reading them."""
STRAY_AGE = timedelta(days=1)
"""How old a file that no snapshot names must be: it may belong to a run under way."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was done for one product, or would be.

    Attributes:
        expired: sequence numbers of the releases that expired.
        compacted: per table, files before and after.
        snapshots: snapshots that were forgotten.
        removed: files that were removed.
        bytes: their size.
        release: sequence number of the release that shows the compacted tables, if there was something to compact.
    """

    product: ProductName
    expired: tuple[int, ...]
    compacted: Mapping[str, tuple[int, int]]
    snapshots: int
    removed: int
    bytes: int
    release: int | None


def maintain(
    around: Surroundings,
    name: ProductName,
    *,
    expire: Collection[str] = (),
    dry_run: bool = False,
    grace: timedelta = GRACE,
    stray_age: timedelta = STRAY_AGE,
) -> Upkeep:
    """Maintain the tables of one product.

    Args:
        around: the mesh.
        name: the product.
        expire: ids of releases that retention lets go; the visible one never is.
        dry_run: only tell what would be done.
        grace: how long the files of expired releases stay.
        stray_age: how old files that no snapshot names must be to be removed.

    Raises:
        Conflict: a run of the product is under way.
        RunError: the operating system refused a file.
        StorageError: a table cannot be read or written; what was done before stands.
    """
    try:
        return _Maintenance(around, name, grace, stray_age).run(expire, dry_run=dry_run)
    except OSError as error:
        raise files_failed(name, error) from error


class _Maintenance:
    def __init__(self, around: Surroundings, name: ProductName, grace: timedelta, stray_age: timedelta) -> None:
        self._around, self._name, self._grace, self._stray_age = around, name, grace, stray_age
        self._now = around.clock.now()

    def run(self, expire: Collection[str], *, dry_run: bool) -> Upkeep:
        reader = self._around.registry.reader()
        if dry_run:
            return self._foretell(expire)
        run = self._begin()
        scratch = Path(self._around.state, "runs", run.id)
        with Heartbeat(self._around.registry, run.id, run.fence):
            try:
                expired = self._expire(expire)
                snapshots, removed, size = self._clear()
                # Last, because its release gives the lease back.
                release, compacted = self._compact_all(run, reader.release(self._name))
                if release is None:
                    with self._around.registry.write() as writer:
                        writer.end_run(run.id, run.fence, RunStatus.UNCHANGED)
            except BaseException as error:
                document = error.problem.as_document() if isinstance(error, HanseError) else None
                with suppress(HanseError), self._around.registry.write() as writer:  # the first error is the news
                    writer.end_run(run.id, run.fence, RunStatus.FAILED, error=document)
                raise
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        return Upkeep(self._name, expired, compacted, snapshots, removed, size, release.sequence if release else None)

    def _begin(self) -> Run:
        run = Run(
            id=new_id(),
            product=self._name,
            status=RunStatus.RUNNING,
            key="maintenance",  # no run has this key, so none goes on from here
            trigger="maintenance",
            started_at=self._now,
            owner=owner_identity(),
        )
        end_leases_of_the_dead(self._around.registry, self._name)
        with self._around.registry.write() as writer:
            writer.begin_run(run, lease_seconds=LEASE_SECONDS)
        return run

    # Compaction

    def _compact_all(self, run: Run, visible: Release | None) -> tuple[Release | None, dict[str, tuple[int, int]]]:
        """Join small files and show the result; the rows, and what is promised of them, stay the same."""
        replacements: list[Replacement] = []
        told: dict[str, tuple[int, int]] = {}
        for table in visible.tables if visible else ():
            found = self._around.store.files(table.table, table.snapshot_id)
            small = self._small_files(table, found)
            if small:
                replacements.append(self._compact(run, table, found, small))
                told[str(table.table)] = (len(found), len(found) - len(small) + len(replacements[-1].files))
        if not replacements or visible is None:
            return None, {}
        snapshots = {s.table: s for s in self._around.store.commit(replacements, run_id=run.id)}
        tables = tuple(
            replace(
                t,
                snapshot_id=snapshots[t.table].snapshot_id,
                schema_id=snapshots[t.table].schema_id,
                bytes=snapshots[t.table].bytes,
                # The same deliveries, stored otherwise: the chain of those that were taken in goes on.
                parent_id=t.snapshot_id if t.delivery is not None else None,
            )
            if t.table in snapshots
            else t
            for t in visible.tables
        )
        release = replace(visible, id=new_id(), run_id=run.id, kind="maintenance", created_at=self._now, tables=tables)
        with self._around.registry.write() as writer:
            return writer.release(release, run.fence), told

    def _small_files(self, table: ReleasedTable, found: Sequence[DataFile]) -> tuple[DataFile, ...]:
        """Return the files worth joining; none as long as columns were applied that no run has published.

        A commit is made with the newest columns, and readers would see them before the run that they wait for.
        """
        schema = self._around.store.schema(table.table)
        return small_files(found) if schema is not None and schema.schema_id == table.schema_id else ()

    def _compact(
        self, run: Run, table: ReleasedTable, found: Sequence[DataFile], small: Sequence[DataFile]
    ) -> Replacement:
        from hanse import sql

        store, joined = self._around.store, {f.path for f in small}
        columns = store.scan(table.table, table.snapshot_id).columns

        def path_of(number: int) -> str:
            return store.staging(table.table, run.id, f"compacted-{number}")

        folder = os.path.dirname(path_of(0))
        settings = self._around.workspace.mesh.engine
        limits = SessionLimits(threads=settings.threads, memory=settings.memory_limit)
        folders = sorted({*(os.path.dirname(f) for f in joined), folder})
        with self._around.engine.open(readable=folders, writable=[folder], limits=limits) as session:
            session.bind("__small", TableScan(tuple(f.path for f in small), columns))
            # As large as files of the whole table are to be; otherwise they would be joined again the next time.
            sizes = replace(SIZES, least=SIZES.wanted(sum(f.bytes for f in found)))
            staged = stage_parts(session, sql.select_star("__small"), path_of, columns, sizes)
        rows = sum(f.rows for f in staged)
        if rows != sum(f.rows for f in small):
            for file in staged:
                Path(file.path).unlink(missing_ok=True)
            raise RunError(
                COMPACTION_LOST_ROWS,
                f"{table.table}: joining {len(small)} files gave {rows} rows, not {sum(f.rows for f in small)}",
                fix="nothing was changed; look at the table with `hanse doctor` and report this",
                subject=str(table.table),
            )
        keep = tuple(f.path for f in found if f.path not in joined)
        return Replacement(table.table, staged, table.snapshot_id, keep=keep, same_rows=True)

    # Expiry and removal

    def _expire(self, ids: Collection[str]) -> tuple[int, ...]:
        if not ids:
            return ()
        with self._around.registry.write() as writer:
            return tuple(r.sequence for r in writer.expire_releases(self._name, ids))

    def _clear(self) -> tuple[int, int, int]:
        """Forget snapshots and remove files that no readable release needs."""
        snapshots = removed = size = 0
        store = self._around.store
        for table in self._tables():
            snapshots += store.expire(table, self._needed(table))
            paths = store.garbage(table, older_than=self._now - self._stray_age, protected=self._under_way())
            sizes = {p: _size(p) for p in paths}
            gone = store.collect(table, paths)
            removed += gone
            size += sum(s for p, s in sizes.items() if not os.path.exists(p))
        return snapshots, removed, size

    def _tables(self) -> tuple[TableName, ...]:
        return tuple(t for t in self._around.store.tables() if t.owner == self._name)

    def _needed(self, table: TableName) -> frozenset[int]:
        """Return the snapshots that somebody may still read."""
        since = self._around.clock.now() - self._grace  # releases that expired in this very call have an end, too
        return frozenset(
            t.snapshot_id
            for release in self._around.registry.reader().releases(self._name)
            if _is_readable(release, since)
            for t in release.tables
            if t.table == table
        )

    def _under_way(self) -> frozenset[str]:
        running = self._around.registry.reader().runs(self._name, status=RunStatus.RUNNING)
        return frozenset(r.id for r in running)

    def _foretell(self, expire: Collection[str]) -> Upkeep:
        reader, store = self._around.registry.reader(), self._around.store
        releases = reader.releases(self._name)
        visible = reader.release(self._name)
        compacted = {}
        for table in visible.tables if visible else ():
            found = store.files(table.table, table.snapshot_id)
            small = self._small_files(table, found)
            if small:
                joined = sum(f.bytes for f in small)
                compacted[str(table.table)] = (
                    len(found),
                    len(found) - len(small) + max(1, joined // SIZES.wanted(joined)),
                )
        garbage = [
            path
            for table in self._tables()
            for path in store.garbage(table, older_than=self._now - self._stray_age, protected=self._under_way())
        ]
        forgotten = sum(len({s.snapshot_id for s in store.snapshots(t)} - self._needed(t)) for t in self._tables())
        expired = tuple(sorted(r.sequence for r in releases if r.id in expire))
        size = sum(_size(path) for path in garbage)
        return Upkeep(self._name, expired, compacted, forgotten, len(garbage), size, None)


def small_files(found: Sequence[DataFile]) -> tuple[DataFile, ...]:
    """Return the files worth joining: the small ones, if there are more than a few of them."""
    limit = SIZES.wanted(sum(f.bytes for f in found)) // 2
    small = tuple(f for f in found if f.bytes < limit)
    return small if len(small) > FEW_FILES else ()


def _is_readable(release: Release, since: datetime) -> bool:
    return release.expired_at is None or release.expired_at > since


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
