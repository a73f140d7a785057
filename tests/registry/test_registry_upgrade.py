"""Versions of the tables: what is built now, what Alembic builds, and who upgrades whom."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from hanse.base import RegistryError
from hanse.registry import Registry, codes
from hanse.registry.migrations import config, upgrade
from hanse.registry.schema import HEAD, VERSION_TABLE, metadata

_COMMA = re.compile(r",(?![^()]*\))")  # between definitions, not within their parentheses


def _url(path: Path) -> str:
    return f"sqlite:///{path}"


def _shape(path: Path) -> set[tuple[str, str, str]]:
    """Return every table and index as its parts, in any order of definition."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    shape = set()
    for kind, name, sql in found:
        head, _, body = sql.partition("(")
        parts = sorted(part.strip() for part in _COMMA.split(body.strip().removesuffix(")")))
        shape.add((kind, name, "\n".join([head.strip(), *parts])))
    return shape


def _set_version(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = ?", [version])


def _oldest(path: Path) -> None:
    """Make a database from before the first revision: a version table without a row."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"CREATE TABLE {VERSION_TABLE} "
            f"(version_num VARCHAR(32) NOT NULL, CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
        )


def test_the_constant_is_alembics_head() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [HEAD]


def test_migrations_and_creation_make_exactly_the_same_tables(tmp_path: Path) -> None:
    Registry.open(_url(tmp_path / "created.db")).close()
    _oldest(tmp_path / "migrated.db")
    Registry.open(_url(tmp_path / "migrated.db"), create=False).close()
    shape = _shape(tmp_path / "created.db")
    assert shape == _shape(tmp_path / "migrated.db")
    tables = {name for kind, name, _ in shape if kind == "table"}
    assert tables == {*metadata.tables, VERSION_TABLE}


def test_alembic_finds_nothing_to_do_in_what_its_revisions_made() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection)
        options: dict[str, Any] = {"version_table": VERSION_TABLE, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_tables_are_legal_in_postgresql_too() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "BIGSERIAL" in text or "number" not in table.c
        assert all(
            str(CreateIndex(index).compile(dialect=dialect)).startswith("CREATE INDEX") for index in table.indexes
        )


def test_an_older_registry_is_upgraded_when_opened(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "registry.db"
    _oldest(path)
    with Registry.open(_url(path), create=False) as registry:
        with registry.write() as writer:
            writer.put_product(make.product())
        assert registry.reader().product(make.name) == make.product()


def _first_version(path: Path) -> None:
    """Make a database of revision 0001 with two releases in it, written as that version wrote them."""
    engine = create_engine(_url(path))
    with engine.begin() as connection:
        upgrade(connection, "0001")
        for statement in (
            (
                "INSERT INTO run (id, domain, product, status, key, trigger, started_at, inputs, fence, owner) "
                "VALUES ('r1', 'sales', 'orders', 'succeeded', 'k', 'manual', '2026-03-01T12:00:00.000000Z', "
                "'[]', 1, 'host:1:0')"
            ),
            (
                "INSERT INTO release (id, domain, product, sequence, run_id, kind, key, version, created_at, visible, "
                "checks_passed, warnings) VALUES "
                "('rel1', 'sales', 'orders', 1, 'r1', 'run', 'k', '1.0.0', '2026-03-01T12:00:00.000000Z', NULL, 1, 0), "
                "('rel2', 'sales', 'orders', 2, NULL, 'metadata', 'k2', '1.0.1', '2026-03-02T12:00:00.000000Z', 1, 1, "
                "0)"
            ),
            (
                "INSERT INTO release_table (release_id, name, major, position, port, snapshot_id, schema_id, "
                "contract_id, contract_version, rows, bytes, key) VALUES "
                "('rel1', 'orders', 1, 0, 'orders', 11, 1, 'c', '1.0.0', 3, 9, 't'), "
                "('rel2', 'orders', 1, 0, 'orders', 12, 1, 'c', '1.0.0', 4, 9, 't')"
            ),
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_registry_of_the_first_version_keeps_its_releases_and_learns_to_roll_back(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "registry.db"
    _first_version(path)
    with Registry.open(_url(path), create=False) as registry:
        reader = registry.reader()
        newest, first = reader.releases(make.name)
        assert [(r.id, r.sequence, r.expired_at) for r in (first, newest)] == [("rel1", 1, None), ("rel2", 2, None)]
        assert [t.snapshot_id for r in (first, newest) for t in r.tables] == [11, 12]
        assert reader.release(make.name) == newest
        with registry.write() as writer:
            made = writer.rollback(make.name, 1)
        assert (made.sequence, made.tables, made.key) == (3, first.tables, "k")
        with registry.write() as writer:
            writer.expire_releases(make.name, ["rel2"])
        assert [r.expired_at is None for r in reader.releases(make.name)] == [True, False, True]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() == (HEAD,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_upgrade_that_fails_leaves_the_old_state(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    _oldest(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE release (mine INTEGER)")  # in the way of a later statement
    before = _shape(path)
    with pytest.raises(RegistryError) as caught:
        Registry.open(_url(path))
    assert caught.value.code is codes.UPGRADE_FAILED
    assert "release" in str(caught.value)
    assert _shape(path) == before


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_registry_is_refused_and_left_as_it_is(path: Path, create: bool) -> None:
    Registry.open(_url(path)).close()
    _set_version(path, "0973")
    before = path.read_bytes()
    with pytest.raises(RegistryError) as caught:
        Registry.open(_url(path), create=create)
    assert caught.value.code is codes.NEWER_VERSION
    assert "0973" in str(caught.value)
    assert HEAD in str(caught.value)
    assert "install" in (caught.value.problem.fix or "")
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", ["ae1027a6acf", "00001", "-1"])
def test_an_unknown_version_is_refused(path: Path, version: str) -> None:
    Registry.open(_url(path)).close()
    _set_version(path, version)
    with pytest.raises(RegistryError) as caught:
        Registry.open(_url(path))
    assert caught.value.code is codes.NOT_A_REGISTRY


def test_revisions_know_their_own_tables_only() -> None:
    """A revision that imported the current schema would change whenever the schema does."""
    folder = Path(ScriptDirectory.from_config(config()).versions)
    for revision in folder.glob("v*.py"):
        assert "hanse" not in revision.read_text(), revision.name


def test_foreign_keys_hold_after_an_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    _oldest(path)

    def violations(connection: Connection) -> list[Any]:
        return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))

    with Registry.open(_url(path)) as registry, registry._database.reading() as connection:
        assert violations(connection) == []
