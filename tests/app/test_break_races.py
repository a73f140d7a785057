"""Two of everything at once: consumers see one whole release, and nothing goes back in time."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.base import Conflict, ProductName, SystemClock, new_id
from hanse.pipelines.lease import LEASE_SECONDS, owner_identity
from hanse.registry import Run, RunStatus
from hanse.testing.meshes import MeshFolder

ORDERS = "domains/sales/orders/data/raw.csv"
TORN = (
    "SELECT (SELECT max(v) FROM sales.orders.one) AS one, (SELECT max(v) FROM sales.orders.two) AS two, "
    "(SELECT count(*) FROM sales.orders.one) AS n, (SELECT count(DISTINCT v) FROM sales.orders.one) AS values_"
)
SALES = ProductName("sales", "orders")


@pytest.fixture
def sales(tmp_path: Path) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "sales.orders",
        {"one": {"v": "integer"}, "two": {"v": "integer"}},
        transforms={"one": "SELECT v FROM raw", "two": "SELECT v FROM one"},
        data={"raw.csv": delivery(1)},
        status="draft",
    )
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        assert mesh.run()["succeeded"] == 1
    return folder


def delivery(value: int) -> str:
    return "v\n" + f"{value}\n" * 50


def values(mesh: Mesh) -> tuple[int, int]:
    with mesh.query(TORN) as result:
        row = result.to_arrow().to_pylist()[0]
    assert row["one"] == row["two"], f"torn: {row}"
    assert (row["n"], row["values_"]) == (50, 1)
    return row["one"], row["two"]


@contextmanager
def in_threads(*works: Callable[[], object]) -> Iterator[None]:
    """Run works beside the block; what they raise is raised at its end."""
    raised: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(w,)) for w in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    if raised:
        raise raised[0]


class Interrupting(SystemClock):
    """A clock that does something else the first time somebody asks it: between a run's look and its lease."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work: Callable[[], object] | None = work

    def now(self) -> datetime:
        work, self._work = self._work, None
        if work:
            work()
        return super().now()


def armed(root: Path, work: Callable[[], object]) -> Mesh:
    """Return a mesh whose next run is interrupted right before it takes the lease."""
    mesh = hanse.open_mesh(root)
    mesh.registry  # noqa: B018 - opening asks the clock, too
    mesh.clock = Interrupting(work)
    return mesh


def test_readers_never_see_two_releases_mixed(sales: MeshFolder) -> None:
    script = (
        "import sys, pathlib, hanse\n"
        "file = pathlib.Path(sys.argv[2])\n"
        "with hanse.open_mesh(sys.argv[1]) as mesh:\n"
        "    for value in range(2, 8):\n"
        "        part = file.with_suffix('.part')\n"
        "        part.write_text('v\\n' + f'{value}\\n' * 50)\n"
        "        part.replace(file)\n"
        "        assert mesh.run()['succeeded'] == 1\n"
    )
    seen = []
    writer = subprocess.Popen([sys.executable, "-c", script, str(sales.root), str(sales.root / ORDERS)])
    with hanse.open_mesh(sales.root) as mesh:
        while writer.poll() is None:
            seen.append(values(mesh)[0])
        seen.append(values(mesh)[0])
    assert writer.returncode == 0
    assert seen == sorted(seen)
    assert seen[-1] == 7
    assert len(set(seen)) > 2


def test_one_mesh_in_many_threads(sales: MeshFolder) -> None:
    mesh = hanse.open_mesh(sales.root)
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            values(mesh)
            mesh.list_products()
            mesh.show("sales.orders")

    def look() -> None:
        while not stop.is_set():
            assert mesh.check()["errors"] == 0
            assert mesh.plan()["refusals"] == []

    def deliver() -> None:
        try:
            for value in range(2, 6):
                sales.write(ORDERS, delivery(value))
                assert mesh.run()["failed"] == 0
        finally:
            stop.set()

    with in_threads(read, read, look, deliver):
        pass
    sales.write(ORDERS, delivery(9))
    assert mesh.run()["succeeded"] == 1
    assert values(mesh) == (9, 9)
    mesh.close()


def test_parts_of_a_mesh_are_made_once(sales: MeshFolder) -> None:
    with hanse.open_mesh(sales.root) as mesh:
        found: list[Any] = []
        start = threading.Barrier(8)

        def ask() -> None:
            start.wait()
            found.append(mesh.registry)

        with in_threads(*[ask] * 8):
            pass
        assert len({id(r) for r in found}) == 1


def test_a_run_that_was_overtaken_does_not_go_back_in_time(sales: MeshFolder) -> None:
    """Another process delivers and publishes after a run has looked and before it holds the lease."""

    def overtake() -> None:
        sales.write(ORDERS, delivery(3))
        with hanse.open_mesh(sales.root) as other:
            assert other.run()["succeeded"] == 1

    sales.write(ORDERS, delivery(2))
    with armed(sales.root, overtake) as mesh:
        run = mesh.run()["runs"][0]
        assert run["status"] == "unchanged"
        assert values(mesh) == (3, 3)
        assert [r["sequence"] for r in mesh.releases()["releases"]] == [2, 1]
        assert not [r for r in mesh.runs()["runs"] if r["status"] == "running"]


def test_a_run_does_not_publish_what_is_no_longer_applied(sales: MeshFolder) -> None:
    def overtake() -> None:
        sales.write("domains/sales/orders/transforms/one.sql", "SELECT v + 100 AS v FROM raw")
        with hanse.open_mesh(sales.root) as other:
            other.apply()

    sales.write(ORDERS, delivery(2))
    with armed(sales.root, overtake) as mesh:
        run = mesh.run()["runs"][0]
        assert (run["status"], run["error"]["code"]) == ("refused", "HNS-L010")
        assert values(mesh) == (1, 1)
        assert mesh.run()["succeeded"] == 1
        assert values(mesh) == (102, 102)


def test_files_edited_after_they_were_compared_with_what_was_applied(sales: MeshFolder) -> None:
    sales.write(ORDERS, delivery(2))
    with hanse.open_mesh(sales.root) as mesh:
        mesh.run()
    sales.write(ORDERS, delivery(3))

    def edit(phase: str, *_: object) -> None:
        if phase == "run":
            sales.write("domains/sales/orders/transforms/one.sql", "SELECT 666 AS v FROM raw")

    with hanse.open_mesh(sales.root) as mesh:
        run = mesh.run(listener=edit)["runs"][0]
        assert (run["status"], run["error"]["code"]) == ("failed", "HNS-L010")
        assert values(mesh) == (2, 2)


def test_a_delivery_written_while_it_is_read(sales: MeshFolder) -> None:
    sales.write(ORDERS, delivery(2))

    def write(phase: str, *_: object) -> None:
        if phase == "stage":
            sales.write(ORDERS, delivery(3))  # same size, perhaps within one tick of the clock

    with hanse.open_mesh(sales.root) as mesh:
        run = mesh.run(listener=write)["runs"][0]
        assert (run["status"], run["error"]["code"]) == ("failed", "HNS-L016")
        assert values(mesh) == (1, 1)
        assert mesh.run()["succeeded"] == 1
        assert values(mesh) == (3, 3)


def test_a_contract_applied_while_a_run_is_building(sales: MeshFolder) -> None:
    """The run ends with what it began with, or fails; the next one builds what is applied."""

    def alter(phase: str, *_: object) -> None:
        if phase == "check":
            tables: Any = {"one": {"v": "integer", "w": "integer"}, "two": {"v": "integer"}}
            sales.contract("sales.orders", tables, status="draft")
            sales.write("domains/sales/orders/transforms/one.sql", "SELECT v, v AS w FROM raw")
            with hanse.open_mesh(sales.root) as other:
                other.apply()

    sales.write(ORDERS, delivery(2))
    with hanse.open_mesh(sales.root) as mesh:
        first = mesh.run(listener=alter)["runs"][0]
        assert first["status"] in {"succeeded", "failed"}
        assert values(mesh) in {(1, 1), (2, 2)}
        assert mesh.run()["succeeded"] == 1
        assert values(mesh) == (2, 2)
        with mesh.query("SELECT sum(w) AS w FROM sales.orders.one") as result:
            assert result.to_arrow().to_pylist() == [{"w": 100}]
        assert mesh.doctor()["healthy"]


def test_two_applies_at_once(sales: MeshFolder) -> None:
    sales.contract(
        "sales.orders",
        {"one": {"v": "integer"}, "two": {"v": "integer"}, "three": {"v": "integer"}},
        status="draft",
    )
    sales.write("domains/sales/orders/transforms/three.sql", "SELECT v FROM two")
    start = threading.Barrier(2)

    def apply() -> None:
        with hanse.open_mesh(sales.root) as mesh:
            start.wait()
            with suppress(Conflict):  # the loser is told so
                mesh.apply()

    with in_threads(apply, apply):
        pass
    with hanse.open_mesh(sales.root) as mesh:
        assert mesh.apply()["steps"] == 0
        assert mesh.run()["succeeded"] == 1
        assert mesh.doctor()["healthy"]


def running(mesh: Mesh, owner: str) -> Run:
    run = Run(new_id(), SALES, RunStatus.RUNNING, "other", "manual", mesh.clock.now(), owner=owner)
    with mesh.registry.write() as writer:
        writer.begin_run(run, lease_seconds=LEASE_SECONDS)
    return run


def dead_owner() -> str:
    host, _, start = owner_identity().split(":")
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return f"{host}:{child.pid}:{start}"


def test_a_dead_run_taken_over_by_somebody_is_not_taken_from_them(sales: MeshFolder) -> None:
    """Two processes find the same dead run; the second must not end the lease that the first has won."""
    owner = dead_owner()
    with hanse.open_mesh(sales.root) as mesh:
        dead = running(mesh, owner)
        with mesh.registry.write() as writer:
            writer.end_lease(SALES, dead.id, owner=owner)
            winner = writer.take_over(dead.id, owner=owner_identity(), lease_seconds=LEASE_SECONDS)
        with mesh.registry.write() as writer:
            writer.end_lease(SALES, dead.id, owner=owner)
            with pytest.raises(Conflict, match="HNS-G010"):
                writer.take_over(dead.id, owner="other:1:1", lease_seconds=LEASE_SECONDS)
        run = mesh.run()["runs"][0]
        assert (run["status"], run["error"]["code"]) == ("refused", "HNS-L014")
        with mesh.registry.write() as writer:  # the winner still holds it
            writer.beat(winner.id, winner.fence, lease_seconds=LEASE_SECONDS)


def test_a_dead_run_does_not_keep_the_next_one_waiting(sales: MeshFolder) -> None:
    """Also when there is nothing to do: its lease would last a minute."""
    with hanse.open_mesh(sales.root) as mesh:
        dead = running(mesh, dead_owner())
        started = time.monotonic()
        assert mesh.run()["unchanged"] == 1
        assert time.monotonic() - started < LEASE_SECONDS / 2
        found = mesh.registry.reader().run(dead.id)
        assert found is not None
        assert found.status is RunStatus.ABANDONED


def test_one_busy_product_does_not_stop_the_others(sales: MeshFolder) -> None:
    sales.product("hr.people", {"people": {"v": "integer"}}, transforms={"people": "SELECT 1 AS v"})
    with hanse.open_mesh(sales.root) as mesh:
        mesh.apply()
        running(mesh, owner_identity())
        document = mesh.run()
    assert {r["product"]: r["status"] for r in document["runs"]} == {
        "hr.people": "succeeded",
        "sales.orders": "refused",
    }


def test_a_loser_of_the_lease_leaves_the_winners_files(sales: MeshFolder) -> None:
    """A run that finds itself taken over must not clear what its successor goes on with."""
    sales.write(ORDERS, delivery(2))
    taken: list[Run] = []

    def take_over(phase: str, *_: object) -> None:
        if phase == "check" and not taken:
            with hanse.open_mesh(sales.root) as other, other.registry.write() as writer:
                (run,) = other.registry.reader().runs(SALES, status=RunStatus.RUNNING)
                writer.end_lease(SALES, run.id)
                taken.append(writer.take_over(run.id, owner=dead_owner(), lease_seconds=LEASE_SECONDS))

    with hanse.open_mesh(sales.root) as mesh:
        document = mesh.run(listener=take_over)["runs"][0]
        assert document["error"]["code"] if document["error"] else document["problems"][0]["code"] == "HNS-G011"
        assert values(mesh) == (1, 1)
        staged = [Path(mesh.store.staging(t.name, taken[0].id)) for t in mesh.registry.reader().product(SALES).tables]  # type: ignore[union-attr]
        assert all(path.exists() for path in staged)
        assert mesh.run()["succeeded"] == 1  # goes on as the dead successor's successor
        assert values(mesh) == (2, 2)
        assert mesh.doctor()["healthy"]
