"""Which releases are to expire: a decision, without side effects. Whoever maintains the mesh carries it out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from hanse.base import ProductName
from hanse.registry import Reader, Release
from hanse.spec import Workspace
from hanse.spec.retention import Retention


def expired_releases(
    workspace: Workspace, reader: Reader, now: datetime, products: Iterable[ProductName] | None = None
) -> Mapping[ProductName, tuple[Release, ...]]:
    """Return the releases that the policy keeps no longer, by product, the oldest first.

    Mark them with :meth:`hanse.registry.Writer.expire_releases`, which leaves out what has come to be needed meanwhile.

    Args:
        workspace: says how long releases are kept.
        reader: knows the releases.
        now: the present.
        products: look at these only; None: at all that have releases, also if their files are gone.
    """
    names = None if products is None else list(products)
    found = reader.releases() if names is None else [r for name in names for r in reader.releases(name)]
    history: dict[ProductName, list[Release]] = {}
    for release in found:
        history.setdefault(release.product, []).append(release)
    in_use = reader.read_by_runs()
    surplus = {name: surplus_of(history[name], workspace.retention(name), now, in_use) for name in sorted(history)}
    return {name: releases for name, releases in surplus.items() if releases}


def surplus_of(
    releases: Sequence[Release], retention: Retention, now: datetime, in_use: Collection[str] = ()
) -> tuple[Release, ...]:
    """Return the releases of one product that need not be kept, the oldest first.

    A release is kept while it is visible, among the newest so many, was visible within so many days, or is read by a
    run. With neither number given, all are kept.

    Args:
        releases: all releases of the product, newest first.
        retention: how long they are kept.
        now: the present.
        in_use: ids of releases that runs read.
    """
    if retention.keeps_all:
        return ()
    since = now - timedelta(days=retention.days) if retention.days is not None else now
    surplus = []
    until: datetime | None = None  # when the release stopped being what a time means; None: it has not
    for rank, release in enumerate(releases):
        kept = until is None or rank < (retention.releases or 0) or until > since
        if not kept and release.expired_at is None and release.id not in in_use:
            surplus.append(release)
        # The clock may have been set back between two releases; then the later one answers for both times.
        until = release.created_at if until is None else min(until, release.created_at)
    return tuple(reversed(surplus))
