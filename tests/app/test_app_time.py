"""Going back, pausing, resuming and reading the past, through the opened mesh."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hanse.app import Mesh, open_mesh
from hanse.base import HanseError, ProductName, SetClock
from hanse.base.versions import Version
from hanse.registry import Run, RunStatus
from hanse.testing.meshes import MeshFolder

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAME = "a.b"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def folder(tmp_path: Path) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(NAME, {"x": {"n": "integer"}, "y": {"n": "integer"}}, data={"x.csv": "n\n1\n", "y.csv": "n\n1\n"})
    folder.product(
        "a.reader", {"z": {"n": "integer"}}, transforms={"z": "SELECT n * 10 AS n FROM b.x"}, inputs={"b": NAME}
    )
    return folder


@pytest.fixture
def mesh(folder: MeshFolder, clock: SetClock) -> Iterator[Mesh]:
    with open_mesh(folder.root, clock=clock) as mesh:
        mesh.apply()
        yield mesh


@pytest.fixture
def three(mesh: Mesh, folder: MeshFolder, clock: SetClock) -> list[dict[str, Any]]:
    """Three hourly releases of `a.b`, whose `x` holds 1, 2 and 3; `y` never changes."""
    made = []
    for number in (1, 2, 3):
        deliver(folder, "x", number)
        made.append(run(mesh, NAME)["release"])
        clock.advance(HOUR)
    return made


def deliver(folder: MeshFolder, table: str, number: int) -> None:
    folder.write(f"domains/a/b/data/{table}.csv", f"n\n{number}\n")


def run(mesh: Mesh, *names: str) -> dict[str, Any]:
    document: dict[str, Any] = mesh.run(names or None)["runs"][0]
    return document


def seen(mesh: Mesh, table: str = "a.b.x", at: Version | None = None) -> list[int]:
    with mesh.query(f"SELECT n FROM {table}", at=at) as result:
        return [row["n"] for row in result.to_arrow().to_pylist()]


def code_of(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(HanseError) as caught:
        call(*arguments, **options)
    return caught.value.code.id


def test_going_back_shows_what_changes_asks_once_and_pauses(mesh: Mesh, three: list[Any], folder: MeshFolder) -> None:
    asked: list[Any] = []

    def no(preview: dict[str, Any]) -> bool:
        asked.append(preview)
        return False

    refused = mesh.rollback(NAME, confirm=no)
    assert (refused["rolled_back"], refused["release"]) == (False, None)
    assert len(asked) == 1
    assert (asked[0]["from"]["sequence"], asked[0]["to"]["sequence"]) == (3, 2)
    assert [(t["table"], t["change"]) for t in asked[0]["tables"]] == [("a.b.x", "changes"), ("a.b.y", "same")]
    assert seen(mesh) == [3]
    made = mesh.rollback(NAME, confirm=lambda preview: not no(preview))["release"]
    assert (made["sequence"], made["kind"], made["tables"]) == (4, "rollback", three[1]["tables"])
    assert seen(mesh) == [2]
    states = mesh.releases(NAME)
    assert [(r["sequence"], r["state"]) for r in states["releases"]] == [
        (4, "visible"),
        (3, "kept"),
        (2, "kept"),
        (1, "kept"),
    ]
    assert list(states["paused"]) == [NAME]


def test_going_back_again_goes_further_back(mesh: Mesh, three: list[Any]) -> None:
    assert mesh.rollback(NAME)["to"]["sequence"] == 2
    assert mesh.rollback(NAME)["to"]["sequence"] == 1
    assert seen(mesh) == [1]
    assert code_of(mesh.rollback, NAME) == "HNS-G021"


def test_a_number_an_id_and_a_time_say_where_to(mesh: Mesh, three: list[Any], clock: SetClock) -> None:
    for to, number in ((1, 1), ("2", 2), (three[0]["id"], 1), (NOON + HOUR, 2), ("2026-11-01T12:30Z", 1)):
        clock.advance(HOUR)
        assert mesh.rollback(NAME, to)["release"] is not None
        assert seen(mesh) == [number]
    for to, code in ((99, "HNS-G019"), ("nobody", "HNS-G019"), (NOON - HOUR, "HNS-G019"), (8, "HNS-G021")):
        assert code_of(mesh.rollback, NAME, to) == code
    assert code_of(mesh.rollback, "a.bb") == "HNS-K001"
    assert code_of(mesh.rollback, "a.reader") == "HNS-G019"


def test_a_paused_product_is_passed_over_unless_it_is_named(mesh: Mesh, three: list[Any]) -> None:
    mesh.rollback(NAME, 1)
    document = mesh.run()
    paused, reader = document["runs"]
    assert (paused["status"], paused["release"]["sequence"]) == ("paused", 4)
    assert (paused["error"]["code"], paused["error"]["severity"]) == ("HNS-L030", "warning")
    assert (reader["status"], document["paused"], document["refused"]) == ("succeeded", 1, 0)
    assert seen(mesh, "a.reader.z") == [10]  # who reads the product reads what was rolled back to
    named = mesh.run([NAME])
    assert (named["runs"][0]["status"], named["runs"][0]["error"]["code"]) == ("refused", "HNS-L030")
    assert mesh.run([NAME], trigger="schedule")["paused"] == 1
    assert seen(mesh) == [1]
    assert mesh.resume(NAME) == {"product": NAME, "resumed": True}
    assert mesh.resume(NAME) == {"product": NAME, "resumed": False}
    assert code_of(mesh.resume, "a.bb") == "HNS-K001"
    assert run(mesh, NAME)["release"]["sequence"] == 5
    assert seen(mesh) == [3]


def test_after_going_back_a_run_builds_what_differs_from_the_old_release(
    mesh: Mesh, three: list[Any], folder: MeshFolder
) -> None:
    mesh.rollback(NAME, 1)
    mesh.resume(NAME)
    deliver(folder, "x", 1)  # mended at its source: these are the inputs of the old release
    assert run(mesh, NAME)["status"] == "unchanged"
    deliver(folder, "y", 5)
    made = run(mesh, NAME)
    assert made["built"] == ["a.b.y"]
    x, y = made["release"]["tables"]
    assert x["snapshot"] == three[0]["tables"][0]["snapshot"]
    assert y["snapshot"] != three[0]["tables"][1]["snapshot"]
    assert (seen(mesh), seen(mesh, "a.b.y")) == ([1], [5])
    assert [seen(mesh, at=number) for number in range(1, 6)] == [[1], [2], [3], [1], [1]]


def test_an_old_release_of_another_shape_is_read_and_built_upon(
    mesh: Mesh, three: list[Any], folder: MeshFolder
) -> None:
    folder.contract(NAME, {"x": {"n": "integer", "m": "string"}, "y": {"n": "integer"}}, version="1.1.0")
    folder.write("domains/a/b/data/x.csv", "n,m\n4,four\n")
    mesh.apply()
    assert run(mesh, NAME)["release"]["sequence"] == 4
    preview = mesh.rollback(NAME, 1)
    assert preview["tables"][0]["columns"] == ["- m VARCHAR"]
    with mesh.query("FROM a.b.x") as result:
        assert result.schema.names == ["n"]
    with mesh.query("SELECT m FROM a.b.x AT (VERSION => 4)") as result:
        assert result.to_arrow().to_pylist() == [{"m": "four"}]
    mesh.resume(NAME)
    assert run(mesh, NAME)["status"] == "succeeded"
    with mesh.query("SELECT n, m FROM a.b.x") as result:
        assert result.to_arrow().to_pylist() == [{"n": 4, "m": "four"}]


def test_checks_of_what_was_rolled_back_to_are_still_shown(mesh: Mesh, three: list[Any]) -> None:
    before = mesh.show(NAME)["tables"][0]["checks"]["totals"]
    mesh.rollback(NAME, 1)
    shown = mesh.show(NAME)
    assert shown["tables"][0]["checks"]["totals"] == before
    assert shown["tables"][0]["sample"]["rows"] == [[1]]


def test_a_run_under_way_is_in_the_way_and_a_dead_one_is_not(mesh: Mesh, three: list[Any], clock: SetClock) -> None:
    name = ProductName("a", "b")
    for run_id, owner in (("alive", "elsewhere:1:1"), ("dead", f"{socket.gethostname()}:4194999:1")):
        started = Run(run_id, name, RunStatus.RUNNING, "k", "manual", clock.now(), owner=owner)
        with mesh.registry.write() as writer:
            writer.begin_run(started, lease_seconds=60)
        if run_id == "alive":
            assert code_of(mesh.rollback, NAME, 1) == "HNS-G010"
            clock.advance(HOUR)
    assert mesh.rollback(NAME, 1)["rolled_back"]


def test_who_thinks_too_long_goes_nowhere(mesh: Mesh, three: list[Any], folder: MeshFolder) -> None:
    deliver(folder, "x", 4)

    def slow(_: dict[str, Any]) -> bool:
        with open_mesh(folder.root) as other:
            return bool(other.run([NAME])["succeeded"])

    assert code_of(mesh.rollback, NAME, 1, confirm=slow) == "HNS-G022"
    assert seen(mesh) == [4]


def test_statements_are_read_as_of_what_people_write(mesh: Mesh, three: list[Any]) -> None:
    naive = datetime(2026, 11, 1, 13, 30)  # noqa: DTZ001 - UTC, as in SQL
    for at, number in ((1, 1), ("2", 2), ("2026-11-01 12:59", 1), (naive, 2), (three[2]["id"], 3), (None, 3)):
        assert seen(mesh, at=at) == [number]
    assert code_of(mesh.query, "FROM a.b.x", at="2026-10-31") == "HNS-Q109"
    assert code_of(mesh.query, "FROM a.b.x", at="yesterday") == "HNS-Q110"


def test_transforms_have_no_other_time(folder: MeshFolder) -> None:
    folder.write("domains/a/reader/transforms/z.sql", "SELECT n FROM b.x AT (VERSION => 1)")
    with open_mesh(folder.root) as mesh:
        problems = mesh.check()["problems"]
    assert [(p["code"], p["where"]) for p in problems] == [("HNS-D010", "domains/a/reader/transforms/z.sql:1:15")]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_past_is_what_was_visible_then(seed: int, mesh: Mesh, folder: MeshFolder, clock: SetClock) -> None:
    """Runs, rollbacks and expiries in any order: every time gives what a reader saw then, or says that it expired."""
    chance = random.Random(seed)
    past: list[tuple[datetime, int, int]] = []  # since when, sequence, value
    expired: set[int] = set()
    for number in range(1, 10):
        clock.advance(timedelta(minutes=chance.randint(1, 90)))
        step = chance.choice(["run", "run", "rollback", "expire"]) if past else "run"
        others = [sequence for _, sequence, _ in past[:-1] if sequence not in expired]
        if step == "rollback" and others:
            target = chance.choice(others)
            made = mesh.rollback(NAME, target)["release"]
            mesh.resume(NAME)
            past.append((clock.now(), made["sequence"], next(v for _, s, v in past if s == target)))
        elif step == "expire" and others:
            target = chance.choice(others)
            with mesh.registry.write() as writer:
                ids = {r["sequence"]: r["id"] for r in mesh.releases(NAME, limit=None)["releases"]}
                writer.expire_releases(ProductName("a", "b"), [ids[target]])
            expired.add(target)
        else:
            deliver(folder, "x", number)
            past.append((clock.now(), run(mesh, NAME)["release"]["sequence"], number))
        assert seen(mesh) == [past[-1][2]]
    assert [sequence for _, sequence, _ in past] == list(range(1, len(past) + 1))
    at = NOON
    while at < clock.now():
        then = [(sequence, value) for since, sequence, value in past if since <= at]
        if not then:
            assert code_of(mesh.query, "FROM a.b.x", at=at) == "HNS-Q109"
        elif then[-1][0] in expired:
            assert code_of(mesh.query, "FROM a.b.x", at=at) == "HNS-Q111"
        else:
            assert seen(mesh, at=at) == [then[-1][1]]
        at += timedelta(minutes=17)
