"""One run of a product at a time, and no write of a process that lost its run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hanse.base import Conflict, ProductName, RegistryError, SetClock
from hanse.registry import Registry, RunStatus, Writer


def _code(registry: Registry, act: Callable[[Writer], object]) -> str:
    with pytest.raises(RegistryError) as caught, registry.write() as writer:
        act(writer)
    return caught.value.code.id


@pytest.fixture
def begun(registry: Registry, make: Any) -> Registry:
    with registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=60)
    return registry


def test_a_second_run_is_refused_while_the_lease_is_live(begun: Registry, make: Any, clock: SetClock) -> None:
    clock.advance(timedelta(seconds=59.999999))
    with pytest.raises(Conflict) as caught, begun.write() as writer:
        writer.begin_run(make.run("r2"), lease_seconds=60)
    assert caught.value.code.id == "HNS-G010"
    assert "r1" in str(caught.value)
    assert "host:1:0" in str(caught.value)
    assert caught.value.problem.subject == "sales.orders"
    assert begun.reader().run("r2") is None


def test_another_product_is_not_concerned(begun: Registry, make: Any) -> None:
    with begun.write() as writer:
        writer.begin_run(replace(make.run("r2"), product=ProductName("sales", "returns")), lease_seconds=60)
    assert len(begun.reader().runs(status=RunStatus.RUNNING)) == 2


def test_after_the_lease_a_new_run_abandons_the_old_one(begun: Registry, make: Any, clock: SetClock) -> None:
    clock.advance(timedelta(seconds=60))
    with begun.write() as writer:
        writer.begin_run(make.run("r2"), lease_seconds=60)
    old = begun.reader().run("r1")
    assert old is not None
    assert (old.status, old.finished_at) == (RunStatus.ABANDONED, clock.now())
    assert [e.type for e in begun.reader().events()] == ["hanse.run.started", "hanse.run.failed", "hanse.run.started"]
    assert _code(begun, lambda w: w.record_step(make.step(), 1)) == "HNS-G011"
    assert _code(begun, lambda w: w.release(make.release(), 1)) == "HNS-G011"


def test_taking_over_needs_a_dead_lease_and_raises_the_fence(begun: Registry, make: Any, clock: SetClock) -> None:
    assert _code(begun, lambda w: w.take_over("r1", owner="b", lease_seconds=60)) == "HNS-G010"
    clock.advance(timedelta(seconds=60))
    with begun.write() as writer:
        taken = writer.take_over("r1", owner="b", lease_seconds=60)
    assert (taken.fence, taken.owner) == (2, "b")
    assert begun.reader().run("r1") == taken
    assert _code(begun, lambda w: w.take_over("r1", owner="c", lease_seconds=60)) == "HNS-G010"
    assert begun.reader().events()[-1].type == "hanse.run.taken_over"


def test_every_write_of_the_old_fence_is_refused_and_changes_nothing(
    begun: Registry, make: Any, clock: SetClock
) -> None:
    clock.advance(timedelta(seconds=61))
    with begun.write() as writer:
        writer.take_over("r1", owner="b", lease_seconds=60)
    before = begun.reader().events()
    writes: list[Callable[[Writer], object]] = [
        lambda w: w.beat("r1", 1, lease_seconds=60),
        lambda w: w.record_step(make.step(), 1),
        lambda w: w.record_steps([make.step()], 1),
        lambda w: w.record_checks([make.check()], [make.failed_row()], 1),
        lambda w: w.release(make.release(), 1),
        lambda w: w.end_run("r1", 1, RunStatus.FAILED),
    ]
    for write in writes:
        assert _code(begun, write) == "HNS-G011"
    reader = begun.reader()
    run = reader.run("r1")
    assert run is not None
    assert run.status is RunStatus.RUNNING
    assert reader.events() == before
    assert not [*reader.steps("r1"), *reader.checks("r1"), *reader.failed_rows("r1"), *reader.releases()]
    with begun.write() as writer:
        writer.release(make.release(), 2)


def test_a_lost_fence_late_in_a_transaction_undoes_all_of_it(begun: Registry, make: Any) -> None:
    def act(writer: Writer) -> None:
        writer.record_step(make.step(), 1)
        writer.put_product(make.product())
        writer.beat("r1", 7, lease_seconds=60)

    assert _code(begun, act) == "HNS-G011"
    assert not begun.reader().steps("r1")
    assert not begun.reader().digests()


def test_an_ended_lease_alone_takes_nothing_away(begun: Registry, make: Any, clock: SetClock) -> None:
    clock.advance(timedelta(hours=1))
    with begun.write() as writer:
        writer.record_step(make.step(), 1)
        writer.beat("r1", 1, lease_seconds=60)
    assert _code(begun, lambda w: w.take_over("r1", owner="b", lease_seconds=60)) == "HNS-G010"


def test_a_beat_prolongs(begun: Registry, make: Any, clock: SetClock) -> None:
    for _ in range(3):
        clock.advance(timedelta(seconds=50))
        with begun.write() as writer:
            writer.beat("r1", 1, lease_seconds=60)
    assert _code(begun, lambda w: w.begin_run(make.run("r2"), lease_seconds=60)) == "HNS-G010"


def test_a_known_dead_owner_loses_the_lease_at_once(begun: Registry, make: Any) -> None:
    with begun.write() as writer:
        writer.end_lease(make.name, "another")  # not its lease: nothing happens
    assert _code(begun, lambda w: w.take_over("r1", owner="b", lease_seconds=60)) == "HNS-G010"
    with begun.write() as writer:
        writer.end_lease(make.name, "r1")
        taken = writer.take_over("r1", owner="b", lease_seconds=60)
    assert taken.fence == 2


@pytest.mark.parametrize("status", [RunStatus.UNCHANGED, RunStatus.BLOCKED, RunStatus.FAILED, RunStatus.ABANDONED])
def test_the_end_of_a_run_gives_the_lease_back(begun: Registry, make: Any, clock: SetClock, status: RunStatus) -> None:
    clock.advance(timedelta(seconds=5))
    error = {"code": "HNS-L001", "what": "value 4711 of anna@example.com"}
    with begun.write() as writer:
        writer.end_run("r1", 1, status, error=error)
    ended = begun.reader().run("r1")
    assert ended is not None
    assert (ended.status, ended.error, ended.finished_at) == (status, error, clock.now())
    event = begun.reader().events()[-1]
    assert event.data["code"] == "HNS-L001"
    assert "anna" not in str(event.data)
    with begun.write() as writer:
        writer.begin_run(make.run("r2"), lease_seconds=60)
    assert _code(begun, lambda w: w.take_over("r1", owner="b", lease_seconds=60)) == "HNS-G013"
    assert _code(begun, lambda w: w.end_run("r1", 1, status)) == "HNS-G011"


def test_what_is_no_end_or_no_beginning_is_refused(begun: Registry, make: Any) -> None:
    for status in (RunStatus.RUNNING, RunStatus.SUCCEEDED):
        with pytest.raises(ValueError, match="does not end"), begun.write() as writer:
            writer.end_run("r1", 1, status)
    with pytest.raises(ValueError, match="begins as running"), begun.write() as writer:
        writer.begin_run(replace(make.run("r2"), status=RunStatus.FAILED), lease_seconds=1)


def test_unknown_runs_and_repeated_ids_have_codes(begun: Registry, make: Any) -> None:
    assert _code(begun, lambda w: w.beat("nobody", 1, lease_seconds=1)) == "HNS-G012"
    assert _code(begun, lambda w: w.take_over("nobody", owner="b", lease_seconds=1)) == "HNS-G012"
    other = replace(make.run("r1"), product=ProductName("sales", "returns"))
    assert _code(begun, lambda w: w.begin_run(other, lease_seconds=1)) == "HNS-G014"


@pytest.mark.parametrize("days", [1, 400])
def test_a_lease_of_a_clock_that_was_ahead_keeps_nobody_out_for_days(
    registry: Registry, make: Any, clock: SetClock, days: int
) -> None:
    clock.advance(timedelta(days=days))
    with registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=60)
    clock.advance(timedelta(days=-days))
    with registry.write() as writer:
        writer.begin_run(make.run("r2"), lease_seconds=60)
    # Whoever held it may live: it can write no more, and what it does next says so.
    assert _code(registry, lambda w: w.beat("r1", 1, lease_seconds=60)) == "HNS-G011"
    assert _code(registry, lambda w: w.release(make.release(), 1)) == "HNS-G011"


def test_a_beat_after_the_clock_was_set_back_keeps_the_lease(registry: Registry, make: Any, clock: SetClock) -> None:
    clock.advance(timedelta(days=3))
    with registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=60)
    clock.advance(timedelta(days=-3))
    with registry.write() as writer:
        writer.beat("r1", 1, lease_seconds=60)
    assert _code(registry, lambda w: w.begin_run(make.run("r2"), lease_seconds=60)) == "HNS-G010"
