"""Writing the registry: one writer is one transaction; every change of state appends its event in the same one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from hanse.base import Clock, Conflict, ProductName, digest, new_id
from hanse.base.versions import Version
from hanse.registry import events, history, leases, rows, schema
from hanse.registry.codes import RUN_ENDED
from hanse.registry.failures import recording
from hanse.registry.records import (
    AppliedDomain,
    AppliedProduct,
    CheckResult,
    FailedRow,
    Release,
    Run,
    RunStatus,
    Step,
)

_ENDINGS = {
    RunStatus.UNCHANGED: "hanse.run.finished",
    RunStatus.BLOCKED: "hanse.run.blocked",
    RunStatus.FAILED: "hanse.run.failed",
    RunStatus.ABANDONED: "hanse.run.failed",
}


class Writer:
    """Write side of the registry, inside one transaction. ``with registry.write() as writer:`` commits at its end.

    A writer belongs to one thread and is of no use after its block. Besides what is said below, every method raises
    :class:`~hanse.base.RegistryError`: HNS-G014 when the record contradicts the registry, HNS-G015 when a value cannot
    be recorded, HNS-G006 to HNS-G008 and HNS-G016 when the database fails.
    """

    def __init__(self, connection: Connection, *, mesh_name: str, clock: Clock, place: str) -> None:
        self._connection: Connection | None = connection
        self._source = f"hanse://{mesh_name}"
        self._clock = clock
        self._place = place
        self._head: events.Head | None = None

    def put_domain(self, domain: AppliedDomain) -> None:
        """Record a domain as applied; the same digest again changes nothing and appends no event."""
        table = schema.domain
        with self._statements() as connection:
            before = connection.execute(select(table.c.digest).where(table.c.name == domain.name)).scalar()
            if before == domain.digest:
                return
            connection.execute(delete(table).where(table.c.name == domain.name))
            connection.execute(insert(table).values(rows.domain_values(domain)))
            self._append("hanse.domain.applied", domain.name, {"digest": domain.digest, "previous_digest": before})

    def put_product(self, product: AppliedProduct) -> None:
        """Record a product as applied, whole: ports, contracts and tables replace the earlier ones.

        The same digest again changes nothing and appends no event.

        Raises:
            ValueError: a table of another product is among its tables.
        """
        if any(table.name.owner != product.name for table in product.tables):
            raise ValueError(f"{product.name} was handed in with tables of another product")
        table = schema.product
        mine = (table.c.domain == product.name.domain, table.c.name == product.name.product)
        with self._statements() as connection:
            before = connection.execute(select(table.c.digest).where(*mine)).scalar()
            if before == product.digest:
                return
            if before is not None:
                connection.execute(delete(table).where(*mine))  # ports, contracts and tables go with it
            _insert_product(connection, product)
            self._append("hanse.product.applied", str(product.name), _product_payload(product, before))

    def begin_run(self, run: Run, *, lease_seconds: float) -> None:
        """Record a new run and take the product's lease.

        An earlier run whose lease has ended without anybody taking it over ends as abandoned.

        Raises:
            Conflict: HNS-G010: another run of the product holds a live lease (the message names it).
            ValueError: the run is not running.
        """
        if run.status is not RunStatus.RUNNING:
            raise ValueError(f"a run begins as running, not as {run.status}")
        now = self._clock.now()
        with self._statements() as connection:
            held = leases.find(connection, run.product)
            leases.refuse_live(run.product, held, now)
            if held is not None:
                self._end(connection, run.product, held.run_id, RunStatus.ABANDONED, now)
                self._append_ending(run.product, held.run_id, RunStatus.ABANDONED, None)
            connection.execute(insert(schema.run).values(rows.run_values(run)))
            leases.give(connection, run.product, leases.Lease(run.id, run.owner, _after(now, lease_seconds)))
            payload = {"run_id": run.id, "key": run.key, "trigger": run.trigger, "inputs_sha256": digest(run.inputs)}
            self._append("hanse.run.started", str(run.product), payload)

    def take_over(self, run_id: str, *, owner: str, lease_seconds: float) -> Run:
        """Become the owner of a run whose lease ended or whose owner is known to be dead; the fence grows by one.

        Raises:
            Conflict: HNS-G010: its lease is live. HNS-G013: it has ended.
            RegistryError: HNS-G012: no such run.
        """
        now = self._clock.now()
        with self._statements() as connection:
            run = rows.run_of(leases.find_run(connection, run_id))
            if run.status is not RunStatus.RUNNING:
                raise Conflict(
                    RUN_ENDED,
                    f"run {run_id} of {run.product} has ended: {run.status}",
                    fix="start a new run",
                    subject=str(run.product),
                )
            leases.refuse_live(run.product, leases.find(connection, run.product), now)
            taken = replace(run, owner=owner, fence=run.fence + 1)
            mine = schema.run.c.id == run_id
            connection.execute(update(schema.run).where(mine).values(owner=owner, fence=taken.fence))
            leases.give(connection, run.product, leases.Lease(run_id, owner, _after(now, lease_seconds)))
            self._append("hanse.run.taken_over", str(run.product), {"run_id": run_id, "fence": taken.fence})
            return taken

    def end_lease(self, product: ProductName, run_id: str, *, owner: str | None = None) -> None:
        """Mark a dead owner's lease as ended now (the caller knows that the process is gone).

        Args:
            product: the product.
            run_id: the dead owner's run.
            owner: who is dead; the lease stays as it is if somebody else has taken it over meanwhile. None: whoever.
        """
        with self._statements() as connection:
            held = leases.find(connection, product)
            if held is not None and owner in (None, held.owner):
                leases.set_end(connection, product, run_id, self._clock.now())

    def beat(self, run_id: str, fence: int, *, lease_seconds: float) -> None:
        """Prolong the lease.

        Raises:
            Conflict: HNS-G011: the run was taken over.
        """
        with self._statements() as connection:
            product = leases.check_fence(connection, run_id, fence)
            leases.set_end(connection, product, run_id, _after(self._clock.now(), lease_seconds))

    def record_step(self, step: Step, fence: int) -> None:
        """Record a step, replacing an earlier record of the same name.

        Raises:
            Conflict: HNS-G011: the run was taken over.
        """
        self.record_steps([step], fence)

    def record_steps(self, steps: Sequence[Step], fence: int) -> None:
        """Record several steps at once; as :meth:`record_step`."""
        table = schema.step
        newest = {(step.run_id, step.name): step for step in steps}
        with self._statements() as connection:
            for run_id in sorted({step.run_id for step in steps}):
                leases.check_fence(connection, run_id, fence)
                known = set(connection.execute(select(table.c.name).where(table.c.run_id == run_id)).scalars())
                for name in sorted(known & {name for of, name in newest if of == run_id}):
                    connection.execute(delete(table).where(table.c.run_id == run_id, table.c.name == name))
            if newest:
                connection.execute(insert(table), [rows.step_values(step) for step in newest.values()])

    def record_checks(
        self,
        results: Sequence[CheckResult],
        failed_rows: Sequence[FailedRow],
        fence: int,
        *,
        run_id: str | None = None,
    ) -> None:
        """Record verdicts and the bounded sample of failing rows of one run, replacing earlier ones of that run.

        Args:
            results: verdicts, all of one run.
            failed_rows: failing rows of the same run.
            fence: the caller's fence.
            run_id: the run; needed only to replace earlier records by none at all.

        Raises:
            Conflict: HNS-G011: the run was taken over.
            ValueError: the records are of several runs, or of none and ``run_id`` is not given.
        """
        runs = {result.run_id for result in results} | {row.run_id for row in failed_rows}
        if run_id is not None:
            runs.add(run_id)
        if not runs:
            return
        if len(runs) > 1:
            raise ValueError("check results of several runs were handed in at once")
        one = runs.pop()
        with self._statements() as connection:
            leases.check_fence(connection, one, fence)
            for table in (schema.check_result, schema.failed_row):
                connection.execute(delete(table).where(table.c.run_id == one))
            if results:
                connection.execute(insert(schema.check_result), [rows.check_values(result) for result in results])
            if failed_rows:
                connection.execute(insert(schema.failed_row), [rows.failed_row_values(row) for row in failed_rows])

    def release(self, release: Release, fence: int) -> Release:
        """Make a release visible, end its run as succeeded, give the lease back, append the event.

        ``sequence`` is given here (the value handed in is ignored). ``run_id`` None (metadata) needs no fence.

        Raises:
            Conflict: HNS-G011: the run was taken over: nothing changes.
            ValueError: a table of another product is among its tables.
        """
        if any(table.table.owner != release.product for table in release.tables):
            raise ValueError(f"the release of {release.product} was handed in with tables of another product")
        now = self._clock.now()
        with self._statements() as connection:
            if release.run_id is not None:
                leases.check_fence(connection, release.run_id, fence)
            made = self._insert_release(connection, release)
            self._append("hanse.release.created", str(made.product), _release_payload(made))
            if made.run_id is not None:
                self._end(connection, made.product, made.run_id, RunStatus.SUCCEEDED, now, release_id=made.id)
                payload = {"run_id": made.run_id, "status": "succeeded", "release_id": made.id}
                self._append("hanse.run.finished", str(made.product), payload)
            return made

    def end_run(self, run_id: str, fence: int, status: RunStatus, *, error: Mapping[str, Any] | None = None) -> None:
        """End a run without a release, give the lease back, append the event.

        Raises:
            Conflict: HNS-G011: the run was taken over.
            ValueError: ``status`` is running (no end) or succeeded (only :meth:`release` ends a run so).
        """
        if status not in _ENDINGS:
            raise ValueError(f"a run does not end as {status} without a release")
        with self._statements() as connection:
            product = leases.check_fence(connection, run_id, fence)
            self._end(connection, product, run_id, status, self._clock.now(), error=error)
            self._append_ending(product, run_id, status, error)

    def rollback(self, product: ProductName, to: Version, *, following: str | None = None) -> Release:
        """Make an old release's tables visible again, as a new release of kind ``rollback``, and pause the product.

        The new release carries the old one's key, so that a run finds out by itself whether it is up to date.

        Args:
            product: the product.
            to: the release to go back to.
            following: id of the visible release as the caller saw it; None: whichever it is.

        Raises:
            RegistryError: HNS-G019: no such release. HNS-G020: it has expired. HNS-G021: it is visible already.
            Conflict: HNS-G010: the product is being run. HNS-G022: another release than ``following`` is visible.
        """
        now = self._clock.now()
        with self._statements() as connection:
            row = connection.execute(history.chosen(product, to)).one_or_none()
            old = history.require(product, rows.release_of(row, ()) if row else None, to)
            leases.refuse_live(product, leases.find(connection, product), now)
            seen = connection.execute(history.visible(product)).one_or_none()
            seen_release = rows.release_of(seen, ()) if seen else None
            visible = history.require_unchanged(product, seen_release, following, old)
            tables = history.tables_of(connection, old)
            made = replace(old, id=new_id(), run_id=None, kind="rollback", created_at=now, tables=tables)
            made = self._insert_release(connection, made)
            history.pause(connection, product, now, made.id)
            payload = _release_payload(made) | {
                "restored": {"release_id": old.id, "sequence": old.sequence},
                "superseded": {"release_id": visible.id, "sequence": visible.sequence},
                "paused": True,
            }
            self._append("hanse.release.rolled_back", str(product), payload)
            return made

    def resume(self, product: ProductName) -> bool:
        """End the pause that a rollback began, and say whether there was one; without one nothing changes."""
        with self._statements() as connection:
            resumed = history.resume(connection, product)
            if resumed:
                self._append("hanse.product.resumed", str(product), {})
            return resumed

    def expire_releases(self, product: ProductName, release_ids: Collection[str]) -> tuple[Release, ...]:
        """Mark releases as expired: from now on they can be neither read nor rolled back to.

        The visible release, those that a run under way reads, and those that have expired already are left as they
        are: between a decision and this call either may have become so.

        Returns:
            Those that expired now, without their tables, oldest first.
        """
        now = self._clock.now()
        with self._statements() as connection:
            found = history.expirable(connection, product, release_ids)
            history.expire(connection, found, now)
            if found:
                ids = {str(release.sequence): release.id for release in found}
                self._append("hanse.release.expired", str(product), {"releases": ids})
            return tuple(replace(release, expired_at=now) for release in found)

    def append_event(self, type_: str, subject: str, data: Mapping[str, Any], *, time: datetime | None = None) -> None:
        """Append an event to the chain.

        Events are never erased: hand in hashes of personal or bulky payloads, not the payloads.

        Args:
            type_: for example ``hanse.release.created``.
            subject: address of what it is about: a domain, or ``domain.product``.
            data: JSON.
            time: when it happened; None: now.
        """
        with self._statements():
            self._append(type_, subject, data, time)

    def retire(self) -> None:
        """Refuse all further use; called when the transaction ends."""
        self._connection = None

    @contextmanager
    def _statements(self) -> Iterator[Connection]:
        if self._connection is None:
            raise RuntimeError("this writer's transaction has ended: open another with `registry.write()`")
        with recording(self._place):
            yield self._connection

    def _append(self, type_: str, subject: str, data: Mapping[str, Any], time: datetime | None = None) -> None:
        assert self._connection is not None
        last = self._head or events.head(self._connection)
        self._head = events.append(
            self._connection,
            last,
            type_=type_,
            source=self._source,
            subject=subject,
            time=time or self._clock.now(),
            data=data,
        )

    @staticmethod
    def _insert_release(connection: Connection, release: Release) -> Release:
        made = replace(release, sequence=_supersede(connection, release) + 1)
        connection.execute(insert(schema.release).values(rows.release_values(made)))
        if made.tables:
            tables = [rows.released_values(made, table, place) for place, table in enumerate(made.tables)]
            connection.execute(insert(schema.release_table), tables)
        return made

    def _append_ending(
        self, product: ProductName, run_id: str, status: RunStatus, error: Mapping[str, Any] | None
    ) -> None:
        payload: dict[str, Any] = {"run_id": run_id, "status": status.value}
        if error is not None:  # its words may quote values of the data
            payload |= {"code": error.get("code"), "error_sha256": digest(error)}
        self._append(_ENDINGS[status], str(product), payload)

    def _end(
        self,
        connection: Connection,
        product: ProductName,
        run_id: str,
        status: RunStatus,
        now: datetime,
        *,
        error: Mapping[str, Any] | None = None,
        release_id: str | None = None,
    ) -> None:
        ending = {"status": status.value, "finished_at": now, "error": error, "release_id": release_id}
        connection.execute(update(schema.run).where(schema.run.c.id == run_id).values(ending))
        leases.take_back(connection, product)


def _after(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


def _insert_product(connection: Connection, product: AppliedProduct) -> None:
    connection.execute(insert(schema.product).values(rows.product_values(product)))
    ports = [rows.port_values(product.name, port, place) for place, port in enumerate(product.ports)]
    contracts = [rows.contract_values(product.name, p, p.contract) for p in product.ports if p.contract is not None]
    tables = [rows.table_values(table, place) for place, table in enumerate(product.tables)]
    for into, values in ((schema.port, ports), (schema.contract, contracts), (schema.data_table, tables)):
        if values:
            connection.execute(insert(into), values)


def _supersede(connection: Connection, release: Release) -> int:
    """Take the visible release out of sight and return the product's last sequence number, 0 before the first."""
    table = schema.release
    mine = (table.c.domain == release.product.domain, table.c.product == release.product.product)
    connection.execute(update(table).where(*mine, table.c.visible == 1).values(visible=None))
    return history.last_sequence(connection, release.product)


def _product_payload(product: AppliedProduct, before: str | None) -> dict[str, Any]:
    """Names, versions and hashes: descriptors hold people's names and may be long."""
    return {
        "digest": product.digest,
        "previous_digest": before,
        "version": product.version,
        "status": product.status,
        "descriptor_sha256": digest(product.text),
        "ports": [
            {
                "name": port.name,
                "direction": port.direction,
                "major": port.major,
                "contract_version": port.contract.version if port.contract else None,
                "contract_sha256": digest(port.contract.text) if port.contract else None,
            }
            for port in product.ports
        ],
        "tables": {table.name.local: table.schema_id for table in product.tables},
    }


def _release_payload(release: Release) -> dict[str, Any]:
    tables = [rows.released_values(release, table, place) for place, table in enumerate(release.tables)]
    return {
        "release_id": release.id,
        "sequence": release.sequence,
        "kind": release.kind,
        "run_id": release.run_id,
        "key": release.key,
        "version": release.version,
        "checks_passed": release.checks_passed,
        "warnings": release.warnings,
        "snapshots": {table.table.local: table.snapshot_id for table in release.tables},
        "tables_sha256": digest(tables),
    }
