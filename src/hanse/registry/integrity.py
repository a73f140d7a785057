"""Does the registry still hold what was written to it? The database by itself, and releases against the event log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hanse.base import Problem, ProductName
from hanse.registry.codes import CORRUPT
from hanse.registry.reader import Reader
from hanse.registry.records import Release

_MADE = ("hanse.release.created", "hanse.release.rolled_back")
_SAID = ("sequence", "kind", "run_id", "key", "version")
_FIX = "restore the control database from a backup"


def verify_registry(reader: Reader) -> Iterator[Problem]:
    """Yield what is wrong with the registry; nothing when all is well.

    Every release stands in the event log too, whose entries cannot be changed unnoticed (see
    :func:`hanse.registry.verify_events`): what tables point to, and which release readers see, is compared with it.

    Raises:
        RegistryError: it cannot be read.
    """
    for fault in reader.faults():
        yield Problem(CORRUPT, f"the control database is damaged: {fault}", fix=_FIX)
    made: dict[str, Mapping[str, Any]] = {}
    newest: dict[str, str] = {}
    for event in reader.events(type_prefix="hanse.release."):
        if event.type in _MADE:
            made[str(event.data.get("release_id"))] = event.data
            newest[event.subject] = str(event.data.get("release_id"))
    visible = {str(product): release.id for product, release in reader.visible().items()}
    for release in reader.releases():
        said = made.pop(release.id, None)
        if said is None:
            yield _broken(release.product, f"release {release.sequence} is not in the event log")
        elif not _agrees(release, said):
            yield _broken(release.product, f"release {release.sequence} is not what the event log says of it")
    for subject in sorted(newest.keys() | visible.keys()):
        if newest.get(subject) != visible.get(subject):
            yield _broken(subject, "readers see another release than the one that was made last")
    for said in made.values():
        yield _broken("a product", f"release {said.get('sequence')} ({said.get('release_id')}) is gone")


def _agrees(release: Release, said: Mapping[str, Any]) -> bool:
    snapshots = {t.table.local: t.snapshot_id for t in release.tables}
    return said.get("snapshots") == snapshots and all(said.get(name) == getattr(release, name) for name in _SAID)


def _broken(subject: ProductName | str, what: str) -> Problem:
    return Problem(CORRUPT, f"{subject}: {what}", fix=_FIX, subject=str(subject))
