"""What can be asked, in which order it comes, and at what price."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.exc import DatabaseError

from hanse.base import ProductName, SetClock, TableName
from hanse.registry import Registry, RunStatus, rows, schema


def _named(number: int) -> ProductName:
    return ProductName(f"d{number % 3}", f"p{number:04}")


def _apply(registry: Registry, make: Any, count: int) -> None:
    template = make.product()
    with registry.write() as writer:
        for number in range(count):
            name = _named(number)
            table = replace(template.tables[0], name=TableName(name.domain, name.product, "orders"))
            writer.put_product(replace(template, name=name, tables=(table,)))
            released = replace(make.release(run_id=None).tables[0], table=table.name)
            release = replace(make.release(f"rel{number}", run_id=None), product=name, tables=(released,))
            writer.release(release, 0)


@contextmanager
def _statements(registry: Registry) -> Iterator[list[str]]:
    engine = registry._database._readers
    heard: list[str] = []

    def hear(_c: object, _u: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def test_an_empty_registry_answers_everything_with_nothing(registry: Registry, make: Any) -> None:
    reader = registry.reader()
    assert not reader.domains()
    assert not reader.digests()
    assert reader.product(make.name) is None
    assert not reader.products()
    assert reader.release(make.name) is None
    assert not reader.visible()
    assert not reader.releases()
    assert reader.run("r1") is None
    assert not reader.runs()
    assert not reader.steps("r1")
    assert not reader.checks()
    assert not reader.failed_rows()
    assert not reader.events()


@pytest.mark.parametrize("count", [1, 7, 450])
def test_products_and_releases_take_a_fixed_number_of_queries(registry: Registry, make: Any, count: int) -> None:
    _apply(registry, make, count)
    reader = registry.reader()
    names = [_named(number) for number in range(count)]
    wanted = names[: count - count // 10]
    with _statements(registry) as heard:
        products = reader.products()
        releases = reader.visible()
        some = reader.products(wanted)
        visible = reader.visible(wanted)
    assert len([s for s in heard if s.startswith("SELECT")]) == 12
    assert [p.name for p in products] == sorted(names)
    assert {p.tables[0].name.owner for p in products} == set(names)
    assert set(releases) == set(names)
    assert [p.name for p in some] == sorted(wanted)
    assert set(visible) == set(wanted)
    assert reader.released() == set(names)
    assert reader.visible_ids(wanted) == {name: releases[name].id for name in wanted}
    assert not reader.visible_ids([])
    assert not reader.products([])
    assert not reader.visible([])
    assert not reader.products([ProductName("no", "such")])


def test_runs_and_releases_come_newest_first(registry: Registry, make: Any, clock: SetClock) -> None:
    other = ProductName("sales", "returns")
    with registry.write() as writer:
        for number in range(4):
            writer.begin_run(make.run(f"r{number}"), lease_seconds=60)
            writer.end_run(f"r{number}", 1, RunStatus.FAILED if number % 2 else RunStatus.UNCHANGED)
        writer.begin_run(replace(make.run("other"), product=other), lease_seconds=60)
        for number in range(3):
            writer.release(make.release(f"rel{number}", run_id=None), 0)
    reader = registry.reader()
    assert [r.id for r in reader.runs()] == ["other", "r3", "r2", "r1", "r0"]
    assert [r.id for r in reader.runs(make.name, limit=2)] == ["r3", "r2"]
    assert [r.id for r in reader.runs(status=RunStatus.FAILED)] == ["r3", "r1"]
    assert [r.id for r in reader.runs(other, status=RunStatus.RUNNING)] == ["other"]
    assert [r.id for r in reader.releases(limit=2)] == ["rel2", "rel1"]
    assert not reader.releases(other)
    assert not reader.runs(limit=0)
    with pytest.raises(ValueError, match="at least 0"):
        reader.runs(limit=-1)


def test_checks_come_in_order_of_a_run_and_newest_first_over_all(registry: Registry, make: Any) -> None:
    second = replace(make.check("z"), table=TableName("sales", "orders", "lines", 2))
    with registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=60)
        writer.record_checks(
            [make.check("a"), make.check("b"), second], [make.failed_row("a"), make.failed_row("b")], 1
        )
    reader = registry.reader()
    assert [c.check_id for c in reader.checks("r1")] == ["a", "b", "z"]
    assert [c.check_id for c in reader.checks("r1", limit=2)] == ["a", "b"]
    assert [c.check_id for c in reader.checks(limit=2)] == ["z", "b"]
    assert [c.check_id for c in reader.checks(table=second.table)] == ["z"]
    assert [c.check_id for c in reader.checks("r1", table=make.table)] == ["a", "b"]
    assert not reader.checks(table=replace(second.table, major=1))
    assert [f.check_id for f in reader.failed_rows("r1")] == ["a", "b"]
    assert [f.check_id for f in reader.failed_rows(limit=1)] == ["b"]


def test_events_are_filtered_and_paged(registry: Registry) -> None:
    with registry.write() as writer:
        for number in range(6):
            kind = "hanse.run.started" if number % 2 else "hanse.release.created"
            writer.append_event(kind, "a.b" if number < 3 else "a.c", {"n": number})
        writer.append_event("Hanse.run.odd", "a.b", {})
        writer.append_event("hanse_run", "a.b", {})
    reader = registry.reader()
    assert [e.sequence for e in reader.events()] == list(range(1, 9))
    assert [e.sequence for e in reader.events(after=2, limit=3)] == [3, 4, 5]
    assert [e.sequence for e in reader.events(subject="a.c")] == [4, 5, 6]
    assert [e.sequence for e in reader.events(type_prefix="hanse.run.")] == [2, 4, 6]
    assert [e.sequence for e in reader.events(type_prefix="hanse_run")] == [8]
    assert not reader.events(type_prefix="hanse.%")


def test_a_reader_cannot_write(registry: Registry) -> None:
    with registry._database._readers.connect() as connection, pytest.raises(DatabaseError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM event")


def test_each_call_sees_one_state_while_a_writer_is_at_work(registry: Registry, make: Any) -> None:
    """Ports and tables are read in queries of their own; they must be of the same apply."""
    template = make.product()

    def at(version: int) -> Any:
        port = replace(template.ports[0], description=str(version))
        table = replace(template.tables[0], description=str(version))
        return replace(template, digest=str(version), version=str(version), ports=(port,), tables=(table,))

    with registry.write() as writer:
        writer.put_product(at(0))
    stop = threading.Event()
    torn: list[object] = []
    reader = registry.reader()

    def read() -> None:
        while not stop.is_set():
            found = reader.product(make.name)
            if found is None or {found.ports[0].description, found.tables[0].description} != {found.version}:
                torn.append(found)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for version in range(1, 60):
        with registry.write() as writer:
            writer.put_product(at(version))
    stop.set()
    for thread in threads:
        thread.join()
    assert not torn


def test_five_thousand_digests_are_quick(registry: Registry, make: Any) -> None:
    products = [replace(make.product(), name=_named(number)) for number in range(5_000)]
    with registry._database.writing() as connection:
        connection.execute(insert(schema.product), [rows.product_values(product) for product in products])
    reader = registry.reader()
    seconds = []
    for _ in range(7):
        began = time.thread_time()
        assert len(reader.digests()) == 5_000
        seconds.append(time.thread_time() - began)
    assert min(seconds) < 0.02


def test_time_in_tests_is_the_clock_handed_in(registry: Registry, clock: SetClock) -> None:
    clock.advance(timedelta(days=1))
    with registry.write() as writer:
        writer.append_event("test", "s", {})
        writer.append_event("test", "s", {}, time=clock.now() - timedelta(days=3))
    first, second = registry.reader().events()
    assert (first.time, first.time - second.time) == (clock.now(), timedelta(days=3))
