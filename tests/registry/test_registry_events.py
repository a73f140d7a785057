"""Tampering with the log, in every way that somebody with the file can think of."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hanse.registry import Break, EventsVerdict, Registry, verify_events
from hanse.registry.events import GENESIS, event_hash

Tamper = Callable[[sqlite3.Connection], None]


@pytest.fixture
def head(registry: Registry) -> str:
    with registry.write() as writer:
        for number in range(1, 11):
            writer.append_event("hanse.test", "sales.orders", {"n": number})
    return registry.reader().events()[-1].hash


def _tamper(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def _swap(one: int, other: int) -> tuple[str, ...]:
    return (
        f"UPDATE event SET sequence = -1 WHERE sequence = {one}",
        f"UPDATE event SET sequence = {one} WHERE sequence = {other}",
        f"UPDATE event SET sequence = {other} WHERE sequence = -1",
    )


def _rehash(path: Path, sequence: int, **changes: Any) -> None:
    """Forge an entry and give it the hash that belongs to what it says now."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    with connection:
        row = dict(connection.execute("SELECT * FROM event WHERE sequence = ?", [sequence]).fetchone())
        entry = row | {"data": json.loads(row["data"])} | changes
        del entry["hash"]
        connection.execute(
            "UPDATE event SET data = ?, previous = ?, hash = ? WHERE sequence = ?",
            [json.dumps(entry["data"]), entry["previous"], event_hash(entry), sequence],
        )
    connection.close()


def _broken(verdict: EventsVerdict) -> tuple[int, Break]:
    assert not verdict.ok
    assert verdict.broken is not None
    problem = verdict.problem
    assert problem is not None
    assert problem.code.id == "HNS-G017"
    assert verdict.as_document()["broken"]["sequence"] == verdict.broken.sequence
    return verdict.broken.sequence, verdict.broken.kind


def test_an_untouched_log_is_whole_and_names_its_head(registry: Registry, head: str) -> None:
    verdict = verify_events(registry.reader())
    assert verdict == EventsVerdict(10, head, 10)
    assert verdict.ok
    assert verdict.problem is None
    assert verdict.as_document()["head"] == head


def test_an_empty_log_is_whole(registry: Registry) -> None:
    assert verify_events(registry.reader()) == EventsVerdict(0, GENESIS, 0)
    assert verify_events(registry.reader(), expected_head=GENESIS).ok


def test_the_chain_is_what_the_documentation_says(registry: Registry, head: str) -> None:
    """Anybody can compute it: nothing but JSON and SHA-256 is needed."""
    import hashlib

    previous = "0" * 64
    for event in registry.reader().events():
        entry = {
            "sequence": event.sequence,
            "id": event.id,
            "type": event.type,
            "source": event.source,
            "subject": event.subject,
            "time": event.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "data": event.data,
            "previous": previous,
        }
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert event.previous == previous
        assert event.hash == hashlib.sha256(text.encode()).hexdigest()
        previous = event.hash
    assert previous == head


@pytest.mark.parametrize(
    "change",
    [
        """data = '{"n":40}'""",
        "data = 'no JSON'",
        "data = '[[[['",
        "data = '{\"n\":NaN}'",
        "data = x'00ff'",
        "data = 7",
        "type = 'hanse.other'",
        "source = 'hanse://other'",
        "subject = 'sales.returns'",
        "time = '2026-03-01T12:00:00.123457Z'",
        "time = 'yesterday'",
        "id = 'x'",
        "previous = 'x'",
        "hash = 'x'",
    ],
)
def test_a_changed_entry_is_found_where_it_is(registry: Registry, path: Path, head: str, change: str) -> None:
    _tamper(path, f"UPDATE event SET {change} WHERE sequence = 4")
    verdict = verify_events(registry.reader(), expected_head=head)
    assert _broken(verdict) == (4, Break.CHANGED)
    assert verdict.count == 10


def test_a_deep_document_does_not_break_the_verifier(registry: Registry, path: Path, head: str) -> None:
    _tamper(path, f"UPDATE event SET data = '{'[' * 100_000}{']' * 100_000}' WHERE sequence = 2")
    assert _broken(verify_events(registry.reader())) == (2, Break.CHANGED)


@pytest.mark.parametrize(("first", "last", "missing"), [(1, 1, "1"), (4, 4, "4"), (4, 6, "4 to 6")])
def test_missing_entries_are_a_gap(
    registry: Registry, path: Path, head: str, first: int, last: int, missing: str
) -> None:
    _tamper(path, f"DELETE FROM event WHERE sequence BETWEEN {first} AND {last}")
    verdict = verify_events(registry.reader())
    assert _broken(verdict) == (last + 1, Break.GAP)
    assert verdict.broken is not None
    assert verdict.broken.detail.endswith(f": {missing}")


def test_a_removed_entry_with_the_rest_moved_up_is_found(registry: Registry, path: Path, head: str) -> None:
    _tamper(
        path,
        "DELETE FROM event WHERE sequence = 4",
        *(f"UPDATE event SET sequence = {n - 1} WHERE sequence = {n}" for n in range(5, 11)),
    )
    assert _broken(verify_events(registry.reader())) == (4, Break.REORDERED)


@pytest.mark.parametrize(("one", "other"), [(3, 4), (1, 10), (5, 2)])
def test_swapped_entries_are_found(registry: Registry, path: Path, head: str, one: int, other: int) -> None:
    _tamper(path, *_swap(one, other))
    verdict = verify_events(registry.reader())
    assert _broken(verdict) == (min(one, other), Break.REORDERED)
    assert verdict.broken is not None
    assert verdict.broken.detail.endswith(f"number {max(one, other)}")


def test_a_forged_entry_with_its_own_hash_no_longer_fits_the_next(registry: Registry, path: Path, head: str) -> None:
    _rehash(path, 4, data={"n": 40})
    assert _broken(verify_events(registry.reader())) == (5, Break.UNLINKED)


def test_an_inserted_entry_is_found(registry: Registry, path: Path, head: str) -> None:
    _tamper(
        path, "INSERT INTO event SELECT 0, 'x', type, source, subject, time, data, previous, hash FROM event LIMIT 1"
    )
    assert _broken(verify_events(registry.reader()))[0] == 0


def test_a_shortened_log_is_only_told_by_a_head_kept_elsewhere(registry: Registry, path: Path, head: str) -> None:
    kept = registry.reader().events()[6].hash
    _tamper(path, "DELETE FROM event WHERE sequence > 8")
    assert verify_events(registry.reader()).ok
    assert verify_events(registry.reader(), expected_head=kept).expected_at == 7
    assert _broken(verify_events(registry.reader(), expected_head=head)) == (9, Break.HEAD_MISSING)


def test_a_log_written_anew_is_only_told_by_a_head_kept_elsewhere(registry: Registry, path: Path, head: str) -> None:
    previous = registry.reader().events()[2].hash
    for sequence in range(4, 11):
        _rehash(path, sequence, data={"n": -sequence}, previous=previous)
        previous = registry.reader().events()[sequence - 1].hash
    assert verify_events(registry.reader()).ok
    assert _broken(verify_events(registry.reader(), expected_head=head)) == (11, Break.HEAD_MISSING)


def test_a_head_kept_earlier_is_found_in_a_log_that_grew(registry: Registry, head: str) -> None:
    with registry.write() as writer:
        writer.append_event("hanse.test", "sales.orders", {})
    verdict = verify_events(registry.reader(), expected_head=head)
    assert (verdict.ok, verdict.expected_at, verdict.count) == (True, 10, 11)


def test_an_emptied_log_is_told_by_any_head(registry: Registry, path: Path, head: str) -> None:
    _tamper(path, "DELETE FROM event")
    assert verify_events(registry.reader()).ok
    assert _broken(verify_events(registry.reader(), expected_head=head)) == (1, Break.HEAD_MISSING)


def test_a_tampered_entry_does_not_stop_readers_of_the_others(registry: Registry, path: Path, head: str) -> None:
    _tamper(path, """UPDATE event SET data = '{"n":40}' WHERE sequence = 4""")
    assert len(registry.reader().events()) == 10
