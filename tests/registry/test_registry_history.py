"""Releases after they were made: what was visible when, going back, expiring, pausing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import Conflict, ProductName, RegistryError, SetClock, TableName
from hanse.base.versions import Version
from hanse.registry import Pause, Registry, Release, ReleasedTable, Run, RunStatus

NOON = datetime.fromisoformat("2026-03-01T12:00:00Z")
OTHER = ProductName("crm", "people")


def _release(make: Any, registry: Registry, number: int, at: datetime) -> Release:
    """Make a release of its own run, whose one table has the snapshot 1000 + number and the key `t<number>`."""
    run_id = f"run{number}"
    table = replace(make.release().tables[0], snapshot_id=1000 + number, key=f"t{number}")
    with registry.write() as writer:
        writer.begin_run(replace(make.run(run_id), started_at=at), lease_seconds=60)
        made = replace(make.release(f"rel{number}", run_id), key=f"k{number}", created_at=at, tables=(table,))
        return writer.release(made, 1)


@pytest.fixture
def three(make: Any, registry: Registry, clock: SetClock) -> tuple[Release, ...]:
    """Three releases, one an hour."""
    made = []
    for number in (1, 2, 3):
        made.append(_release(make, registry, number, clock.now()))
        clock.advance(timedelta(hours=1))
    return tuple(made)


def test_a_time_means_what_was_visible_then(make: Any, registry: Registry, three: tuple[Release, ...]) -> None:
    first, second, third = three
    reader = registry.reader()
    hour, tick = timedelta(hours=1), timedelta(microseconds=1)
    start = first.created_at
    wanted = {
        start - tick: None,
        start: first,
        start + hour - tick: first,
        start + hour: second,
        start + 2 * hour: third,
        start + 1000 * hour: third,
    }
    found = reader.as_of([(make.name, at) for at in wanted])
    assert found == {(make.name, at): release for at, release in wanted.items()}


def test_a_number_an_id_and_a_snapshot_mean_releases(make: Any, registry: Registry, three: tuple[Release, ...]) -> None:
    versions: list[Version] = [1, 3, 4, 0, -1, 2**80, "rel2", "rel9", "1002", "1009", "", "²", "9" * 19, "0" * 30]
    found = registry.reader().as_of([(make.name, version) for version in versions])
    names = [found[make.name, version] for version in versions]
    first, second, third = three
    assert names == [first, third, None, None, None, None, second, None, second, *[None] * 5]
    assert set(registry.reader().as_of([(OTHER, 1), (OTHER, "rel1"), (OTHER, "1001")]).values()) == {None}


def test_a_rollback_is_a_new_release_of_old_snapshots(
    make: Any, registry: Registry, clock: SetClock, three: tuple[Release, ...]
) -> None:
    first, second, third = three
    with registry.write() as writer:
        made = writer.rollback(make.name, 1, following=third.id)
    assert made == replace(
        first, id=made.id, sequence=4, run_id=None, kind="rollback", created_at=clock.now(), tables=first.tables
    )
    reader = registry.reader()
    assert reader.release(make.name) == made
    assert reader.releases(make.name) == (made, third, second, first)
    assert reader.pauses() == {make.name: Pause(make.name, clock.now(), made.id)}
    event = reader.events()[-1]
    assert event.type == "hanse.release.rolled_back"
    assert event.data["restored"] == {"release_id": "rel1", "sequence": 1}
    assert event.data["superseded"] == {"release_id": "rel3", "sequence": 3}
    assert event.data["snapshots"] == {three[0].tables[0].table.local: 1001}
    assert reader.as_of([(make.name, "1001")])[make.name, "1001"] == made  # the newest that names it


def test_what_cannot_be_rolled_back_to_is_refused_and_changes_nothing(
    make: Any, registry: Registry, three: tuple[Release, ...]
) -> None:
    with registry.write() as writer:
        writer.expire_releases(make.name, ["rel1"])
    events = registry.reader().events()
    for to, following, code in (
        (9, None, "HNS-G019"),
        ("nobody", None, "HNS-G019"),
        (1, None, "HNS-G020"),
        (3, None, "HNS-G021"),
        (2, "rel2", "HNS-G022"),
    ):
        with pytest.raises((RegistryError, Conflict), match=code), registry.write() as writer:
            writer.rollback(make.name, to, following=following)
    with pytest.raises(RegistryError, match="HNS-G019"), registry.write() as writer:
        writer.rollback(OTHER, 1)
    assert registry.reader().release(make.name) == three[2]
    assert registry.reader().events() == events
    assert registry.reader().pauses() == {}


def test_a_product_that_is_being_run_is_not_rolled_back(
    make: Any, registry: Registry, clock: SetClock, three: tuple[Release, ...]
) -> None:
    with registry.write() as writer:
        writer.begin_run(make.run("r9"), lease_seconds=60)
    with pytest.raises(Conflict, match="HNS-G010"), registry.write() as writer:
        writer.rollback(make.name, 1)
    clock.advance(timedelta(seconds=61))  # its process died
    with registry.write() as writer:
        assert writer.rollback(make.name, 1).sequence == 4


def test_a_pause_outlives_an_apply_and_ends_when_resumed(
    make: Any, registry: Registry, three: tuple[Release, ...]
) -> None:
    with registry.write() as writer:
        writer.put_product(make.product("d1"))
        writer.rollback(make.name, 2)
        writer.put_product(make.product("d2"))
    assert make.name in registry.reader().pauses()
    with registry.write() as writer:
        assert writer.resume(make.name)
        assert not writer.resume(make.name)
    assert registry.reader().pauses() == {}
    assert [e.type for e in registry.reader().events()][-1] == "hanse.product.resumed"


def test_a_second_rollback_pauses_anew(make: Any, registry: Registry, three: tuple[Release, ...]) -> None:
    with registry.write() as writer:
        writer.rollback(make.name, 2)
        again = writer.rollback(make.name, 1)
    assert registry.reader().pauses()[make.name].release_id == again.id


def test_the_visible_release_and_what_a_run_reads_never_expire(
    make: Any, registry: Registry, clock: SetClock, three: tuple[Release, ...]
) -> None:
    reads = ({"kind": "port", "name": str(make.name), "release": "rel2", "sequence": 2},)
    with registry.write() as writer:
        writer.begin_run(Run("reads", OTHER, RunStatus.RUNNING, "k", "manual", NOON, inputs=reads), lease_seconds=60)
    assert registry.reader().read_by_runs() == {"rel2"}
    with registry.write() as writer:
        expired = writer.expire_releases(make.name, ["rel1", "rel2", "rel3", "none"])
    assert [r.id for r in expired] == ["rel1"]
    assert [(r.id, r.expired_at) for r in registry.reader().releases(make.name)] == [
        ("rel3", None),
        ("rel2", None),
        ("rel1", clock.now()),
    ]
    assert registry.reader().events()[-1].data == {"releases": {"1": "rel1"}}
    with registry.write() as writer:
        writer.end_run("reads", 1, RunStatus.FAILED)
        assert [r.id for r in writer.expire_releases(make.name, ["rel1", "rel2"])] == ["rel2"]
        assert writer.expire_releases(OTHER, ["rel3"]) == ()


def test_a_snapshot_is_found_through_a_release_that_did_not_expire(
    make: Any, registry: Registry, three: tuple[Release, ...]
) -> None:
    with registry.write() as writer:
        back = writer.rollback(make.name, 2)
        _ = writer.rollback(make.name, 1)
        writer.expire_releases(make.name, [back.id])
    reader = registry.reader()
    assert reader.as_of([(make.name, "1002")])[make.name, "1002"] == three[1]
    with registry.write() as writer:
        writer.expire_releases(make.name, ["rel2"])
    found = reader.as_of([(make.name, "1002")])[make.name, "1002"]
    assert found is not None
    assert found.expired_at is not None


_STEPS = st.lists(
    st.tuples(st.sampled_from(["run", "rollback", "expire", "wait"]), st.integers(1, 8), st.integers(0, 3)), max_size=14
)


@contextmanager
def _fresh(clock: SetClock) -> Iterator[Registry]:
    with Registry.open("sqlite://", clock=clock) as registry:
        yield registry


@settings(max_examples=40, deadline=None)
@given(steps=_STEPS)
def test_what_was_visible_at_any_time_is_what_a_model_remembers(steps: list[tuple[str, int, int]]) -> None:
    name, clock = ProductName("a", "b"), SetClock(NOON)
    table = ReleasedTable(TableName("a", "b", "t"), "p", 0, 1, "c", "1.0.0", 1, 1, "t")
    snapshots: list[int] = []  # by sequence
    expired: set[int] = set()
    timeline: list[tuple[datetime, int]] = []
    with _fresh(clock) as registry:
        for step, pick, seconds in steps:
            clock.advance(timedelta(seconds=seconds))
            if step == "run":
                snapshot, key = 100 + len(snapshots), f"k{len(snapshots)}"
                tables = (replace(table, snapshot_id=snapshot),)
                with registry.write() as writer:
                    writer.release(Release(key, name, 0, None, "run", key, "1.0.0", clock.now(), tables), 0)
            elif step == "rollback" and 0 < pick < len(snapshots) and pick not in expired:
                snapshot = snapshots[pick - 1]
                with registry.write() as writer:
                    writer.rollback(name, pick)
            elif step == "expire" and 0 < pick < len(snapshots):
                expired.add(pick)
                ids = [r.id for r in registry.reader().releases(name) if r.sequence == pick]
                with registry.write() as writer:
                    writer.expire_releases(name, ids)
                continue
            else:
                continue
            snapshots.append(snapshot)
            timeline.append((clock.now(), len(snapshots)))
        reader = registry.reader()
        visible = reader.release(name)
        assert (visible.sequence if visible else 0) == len(snapshots)
        moments = [NOON + timedelta(seconds=n) for n in range(-1, 3 * len(steps) + 2)]
        for (_, at), found in reader.as_of([(name, at) for at in moments]).items():
            assert isinstance(at, datetime)
            then = [sequence for since, sequence in timeline if since <= at]
            assert (found.sequence if found else None) == (then[-1] if then else None)
            if found:
                assert [t.snapshot_id for t in found.tables] == [snapshots[found.sequence - 1]]
                assert (found.expired_at is not None) == (found.sequence in expired)
