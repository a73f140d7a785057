"""Going back: an old release's tables made visible again, and the product paused until somebody resumes it."""

from __future__ import annotations

from hanse.base import Conflict, Problem, ProductName, Severity
from hanse.base.versions import Version, spell_moment
from hanse.pipelines.codes import PAUSED
from hanse.pipelines.lease import end_leases_of_the_dead
from hanse.registry import Pause, Reader, Registry, Release


def roll_back(registry: Registry, name: ProductName, to: Version, *, following: str | None = None) -> Release:
    """Make an old release's tables visible again, as a new release, and pause the product.

    Nothing is built or written but one row of the registry. The new release carries the key of the old one: a run that
    finds the same inputs and code has nothing to do, any other builds what differs, from the old tables on.

    Args:
        registry: the registry.
        name: the product.
        to: the release to go back to.
        following: id of the visible release as the caller saw it; None: whichever it is.

    Raises:
        RegistryError: HNS-G019 to HNS-G021: there is no such release, it has expired, or it is visible already.
        Conflict: HNS-G010: the product is being run. HNS-G022: it was released meanwhile.
    """
    # A run whose process died holds its lease for a while; it must not stand in the way of mending what it did.
    end_leases_of_the_dead(registry, name)
    with registry.write() as writer:
        return writer.rollback(name, to, following=following)


def pause_problem(pause: Pause, *, severity: Severity = Severity.ERROR) -> Problem:
    """Say that a product is paused, why, and how to go on."""
    return Problem(
        PAUSED,
        f"{pause.product} is paused since {spell_moment(pause.since)[:19].rstrip('Z')}Z, when it was rolled back",
        fix=f"mend what was wrong, then `hanse resume {pause.product}` and run again",
        severity=severity,
        subject=str(pause.product),
    )


def refuse_paused(reader: Reader, name: ProductName) -> None:
    """Raise when a product is paused.

    Raises:
        Conflict: HNS-L030.
    """
    pause = reader.pauses().get(name)
    if pause is not None:
        problem = pause_problem(pause)
        raise Conflict(problem.code, problem.what, fix=problem.fix, subject=problem.subject)
