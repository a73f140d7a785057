"""One writer, one transaction; applying twice changes nothing."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hanse.base import ProductName, RegistryError, SetClock, TableName, digest
from hanse.registry import AppliedDomain, CheckStatus, Registry, RunStatus


def test_applying_the_same_digest_again_changes_nothing(registry: Registry, make: Any) -> None:
    for text in ("first", "second"):
        with registry.write() as writer:
            writer.put_domain(AppliedDomain("sales", "d", title=text))
            writer.put_product(replace(make.product(), text=text))
    reader = registry.reader()
    assert [e.type for e in reader.events()] == ["hanse.domain.applied", "hanse.product.applied"]
    assert reader.domains()["sales"].title == "first"
    found = reader.product(make.name)
    assert found is not None
    assert found.text == "first"


def test_a_new_digest_replaces_the_product_whole(registry: Registry, make: Any) -> None:
    first = make.product()
    second = replace(first, digest="d2", version="2.0.0", ports=first.ports[:1], tables=())
    for product in (first, second):
        with registry.write() as writer:
            writer.put_product(product)
    assert registry.reader().product(make.name) == second
    event = registry.reader().events()[-1]
    assert (event.data["digest"], event.data["previous_digest"], event.data["version"]) == ("d2", "d1", "2.0.0")


def test_a_failing_block_changes_nothing_and_its_error_passes_as_it_is(registry: Registry, make: Any) -> None:
    def act() -> None:
        with registry.write() as writer:
            writer.put_product(make.product())
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        act()
    assert not registry.reader().digests()
    assert not registry.reader().events()
    with registry.write() as writer:
        writer.put_product(make.product())
    assert [e.sequence for e in registry.reader().events()] == [1]


def test_events_hold_hashes_of_what_is_personal_or_long(registry: Registry, make: Any) -> None:
    with registry.write() as writer:
        writer.put_domain(AppliedDomain("sales", "d", team="Anna and Bo", contact="anna@example.com"))
        writer.put_product(make.product())
        writer.begin_run(replace(make.run(), owner="annas-laptop:1:1", inputs=({"name": "anna.csv"},)), lease_seconds=9)
        writer.record_checks([make.check(status=CheckStatus.FAILED)], [make.failed_row()], 1)
        writer.release(make.release(), 1)
    events = registry.reader().events()
    assert "anna" not in str([e.data for e in events]).lower()
    applied = next(e for e in events if e.type == "hanse.product.applied")
    assert applied.data["descriptor_sha256"] == digest(make.product().text)
    assert {e.source for e in events} == {"hanse://demo"}
    assert {e.subject for e in events} == {"sales", "sales.orders"}


def test_a_release_does_all_of_its_work_at_once(registry: Registry, make: Any, clock: SetClock) -> None:
    with registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=60)
    clock.advance(timedelta(seconds=3))
    with registry.write() as writer:
        made = writer.release(replace(make.release(), sequence=77), 1)
    reader = registry.reader()
    run = reader.run("r1")
    assert made.sequence == 1
    assert run is not None
    assert (run.status, run.release_id, run.finished_at) == (RunStatus.SUCCEEDED, "rel1", clock.now())
    assert reader.release(make.name) == made
    events = reader.events()
    assert [e.type for e in events] == ["hanse.run.started", "hanse.release.created", "hanse.run.finished"]
    assert events[1].data["snapshots"] == {"orders": 2**62}
    with registry.write() as writer:  # the lease was given back
        writer.begin_run(make.run("r2"), lease_seconds=60)


def test_a_newer_release_supersedes_and_the_older_stays_on_record(registry: Registry, make: Any) -> None:
    for number in range(1, 4):
        with registry.write() as writer:
            made = writer.release(make.release(f"rel{number}", run_id=None, snapshot_id=number), 0)
        assert made.sequence == number
    assert [(r.id, r.sequence) for r in registry.reader().releases(make.name)] == [
        ("rel3", 3),
        ("rel2", 2),
        ("rel1", 1),
    ]
    assert registry.reader().visible() == {make.name: made}


def test_the_database_itself_refuses_a_second_visible_release(registry: Registry, path: Path, make: Any) -> None:
    for number in (1, 2):
        with registry.write() as writer:
            writer.release(make.release(f"rel{number}", run_id=None), 0)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE release SET visible = 1")


def test_a_release_with_a_taken_id_leaves_the_old_one_visible(registry: Registry, make: Any) -> None:
    with registry.write() as writer:
        first = writer.release(make.release(run_id=None), 0)
    with pytest.raises(RegistryError) as caught, registry.write() as writer:
        writer.release(make.release(run_id=None, snapshot_id=5), 0)
    assert caught.value.code.id == "HNS-G014"
    assert registry.reader().visible() == {make.name: first}


def test_tables_of_another_product_are_refused(registry: Registry, make: Any) -> None:
    stranger = TableName("crm", "customers", "customers")
    product = make.product()
    release = make.release(run_id=None)
    with pytest.raises(ValueError, match="another product"), registry.write() as writer:
        writer.put_product(replace(product, tables=(replace(product.tables[0], name=stranger),)))
    with pytest.raises(ValueError, match="another product"), registry.write() as writer:
        writer.release(replace(release, tables=(replace(release.tables[0], table=stranger),)), 0)


def test_two_ports_of_one_name_direction_and_major_are_refused(registry: Registry, make: Any) -> None:
    port = make.product().ports[0]
    with pytest.raises(RegistryError) as caught, registry.write() as writer:
        writer.put_product(replace(make.product(), ports=(port, replace(port, description="again"))))
    assert caught.value.code.id == "HNS-G014"
    assert not registry.reader().digests()


def test_a_step_recorded_again_replaces_the_earlier_and_comes_last(registry: Registry, make: Any) -> None:
    with registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=60)
        writer.record_steps([make.step("a"), make.step("b"), make.step("a", rows=4)], 1)
    assert [(s.name, s.rows) for s in registry.reader().steps("r1")] == [("a", 4), ("b", 3)]
    with registry.write() as writer:
        writer.record_step(make.step("a", rows=5), 1)
    assert [(s.name, s.rows) for s in registry.reader().steps("r1")] == [("b", 3), ("a", 5)]
    with registry.write() as writer:
        writer.record_steps([], 1)


def test_checks_recorded_again_replace_those_of_that_run_only(registry: Registry, make: Any) -> None:
    with registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=60)
        writer.begin_run(replace(make.run("r2"), product=ProductName("sales", "returns")), lease_seconds=60)
        writer.record_checks([make.check("a"), make.check("b")], [make.failed_row("a")], 1)
        writer.record_checks([make.check("c", "r2")], [], 1)
        writer.record_checks([make.check("b")], [], 1)
    reader = registry.reader()
    assert [c.check_id for c in reader.checks("r1")] == ["b"]
    assert [c.check_id for c in reader.checks("r2")] == ["c"]
    assert not reader.failed_rows("r1")
    with registry.write() as writer:
        writer.record_checks([], [], 1)  # of no run: nothing to replace
        writer.record_checks([], [], 1, run_id="r1")
    assert not reader.checks("r1")
    with pytest.raises(ValueError, match="several runs"), registry.write() as writer:
        writer.record_checks([make.check("a"), make.check("b", "r2")], [], 1)


def test_a_writer_is_of_no_use_after_its_block(registry: Registry, make: Any) -> None:
    with registry.write() as writer:
        pass
    with pytest.raises(RuntimeError, match="has ended"):
        writer.put_product(make.product())


def test_a_writer_within_a_writer_is_refused_at_once(registry: Registry) -> None:
    with registry.write(), pytest.raises(RuntimeError, match="already writing"), registry.write():
        pass
    with registry.write() as writer:  # and the registry is as usable as before
        writer.append_event("test", "s", {})


def test_a_reader_beside_an_open_writer_sees_the_old_state_without_waiting(registry: Registry, make: Any) -> None:
    with registry.write() as writer:
        writer.put_product(make.product())
        assert not registry.reader().digests()
    assert registry.reader().digests() == {make.name: "d1"}


def test_a_thread_that_waits_too_long_gets_a_code(path: Any, make: Any) -> None:
    with Registry.open(f"sqlite:///{path}", busy_seconds=0.05) as registry:
        codes: list[str] = []

        def write() -> None:
            try:
                with registry.write():
                    pass
            except RegistryError as error:
                codes.append(error.code.id)

        with registry.write():
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
        assert codes == ["HNS-G006"]
