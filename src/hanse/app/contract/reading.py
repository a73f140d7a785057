"""From paths to contracts: files, and folders that are looked through for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hanse.app.codes import NO_CONTRACT
from hanse.base import Location, Problem, Severity
from hanse.spec.contract import Contract
from hanse.spec.globs import is_glob, matches

ENDINGS = (".odcs.yaml", ".odcs.yml")
_GREATEST = 16_000_000  # bytes; a contract of a thousand tables has two
_HIDDEN = "."


@dataclass(frozen=True, slots=True)
class Found:
    """A contract's file, and what was made of it.

    Attributes:
        path: as the user would type it.
        contract: None if it cannot be used.
        problems: everything found, warnings too.
        data: the file as it stands; None if it could not be read.
    """

    path: str
    contract: Contract | None
    problems: tuple[Problem, ...] = ()
    data: bytes | None = None

    @property
    def folder(self) -> str:
        """Its folder, absolute."""
        return os.path.dirname(os.path.abspath(self.path))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps it from being used."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


def read_contracts(paths: Iterable[str]) -> tuple[Found, ...]:
    """Read every contract that is named, and those in folders that are, each once and in order."""
    found: dict[str, str] = {}
    for path in paths:
        for file in _files(path):
            found.setdefault(os.path.realpath(file), file)
    return tuple(_read(file) for file in found.values())


def _files(path: str) -> Iterator[str]:
    if not os.path.lexists(path) and is_glob(path):
        found = matches(path, os.getcwd())
        yield from found if os.path.isabs(path) else map(os.path.relpath, found)
        if not found:
            yield path
        return
    if not os.path.isdir(path):
        yield path
        return
    some = False
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith(_HIDDEN))
        for name in sorted(names):
            if name.endswith(ENDINGS):
                some = True
                yield os.path.normpath(os.path.join(folder, name))
    if not some:
        yield path


def _read(path: str) -> Found:
    from hanse.spec.odcs import read_contract  # YAML is loaded when needed only

    try:
        if os.path.getsize(path) > _GREATEST:
            return _nothing(path, f"`{path}` has more than {_GREATEST:,} bytes", None, "split the contract")
        data = Path(path).read_bytes()
    except IsADirectoryError:
        what = f"there is no contract in the folder `{path}`"
        return _nothing(path, what, None, f"contracts are files whose names end in `{ENDINGS[0]}`; or name the file")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return _nothing(path, f"the contract `{path}` cannot be read: {reason}", None, "correct the path")
    contract, problems = read_contract(data, path)
    return Found(path, contract, tuple(problems), data)


def _nothing(path: str, what: str, why: str | None, fix: str) -> Found:
    return Found(path, None, (Problem(NO_CONTRACT, what, Location(path), why=why, fix=fix),))
