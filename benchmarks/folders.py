"""Meshes to measure: as tests make them, but in YAML as people write it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hanse.testing.meshes import MeshFolder


class Folder(MeshFolder):
    """An empty mesh in a folder of its own; what was there is removed."""

    def __init__(self, root: Path, name: str = "bench") -> None:
        shutil.rmtree(root, ignore_errors=True)
        super().__init__(root, name)

    def write(self, path: str, content: str | bytes | Mapping[str, Any]) -> Path:
        """Write a file; documents as block YAML."""
        if isinstance(content, Mapping):
            content = yaml.safe_dump(dict(content), sort_keys=False)
        return super().write(path, content)
