"""The control database, opened."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from hanse.base import Clock, SystemClock
from hanse.registry.database import Database
from hanse.registry.place import ensure_file, locate
from hanse.registry.reader import Reader
from hanse.registry.upgrade import prepare
from hanse.registry.writer import Writer


class Registry:
    """What the mesh knows. Open it with :meth:`open`; it may be used from several threads."""

    def __init__(self, database: Database, *, mesh_name: str, clock: Clock) -> None:
        self._database = database
        self._mesh_name = mesh_name
        self._clock = clock

    @classmethod
    def open(
        cls,
        url: str,
        *,
        mesh_name: str = "mesh",
        clock: Clock | None = None,
        create: bool = True,
        root: str | Path | None = None,
        busy_seconds: float = 10.0,
    ) -> Self:
        """Open a control database, creating or upgrading its tables when needed.

        Args:
            url: ``sqlite:///relative/path``, ``sqlite:////absolute/path``, or ``sqlite://`` for a registry that lives
                and dies with this object (in a temporary folder, so that it behaves like any other one).
            mesh_name: authority of the events' source, ``hanse://<mesh>``.
            clock: tells the time of events and leases; None: the machine's.
            create: make the registry when there is none; the folder is made too if its parent exists.
            root: folder that relative paths start from; None: the working folder.
            busy_seconds: how long to wait for another process's write to end.

        Raises:
            RegistryError: HNS-G001 to HNS-G009, HNS-G018.
        """
        path = locate(url, Path(root) if root is not None else None)
        if path is None:
            folder = tempfile.mkdtemp(prefix="hanse-registry-")
            registry = cls._open(Path(folder, "registry.db"), "sqlite://", mesh_name, clock, True, busy_seconds)
            weakref.finalize(registry, shutil.rmtree, folder, ignore_errors=True)
            return registry
        return cls._open(path, str(path), mesh_name, clock, create, busy_seconds)

    @classmethod
    def _open(
        cls, path: Path, place: str, mesh_name: str, clock: Clock | None, create: bool, busy_seconds: float
    ) -> Self:
        ensure_file(path, place, create=create)
        database = Database(path, place=place, busy_seconds=busy_seconds)
        try:
            prepare(database, create=create)
        except BaseException:
            database.close()
            raise
        return cls(database, mesh_name=mesh_name, clock=clock or SystemClock())

    def reader(self) -> Reader:
        """Return the read side. It may be shared by threads and kept as long as the registry is open."""
        return Reader(self._database)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Open one write transaction: it commits when the block ends, and changes nothing when the block raises.

        Raises:
            RegistryError: HNS-G006: another process kept the database locked; HNS-G007, HNS-G008: it cannot be written.
            RuntimeError: this thread already has an open writer.
        """
        with self._database.writing() as connection:
            writer = Writer(connection, mesh_name=self._mesh_name, clock=self._clock, place=self._database.place)
            try:
                yield writer
            finally:
                writer.retire()

    def close(self) -> None:
        """Close all connections. Closing twice is harmless."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
