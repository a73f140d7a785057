from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse import blueprints
from hanse.cli import main as command_line
from hanse.testing.meshes import MeshFolder


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    exit: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Hanse = Callable[..., Ended]


@pytest.fixture
def run_hanse(capfd: pytest.CaptureFixture[str]) -> Hanse:
    """Run a command in this process."""

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        code = command_line.run(list(arguments))
        return Ended(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mesh of `hanse init`, applied and run once. For reading only."""
    folder = tmp_path_factory.mktemp("built") / "my-mesh"
    blueprints.init(folder)
    with hanse.open_mesh(folder) as mesh:
        mesh.apply()
        mesh.run()
    return folder


@pytest.fixture
def mine(built: Path, tmp_path: Path) -> Path:
    """A copy of the files of the built mesh, nothing of it applied."""
    target = tmp_path / "mine"
    shutil.copytree(built, target, ignore=shutil.ignore_patterns(".hanse"))
    return target


@pytest.fixture
def folder(tmp_path: Path) -> MeshFolder:
    return MeshFolder(tmp_path / "mesh")
