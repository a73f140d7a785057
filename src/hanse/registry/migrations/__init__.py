"""Alembic's way from any older version of the tables to this one, shipped with the package."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def config() -> Config:
    """Return Alembic's configuration; there is no ``alembic.ini``."""
    made = Config()
    made.set_main_option("script_location", "hanse.registry:migrations")
    made.set_main_option("path_separator", "os")
    return made


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a revision, inside the connection's open transaction."""
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, revision)
