"""Changes of a promise, and the version that they call for (https://semver.org)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from hanse.base import Location

Bump = Literal["major", "minor", "patch"]
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_ORDER: tuple[Bump, ...] = ("patch", "minor", "major")


class ChangeKind(StrEnum):
    """What a change means to somebody who reads the data today."""

    BREAKING = "breaking"  # code or conclusions that hold today may fail tomorrow
    ADDITIVE = "additive"  # whatever holds today still holds; there is more to know or to rely on
    COSMETIC = "cosmetic"  # words and order


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two states of a contract, told to a consumer.

    Attributes:
        kind: what it means to a reader.
        clause: the clause concerned: ``type``, ``required``, ``enum``, ``rule``, ``status`` …
        what: what is different, in one short sentence.
        why: why that is breaking, additive or cosmetic.
        table: table concerned, None for the contract as a whole.
        column: column concerned, members of nested columns with dots, None for the table as a whole.
        where: place in the new file, or the new file as a whole when the thing is gone.
        before: name that the column had before, if it was renamed.
    """

    kind: ChangeKind
    clause: str
    what: str
    why: str
    table: str | None = None
    column: str | None = None
    where: Location | None = None
    before: str | None = None

    @property
    def subject(self) -> str:
        """``table.column``, ``table`` or ``contract``."""
        if self.table is None:
            return "contract"
        return f"{self.table}.{self.column}" if self.column is not None else self.table

    @property
    def breaking(self) -> bool:
        """Whether readers may be hurt."""
        return self.kind is ChangeKind.BREAKING


def required_bump(changes: Iterable[Change]) -> Bump | None:
    """Return the part of the version that must grow, or None when nothing a version stands for has changed.

    A new version number alone asks for no further one.
    """
    kinds = {c.kind for c in changes if c.clause != "version"}
    if ChangeKind.BREAKING in kinds:
        return "major"
    if ChangeKind.ADDITIVE in kinds:
        return "minor"
    return "patch" if kinds else None


def given_bump(old: str, new: str) -> Bump | None:
    """Return which part of a version grew from ``old`` to ``new``; None when it did not grow, or cannot be read."""
    before, after = _parts(old), _parts(new)
    if before is None or after is None or after <= before:
        return None
    position = next(i for i in range(3) if before[i] != after[i])
    return _ORDER[2 - position]


def suffices(given: Bump | None, needed: Bump | None) -> bool:
    """Say whether a bump is at least as large as the one needed."""
    if needed is None:
        return True
    return given is not None and _ORDER.index(given) >= _ORDER.index(needed)


def next_version(version: str, bump: Bump) -> str:
    """Return the version after this one; ``1.0.0`` when it cannot be read.

    Args:
        version: a semantic version, shorter forms and a leading ``v`` are understood.
        bump: the part that grows; the parts after it become 0.
    """
    parts = _parts(version)
    if parts is None:
        return "1.0.0"
    keep = 2 - _ORDER.index(bump)
    grown = [*parts[:keep], parts[keep] + 1, *[0] * (2 - keep)]
    return ".".join(str(p) for p in grown)


def _parts(version: str) -> tuple[int, int, int] | None:
    match = _VERSION.match(version.strip())
    if match is None:
        return None
    major, minor, patch = (int(p or 0) for p in match.groups())
    return major, minor, patch
