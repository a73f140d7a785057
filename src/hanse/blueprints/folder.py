"""Writing a set of files into a folder without ever overwriting anything."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from errno import EEXIST
from pathlib import Path
from typing import Any

from hanse.base import BlueprintError
from hanse.blueprints.codes import CANNOT_WRITE


@dataclass(frozen=True, slots=True)
class Comparison:
    """Files to be written, against what is there; names are relative to the folder and sorted."""

    missing: tuple[str, ...]
    same: tuple[str, ...]
    different: tuple[str, ...]

    def as_document(self, blueprint: str, folder: Path, commands: Iterable[str]) -> dict[str, Any]:
        """Say what became of each file once the missing ones are written: the same JSON shape on every door.

        Args:
            blueprint: ``minimal`` or the name of an example.
            folder: where the files are, absolute.
            commands: what to try next, from within the folder.
        """
        there = [] if folder == Path.cwd() else [f"cd {shlex.quote(os.path.relpath(folder))}"]
        return {
            "blueprint": blueprint,
            "folder": str(folder),
            "written": list(self.missing),
            "unchanged": list(self.same),
            "kept": list(self.different),
            "next": [*there, *commands],
        }


def compare(folder: Path, files: Mapping[str, bytes]) -> Comparison:
    """Look at every file without writing.

    Args:
        folder: where the files shall lie; need not exist.
        files: content by path relative to the folder.

    Raises:
        BlueprintError: HNS-B006 when an existing file cannot be read.
    """
    sorted_out: dict[str, list[str]] = {"missing": [], "same": [], "different": []}
    for name, content in sorted(files.items()):
        sorted_out[_state(folder / name, content)].append(name)
    return Comparison(*(tuple(sorted_out[state]) for state in ("missing", "same", "different")))


def _state(path: Path, content: bytes) -> str:
    try:
        # lexists: a dangling link is somebody's file too.
        if not os.path.lexists(path):
            return "missing"
        return "same" if path.is_file() and path.read_bytes() == content else "different"
    except OSError as error:
        raise _refused(path, error) from error


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write new files, each whole or not at all.

    Args:
        folder: made when missing.
        files: content by path relative to the folder; none of them exists.

    Raises:
        BlueprintError: HNS-B006 when the operating system refuses.
    """
    for name, content in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, content)
        except OSError as error:
            raise _refused(path, error) from error


def _write_whole(path: Path, content: bytes) -> None:
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(part).chmod(0o644)
        _move_in(Path(part), path)
    except BaseException:
        Path(part).unlink()
        raise


def _move_in(part: Path, path: Path) -> None:
    if os.path.lexists(path):
        raise FileExistsError(EEXIST, "somebody else made it in the meantime", str(path))
    part.rename(path)


def _refused(path: Path, error: OSError) -> BlueprintError:
    return BlueprintError(
        CANNOT_WRITE,
        f"`{path}` cannot be written",
        why=error.strerror,
        fix="check permissions and free space, or name another folder",
    )
