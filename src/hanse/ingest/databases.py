"""Tables of databases: each database is read once, at one moment, into staged files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from hanse.base import HanseError, IngestError
from hanse.interfaces import Database, PostgresDatabase, SourceTable, SqliteDatabase
from hanse.interfaces.codes import PASSWORD_UNSET
from hanse.spec import Connection, DatabaseInput, MeshConfig


def database_of(source: DatabaseInput, mesh: MeshConfig, folder: str, environ: Mapping[str, str]) -> Database:
    """Return the database that an input's table is in.

    Args:
        source: the input.
        mesh: what has the connections.
        folder: the product's folder, absolute.
        environ: where the password is.

    Raises:
        IngestError: HNS-I033: the password is not set.
    """
    if source.sqlite is not None:
        return SqliteDatabase(os.path.normpath(os.path.join(folder, source.sqlite)))
    assert source.connection is not None  # one of the two is given
    return server_of(mesh.connections[source.connection], mesh, environ)


def server_of(connection: Connection, mesh: MeshConfig, environ: Mapping[str, str]) -> PostgresDatabase:
    """Return the database that a connection means; here, and nowhere before, its password is read.

    Raises:
        IngestError: HNS-I033: the password is not set.
    """
    password = None if connection.password is None else environ.get(connection.password)
    if connection.password is not None and not password:
        raise IngestError(
            PASSWORD_UNSET,
            f"the password of connection `{connection.name}` is not set",
            fix=f"set the variable `{connection.password}` where Hanse runs",
        )
    return PostgresDatabase(
        host=connection.host,
        port=connection.port,
        database=connection.database,
        user=connection.user,
        password=password,
        tls=connection.tls,
        ca=os.path.join(mesh.root, connection.ca) if connection.ca else None,
        seconds=connection.seconds,
    )


def by_database(sources: Sequence[DatabaseInput]) -> tuple[tuple[DatabaseInput, ...], ...]:
    """Return inputs by the database that they are in: those of one are read at one moment."""
    found: dict[tuple[str | None, str | None], list[DatabaseInput]] = {}
    for source in sources:
        found.setdefault((source.connection, source.sqlite), []).append(source)
    return tuple(tuple(group) for group in found.values())


def table_of(source: DatabaseInput) -> SourceTable:
    """Return the names of an input's table."""
    return SourceTable(source.table, source.schema)


@contextmanager
def reading(source: DatabaseInput, subject: str) -> Iterator[None]:
    """Say, whatever goes wrong inside, of which input it is."""
    try:
        yield
    except HanseError as error:
        found = error.problem
        raise IngestError(
            error.code,
            f"input `{source.name}`, {source.shown}: {found.what}",
            where=found.where or source.where,
            why=found.why,
            fix=found.fix,
            subject=subject,
        ) from None  # what is behind it may quote a statement with a password in it
