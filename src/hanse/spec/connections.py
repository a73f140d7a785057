"""Connections to databases: what ``mesh.yaml`` says of them, and which products may use them.

A password is never written down and never expanded: what is kept is the name of the variable that holds it, which is
read when a connection is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hanse.base import Location, Problem
from hanse.spec import codes

if TYPE_CHECKING:
    from hanse.spec.workspace import Entry

Tls = Literal["disable", "require", "verify-ca", "verify-full"]

POSTGRES_PORT = 5432
CONNECTION_SECONDS = 3600
"""How long reading one table may take if nothing is said."""
SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""How a password is written: one variable, nothing else."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A PostgreSQL server's database, and who of it.

    Attributes:
        name: what inputs call it.
        domains: names of the domains whose products may read through it.
        password: name of the variable that holds the password; None: whatever libpq finds (``~/.pgpass``, peer).
        tls: ``require``: encrypted, whoever answers; ``verify-ca`` and ``verify-full`` also prove who answers.
        ca: file of certificates that ``verify-…`` trusts, absolute or relative to the mesh; None: the system's.
        seconds: how long reading one table may take.
    """

    name: str
    host: str
    database: str
    user: str
    domains: tuple[str, ...]
    port: int = POSTGRES_PORT
    password: str | None = None
    tls: Tls = "require"
    ca: str | None = None
    seconds: int = CONNECTION_SECONDS
    type: Literal["postgres"] = "postgres"


def connections_of(document: Mapping[str, Any] | None) -> dict[str, Connection]:
    """Return the connections of ``mesh.yaml``, by name.

    Args:
        document: what stands under ``connections``, known to be right; references are expanded, except in ``password``.
    """
    return {name: _connection(name, entry) for name, entry in (document or {}).items()}


def _connection(name: str, entry: Mapping[str, Any]) -> Connection:
    secret = SECRET.fullmatch(str(entry.get("password") or ""))
    return Connection(
        name=name,
        host=str(entry["host"]),
        database=str(entry["database"]),
        user=str(entry["user"]),
        domains=tuple(str(d) for d in entry["domains"]),
        port=int(entry.get("port") or POSTGRES_PORT),
        password=secret.group(1) if secret else None,
        tls=entry.get("tls") or "require",
        ca=str(entry["ca"]) if entry.get("ca") else None,
        seconds=int(entry.get("timeout") or CONNECTION_SECONDS),
    )


def check_connections(connections: Mapping[str, Connection], entries: Iterable[Entry]) -> list[Problem]:
    """Return the inputs that name a connection which is not there or not theirs."""
    problems = []
    for entry in entries:
        for source in entry.databases:
            if source.connection is None:
                continue
            found = connections.get(source.connection)
            if found is None:
                problems.append(_unknown(source.name, source.connection, source.where, connections, str(entry.name)))
            elif entry.name.domain not in found.domains:
                problems.append(
                    Problem(
                        codes.CONNECTION_NOT_YOURS,
                        f"products of domain `{entry.name.domain}` may not read through the connection"
                        f" `{source.connection}`",
                        source.where,
                        fix=f"have the domain added to `connections.{source.connection}.domains` in `mesh.yaml`",
                        subject=str(entry.name),
                    )
                )
    return problems


def _unknown(
    name: str, connection: str, where: Location, connections: Mapping[str, Connection], subject: str
) -> Problem:
    from hanse.base.suggest import did_you_mean  # loads difflib, which a mesh without faults does not need

    return Problem(
        codes.UNKNOWN_CONNECTION,
        f"input `{name}` reads through the connection `{connection}`, which `mesh.yaml` does not have",
        where,
        fix=did_you_mean(connection, connections) or "add it to `mesh.yaml` under `connections`",
        subject=subject,
    )
