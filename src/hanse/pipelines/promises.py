"""What the registry knows of a product's deliveries, held against the service levels of its contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hanse import quality
from hanse.base import TableName
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import Node
from hanse.registry import CheckResult, RunStatus

_MANY = 1_000  # releases and runs looked back on
_ENDED_WELL = (RunStatus.SUCCEEDED, RunStatus.UNCHANGED)
_ENDED_BADLY = (RunStatus.BLOCKED, RunStatus.FAILED, RunStatus.ABANDONED)


def contract_verdicts(work: Work, served: Sequence[Node]) -> Iterator[CheckResult]:
    """Yield the verdicts on the contracts of served tables that are about no single table.

    A service level is judged as readers had it up to now: the release that this run is about to write is none yet.
    """
    contracts = {(n.port.contract.path, n.port.major): n.port.contract for n in served if n.port and n.port.contract}
    known: quality.Deliveries | None = None
    now = work.around.clock.now()
    product = work.product.name
    for (_, major), contract in contracts.items():
        if known is None:
            known = deliveries(work) if quality.needs_records(contract) else None
        name = TableName(product.domain, product.product, "", major)
        records = known or quality.Deliveries()
        yield from quality.verify_contract(contract, run_id=work.run.id, name=name, now=now, deliveries=records)


def deliveries(work: Work) -> quality.Deliveries:
    """Return what the registry knows of a product's deliveries up to now, this run left out."""
    reader = work.around.registry.reader()
    product = work.product.name
    runs = [run for run in reader.runs(product, limit=_MANY) if run.finished_at is not None and run.id != work.run.id]
    releases = sorted(r.created_at for r in reader.releases(product, limit=_MANY) if r.kind == "run")
    return quality.Deliveries(
        releases=tuple(releases),
        confirmed=tuple(run.finished_at for run in runs if run.finished_at and run.status is RunStatus.UNCHANGED),
        read=tuple(release.created_at for release in work.situation.upstream.values()),
        runs=tuple(
            quality.Ended(run.started_at, run.finished_at, run.status in _ENDED_WELL)
            for run in reversed(runs)
            if run.finished_at and run.status in (*_ENDED_WELL, *_ENDED_BADLY)
        ),
    )
