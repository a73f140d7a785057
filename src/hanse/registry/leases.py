"""Who may write for a run: one lease per product, and a fence that grows with every take-over.

A lease is live until its end by the registry's clock, which may be set (:func:`refuse_live`). A fence is checked in the
transaction of the write itself, so a process that slept through its lease can never write over what its successor has
recorded. An ended lease alone takes nothing away: as long as nobody took over, its holder may go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from hanse.base import Conflict, ProductName, RegistryError
from hanse.registry.codes import PRODUCT_BUSY, RUN_LOST, UNKNOWN_RUN
from hanse.registry.records import RunStatus
from hanse.registry.rows import AnyRow, owner_of, owner_values
from hanse.registry.schema import lease, moment_text, run

LONGEST = timedelta(minutes=10)
"""No lease is given for longer than this; whoever works longer prolongs it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a product's run."""

    run_id: str
    owner: str | None
    ends_at: datetime


def find(connection: Connection, product: ProductName) -> Lease | None:
    """Return a product's lease, live or not."""
    where = (lease.c.domain == product.domain) & (lease.c.product == product.product)
    row = connection.execute(select(lease.c.run_id, lease.c.owner, lease.c.ends_at).where(where)).one_or_none()
    return Lease(row.run_id, row.owner, row.ends_at) if row else None


def refuse_live(product: ProductName, held: Lease | None, now: datetime) -> None:
    """Raise when a lease is live.

    One that ends later than any lease is given for was given by a clock that was ahead and has been set back since:
    nobody can say when it ends, and nobody shall wait for days. It counts as ended; if its holder lives, the next beat
    gives it a right end, and until then the fence keeps two holders apart.

    Raises:
        Conflict: HNS-G010.
    """
    if held is None or held.ends_at <= now or held.ends_at > now + LONGEST:
        return
    by = f" by {held.owner}" if held.owner else ""
    raise Conflict(
        PRODUCT_BUSY,
        f"{product} is being run{by}: run {held.run_id}",
        why=f"its lease is live until {moment_text(held.ends_at)}",
        fix="wait for it; if its process died, the lease ends by itself",
        subject=str(product),
    )


def give(connection: Connection, product: ProductName, given: Lease) -> None:
    """Write a lease in place of the product's earlier one."""
    take_back(connection, product)
    values = {"run_id": given.run_id, "owner": given.owner, "ends_at": given.ends_at}
    connection.execute(insert(lease).values(owner_values(product) | values))


def take_back(connection: Connection, product: ProductName) -> None:
    """Remove the product's lease."""
    connection.execute(delete(lease).where(lease.c.domain == product.domain, lease.c.product == product.product))


def set_end(connection: Connection, product: ProductName, run_id: str, ends_at: datetime) -> None:
    """Move the end of a run's lease; a lease of another run stays as it is."""
    connection.execute(
        update(lease)
        .where(lease.c.domain == product.domain, lease.c.product == product.product, lease.c.run_id == run_id)
        .values(ends_at=ends_at)
    )


def find_run(connection: Connection, run_id: str) -> AnyRow:
    """Return a run's row.

    Raises:
        RegistryError: HNS-G012: no such run.
    """
    row = connection.execute(select(run).where(run.c.id == run_id)).one_or_none()
    if row is None:
        raise RegistryError(UNKNOWN_RUN, f"the registry knows no run `{run_id}`", fix="list them with `hanse runs`")
    return row


def check_fence(connection: Connection, run_id: str, fence: int) -> ProductName:
    """Return the product of a run that is still its caller's to write for.

    Raises:
        Conflict: HNS-G011: the run was taken over, ended, or lost its product to another run.
        RegistryError: HNS-G012: no such run.
    """
    row = find_run(connection, run_id)
    product = owner_of(row)
    held = find(connection, product)
    reason = None
    if row.status != RunStatus.RUNNING:
        reason = f"it has ended: {row.status}"
    elif row.fence != fence:
        reason = f"its fence is {row.fence}, the one handed in is {fence}"
    elif held is None or held.run_id != run_id:
        reason = "another run of the product holds the lease"
    if reason:
        raise Conflict(
            RUN_LOST,
            f"run {run_id} of {product} is no longer this process's",
            why=reason,
            fix="nothing is to be done: nothing was changed, and what the other process records stands",
            subject=str(product),
        )
    return product
