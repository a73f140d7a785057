"""The event log: CloudEvents 1.0 attributes in a chain of SHA-256 hashes.

The hash of an entry is the SHA-256 of the canonical JSON (sorted keys, no white space, UTF-8) of ``{"sequence", "id",
"type", "source", "subject", "time", "data", "previous"}``, where ``time`` is UTC with six digits of microseconds and
``Z``, and ``previous`` is the hash of the entry before (64 zeros for the first). Events hold hashes of bulky or
personal payloads, never the payloads, so that erasing a payload leaves the chain whole.

What the chain proves: no entry was changed, removed from the middle, moved or inserted without every later hash being
computed anew. What it cannot prove by itself: that entries are missing at the *end*, or that somebody with write access
did not compute the whole rest anew. For that, keep a head elsewhere and hand it to :func:`verify_events`.

Source: CloudEvents 1.0, https://github.com/cloudevents/spec
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from hanse.base import Problem, canonical_json, digest, new_id
from hanse.registry.codes import EVENTS_BROKEN
from hanse.registry.schema import event, moment_text

if TYPE_CHECKING:
    from hanse.registry.reader import Reader

GENESIS = "0" * 64
"""What stands for the hash of the entry before the first."""

_PAGE = 1_000
_REACH = 10_000  # how far from its place a moved entry is looked for


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of the log: keep ``hash`` elsewhere, and a shortened log can be told."""

    sequence: int
    hash: str


class Break(StrEnum):
    """How a link of the chain is broken."""

    CHANGED = "changed"  # the content is not what was hashed
    GAP = "gap"  # entries before this one are missing
    REORDERED = "reordered"  # the entry was written at another position
    UNLINKED = "unlinked"  # it is whole, but follows an entry with another hash
    HEAD_MISSING = "head_missing"  # the head kept elsewhere is not in the log: its end was cut off or written anew


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first broken link.

    Attributes:
        sequence: entry at which it shows; one after the last entry for a missing head.
        kind: how it is broken.
        detail: in words.
    """

    sequence: int
    kind: Break
    detail: str


@dataclass(frozen=True, slots=True)
class EventsVerdict:
    """What a walk along the chain found.

    Attributes:
        count: entries in the log.
        head: hash stored with the newest entry; 64 zeros for an empty log. Keep it elsewhere.
        head_sequence: its sequence number; 0 for an empty log.
        broken: first broken link, or None.
        expected_head: the head kept elsewhere that was asked for.
        expected_at: sequence number at which it stands.
    """

    count: int
    head: str
    head_sequence: int
    broken: BrokenLink | None = None
    expected_head: str | None = None
    expected_at: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the chain holds."""
        return self.broken is None

    @property
    def problem(self) -> Problem | None:
        """The finding for a door to show, or None."""
        if self.broken is None:
            return None
        return Problem(
            EVENTS_BROKEN,
            f"the event log is broken at entry {self.broken.sequence}: {self.broken.detail}",
            fix="compare with a backup, and find out who could write the registry",
        )

    def as_document(self) -> dict[str, Any]:
        """Return the verdict as JSON."""
        broken = self.broken
        return {
            "ok": self.ok,
            "count": self.count,
            "head": self.head,
            "head_sequence": self.head_sequence,
            "expected_head": self.expected_head,
            "expected_at": self.expected_at,
            "broken": {"sequence": broken.sequence, "kind": broken.kind.value, "detail": broken.detail}
            if broken
            else None,
        }


def event_hash(entry: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an entry's attributes without ``hash``; ``time`` as stored text, ``data`` decoded."""
    return digest(entry)


def head(connection: Connection) -> Head:
    """Return the newest entry."""
    row = connection.execute(
        select(event.c.sequence, event.c.hash).order_by(event.c.sequence.desc()).limit(1)
    ).one_or_none()
    return Head(row.sequence, row.hash) if row else Head(0, GENESIS)


def append(
    connection: Connection,
    last: Head,
    *,
    type_: str,
    source: str,
    subject: str,
    time: datetime,
    data: Mapping[str, Any],
) -> Head:
    """Append an entry after ``last``, which the caller's transaction has read, and return the new head."""
    encoded = canonical_json(data)
    entry: dict[str, Any] = {
        "sequence": last.sequence + 1,
        "id": new_id(),
        "type": type_,
        "source": source,
        "subject": subject,
        "time": moment_text(time),
        "data": json.loads(encoded),  # as it will be read back: keys are text, tuples are lists
        "previous": last.hash,
    }
    new = Head(last.sequence + 1, event_hash(entry))
    connection.execute(insert(event).values(entry | {"data": encoded, "hash": new.hash}))
    return new


def verify_events(reader: Reader, *, expected_head: str | None = None) -> EventsVerdict:
    """Walk the chain from its first entry to its last, in one state of the registry.

    Args:
        reader: where to read.
        expected_head: a head that was kept elsewhere earlier; it must still be in the log.

    Returns:
        The verdict, with the first broken link. A log whose end was cut off is whole in itself: only ``expected_head``
        can tell. The same holds for a log written anew from some entry on.
    """
    count = 0
    last = Head(0, GENESIS)
    broken: BrokenLink | None = None
    expected_at = 0 if expected_head == GENESIS else None
    with reader.raw_events(page=_PAGE) as entries:
        for stored in entries:
            count += 1
            entry = dict(stored)
            hashed = entry.pop("hash")
            if broken is None:
                broken = _broken_link(entry, hashed, last)
            if broken is None and hashed == expected_head:
                expected_at = entry["sequence"]
            last = Head(entry["sequence"], hashed)
    if broken is None and expected_head is not None and expected_at is None:
        broken = BrokenLink(
            last.sequence + 1,
            Break.HEAD_MISSING,
            "the head kept elsewhere is not in the log: its end was cut off or written anew",
        )
    return EventsVerdict(count, last.hash, last.sequence, broken, expected_head, expected_at)


def _broken_link(entry: dict[str, Any], hashed: Any, last: Head) -> BrokenLink | None:
    """Compare one stored entry with its own hash and with the entry before."""
    sequence = entry["sequence"]
    written_at = _written_at(entry, hashed)
    if written_at is None:
        return BrokenLink(sequence, Break.CHANGED, "its content was changed after it was written")
    if written_at != sequence:
        return BrokenLink(sequence, Break.REORDERED, f"this entry was written as number {written_at}")
    if sequence != last.sequence + 1:
        missing = f"{last.sequence + 1}" if sequence == last.sequence + 2 else f"{last.sequence + 1} to {sequence - 1}"
        return BrokenLink(sequence, Break.GAP, f"missing before it: {missing}")
    if entry["previous"] != last.hash:
        return BrokenLink(
            sequence, Break.UNLINKED, f"it follows an entry with another hash than entry {last.sequence} has now"
        )
    return None


def _written_at(entry: Mapping[str, Any], hashed: Any) -> int | None:
    """Return the position for which an entry's hash is right: its own, another one if it was moved, None if changed."""
    sequence = entry["sequence"]
    try:
        read = {**entry, "data": json.loads(entry["data"])}
        if event_hash(read) == hashed:
            return int(sequence)
        around = range(max(1, sequence - _REACH), sequence + _REACH)
        return next((number for number in around if event_hash(read | {"sequence": number}) == hashed), None)
    except (TypeError, ValueError, RecursionError):
        return None  # what is stored is not even readable
