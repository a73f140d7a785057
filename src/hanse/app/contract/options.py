"""What is asked of a test of contracts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class Options:
    """What to verify, against what, with what means.

    Attributes:
        data: table → paths, patterns, folders or addresses of its data; under None: of the contract's only table, or a
            folder that holds one file or folder per table.
        server: name of the entry of the contract's ``servers`` that says where the data is.
        allow: addresses, or beginnings of addresses, that entries of ``servers`` may lead to.
        variables: names of environment variables that entries of ``servers`` may use.
        tables: names of the tables to verify, empty: all.
        rows: failing rows to fetch per check.
        seconds: how long one look at the data may take.
        memory: bytes that the engine may use before it spills.
    """

    data: Mapping[str | None, tuple[str, ...]] = field(default_factory=dict)
    server: str | None = None
    allow: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    rows: int = 5
    seconds: float | None = None
    memory: int | None = None


def data_of(data: Paths | Mapping[str, Paths] | None) -> dict[str | None, tuple[str, ...]]:
    """Return what was given as data, by table."""
    if data is None:
        return {}
    if isinstance(data, Mapping):
        return {table: _paths(paths) for table, paths in data.items()}
    return {None: _paths(data)}


def _paths(paths: Paths) -> tuple[str, ...]:
    if isinstance(paths, str | os.PathLike):
        return (os.fspath(paths),)
    return tuple(os.fspath(path) for path in paths)
