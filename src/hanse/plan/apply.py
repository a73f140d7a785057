"""Do what a plan says. Every step may be repeated, so a plan killed between any two is finished by the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, assert_never

from hanse.base import Clock, Conflict, Problems, ProductName, TableName
from hanse.plan.codes import STALE_PLAN
from hanse.plan.explain import next_runs
from hanse.plan.steps import AlterTable, CreateTable, Plan, PutDomain, PutProduct, Step, label

if TYPE_CHECKING:
    from hanse.interfaces import TableStore
    from hanse.registry import Reader, Registry

# Told after each step: how many are done, and what the last one did.
OnStep = Callable[[int, str], None]


def apply(
    plan: Plan, *, registry: Registry, store: TableStore, clock: Clock, on_step: OnStep | None = None
) -> dict[str, Any]:
    """Do a plan's steps in order.

    Domains come first, then product by product its tables and, last, its record: as long as that is missing, the next
    plan lists the product again. Nothing that readers see changes: that takes a run and its release.

    Args:
        plan: from :func:`hanse.plan.build`.
        registry: where domains and products are recorded.
        store: where tables are created and altered.
        clock: tells when it was applied.
        on_step: told after every step how many are done, and what this one did, in one line.

    Returns:
        ``mesh``, ``applied`` (one line per step done), ``products`` and ``tables`` (addresses), ``run_next`` (products
        without released data), ``notes``.

    Raises:
        Problems: the plan was refused; nothing was done.
        Conflict: HNS-P003: something else was applied since the plan was made.
    """
    if plan.refusals:
        raise Problems(plan.refusals)
    reader = registry.reader()
    _check_fresh(plan, reader)
    schema_ids: dict[TableName, int] = {}
    done = []
    for number, step in enumerate(plan.steps, start=1):
        _do(step, registry, reader, store, clock, schema_ids)
        done.append(label(step))
        if on_step:
            on_step(number, done[-1])
    return {
        "mesh": plan.mesh,
        "applied": done,
        "products": [str(s.name) for s in plan.steps if isinstance(s, PutProduct)],
        "tables": [str(name) for name in schema_ids],
        "run_next": [str(name) for name in next_runs(plan)],
        "notes": [str(note) for note in plan.notes],
    }


def _do(
    step: Step, registry: Registry, reader: Reader, store: TableStore, clock: Clock, schema_ids: dict[TableName, int]
) -> None:
    match step:
        case PutDomain(domain=domain):
            with registry.write() as writer:
                writer.put_domain(domain)
        case CreateTable(table=table, columns=columns):
            # A table of that name may be left from an earlier plan that was killed, or from a contract of before.
            present = store.schema(table) is not None
            schema = store.alter(table, columns) if present else store.create(table, columns)
            schema_ids[table] = schema.schema_id
        case AlterTable(table=table, columns=columns, since=since):
            schema_ids[table] = store.alter(table, columns, since=since).schema_id
        case PutProduct(name=name):
            # Looked at again right before it counts: the whole plan may have taken long.
            now = reader.product(name)
            _check(name, now.digest if now else None, step)
            with registry.write() as writer:
                writer.put_product(step.applied(clock.now(), schema_ids))
        case _:
            assert_never(step)


def _check_fresh(plan: Plan, reader: Reader) -> None:
    """Refuse a plan that was made against another state. Its own steps, done by an earlier try, do not count."""
    products, domains = reader.digests(), reader.domains()
    for step in plan.steps:
        match step:
            case PutProduct(name=name):
                _check(name, products.get(name), step)
            case PutDomain(domain=domain, expected=expected):
                known = domains.get(domain.name)
                if (known.digest if known else None) not in (expected, domain.digest):
                    raise _stale(f"domain {domain.name}")
            case CreateTable() | AlterTable():
                pass
            case _:
                assert_never(step)


def _check(name: ProductName, applied: str | None, step: PutProduct) -> None:
    if applied not in (step.expected, step.digest):
        raise _stale(f"product {name}")


def _stale(subject: str) -> Conflict:
    return Conflict(
        STALE_PLAN,
        f"{subject} was applied with other content after this plan was made",
        why="what the plan says may no longer be true, so it was not carried on",
        fix="make a new plan and read it",
    )
