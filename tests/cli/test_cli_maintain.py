"""``hanse maintain`` over a mesh whose retention lets old releases go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import hanse
from hanse.cli.main import run
from hanse.testing.meshes import MeshFolder


@pytest.fixture
def folder(tmp_path: Path) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    folder.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "test", "retention": {"releases": 2}})
    folder.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n0\n"})
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        for number in range(5):
            folder.write("domains/a/b/data/t.csv", f"n\n{number}\n")
            assert mesh.run()["succeeded"] == 1
    return folder


def test_old_releases_expire_and_their_snapshots_are_forgotten(
    folder: MeshFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(folder.root), "maintain", "--dry-run"]) == 0
    assert "would: 3 releases expired" in capsys.readouterr().out
    assert run(["-C", str(folder.root), "maintain", "--grace", "0", "--json"]) == 0
    (product,) = json.loads(capsys.readouterr().out)["products"]
    assert product["expired"] == [1, 2, 3]
    assert product["snapshots"] == 3
    assert run(["-C", str(folder.root), "maintain"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    with hanse.open_mesh(folder.root) as mesh:
        with mesh.query("SELECT n FROM a.b.t", at=4) as result:
            assert result.to_arrow().column("n").to_pylist() == [3]
        with pytest.raises(hanse.HanseError, match="expired"):
            mesh.query("SELECT n FROM a.b.t", at=1)
        assert mesh.doctor()["healthy"]


def test_a_product_that_is_being_run_is_left_as_it_is(folder: MeshFolder, capsys: pytest.CaptureFixture[str]) -> None:
    from hanse.base import ProductName, new_id
    from hanse.pipelines.lease import LEASE_SECONDS, owner_identity
    from hanse.registry import Run, RunStatus

    with hanse.open_mesh(folder.root) as mesh, mesh.registry.write() as writer:
        owner, now = owner_identity(), mesh.clock.now()
        begun = Run(new_id(), ProductName("a", "b"), RunStatus.RUNNING, "k", "manual", now, owner=owner)
        writer.begin_run(begun, lease_seconds=LEASE_SECONDS)
    assert run(["-C", str(folder.root), "maintain"]) == 1
    assert "left as it is" in capsys.readouterr().out
