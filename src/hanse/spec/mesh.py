"""``mesh.yaml`` and ``domain.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hanse.spec.retention import Retention
from hanse.spec.sources import SourceSettings

if TYPE_CHECKING:
    from hanse.spec.connections import Connection
    from hanse.spec.product import TeamMember

PYTHON_SECONDS = 3600
"""How long a Python transform may take if nothing is said."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Which engine runs SQL, and what it may use.

    Attributes:
        driver: ``duckdb``.
        threads: None: one per processor.
        memory_limit: bytes, None: the engine's own default (80 % of the machine). Each process of a Python transform
            may take as much.
        python_seconds: how long a Python transform may take.
    """

    driver: str = "duckdb"
    threads: int | None = None
    memory_limit: int | None = None
    python_seconds: int = PYTHON_SECONDS


@dataclass(frozen=True, slots=True)
class MeshConfig:
    """One control plane.

    Attributes:
        name: the mesh's name, the authority of its addresses.
        root: the folder that holds ``mesh.yaml``, absolute.
        registry: SQLAlchemy URL of the control database; relative SQLite paths are relative to ``root``.
        warehouse: folder of the tables, absolute or relative to ``root``.
        state: folder of caches, staging and logs, absolute.
        retention: how long releases are kept; None: for ever.
        retention_limit: the most that a domain or product may ask for.
        connections: databases that products may read, by name.
        sources: where file inputs may come from.
    """

    name: str
    root: str
    registry: str
    warehouse: str
    state: str
    description: str | None = None
    engine: EngineSettings = field(default_factory=EngineSettings)
    retention: Retention | None = None
    retention_limit: Retention | None = None
    connections: Mapping[str, Connection] = field(default_factory=dict)
    sources: SourceSettings = field(default_factory=SourceSettings)


@dataclass(frozen=True, slots=True)
class Domain:
    """A business area with an owning team."""

    name: str
    path: str
    digest: str
    title: str | None = None
    description: str | None = None
    team: str | None = None
    contact: str | None = None
    members: tuple[TeamMember, ...] = ()
    retention: Retention | None = None
