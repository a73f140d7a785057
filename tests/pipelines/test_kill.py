"""kill -9 at every step boundary of a run: consumers see the old release or the new one, whole."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.testing.meshes import Columns, MeshFolder
from kill_boundaries import KILLED_AT_A_BOUNDARY

DELIVERIES = {old: f"order_id,amount\n1,{old}\n2,{old}\n" for old in (10, 70)}
KEYED: Columns = {"order_id": {"logicalType": "integer", "primaryKey": True, "required": True}, "amount": "integer"}

KILLED_RUN = f"""{KILLED_AT_A_BOUNDARY}
with hanse.open_mesh(sys.argv[1]) as mesh:
    assert mesh.run()["succeeded"] == 1
"""


def state(root: Path) -> tuple[Any, Any]:
    with (
        hanse.open_mesh(root) as mesh,
        mesh.query(
            "SELECT (SELECT max(amount) FROM sales.orders.orders) AS a, (SELECT amount FROM sales.orders.totals) AS b"
        ) as result,
    ):
        row = result.to_arrow().to_pylist()[0]
    return row["a"], row["b"]


@pytest.fixture
def released(tmp_path: Path) -> Path:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product(
        "sales.orders",
        {"orders": KEYED, "totals": {"amount": "integer"}},
        transforms={"totals": "SELECT sum(amount) AS amount FROM doubled", "doubled": "SELECT amount FROM orders"},
        data={"orders.csv": DELIVERIES[10]},
    )
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        assert mesh.run()["succeeded"] == 1
    folder.write("domains/sales/orders/data/orders.csv", DELIVERIES[70])
    return folder.root


@pytest.mark.slow
def test_killed_at_every_boundary(released: Path, tmp_path: Path) -> None:
    seen = set()
    before = tmp_path / "before"
    shutil.copytree(released, before)
    for fatal in range(1, 200):
        # Tables name their files by absolute path: every attempt happens at the same place.
        shutil.rmtree(released)
        shutil.copytree(before, released)
        command = [sys.executable, "-c", KILLED_RUN, str(released), str(fatal)]
        code = subprocess.run(command, check=False).returncode
        assert code in {0, -signal.SIGKILL}
        between = state(released)
        assert between in {(10, 20), (70, 140)}, f"torn at boundary {fatal}"
        seen.add(between)
        with hanse.open_mesh(released) as mesh:
            after = mesh.run()
            assert after["succeeded"] + after["unchanged"] == 1
            assert mesh.verify_events()["ok"]
            assert mesh.doctor()["healthy"]
            assert not [r for r in mesh.runs()["runs"] if r["status"] == "running"]
        assert state(released) == (70, 140)
        if code == 0:
            break
    else:
        pytest.fail("the run never ended by itself")
    assert seen == {(10, 20), (70, 140)}
    assert fatal > 10


def test_two_runs_of_one_product_at_once(released: Path) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def run() -> None:
        with hanse.open_mesh(released) as mesh:
            start.wait()
            outcomes.extend(r["error"]["code"] if r["error"] else r["status"] for r in mesh.run(force=True)["runs"])

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Either one was refused, or they happened to come one after the other.
    assert sorted(outcomes) in (["HNS-L014", "succeeded"], ["succeeded", "succeeded"])
    assert state(released) == (70, 140)


def test_a_run_under_way_is_not_disturbed(released: Path) -> None:
    from hanse.base import ProductName, new_id
    from hanse.pipelines.lease import LEASE_SECONDS, owner_identity
    from hanse.registry import Run, RunStatus

    with hanse.open_mesh(released) as mesh:
        with mesh.registry.write() as writer:
            writer.begin_run(
                Run(
                    new_id(),
                    ProductName("sales", "orders"),
                    RunStatus.RUNNING,
                    "other",
                    "manual",
                    mesh.clock.now(),
                    owner=owner_identity(),
                ),
                lease_seconds=LEASE_SECONDS,
            )
        run = mesh.run()["runs"][0]
    assert (run["status"], run["error"]["code"]) == ("refused", "HNS-L014")
    assert state(released) == (10, 20)
