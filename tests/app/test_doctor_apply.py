"""What an apply leaves that was ended between two of its steps is nothing to be alarmed about."""

from __future__ import annotations

from pathlib import Path

import pytest

import hanse
from hanse.testing.meshes import MeshFolder


class Ended(Exception):
    """The process ended here."""


def test_a_first_apply_that_was_ended_is_no_lost_registry(tmp_path: Path) -> None:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n1\n"})

    def end(phase: str, label: str, done: int, total: int) -> None:
        if done == total - 1:
            raise Ended

    with hanse.open_mesh(folder.root) as mesh:
        with pytest.raises(Ended):
            mesh.apply(listener=end)
        assert mesh.store.tables()
        assert not mesh.registry.reader().digests()
        assert mesh.doctor()["healthy"]
        mesh.close()
        registry = Path(mesh.config.state, "registry.db")
        for file in registry.parent.glob("registry.db*"):
            file.unlink()
    with hanse.open_mesh(folder.root) as mesh:
        assert not mesh.doctor()["healthy"]
