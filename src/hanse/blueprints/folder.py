"""Writing a set of files into a folder without ever overwriting anything."""

from __future__ import annotations

import filecmp
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
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
    with _part(path) as part:
        part.write_bytes(content)
        _move_in(part, path)


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


def bring(folder: Path, files: Mapping[str, Path]) -> None:
    """Copy files of any size into a folder, each whole or not at all; what is there with the same content stays.

    Args:
        folder: made when missing.
        files: file to copy by path relative to the folder; none of them exists with other content.

    Raises:
        BlueprintError: HNS-B006 when the operating system refuses.
    """
    for name, source in files.items():
        path = folder / name
        if same_content(path, source):
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _part(path) as part:
                shutil.copyfile(source, part)
                _move_in(part, path)
        except OSError as error:
            raise _refused(path, error) from error


def same_content(path: Path, source: Path) -> bool:
    """Say whether a file is there and holds what another one holds.

    Raises:
        BlueprintError: HNS-B006 when one of them cannot be read.
    """
    try:
        return path.is_file() and filecmp.cmp(path, source, shallow=False)
    except OSError as error:
        raise _refused(path, error) from error


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    os.close(handle)
    try:
        Path(name).chmod(0o644)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
