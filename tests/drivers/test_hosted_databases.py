"""One suite over every driver that runs SQL in databases: PostgreSQL, MariaDB, SQLite, all real."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hanse.base import HanseError, IngestError, new_id
from hanse.drivers.dbapi import open_hosted
from hanse.drivers.duckdb import DuckDBDatabases
from hanse.interfaces import HostedDatabase, MySqlDatabase, PostgresDatabase, SourceTable, SqliteDatabase
from hanse.testing.mariadb import MariaDbServer
from hanse.testing.postgres import PostgresServer

PASSWORD = "s3cret-w0rd"
SEED = "CREATE TABLE t (a int, b varchar(20)); INSERT INTO t VALUES (1, 'x'), (2, 'ü'), (3, NULL)"


@dataclass
class Place:
    """A database with one table `t`, and two ways in: the driver's and its superuser's."""

    open: Callable[[], HostedDatabase]
    execute: Callable[[str], object]
    table: str


def _postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"h_{new_id()[-12:].lower()}"
    server.execute(f"CREATE DATABASE {name}")
    database = PostgresDatabase(server.host, server.port, name, server.user, server.password, tls="disable")
    drivers = DuckDBDatabases(temp_directory=str(tmp_path / "spill"))
    return Place(
        lambda: drivers.open_hosted(database, writable=[str(tmp_path)]),
        lambda sql: server.execute(sql, name),
        "public.t",
    )


def _mariadb(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    del tmp_path
    server: MariaDbServer = request.getfixturevalue("mariadb")
    name = f"h_{new_id()[-12:].lower()}"
    server.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    database = MySqlDatabase(server.host, server.port, name, server.user, server.password, tls="disable")
    return Place(lambda: open_hosted(database), lambda sql: server.execute(sql, name), "t")


def _sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    del request
    path = str(tmp_path / "shop.db")

    def execute(sql: str) -> None:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(sql)
        connection.close()

    return Place(lambda: open_hosted(SqliteDatabase(path)), execute, "t")


@pytest.fixture(params=[_postgres, _mariadb, _sqlite], ids=["postgres", "mariadb", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made: Place = request.param(request, tmp_path)
    made.execute(SEED)
    return made


def test_columns_are_told_with_their_declared_types(place: Place) -> None:
    with place.open() as database:
        columns = database.columns(SourceTable("t"))
    assert [(c.name, c.family) for c in columns] == [("a", "integer"), ("b", "text")]
    assert "20" in columns[1].declared


def test_a_table_that_is_not_there_has_a_code(place: Place) -> None:
    with place.open() as database, pytest.raises(IngestError) as raised:
        database.columns(SourceTable("absent"))
    assert raised.value.code.id == "HNS-I024"


def test_one_moment_is_read_whoever_writes_meanwhile(place: Place) -> None:
    with place.open() as database:
        before = database.fetch(f"SELECT count(*) AS n FROM {place.table}")
        place.execute("INSERT INTO t VALUES (4, 'y')")
        assert database.fetch(f"SELECT count(*) AS n FROM {place.table}") == before == [(3,)]
    with place.open() as database:
        assert database.fetch(f"SELECT count(*) AS n FROM {place.table}") == [(4,)]


def test_rows_are_staged_as_a_parquet_file(place: Place, tmp_path: Path) -> None:
    path = str(tmp_path / "rows.parquet")
    with place.open() as database:
        staged = database.stage(f"SELECT a AS c0, b AS c1 FROM {place.table} ORDER BY a", ["a", "b"], path)
    table = pq.read_table(path)
    assert staged.rows == 3
    assert [str(v) for v in table.column("a").to_pylist()] == ["1", "2", "3"]
    assert table.column("b").to_pylist() == ["x", "ü", None]


@pytest.mark.parametrize("statement", ["DELETE FROM t", "CREATE TABLE u (a int)", "INSERT INTO t VALUES (9, 'z')"])
def test_nothing_is_ever_written(place: Place, statement: str) -> None:
    with place.open() as database, pytest.raises(HanseError):
        database.fetch(statement)
    with place.open() as database:
        assert database.fetch(f"SELECT count(*) AS n FROM {place.table}") == [(3,)]


def test_a_refused_statement_leaves_the_database_usable(place: Place) -> None:
    with place.open() as database:
        with pytest.raises(IngestError):
            database.fetch("SELECT nothing_like_it AS n FROM t")
        assert database.fetch(f"SELECT count(*) AS n FROM {place.table}") == [(3,)]


def test_what_a_statement_reads_is_told_by_the_database_itself(place: Place) -> None:
    place.execute("CREATE TABLE other (a int); INSERT INTO other VALUES (1), (2)")
    with place.open() as database:
        own = database.reads("SELECT count(*) FROM t")
        assert database.reads("SELECT count(*) FROM t") == own
        both = database.reads("SELECT count(*) FROM t WHERE a IN (SELECT a FROM other)")
    if own is None:  # PostgreSQL: DuckDB's parser reads instead
        assert both is None
    else:
        assert both is not None
        assert own == {("t",)}
        assert both == {("t",), ("other",)}


def test_closing_twice_is_harmless(place: Place) -> None:
    database = place.open()
    database.close()
    database.close()


def test_a_server_without_encryption_is_refused_unless_that_is_allowed(mariadb: MariaDbServer) -> None:
    with pytest.raises(IngestError) as raised:
        open_hosted(MySqlDatabase(mariadb.host, mariadb.port, "mysql", mariadb.user, mariadb.password))
    assert raised.value.code.id == "HNS-I030"


def test_a_refused_login_tells_no_password(mariadb: MariaDbServer) -> None:
    with pytest.raises(IngestError) as raised:
        open_hosted(MySqlDatabase(mariadb.host, mariadb.port, "mysql", "nobody", PASSWORD, tls="disable"))
    assert raised.value.code.id == "HNS-I022"
    assert PASSWORD not in str(raised.value)


def test_nobody_answering_has_a_code() -> None:
    with pytest.raises(IngestError) as raised:
        open_hosted(MySqlDatabase("127.0.0.1", 1, "d", "u", PASSWORD, tls="disable"))
    assert raised.value.code.id == "HNS-I021"


def test_sqlite_refuses_what_reaches_outside(tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a int)")
    connection.close()
    with open_hosted(SqliteDatabase(path)) as database:
        for statement in (f"ATTACH '{path}' AS other", "PRAGMA database_list", "SELECT load_extension('x')"):
            with pytest.raises(IngestError) as raised:
                database.fetch(statement)
            assert raised.value.code.id in ("HNS-I025", "HNS-I034")


def test_a_file_that_is_no_database_has_a_code(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("this is no database, whatever its name says" * 40)
    with pytest.raises(IngestError) as raised:
        open_hosted(SqliteDatabase(str(tmp_path / "a.db")))
    assert raised.value.code.id == "HNS-I031"
