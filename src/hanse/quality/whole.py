"""Verdicts on a contract as a whole: service levels by the calendar and by the registry's records, and its context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hanse.base import TableName
from hanse.quality.checks import contract_checks
from hanse.quality.notation.spans import after, before, elapsed
from hanse.quality.plan import Method
from hanse.quality.records import Broken, Check, Promised, Settled, Span
from hanse.quality.verdict import Outcome, judge
from hanse.registry.records import CheckResult, CheckStatus
from hanse.spec.contract import Contract

Told = tuple[CheckStatus, str]
_PERIODS = 12  # so many of a frequency's own lengths are looked back on
_RUNS = timedelta(days=30)  # so long are runs looked back on
_UNRECORDED = {
    "timeToDetect": "when a fault arose is recorded nowhere; every delivery is checked before anybody reads it",
    "timeToNotify": "nobody is notified by Hanse yet",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has ended; aware moments."""

    started: datetime
    finished: datetime
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What the registry knows of a product's deliveries, oldest first; aware moments.

    Attributes:
        releases: when a run's release became visible.
        confirmed: when a run found that nothing was newer than the visible release.
        read: when the releases that the product reads became visible.
        runs: runs that have ended.
    """

    releases: tuple[datetime, ...] = ()
    confirmed: tuple[datetime, ...] = ()
    read: tuple[datetime, ...] = ()
    runs: tuple[Ended, ...] = ()


def verify_contract(
    contract: Contract, *, run_id: str, name: TableName, now: datetime, deliveries: Deliveries | None = None
) -> tuple[CheckResult, ...]:
    """Verify what a contract states about no single table.

    Args:
        contract: the contract.
        run_id: run that the results belong to.
        name: its product and major; the table's name is empty.
        now: when it is, aware.
        deliveries: what the registry knows; None: there is no mesh.

    Returns:
        One result per check of :func:`hanse.quality.contract_checks`, in its order.
    """
    checks = contract_checks(contract)
    return tuple(judge(check, _outcome(check, now, deliveries), 0, run_id, name) for check in checks)


def needs_records(contract: Contract) -> bool:
    """Say whether any verdict on a contract depends on what the registry knows."""
    return any(isinstance(c.measure, Promised) and c.measure.moment is None for c in contract_checks(contract))


def _outcome(check: Check, now: datetime, deliveries: Deliveries | None) -> Outcome:
    measure = check.measure
    if isinstance(measure, Broken):
        return Outcome(Method.NONE, error=f"{measure.code}: {measure.what}", fix=measure.fix)
    if isinstance(measure, Settled):
        return Outcome(Method.NONE)
    assert isinstance(measure, Promised)
    if measure.moment is not None:
        return Outcome(Method.CONTRACT, told=_calendar(measure.kind, measure.moment, now))
    return Outcome(Method.RECORDS, told=_recorded(measure, now, deliveries))


def _calendar(kind: str, moment: datetime, now: datetime) -> Told:
    day = moment.isoformat(sep=" ")
    if kind == "generalAvailability":
        reached = now >= moment
        return (CheckStatus.PASSED, f"since {day}") if reached else (CheckStatus.NOT_APPLICABLE, f"not before {day}")
    words = {"endOfSupport": "support", "endOfLife": "life"}[kind]
    if now < moment:
        return CheckStatus.PASSED, f"{words} ends {day}"
    return CheckStatus.FAILED, f"{words} ended {day}"


def _recorded(measure: Promised, now: datetime, known: Deliveries | None) -> Told:
    if measure.kind in _UNRECORDED:
        return CheckStatus.NOT_APPLICABLE, _UNRECORDED[measure.kind]
    if known is None:
        hint = "; name a column as its `element`" if measure.kind in _BY_COLUMN else ""
        return CheckStatus.NOT_APPLICABLE, f"only the releases and runs of a mesh tell{hint}"
    if measure.kind == "retention":
        return CheckStatus.NOT_APPLICABLE, "no column tells how old rows are; name one as its `element`"
    if measure.kind in ("errorRate", "timeToRepair"):
        return _of_runs(measure, now, known)
    if not known.releases:
        return CheckStatus.NOT_APPLICABLE, "there is no release yet"
    if measure.time is not None:
        return _by_time_of_day(measure.time, now, known.releases)
    if measure.kind == "availability":
        return _available(measure, now, known.releases[0])
    assert measure.span is not None
    if measure.kind == "frequency":
        return _frequency(measure.span, now, known.releases)
    if measure.kind == "latency" and known.read:
        return _within(measure.span, max(known.read), now, "the newest release that was read became visible")
    return _within(measure.span, max(known.releases + known.confirmed), now, "what readers had was last up to date")


_BY_COLUMN = ("latency", "freshness", "retention", "frequency")


def _within(span: Span, since: datetime, now: datetime, what: str) -> Told:
    words = f"{what} {elapsed(max((now - since).total_seconds(), 0))} ago"
    if since >= before(now, span):
        return CheckStatus.PASSED, words
    return CheckStatus.FAILED, f"{words}, more than {span.stated}"


def _frequency(span: Span, now: datetime, releases: Sequence[datetime]) -> Told:
    start = now
    for _ in range(_PERIODS):
        start = before(start, span)
    earlier = [moment for moment in releases if moment < start][-1:]
    moments = [*earlier, *(moment for moment in releases if moment >= start), now]
    late = [(one, other) for one, other in pairwise(moments) if after(one, span) < other]
    steps = f"{len(moments) - 1} intervals between releases"
    if not late:
        return CheckStatus.PASSED, f"none of the last {steps} is longer"
    one, other = max(late, key=lambda pair: pair[1] - pair[0])
    longest = elapsed((other - one).total_seconds())
    words = f"{len(late)} of the last {steps} are longer than {span.stated}"
    return CheckStatus.FAILED, f"{words}; the longest is {longest}"


def _available(measure: Promised, now: datetime, first: datetime) -> Told:
    # Visibility is never interrupted: a release is replaced, and only by another.
    since = elapsed(max((now - first).total_seconds(), 0))
    words = f"a release has been visible all the time since the first one, {since} ago"
    return CheckStatus.PASSED, f"{words} ({measure.share} percent are promised); what doors answer is not recorded"


def _by_time_of_day(time: str, now: datetime, releases: Sequence[datetime]) -> Told:
    offset = datetime.fromisoformat(f"2000-01-01T{time}")
    local = now.astimezone(offset.tzinfo)
    deadline = local.replace(hour=offset.hour, minute=offset.minute, second=0, microsecond=0)
    if deadline > local:
        deadline -= timedelta(days=1)
    if releases[0] > deadline.astimezone(UTC):
        return CheckStatus.NOT_APPLICABLE, f"the first release is younger than {deadline.isoformat(sep=' ')}"
    on_time = [m for m in releases if deadline - timedelta(days=1) < m <= deadline]
    if on_time:
        return CheckStatus.PASSED, f"released at {max(on_time).isoformat(sep=' ', timespec='seconds')}"
    return CheckStatus.FAILED, f"no release in the day before {deadline.isoformat(sep=' ')}"


def _of_runs(measure: Promised, now: datetime, known: Deliveries) -> Told:
    runs = [run for run in known.runs if run.finished >= now - _RUNS]
    if not runs:
        return CheckStatus.NOT_APPLICABLE, f"no run has ended in the last {_RUNS.days} days"
    if measure.kind == "errorRate":
        assert measure.share is not None
        failed = sum(not run.succeeded for run in runs)
        words = f"{failed} of {len(runs)} runs in {_RUNS.days} days did not publish"
        kept = 100 * failed <= measure.share * len(runs)
        return (CheckStatus.PASSED if kept else CheckStatus.FAILED), words
    assert measure.span is not None
    span = measure.span
    repairs = list(_repairs(runs, now))
    late = [(start, end) for start, end in repairs if after(start, span) < end]
    if not repairs:
        return CheckStatus.PASSED, f"every run of {_RUNS.days} days published or had nothing to do"
    longest = elapsed(max((end - start).total_seconds() for start, end in repairs))
    words = f"{len(repairs)} failures in {_RUNS.days} days; the longest took {longest} until a run succeeded"
    return (CheckStatus.FAILED if late else CheckStatus.PASSED), words


def _repairs(runs: Sequence[Ended], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when until when nothing succeeded; until now, if that is still so."""
    since: datetime | None = None
    for run in sorted(runs, key=lambda run: run.finished):
        if run.succeeded and since is not None:
            yield since, run.finished
            since = None
        elif not run.succeeded and since is None:
            since = run.finished
    if since is not None:
        yield since, now
