"""Which releases are to expire, and that what the policy promises can still be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.app import open_mesh
from hanse.base import ProductName, SetClock
from hanse.pipelines import expired_releases
from hanse.pipelines.upkeep.retention import surplus_of
from hanse.registry import Release, Run, RunStatus
from hanse.spec import Retention
from hanse.testing.meshes import MeshFolder

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PRODUCT = ProductName("a", "b")


def release(sequence: int, at: datetime, expired: datetime | None = None) -> Release:
    return Release(
        f"r{sequence}", PRODUCT, sequence, None, "run", "k", "1.0.0", at, (), expired_at=expired
    )  # fmt: skip


def numbers(releases: Any) -> list[int]:
    return [r.sequence for r in releases]


@pytest.mark.parametrize(
    ("releases", "days", "expire"),
    [
        (None, None, []),
        (1, None, [1, 2, 3, 4]),
        (3, None, [1, 2]),
        (9, None, []),
        (None, 1, [1, 2, 3]),  # the 4th was visible until now
        (None, 2, [1, 2]),  # the 3rd stopped being visible a day ago
        (None, 99, []),
        (3, 1, [1, 2]),
        (1, 3, [1]),
    ],
)
def test_what_neither_number_keeps_expires(releases: int | None, days: int | None, expire: list[int]) -> None:
    history = [release(n, NOON + n * DAY) for n in (5, 4, 3, 2, 1)]
    assert numbers(surplus_of(history, Retention(releases, days), NOON + 5 * DAY)) == expire


def test_what_is_visible_expired_already_or_read_by_a_run_is_left_alone() -> None:
    history = [release(3, NOON), release(2, NOON), release(1, NOON, NOON)]
    assert numbers(surplus_of(history, Retention(1, 1), NOON + 1000 * DAY)) == [2]
    assert numbers(surplus_of(history, Retention(1, 1), NOON + 1000 * DAY, ["r2"])) == []
    assert surplus_of([], Retention(1, 1), NOON) == ()
    assert surplus_of(history[:1], Retention(1, 1), NOON + 1000 * DAY) == ()


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.integers(-2, 5), min_size=1, max_size=12),
    releases=st.none() | st.integers(1, 6),
    days=st.none() | st.integers(1, 12),
    later=st.integers(0, 20),
)
def test_every_time_within_the_days_can_be_read(
    gaps: list[int], releases: int | None, days: int | None, later: int
) -> None:
    moments = [NOON + sum(gaps[: n + 1]) * DAY for n in range(len(gaps))]
    history = [release(n + 1, at) for n, at in enumerate(moments)][::-1]
    now = max(moments) + later * DAY
    expired = set(numbers(surplus_of(history, Retention(releases, days), now)))
    assert len(history) not in expired
    assert not expired & {r.sequence for r in history[: releases or 0]}
    if releases is None and days is None:
        assert not expired
    needed = set()
    for hours in range(24 * (days or 0)):
        at = now - timedelta(hours=hours)
        then = [r.sequence for r in history if r.created_at <= at]
        needed |= {max(then)} if then else set()
    assert not expired & needed
    if days is not None and all(gap > 0 for gap in gaps[1:]):  # and nothing else is kept, where the clock only goes on
        kept = {len(history), *needed, *(r.sequence for r in history[: releases or 0])}
        assert {r.sequence for r in history} - expired <= kept


def test_the_policy_of_the_files_decides_over_what_the_registry_holds(folder: MeshFolder) -> None:
    clock = SetClock(NOON)
    folder.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n0\n"})
    folder.product("a.c", {"t": {"n": "integer"}}, data={"t.csv": "n\n0\n"})
    with open_mesh(folder.root, clock=clock) as mesh:
        mesh.apply()
        for number in range(4):
            for product in ("b", "c"):
                folder.write(f"domains/a/{product}/data/t.csv", f"n\n{number}\n")
            mesh.run()
            clock.advance(DAY)
    folder.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "test", "retention": {"releases": 2}})
    folder.write(
        "domains/a/b/pipeline.yaml", {"apiVersion": "hanse/v1", "kind": "Pipeline", "retention": {"releases": 3}}
    )
    with open_mesh(folder.root, clock=clock) as mesh:
        workspace, reader = mesh.load(), mesh.registry.reader()
        found = expired_releases(workspace, reader, clock.now())
        assert {str(name): numbers(releases) for name, releases in found.items()} == {"a.b": [1], "a.c": [1, 2]}
        assert list(expired_releases(workspace, reader, clock.now(), [PRODUCT])) == [PRODUCT]
        first = found[PRODUCT][0]
        inputs = ({"kind": "port", "name": "a.b", "release": first.id, "sequence": 1},)
        other = Run("r", ProductName("a", "z"), RunStatus.RUNNING, "k", "manual", NOON, inputs=inputs)
        with mesh.registry.write() as writer:
            writer.begin_run(other, lease_seconds=60)
        assert PRODUCT not in expired_releases(workspace, reader, clock.now())
        with mesh.registry.write() as writer:
            assert writer.expire_releases(PRODUCT, [first.id]) == ()
            writer.end_run("r", 1, RunStatus.FAILED)
            for name, releases in found.items():
                expired = writer.expire_releases(name, [r.id for r in releases])
                assert numbers(expired) == numbers(releases)
        assert expired_releases(workspace, reader, clock.now()) == {}
        states = [(r["sequence"], r["state"]) for r in mesh.releases("a.c")["releases"]]
        assert states == [(4, "visible"), (3, "kept"), (2, "expired"), (1, "expired")]
