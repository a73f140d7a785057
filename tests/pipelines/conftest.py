from __future__ import annotations

from pathlib import Path

import pytest

from hanse.testing.meshes import MeshFolder


@pytest.fixture
def folder(tmp_path: Path) -> MeshFolder:
    return MeshFolder(tmp_path / "mesh")
