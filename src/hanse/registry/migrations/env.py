"""Run by Alembic: migrates over the connection that :func:`hanse.registry.migrations.upgrade` hands in."""

from __future__ import annotations

from alembic import context

from hanse.registry.schema import VERSION_TABLE, metadata


def _run() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        render_as_batch=True,  # SQLite alters most things only by writing the table anew
    )
    context.run_migrations()


_run()
