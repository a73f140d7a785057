"""What became of a contract: every change, what it means for whom, and the version that it calls for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hanse.app.codes import NO_CONTRACT
from hanse.app.contract.reading import Found, read_contracts
from hanse.app.contract.revisions import at_revision
from hanse.base import HanseError, Location, Problem, Problems
from hanse.spec.change import Change, ChangeKind, given_bump, next_version, required_bump, suffices
from hanse.spec.contract import Contract
from hanse.spec.diff import UNPROMISED, diff_contracts

Document = dict[str, Any]
_ORDER = (ChangeKind.BREAKING, ChangeKind.ADDITIVE, ChangeKind.COSMETIC)
_WHOLE = frozenset({"table", "column"})
_OTHER = frozenset({"type", "id", "status", "order", "primary key", "rule"})


def diff_files(old: str, new: str) -> Document:
    """Compare two files, each a path or a file at a revision of git (``main:contracts/orders.odcs.yaml``).

    Returns:
        ``status`` (``same``, ``compatible``, ``breaking``) and ``contracts`` with one entry: see :func:`_compared`.

    Raises:
        HanseError: a file cannot be read, or is no contract.
    """
    return _document([_compared(_contract(old), _contract(new), old, new)])


def diff_since(revision: str, paths: Sequence[str]) -> Document:
    """Compare contracts in the working tree with what they were at a revision; one that is new has nothing to break.

    Raises:
        HanseError: a file cannot be read or is no contract, or there is no such revision.
    """
    documents = []
    for found in read_contracts(paths):
        new, shown = _usable(found), f"{revision}:{found.path}"
        before = at_revision(revision, found.path)
        if before is None:
            documents.append(_added(new))
        else:
            documents.append(_compared(_parsed(before, shown), new, shown, found.path))
    return _document(documents)


def _document(documents: Sequence[Document]) -> Document:
    statuses = [document["status"] for document in documents]
    worst = next((s for s in ("breaking", "compatible") if s in statuses), "same")
    return {"status": worst, "contracts": list(documents)}


def _contract(place: str) -> Contract:
    revision, colon, path = place.partition(":")
    if colon and not os.path.lexists(place):
        data = at_revision(revision, path)
        if data is None:
            fix = "correct the path: it counts from the working directory"
            raise HanseError(NO_CONTRACT, f"there is no `{path}` at `{revision}`", fix=fix)
        return _parsed(data, place)
    (found,) = read_contracts([place])[:1]
    return _usable(found)


def _usable(found: Found) -> Contract:
    if found.contract is None:
        raise Problems(found.errors)
    return found.contract


def _parsed(data: bytes, shown: str) -> Contract:
    from hanse.spec.odcs import read_contract  # YAML is loaded when needed only

    contract, problems = read_contract(data, shown)
    return _usable(Found(shown, contract, tuple(_at(p, shown) for p in problems)))


def _at(problem: Problem, shown: str) -> Problem:
    where = problem.where
    return replace(problem, where=Location(shown, where.line, where.column)) if where else problem


def _compared(old: Contract, new: Contract, old_shown: str, new_shown: str) -> Document:
    """Return one comparison.

    Returns:
        ``contract``, ``old`` and ``new`` (``path``, ``version``), ``status``; ``changes`` that break first; ``counts``
        of them by kind; ``promised``: whether readers could rely on the old one (its status was not a draft's);
        ``version``: ``needed`` and ``given`` (``major``, ``minor``, ``patch`` or None), ``enough``, ``suggested``.
    """
    found = sorted(diff_contracts(old, new), key=lambda change: _ORDER.index(change.kind))
    changes = [change for change in found if change.clause != "version"]
    needed, given = required_bump(changes), given_bump(old.version, new.version)
    enough = suffices(given, needed)
    promised = old.status not in UNPROMISED
    is_breaking = promised and needed == "major" and not enough
    return {
        "contract": new.id,
        "old": {"path": old_shown, "version": old.version},
        "new": {"path": new_shown, "version": new.version},
        "status": "breaking" if is_breaking else "compatible" if changes else "same",
        "promised": promised,
        "changes": [_change(change) for change in changes],
        "counts": {kind.value: sum(c.kind is kind for c in changes) for kind in _ORDER},
        "version": {
            "needed": needed,
            "given": given,
            "enough": enough,
            "suggested": next_version(old.version, needed) if needed else new.version,
        },
    }


def _added(new: Contract) -> Document:
    return {
        "contract": new.id,
        "old": None,
        "new": {"path": new.path, "version": new.version},
        "status": "compatible",
        "promised": False,
        "changes": [],
        "counts": {kind.value: 0 for kind in _ORDER},
        "version": {"needed": None, "given": None, "enough": True, "suggested": new.version},
    }


def _change(change: Change) -> Document:
    return {
        "kind": change.kind.value,
        "movement": _movement(change),
        "concerns": list(_concerned(change)),
        "subject": change.subject,
        "clause": change.clause,
        "what": change.what,
        "why": change.why,
        "before": change.before,
        "where": str(change.where) if change.where else None,
    }


def _movement(change: Change) -> str:
    """Return what happened in one word: a promise that is tightened is additive, one that is loosened breaks."""
    if change.before:
        return "renamed"
    if change.kind is ChangeKind.COSMETIC:
        return "reworded"
    is_breaking = change.kind is ChangeKind.BREAKING
    if change.clause in _WHOLE:
        return "removed" if is_breaking else "added"
    if change.clause in _OTHER:
        return "changed"
    return "loosened" if is_breaking else "tightened"


def _concerned(change: Change) -> Iterator[str]:
    """Yield who has to do something: readers whose code may fail, producers whose data may be kept back."""
    if change.kind is ChangeKind.BREAKING:
        yield "readers"
    if _movement(change) in ("tightened", "added", "renamed", "changed", "removed"):
        yield "producers"
