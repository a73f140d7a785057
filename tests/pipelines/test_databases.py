"""Tables of real databases as inputs."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.base import HanseError, new_id
from hanse.drivers.duckdb import DuckDBDatabases, extensions
from hanse.interfaces import DatabaseSnapshot, PostgresDatabase, SessionLimits, SourceTable
from hanse.testing.meshes import Columns, MeshFolder
from hanse.testing.postgres import PostgresServer, program_folders

PASSWORD = "pa'ss w\\ord\"$1é"
ORDERS: Columns = {
    "id": {"logicalType": "integer", "required": True, "primaryKey": True, "primaryKeyPosition": 1},
    "price": {"logicalType": "number", "physicalType": "DECIMAL(12,2)"},
    "at": "timestamp",
    "note": "string",
}
SEED = """
CREATE TABLE orders (id int PRIMARY KEY, price numeric, at timestamptz, note text);
INSERT INTO orders VALUES (1, 9.90, '2026-03-01 12:00:00+02', 'ü'), (2, NULL, NULL, NULL);
GRANT SELECT ON orders TO {user};
"""


class Crm:
    """A database of its own on the server, with a user who may read."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.name = f"crm_{new_id()[-12:].lower()}"
        self.user = f"reader_{self.name}"
        quoted = PASSWORD.replace("'", "''")
        server.execute(f"CREATE ROLE {self.user} LOGIN PASSWORD '{quoted}'; CREATE DATABASE {self.name}")
        self.execute(SEED.format(user=self.user))

    def execute(self, sql: str) -> str:
        return self.server.execute(sql, self.name)

    def connection(self, **other: Any) -> dict[str, Any]:
        return {
            "type": "postgres",
            "host": "${CRM_HOST}",
            "port": self.server.port,
            "database": self.name,
            "user": self.user,
            "password": "${CRM_PASSWORD}",
            "tls": "disable",
            "domains": ["a"],
            **other,
        }


@pytest.fixture
def crm(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    monkeypatch.setenv("CRM_HOST", "127.0.0.1")
    made = Crm(postgres)
    yield made
    postgres.execute(f"DROP DATABASE {made.name} WITH (FORCE); DROP ROLE {made.user}")


def connect(folder: MeshFolder, crm: Crm, **other: Any) -> None:
    connections = {"crm": crm.connection(**other)}
    folder.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "test", "connections": connections})


def opened(folder: MeshFolder) -> Mesh:
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    return mesh


def run_of(mesh: Mesh) -> dict[str, Any]:
    run: dict[str, Any] = mesh.run()["runs"][0]
    return run


def error_of(mesh: Mesh) -> dict[str, Any]:
    run = run_of(mesh)
    assert run["status"] == "failed", run["status"]
    error: dict[str, Any] = run["error"]
    return error


def rows(mesh: Mesh, sql: str) -> list[tuple[Any, ...]]:
    with mesh.query(sql) as result:
        return [tuple(r.values()) for r in result.to_arrow().to_pylist()]


@pytest.fixture
def shop(folder: MeshFolder, crm: Crm) -> Mesh:
    connect(folder, crm)
    folder.product("a.b", {"orders": ORDERS}, pipeline={"orders": {"connection": "crm", "table": "orders"}})
    return opened(folder)


def test_a_table_becomes_a_table(shop: Mesh) -> None:
    assert run_of(shop)["status"] == "succeeded"
    found = rows(shop, "SELECT id, price::VARCHAR, at::VARCHAR, note FROM a.b.orders ORDER BY id")
    assert found == [(1, "9.90", "2026-03-01 10:00:00+00", "ü"), (2, None, None, None)]


def test_nothing_new_is_published_unless_the_rows_are_others(shop: Mesh, crm: Crm) -> None:
    assert run_of(shop)["status"] == "succeeded"
    again = run_of(shop)
    assert (again["status"], again["release"]["sequence"]) == ("unchanged", 1)
    assert [s["kind"] for s in shop.run_details(again["id"])["steps"]] == ["read"]
    crm.execute("INSERT INTO orders VALUES (3, 1, now(), '')")
    assert run_of(shop)["release"]["sequence"] == 2
    forced = shop.run(force=True)["runs"][0]
    assert (forced["status"], forced["release"]["sequence"]) == ("succeeded", 3)


def test_history_is_kept_of_a_database_that_keeps_none(folder: MeshFolder, crm: Crm) -> None:
    connect(folder, crm)
    since = {"logicalType": "timestamp", "required": True, "primaryKey": True, "primaryKeyPosition": 2}
    history: Columns = {**ORDERS, "valid_from": since, "valid_to": "timestamp"}
    folder.product("a.b", {"orders": history}, pipeline={"orders": {"connection": "crm", "table": "public.orders"}})
    folder.settings("a.b", {"orders": {"materialize": "snapshot"}})
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    crm.execute("UPDATE orders SET price = 5 WHERE id = 1; DELETE FROM orders WHERE id = 2")
    assert run_of(mesh)["status"] == "succeeded"
    assert run_of(mesh)["status"] == "unchanged"
    found = rows(mesh, "SELECT id, price::VARCHAR, valid_to IS NULL FROM a.b.orders ORDER BY id, valid_from")
    assert found == [(1, "9.90", False), (1, "5.00", True), (2, None, False)]


def test_secrets_and_values_of_variables_are_nowhere(
    shop: Mesh, crm: Crm, folder: MeshFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    documents = [shop.plan(), run_of(shop), run_of(shop), shop.check(), shop.doctor(), shop.show("a.b")]
    crm.execute("DROP TABLE orders")
    documents.append(run_of(shop))
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD + "x")
    documents.append(run_of(shop))
    assert documents[-1]["error"]["code"] == "HNS-I022"
    monkeypatch.setenv("CRM_HOST", "db.example.invalid")
    documents.append(run_of(shop))
    assert documents[-1]["error"]["code"] == "HNS-I021"
    shop.close()
    written = {p: p.read_bytes() for p in folder.root.rglob("*") if p.is_file() and p.name != "mesh.yaml"}
    assert any(p.name == "registry.db" for p in written)
    for secret in (PASSWORD, PASSWORD.replace("'", "''"), "ss w\\ord", "ss w\\\\ord", "db.example.invalid"):
        assert secret not in repr(documents) + caplog.text
        assert not [p for p, content in written.items() if secret.encode() in content]


def test_two_tables_of_one_database_are_of_one_moment(folder: MeshFolder, crm: Crm) -> None:
    crm.execute(
        "CREATE TABLE one AS SELECT i AS id, 100 AS v FROM generate_series(1, 50000) i;"
        "CREATE TABLE big AS SELECT i AS id, repeat('x', 100) AS v FROM generate_series(1, 200000) i;"
        "CREATE TABLE two AS SELECT i AS id, 100 AS v FROM generate_series(1, 50000) i;"
        f"GRANT SELECT ON one, two, big TO {crm.user}"
    )
    connect(folder, crm)
    # In the order in which they are read: much is written between the first and the last.
    inputs = {f"{t}_rows": {"connection": "crm", "table": t} for t in ("one", "big", "two")}
    sums = (
        "SELECT (SELECT sum(v) FROM one_rows)::BIGINT AS one, (SELECT sum(v) FROM two_rows)::BIGINT AS two, "
        "(SELECT count(*) FROM big_rows) AS big"
    )
    columns: Columns = {"one": "integer", "two": "integer", "big": "integer"}
    folder.product("a.b", {"sums": columns}, transforms={"sums": sums}, pipeline=inputs)
    mesh = opened(folder)
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            crm.execute(
                "BEGIN; UPDATE one SET v = v - 1 WHERE id % 5000 = 3; UPDATE two SET v = v + 1 WHERE id % 5000 = 3;"
                "COMMIT;"
            )
            written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = set()
        for _ in range(4):
            before = written
            assert run_of(mesh)["status"] == "succeeded"
            assert written > before
            ((one, two, _),) = rows(mesh, "SELECT one, two, big FROM a.b.sums")
            assert one + two == 10_000_000
            seen.add(one)
    finally:
        stop.set()
        writer.join()
    assert len(seen) > 1


def test_a_transform_sees_types(folder: MeshFolder, crm: Crm) -> None:
    crm.execute(
        "CREATE TABLE t (id smallint, n numeric(9,3), d date, at timestamp, open time, tags text[], j jsonb, u uuid);"
        "INSERT INTO t VALUES (1, 1.5, '2026-03-01', '2026-03-01 10:00', '08:30', '{a,NULL,\"b,c\"}', '{\"a\": 1.00}',"
        " '00000000-0000-0000-0000-000000000001');"
        f"GRANT SELECT ON t TO {crm.user}"
    )
    connect(folder, crm)
    kinds = "SELECT typeof(COLUMNS(*)) FROM raw"
    columns: Columns = dict.fromkeys(("id", "n", "d", "at", "open", "tags", "j", "u"), "string")
    inputs = {"raw": {"connection": "crm", "table": "t", "columns": {"id": "DOUBLE"}}}
    folder.product("a.b", {"kinds": columns}, transforms={"kinds": kinds}, pipeline=inputs)
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    expected = ("DOUBLE", "DECIMAL(9,3)", "DATE", "TIMESTAMP", "TIME", "VARCHAR[]", "VARCHAR", "UUID")
    assert rows(mesh, "SELECT * FROM a.b.kinds") == [expected]


def test_values_that_no_type_of_ours_holds_are_told_by_column(folder: MeshFolder, crm: Crm) -> None:
    crm.execute(
        "CREATE TABLE t (id int, d date, n numeric(5,2));"
        "INSERT INTO t VALUES (1, 'infinity', 1), (2, '0044-03-15 BC', 'NaN'), (3, '2026-03-01', 2);"
        f"GRANT SELECT ON t TO {crm.user}"
    )
    connect(folder, crm)
    columns: Columns = {"id": "integer", "d": "date", "n": {"logicalType": "number", "physicalType": "DECIMAL(5,2)"}}
    inputs = {"raw": {"connection": "crm", "table": "t"}}
    folder.product("a.b", {"t": columns}, transforms={"t": "SELECT * FROM raw"}, pipeline=inputs)
    error = error_of(opened(folder))
    assert error["code"] == "HNS-I029"
    assert "2 in `d` that are no DATE, 1 in `n` that are no DECIMAL(5,2)" in error["what"]
    # Straight into the contract's table, they are failed rows.
    folder.product("a.b", {"raw": columns}, pipeline=inputs)
    (folder.root / "domains/a/b/transforms/t.sql").unlink()
    mesh = opened(folder)
    run = run_of(mesh)
    assert run["status"] == "blocked"
    (failed,) = [c for c in run["checks"]["results"] if c["status"] == "failed"]
    assert failed["failed_rows"] == 2


@pytest.mark.parametrize(
    ("ddl", "code", "words"),
    [
        ("CREATE TYPE pair AS (a int, b int); CREATE TABLE t (id int, p pair)", "HNS-I028", "column `p` is of type"),
        ('CREATE TABLE t (id int, "Id" int)', "HNS-I028", "`id` and `Id` differ only"),
        ("CREATE TABLE t (id int, m int[]); INSERT INTO t VALUES (1, '{{1,2},{3,4}}')", "HNS-I029", "`m`"),
        ("CREATE VIEW t AS SELECT 1/0 AS id", "HNS-I034", "division by zero"),
        ("CREATE VIEW t AS SELECT 1 AS id, pg_sleep(60)::text AS s", "HNS-I026", "took longer"),
        ("SELECT 1", "HNS-I024", "no such table"),
    ],
)
def test_what_cannot_be_read(folder: MeshFolder, crm: Crm, ddl: str, code: str, words: str) -> None:
    grant = "" if ddl == "SELECT 1" else f"GRANT SELECT ON t TO {crm.user}"
    crm.execute(f"{ddl}; {grant}")
    connect(folder, crm, timeout=1)
    inputs = {"raw": {"connection": "crm", "table": "t"}}
    folder.product("a.b", {"t": {"id": "integer"}}, transforms={"t": "SELECT id FROM raw"}, pipeline=inputs)
    error = error_of(opened(folder))
    assert error["code"] == code, error
    assert words in f"{error['what']} {error['why']}"
    assert "input `raw`, table `t` of connection `crm`" in error["what"]
    assert error["where"].startswith("domains/a/b/pipeline.yaml:")
    assert error["fix"]


def test_faults_of_the_server_and_the_login(
    shop: Mesh, crm: Crm, folder: MeshFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_of(shop)["status"] == "succeeded"
    crm.execute(f"REVOKE SELECT ON orders FROM {crm.user}")
    assert error_of(shop)["code"] == "HNS-I025"
    crm.execute("DROP TABLE orders")
    assert error_of(shop)["code"] == "HNS-I024"
    monkeypatch.setenv("CRM_PASSWORD", "wrong")
    assert error_of(shop)["code"] == "HNS-I022"
    monkeypatch.delenv("CRM_PASSWORD")
    assert error_of(shop)["code"] == "HNS-I033"
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    for other, code in (({"port": 1}, "HNS-I021"), ({"database": "x"}, "HNS-I023"), ({"tls": "require"}, "HNS-I030")):
        connect(folder, crm, **other)
        assert error_of(hanse.open_mesh(folder.root))["code"] == code
    assert [r[0] for r in rows(shop, "SELECT count(*) FROM a.b.orders")] == [2]


def test_nothing_is_asked_of_a_database_before_a_run(folder: MeshFolder, crm: Crm) -> None:
    connect(folder, crm, port=1)
    inputs = {"raw": {"connection": "crm", "table": "orders"}}
    folder.product("a.b", {"t": {"id": "integer"}}, transforms={"t": "SELECT id FROM raw"}, pipeline=inputs)
    mesh = hanse.open_mesh(folder.root)
    assert mesh.check()["problems"] == []
    assert mesh.plan() == mesh.plan()
    assert mesh.apply()["applied"]


def test_columns_that_a_contract_does_not_know_stay_where_they_are(folder: MeshFolder, crm: Crm) -> None:
    crm.execute("ALTER TABLE orders ADD secret_column text DEFAULT 'never seen', ADD pair point")
    connect(folder, crm)
    inputs = {"orders": {"connection": "crm", "table": "orders"}}
    folder.product("a.b", {"orders": ORDERS}, pipeline=inputs)
    mesh = opened(folder)
    assert error_of(mesh)["code"] == "HNS-L003"
    inputs["orders"]["drift"] = "evolve"
    folder.product("a.b", {"orders": ORDERS}, pipeline=inputs)
    mesh = opened(folder)
    run = run_of(mesh)
    assert run["status"] == "succeeded"
    (warning,) = [c for c in run["checks"]["results"] if c["id"] == "drift"]
    assert "left out: `secret_column`, `pair`" in warning["message"]


_RUN = "import sys, hanse; sys.exit(hanse.open_mesh(sys.argv[1]).run()['failed'])"


@pytest.mark.slow
def test_a_run_killed_while_it_reads_leaves_nothing_behind(folder: MeshFolder, crm: Crm) -> None:
    crm.execute(
        "CREATE VIEW slow AS SELECT i AS id, pg_sleep(0.001)::text AS s FROM generate_series(1, 60000) i;"
        f"GRANT SELECT ON slow TO {crm.user}"
    )
    connect(folder, crm)
    inputs = {"raw": {"connection": "crm", "table": "slow"}}
    folder.product("a.b", {"t": {"id": "integer"}}, transforms={"t": "SELECT id FROM raw"}, pipeline=inputs)
    mesh = opened(folder)
    child = subprocess.Popen([sys.executable, "-c", _RUN, str(folder.root)])
    running = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{crm.user}' AND query LIKE 'COPY%'"
    deadline = time.monotonic() + 60
    while crm.execute(running) == "0" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert crm.execute(running) == "1"
    child.kill()
    child.wait()
    crm.execute(f"CREATE OR REPLACE VIEW slow AS SELECT 7 AS id, ''::text AS s; GRANT SELECT ON slow TO {crm.user}")
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh, "SELECT id FROM a.b.t") == [(7,)]
    assert not list((folder.root / ".hanse/runs").iterdir())


# SQLite


def make(path: Path, sql: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.commit()
    connection.close()


def test_sqlite_values_are_what_they_are(folder: MeshFolder) -> None:
    columns: Columns = {
        "id": "integer",
        "price": {"logicalType": "number", "physicalType": "DECIMAL(12,2)"},
        "exact": "number",
        "day": "date",
        "open": "boolean",
    }
    inputs = {"t": {"sqlite": "data/crm.db", "table": "t"}}
    folder.product("a.b", {"t": columns}, pipeline=inputs)
    make(
        folder.root / "domains/a/b/data/crm.db",
        "CREATE TABLE t (id INTEGER, price REAL, exact REAL, day TEXT, open BOOLEAN);"
        "INSERT INTO t VALUES (9223372036854775807, 19.99, 0.1 + 0.2, '2026-03-01', 1), (NULL, NULL, NULL, NULL, NULL)",
    )
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    found = rows(mesh, "SELECT id, price::VARCHAR, exact, day::VARCHAR, open FROM a.b.t ORDER BY id")
    assert found == [(2**63 - 1, "19.99", 0.1 + 0.2, "2026-03-01", True), (None, None, None, None, None)]
    assert run_of(mesh)["status"] == "unchanged"


def test_text_in_an_integer_column_of_sqlite_is_a_failed_row(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": {"id": "integer"}}, pipeline={"t": {"sqlite": "data/crm.db", "table": "t"}})
    make(
        folder.root / "domains/a/b/data/crm.db",
        "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), ('two'), (3.5), (4.0)",
    )
    mesh = opened(folder)
    run = run_of(mesh)
    assert run["status"] == "blocked"
    (failed,) = [c for c in run["checks"]["results"] if c["status"] == "failed"]
    assert failed["failed_rows"] == 2
    assert sorted(s["row"]["id"] for s in failed["sample"]) == ["3.5", "two"]


@pytest.mark.parametrize(
    ("sql", "table", "code"),
    [
        ("CREATE TABLE t (id INTEGER, x TEXT); INSERT INTO t VALUES (1, x'00ff')", "t", "HNS-I029"),
        ("CREATE TABLE t (id INTEGER)", "T2", "HNS-I024"),
        ("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES ('x')", "t", "HNS-I029"),
    ],
)
def test_what_cannot_be_read_of_sqlite(folder: MeshFolder, sql: str, table: str, code: str) -> None:
    inputs = {"raw": {"sqlite": "data/crm.db", "table": table}}
    folder.product("a.b", {"t": {"id": "integer"}}, transforms={"t": "SELECT id FROM raw"}, pipeline=inputs)
    make(folder.root / "domains/a/b/data/crm.db", sql)
    assert error_of(opened(folder))["code"] == code


def test_a_file_that_is_no_database_and_one_that_is_not_there(folder: MeshFolder) -> None:
    inputs = {"raw": {"sqlite": "data/crm.db", "table": "t"}}
    folder.product("a.b", {"t": {"id": "integer"}}, transforms={"t": "SELECT id FROM raw"}, pipeline=inputs)
    mesh = opened(folder)
    assert error_of(mesh)["code"] == "HNS-I023"
    folder.write("domains/a/b/data/crm.db", "no database, by no means" * 100)
    assert error_of(mesh)["code"] == "HNS-I031"


@pytest.mark.parametrize("path", ["../../../.hanse/registry.db", "../other/data/crm.db"])
def test_a_database_of_the_mesh_or_of_others_is_closed(folder: MeshFolder, path: str) -> None:
    folder.product("a.other", {"x": {"id": "integer"}}, data={"x.csv": "id\n1\n"})
    make(folder.root / "domains/a/other/data/crm.db", "CREATE TABLE t (id INTEGER)")
    inputs = {"raw": {"sqlite": path, "table": "t"}}
    folder.product("a.b", {"t": {"id": "integer"}}, transforms={"t": "SELECT id FROM raw"}, pipeline=inputs)
    runs = {r["product"]: r for r in opened(folder).run()["runs"]}
    assert runs["a.b"]["error"]["code"] == "HNS-I006"


def test_without_the_package_the_extra_is_named(folder: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = {"raw": {"sqlite": "data/crm.db", "table": "t"}}
    folder.product("a.b", {"t": {"id": "integer"}}, transforms={"t": "SELECT id FROM raw"}, pipeline=inputs)
    make(folder.root / "domains/a/b/data/crm.db", "CREATE TABLE t (id INTEGER)")
    monkeypatch.setitem(extensions.EXTENSIONS, "sqlite", "nowhere")
    error = error_of(opened(folder))
    assert (error["code"], error["fix"]) == ("HNS-E027", "pip install 'hanse[nowhere]'")


def test_doctor_says_which_connections_answer(folder: MeshFolder, crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(folder, crm)
    mesh = opened(folder)

    def looked() -> list[tuple[str, str]]:
        return [(f["status"], f["detail"]) for f in mesh.doctor()["findings"] if f["name"] == "databases"]

    assert looked() == [("ok", "connection `crm` answers")]
    monkeypatch.setenv("CRM_PASSWORD", "wrong")
    ((status, detail),) = looked()
    assert status == "problem"
    assert "refuses the login" in detail


def test_reading_ends_in_the_database_too_when_it_is_interrupted(crm: Crm, tmp_path: Path) -> None:
    crm.execute(f"CREATE VIEW slow AS SELECT pg_sleep(60)::text AS s; GRANT SELECT ON slow TO {crm.user}")
    database = PostgresDatabase("127.0.0.1", crm.server.port, crm.name, crm.user, PASSWORD, tls="disable")
    assert PASSWORD not in repr(database)
    running = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{crm.user}' AND query LIKE 'COPY%'"
    raised: list[HanseError] = []

    def read(snapshot: DatabaseSnapshot) -> None:
        table = SourceTable("slow", "public")
        try:
            snapshot.stage(table, snapshot.columns(table), str(tmp_path / "slow.parquet"))
        except HanseError as error:
            raised.append(error)

    with DuckDBDatabases(tmp_path / "spill").open(database, writable=[str(tmp_path)]) as snapshot:
        reader = threading.Thread(target=read, args=(snapshot,))
        reader.start()
        deadline = time.monotonic() + 30
        while crm.execute(running) == "0" and time.monotonic() < deadline:
            time.sleep(0.05)
        snapshot.interrupt()
        reader.join(20)
        assert not reader.is_alive()
        assert [error.code.id for error in raised] == ["HNS-E009"]
        assert crm.execute(running.replace("count(*)", "count(*) FILTER (WHERE state = 'active')")) == "0"
    assert [p.name for p in tmp_path.rglob("*")] == ["spill"]


def test_equal_rows_make_equal_files_and_the_data_stays_in_bounds(crm: Crm, tmp_path: Path) -> None:
    crm.execute(
        "CREATE TABLE wide AS SELECT i AS id, repeat(md5(i::text), 20) AS v, now() AS at "
        f"FROM generate_series(1, 100000) i; GRANT SELECT ON wide TO {crm.user}"
    )
    database = PostgresDatabase("127.0.0.1", crm.server.port, crm.name, crm.user, PASSWORD, tls="disable")
    table = SourceTable("wide", "public")
    contents = []
    for number in range(2):
        path = tmp_path / f"{number}.parquet"
        limits = SessionLimits(threads=2, memory=256 << 20)
        with DuckDBDatabases(tmp_path / "spill").open(database, writable=[str(tmp_path)], limits=limits) as snapshot:
            assert snapshot.stage(table, snapshot.columns(table), str(path)).rows == 100_000
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_the_session_that_reads_writes_nowhere_else(crm: Crm, tmp_path: Path) -> None:
    database = PostgresDatabase("127.0.0.1", crm.server.port, crm.name, crm.user, PASSWORD, tls="disable")
    (tmp_path / "open").mkdir()
    table = SourceTable("orders", "public")
    with DuckDBDatabases(tmp_path / "spill").open(database, writable=[str(tmp_path / "open")]) as snapshot:
        columns = snapshot.columns(table)
        with pytest.raises(HanseError) as error:
            snapshot.stage(table, columns, str(tmp_path / "elsewhere.parquet"))
    assert error.value.code.id == "HNS-E006"


def test_names_with_quotes_and_dots(folder: MeshFolder, crm: Crm) -> None:
    crm.execute(
        'CREATE SCHEMA "Odd.One"; CREATE TABLE "Odd.One"."T ""x\'" ("a ""b\'" int, "é" text);'
        'INSERT INTO "Odd.One"."T ""x\'" VALUES (1, \'ü\');'
        f'GRANT USAGE ON SCHEMA "Odd.One" TO {crm.user}; GRANT SELECT ON "Odd.One"."T ""x\'" TO {crm.user}'
    )
    connect(folder, crm)
    inputs = {"raw": {"connection": "crm", "schema": "Odd.One", "table": "T \"x'"}}
    select = 'SELECT "a ""b\'" AS id, "é" AS e FROM raw'
    folder.product("a.b", {"t": {"id": "integer", "e": "string"}}, transforms={"t": select}, pipeline=inputs)
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh, "SELECT * FROM a.b.t") == [(1, "ü")]


def test_a_connection_that_ends_in_the_middle_and_a_huge_text(folder: MeshFolder, crm: Crm) -> None:
    crm.execute(
        "CREATE TABLE t AS SELECT 1 AS id, repeat('xyz', 4000000) AS v;"
        "CREATE VIEW slow AS SELECT i AS id, pg_sleep(0.001)::text AS v FROM generate_series(1, 60000) i;"
        f"GRANT SELECT ON t, slow TO {crm.user}"
    )
    connect(folder, crm)
    columns: Columns = {"id": "integer", "v": "string"}
    folder.product("a.b", {"t": columns}, pipeline={"t": {"connection": "crm", "table": "t"}})
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh, "SELECT length(v) FROM a.b.t") == [(12_000_000,)]
    folder.product("a.b", {"t": columns}, pipeline={"t": {"connection": "crm", "table": "slow"}})
    mesh = opened(folder)
    end = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{crm.user}'"

    def cut() -> None:
        deadline = time.monotonic() + 60
        while crm.execute(f"{end} AND query LIKE 'COPY%slow%'") == "0" and time.monotonic() < deadline:
            time.sleep(0.05)

    cutter = threading.Thread(target=cut)
    cutter.start()
    error = error_of(mesh)
    cutter.join()
    assert error["code"] == "HNS-I027"
    assert rows(mesh, "SELECT length(v) FROM a.b.t") == [(12_000_000,)]


def test_a_connection_that_ends_while_nothing_is_read(crm: Crm, tmp_path: Path) -> None:
    database = PostgresDatabase("127.0.0.1", crm.server.port, crm.name, crm.user, PASSWORD, tls="disable")
    snapshot = DuckDBDatabases(tmp_path).open(database)
    crm.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{crm.user}'")
    snapshot.close()
    snapshot.close()
    snapshot.interrupt()
    with DuckDBDatabases(tmp_path).open(database) as another:
        crm.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{crm.user}'")
        with pytest.raises(HanseError) as error:
            another.columns(SourceTable("orders", "public"))
    assert error.value.code.id == "HNS-I027"
    assert "SELECT" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("programs", [*program_folders()])
def test_every_server_that_is_here(folder: MeshFolder, monkeypatch: pytest.MonkeyPatch, programs: str) -> None:
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    monkeypatch.setenv("CRM_HOST", "localhost")
    with PostgresServer(programs) as server:
        connect(folder, Crm(server))
        folder.product("a.b", {"orders": ORDERS}, pipeline={"orders": {"connection": "crm", "table": "orders"}})
        mesh = opened(folder)
        assert run_of(mesh)["status"] == "succeeded"
        assert run_of(mesh)["status"] == "unchanged"
        assert rows(mesh, "SELECT count(*) FROM a.b.orders") == [(2,)]


# Another process: two SQLite libraries in one would take each other's locks away.
_WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
print("ready", flush=True)
deadline = time.monotonic() + 120
while time.monotonic() < deadline:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE one SET v = v - 1 WHERE id % 5000 = 3")
    connection.execute("UPDATE two SET v = v + 1 WHERE id % 5000 = 3")
    connection.execute("COMMIT")
"""


def test_two_tables_of_sqlite_are_of_one_moment(folder: MeshFolder) -> None:
    inputs = {f"{t}_rows": {"sqlite": "data/crm.db", "table": t} for t in ("one", "big", "two")}
    sums = (
        "SELECT (SELECT sum(v) FROM one_rows)::BIGINT AS one, (SELECT sum(v) FROM two_rows)::BIGINT AS two, "
        "(SELECT count(*) FROM big_rows) AS big"
    )
    columns: Columns = {"one": "integer", "two": "integer", "big": "integer"}
    folder.product("a.b", {"sums": columns}, transforms={"sums": sums}, pipeline=inputs)
    path = folder.root / "domains/a/b/data/crm.db"
    numbers = "WITH RECURSIVE i(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM i WHERE id < 50000)"
    make(
        path,
        "PRAGMA journal_mode=wal;"
        + "".join(f"CREATE TABLE {t} (id INTEGER, v INTEGER); {_filled(t, numbers)};" for t in ("one", "big", "two")),
    )
    mesh = opened(folder)
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        seen = set()
        for _ in range(3):
            assert run_of(mesh)["status"] == "succeeded"
            ((one, two, _),) = rows(mesh, "SELECT one, two, big FROM a.b.sums")
            assert one + two == 10_000_000
            seen.add(one)
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    assert len(seen) > 1


def _filled(table: str, numbers: str) -> str:
    return f"INSERT INTO {table} SELECT id, 100 FROM ({numbers} SELECT id FROM i)"
