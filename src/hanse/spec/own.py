"""From the documents of ``mesh.yaml`` and ``domain.yaml`` to values; the documents are known to be right."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hanse.base import Location
from hanse.spec.connections import connections_of
from hanse.spec.mesh import PYTHON_SECONDS, Domain, EngineSettings, MeshConfig
from hanse.spec.retention import retention_of
from hanse.spec.sizes import parse_size
from hanse.spec.sources import sources_of

if TYPE_CHECKING:
    from hanse.spec.product import TeamMember

STATE = ".hanse"


def mesh_of(document: dict[str, Any], root: str) -> MeshConfig:
    """Return the mesh of an expanded document.

    Args:
        document: ``mesh.yaml``.
        root: its folder, absolute.
    """
    engine = document.get("engine") or {}
    retention = document.get("retention")
    threads, memory = engine.get("threads"), engine.get("memory_limit")
    return MeshConfig(
        name=_text(document["name"]) or "",
        root=root,
        registry=str((document.get("registry") or {}).get("url") or f"sqlite:///{STATE}/registry.db"),
        warehouse=str((document.get("storage") or {}).get("warehouse") or f"{STATE}/warehouse"),
        state=os.path.join(root, STATE),
        description=_text(document.get("description")),
        engine=EngineSettings(
            driver=engine.get("driver") or "duckdb",
            threads=int(threads) if threads is not None else None,
            memory_limit=parse_size(memory) if memory is not None else None,
            python_seconds=int(engine.get("python_seconds") or PYTHON_SECONDS),
        ),
        retention=retention_of(retention),
        retention_limit=retention_of((retention or {}).get("limit")),
        connections=connections_of(document.get("connections")),
        sources=sources_of(document.get("sources"), root),
    )


def domain_of(document: dict[str, Any], name: str, path: str, digest: str) -> Domain:
    """Return the domain of an expanded document.

    Args:
        document: ``domain.yaml``.
        name: its folder's name.
        path: the file, relative to the mesh.
        digest: digest of the file and the values of the variables that it refers to.
    """
    return Domain(
        name=name,
        path=path,
        digest=digest,
        title=_text(document.get("title")),
        description=_text(document.get("description")),
        team=_text(document.get("team")),
        contact=_text(document.get("contact")),
        members=_members(document.get("members") or []),
        retention=retention_of(document.get("retention"), Location(path)),
    )


def _members(entries: list[dict[str, Any]]) -> tuple[TeamMember, ...]:
    if not entries:
        return ()
    from hanse.spec.product import TeamMember  # a mesh without members needs none of the products' classes

    return tuple(TeamMember(str(m["username"]), _text(m.get("role")), _text(m.get("name"))) for m in entries)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
