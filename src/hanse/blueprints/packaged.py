"""The files that come with Hanse."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def packaged(blueprint: str) -> dict[str, bytes]:
    """Return a blueprint's own files: content by path relative to the mesh's folder."""
    root = files("hanse.blueprints")
    found = {".gitignore": root.joinpath("gitignore").read_bytes()}
    _collect(root.joinpath(blueprint), "", found)
    return found


def _collect(folder: Traversable, prefix: str, found: dict[str, bytes]) -> None:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", found)
        else:
            found[f"{prefix}{entry.name}"] = entry.read_bytes()
