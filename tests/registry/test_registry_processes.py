"""Several threads, several processes, and processes that are killed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hanse.base import Conflict
from hanse.registry import Registry, RunStatus, verify_events
from hanse.registry.schema import VERSION_TABLE

pytestmark = pytest.mark.slow  # every test here starts interpreters

_PRELUDE = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from hanse.base import Conflict, ProductName, TableName
from hanse.registry import Registry, Release, ReleasedTable, Run, RunStatus
URL, ME = sys.argv[1:3]
NAME = ProductName("sales", "orders")
def run(id): return Run(id, NAME, RunStatus.RUNNING, "key", "manual", datetime.now(UTC), owner=ME)
def release(id, run_id):
    table = ReleasedTable(TableName("sales", "orders", "orders"), "orders", 1, 1, "c", "1.0.0", 1, 1, "k")
    return Release(id, NAME, 0, run_id, "run", "key", "1.0.0", datetime.now(UTC), (table,))
def ready():
    print("ready", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def _processes(path: Path, program: str, count: int = 2) -> Iterator[Sequence[subprocess.Popen[str]]]:
    """Start a program several times and let all go on at once from where it says ``ready()``."""
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-W",
                "error",
                "-c",
                _PRELUDE + textwrap.dedent(program),
                f"sqlite:///{path}",
                f"p{number}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def _results(processes: Sequence[subprocess.Popen[str]]) -> list[str]:
    results = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        results.append(out.strip())
    return results


@pytest.mark.parametrize("state", ["missing", "empty file", "older version"])
def test_processes_that_open_at_once_create_or_upgrade_one_registry(path: Path, state: str) -> None:
    if state != "missing":
        path.parent.mkdir()
        path.touch()
    if state == "older version":
        import sqlite3

        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)")
    program = """
        ready()
        with Registry.open(URL) as registry:
            with registry.write() as writer:
                writer.append_event("test", ME, {})
    """
    with _processes(path, program, count=4) as processes:
        _results(processes)
    with Registry.open(f"sqlite:///{path}", create=False) as registry:
        assert {e.subject for e in registry.reader().events()} == {"p0", "p1", "p2", "p3"}
        assert verify_events(registry.reader()).ok


def test_two_processes_never_run_one_product_at_once(path: Path) -> None:
    Registry.open(f"sqlite:///{path}").close()
    program = """
        won = 0
        with Registry.open(URL) as registry:
            ready()
            for number in range(20):
                id = f"{ME}-{number}"
                try:
                    with registry.write() as writer:
                        writer.begin_run(run(id), lease_seconds=60)
                except Conflict as error:
                    assert error.code.id == "HNS-G010", error
                    continue
                with registry.write() as writer:
                    writer.release(release(id, id), 1)
                won += 1
        print(won)
    """
    with _processes(path, program) as processes:
        won = sum(int(result) for result in _results(processes))
    with Registry.open(f"sqlite:///{path}") as registry:
        reader = registry.reader()
        assert [r.sequence for r in reader.releases()] == list(range(won, 0, -1))
        assert len(reader.runs(status=RunStatus.SUCCEEDED)) == won == len(reader.runs())
        assert verify_events(reader).ok
        types = [e.type for e in reader.events()]
        # Never two runs at once: a start is always followed by its own end.
        assert types == ["hanse.run.started", "hanse.release.created", "hanse.run.finished"] * won


def test_of_two_processes_that_take_a_run_over_one_wins(path: Path, make: Any) -> None:
    with Registry.open(f"sqlite:///{path}") as registry, registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=0)
    program = """
        with Registry.open(URL) as registry:
            ready()
            try:
                with registry.write() as writer:
                    fence = writer.take_over("r1", owner=ME, lease_seconds=60).fence
                with registry.write() as writer:
                    writer.release(release(ME, "r1"), fence)
                print("won", fence)
            except Conflict as error:
                print(error.code)
    """
    with _processes(path, program) as processes:
        results = sorted(_results(processes))
    assert results[1] == "won 2"
    assert results[0] in {"HNS-G010", "HNS-G013"}
    with Registry.open(f"sqlite:///{path}") as registry:
        assert len(registry.reader().releases()) == 1


def test_threads_racing_to_release_one_run_make_one_release(registry: Registry, make: Any) -> None:
    with registry.write() as writer:
        writer.begin_run(make.run(), lease_seconds=60)
    start = threading.Barrier(8)
    outcomes: list[str] = []

    def publish(number: int) -> None:
        start.wait()
        try:
            with registry.write() as writer:
                writer.release(make.release(f"rel{number}"), 1)
            outcomes.append("released")
        except Conflict as error:
            outcomes.append(error.code.id)

    _all(publish, 8)
    assert sorted(outcomes) == ["HNS-G011"] * 7 + ["released"]
    assert [r.sequence for r in registry.reader().releases()] == [1]


def test_threads_racing_to_begin_leave_one_run(registry: Registry, make: Any) -> None:
    start = threading.Barrier(8)
    outcomes: list[str] = []

    def begin(number: int) -> None:
        start.wait()
        try:
            with registry.write() as writer:
                writer.begin_run(make.run(f"r{number}"), lease_seconds=60)
            outcomes.append("begun")
        except Conflict as error:
            outcomes.append(error.code.id)

    _all(begin, 8)
    assert sorted(outcomes) == ["HNS-G010"] * 7 + ["begun"]
    assert len(registry.reader().runs()) == 1


def test_threads_that_write_and_read_at_once_lose_nothing(registry: Registry) -> None:
    reader = registry.reader()
    torn: list[object] = []

    def work(number: int) -> None:
        for turn in range(10):
            with registry.write() as writer:
                writer.append_event("test", f"t{number}", {"turn": turn, "part": 1})
                writer.append_event("test", f"t{number}", {"turn": turn, "part": 2})
            seen = reader.events()
            if len(seen) % 2 or [e.sequence for e in seen] != list(range(1, len(seen) + 1)):
                torn.append(seen)

    _all(work, 6)
    assert not torn
    assert verify_events(reader).count == 120
    assert verify_events(reader).ok


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_kill_in_the_middle_of_a_release_leaves_the_old_state_or_the_new(path: Path, make: Any, moment: str) -> None:
    with Registry.open(f"sqlite:///{path}") as registry:
        with registry.write() as writer:
            old = writer.release(make.release("old", run_id=None), 0)
        with registry.write() as writer:
            writer.begin_run(make.run(), lease_seconds=0)
        before = len(registry.reader().events())
    program = f"""
        import time
        registry = Registry.open(URL)
        with registry.write() as writer:
            writer.release(release("new", "r1"), 1)
            for number in range(3000):  # more than the page cache keeps: some of it reaches the log on disk
                writer.append_event("test", "s", {{"long": "x" * 1000}})
            if {moment == "before the commit"}:
                ready()
                time.sleep(60)
        ready()
        time.sleep(60)
    """
    with _processes(path, program, count=1) as (process,):
        process.kill()  # SIGKILL: no clean-up of any kind
        process.wait()
        with Registry.open(f"sqlite:///{path}") as registry:
            reader = registry.reader()
            visible, run = reader.release(make.name), reader.run("r1")
            assert visible is not None
            assert run is not None
            assert verify_events(reader).ok
            if moment == "before the commit":
                assert visible == old
                assert run.status is RunStatus.RUNNING
                assert len(reader.events()) == before
            else:
                assert visible.id == "new"
                assert run.status is RunStatus.SUCCEEDED
                assert len(reader.events()) == before + 3002
            with registry.write() as writer:  # and the lock died with its holder
                writer.append_event("test", "s", {})


def _all(work: Any, count: int) -> None:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
