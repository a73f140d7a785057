"""The only place that chooses drivers, from ``mesh.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hanse.app.codes import UNKNOWN_DRIVER
from hanse.base import Clock, SpecError

if TYPE_CHECKING:
    from hanse.ingest import RemoteFiles
    from hanse.interfaces import Databases, Engine, FileSource, TableStore
    from hanse.registry import Registry
    from hanse.spec import MeshConfig


def registry(config: MeshConfig, clock: Clock) -> Registry:
    """Open the control database, creating or upgrading it."""
    from hanse.registry import Registry

    return Registry.open(config.registry, mesh_name=config.name, clock=clock, root=config.root)


def engine(config: MeshConfig) -> Engine:
    """Return the engine; nothing heavy is loaded before it opens a session.

    Raises:
        SpecError: HNS-A002: no such driver.
    """
    if config.engine.driver != "duckdb":
        raise SpecError(
            UNKNOWN_DRIVER,
            f"there is no engine driver `{config.engine.driver}`",
            fix="use `duckdb` in `mesh.yaml` under `engine.driver`",
        )
    from hanse.drivers.duckdb import DuckDBEngine

    return DuckDBEngine(
        threads=config.engine.threads,
        memory=config.engine.memory_limit,
        temp_directory=str(Path(config.state, "spill")),
    )


def databases(config: MeshConfig) -> Databases:
    """Return what reads databases; nothing heavy is loaded before it opens one."""
    from hanse.drivers.duckdb import DuckDBDatabases

    return DuckDBDatabases(temp_directory=str(Path(config.state, "spill")))


def tables(config: MeshConfig) -> TableStore:
    """Return the table store; nothing heavy is loaded before it has to write."""
    from hanse.drivers.iceberg import IcebergTables

    warehouse = str(Path(config.root, config.warehouse))
    return IcebergTables(warehouse, f"sqlite:///{Path(config.state, 'tables.db')}")


def remote(config: MeshConfig) -> RemoteFiles:
    """Return what looks at files elsewhere; what speaks a protocol is loaded when the first address of it is met."""
    from hanse.ingest import RemoteFiles

    made: dict[str, FileSource] = {}

    def driver(scheme: str) -> FileSource:
        kind = "http" if scheme in ("http", "https") else "fsspec"
        if kind not in made:
            made[kind] = _http(config) if kind == "http" else _fsspec(config)
        return made[kind]

    return RemoteFiles(str(Path(config.state, "fetched")), config.sources, driver)


def _http(config: MeshConfig) -> FileSource:
    from hanse.drivers.http import HttpFiles

    return HttpFiles(config.sources)


def _fsspec(config: MeshConfig) -> FileSource:
    from hanse.drivers.fsspec import FsspecFiles

    return FsspecFiles(config.sources)
