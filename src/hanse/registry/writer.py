"""Writing the registry: one writer is one transaction; every change of state appends its event in the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hanse.base import ProductName
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


class Writer:
    """Write side of the registry, inside one transaction. ``with registry.write() as writer:`` commits at its end."""

    def put_domain(self, domain: AppliedDomain) -> None:
        """Record a domain as applied; the same digest again changes nothing and appends no event."""
        raise NotImplementedError

    def put_product(self, product: AppliedProduct) -> None:
        """Record a product as applied, whole: ports, contracts and tables replace the earlier ones.

        The same digest again changes nothing and appends no event.
        """
        raise NotImplementedError

    def begin_run(self, run: Run, *, lease_seconds: float) -> None:
        """Record a new run and take the product's lease.

        Raises:
            Conflict: HNS-G010: another run of the product holds a live lease (the message names it).
        """
        raise NotImplementedError

    def take_over(self, run_id: str, *, owner: str, lease_seconds: float) -> Run:
        """Become the owner of a run whose lease ended or whose owner is known to be dead; the fence grows by one.

        Raises:
            Conflict: HNS-G010: its lease is live.
        """
        raise NotImplementedError

    def end_lease(self, product: ProductName, run_id: str) -> None:
        """Mark a dead owner's lease as ended now (the caller knows that the process is gone)."""
        raise NotImplementedError

    def beat(self, run_id: str, fence: int, *, lease_seconds: float) -> None:
        """Prolong the lease.

        Raises:
            Conflict: HNS-G011: the run was taken over.
        """
        raise NotImplementedError

    def record_step(self, step: Step, fence: int) -> None:
        """Record a step, replacing an earlier record of the same name.

        Raises:
            Conflict: HNS-G011: the run was taken over.
        """
        raise NotImplementedError

    def record_steps(self, steps: Sequence[Step], fence: int) -> None:
        """Record several steps at once; as :meth:`record_step`."""
        raise NotImplementedError

    def record_checks(self, results: Sequence[CheckResult], failed_rows: Sequence[FailedRow], fence: int) -> None:
        """Record verdicts and the bounded sample of failing rows of one run, replacing earlier ones of that run.

        Raises:
            Conflict: HNS-G011: the run was taken over.
        """
        raise NotImplementedError

    def release(self, release: Release, fence: int) -> Release:
        """Make a release visible, end its run as succeeded, give the lease back, append the event.

        ``sequence`` is given here (the value handed in is ignored). ``run_id`` None (metadata) needs no fence.

        Raises:
            Conflict: HNS-G011: the run was taken over: nothing changes.
        """
        raise NotImplementedError

    def end_run(self, run_id: str, fence: int, status: RunStatus, *, error: Mapping[str, Any] | None = None) -> None:
        """End a run without a release, give the lease back, append the event.

        Raises:
            Conflict: HNS-G011: the run was taken over.
        """
        raise NotImplementedError

    def append_event(self, type_: str, subject: str, data: Mapping[str, Any], *, time: datetime | None = None) -> None:
        """Append an event to the chain."""
        raise NotImplementedError
