"""Creating the tables and bringing those of an older version up to date. Only an upgrade imports Alembic."""

from __future__ import annotations

import re

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from hanse.base import RegistryError
from hanse.registry.codes import NEWER_VERSION, NOT_A_REGISTRY, REGISTRY_MISSING, UPGRADE_FAILED
from hanse.registry.database import Database
from hanse.registry.schema import HEAD, VERSION_TABLE, metadata

_REVISION = re.compile(r"\d{4}")
_EMPTY = "0000"  # a version table without a row: before the first revision


def prepare(database: Database, *, create: bool) -> None:
    """Make sure that the database has the tables of this version.

    Several processes may do so at once: the first one creates or upgrades in one transaction, the others wait for it.

    Args:
        database: what was opened.
        create: make the tables when there are none.

    Raises:
        RegistryError: HNS-G001 (no tables and ``create`` is false), HNS-G003, HNS-G005, HNS-G018, or the codes of a
            database that cannot be used.
    """
    with database.reading() as connection:
        found = installed(connection)
    if found == HEAD:
        return
    _refuse_unknown(database, found)
    if found is None and not create:
        raise RegistryError(
            REGISTRY_MISSING, f"the database {database.place} holds no registry", fix="run `hanse apply` once"
        )
    with database.upgrading() as connection:
        found = installed(connection)  # another process may have been faster
        if found is None:
            _create(database, connection)
        elif found != HEAD:
            _refuse_unknown(database, found)
            _upgrade(database, connection, found)


def installed(connection: Connection) -> str | None:
    """Return the revision of the tables, ``0000`` before the first one, or None when there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return found or _EMPTY


def _refuse_unknown(database: Database, found: str | None) -> None:
    if found is None:
        return
    if not _REVISION.fullmatch(found):
        raise RegistryError(
            NOT_A_REGISTRY,
            f"the database {database.place} names the unknown version `{found}`",
            fix="point `registry.url` to a registry, or restore it from a backup",
        )
    if found > HEAD:
        raise RegistryError(
            NEWER_VERSION,
            f"the registry {database.place} has version {found}; this Hanse understands up to {HEAD}",
            why="a newer Hanse has used it",
            fix="install that newer Hanse here too; nothing was changed",
        )


def _create(database: Database, connection: Connection) -> None:
    """Create all tables as they are now. A test holds that the migrations end in exactly the same ones."""
    taken = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        raise RegistryError(
            NOT_A_REGISTRY,
            f"the database {database.place} has tables of something else: {', '.join(taken)}",
            fix="point `registry.url` to a file of its own",
        )
    metadata.create_all(connection, checkfirst=False)
    connection.execute(
        text(
            f"CREATE TABLE {VERSION_TABLE} "
            f"(version_num VARCHAR(32) NOT NULL, CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:head)"), {"head": HEAD})  # noqa: S608 - a constant


def _upgrade(database: Database, connection: Connection, found: str) -> None:
    from alembic.util import CommandError

    from hanse.registry.migrations import upgrade

    try:
        upgrade(connection)
    except (CommandError, SQLAlchemyError) as error:
        raise RegistryError(
            UPGRADE_FAILED,
            f"the registry {database.place} could not be upgraded from version {found} to {HEAD}",
            why=str(error),
            fix="nothing was changed; keep the older Hanse and report this",
        ) from error
