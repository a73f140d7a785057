"""Contracts against databases, from the address to the report."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hanse.app.contract.explain import explain_contracts
from hanse.app.contract.verify import verify_contracts
from hanse.base import new_id
from hanse.testing.mariadb import MariaDbServer
from hanse.testing.postgres import PostgresServer

PASSWORD = "pa'ss-w0rd-nobody-sees"
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
status: active
servers:
  - {{server: live-1, type: {type}, host: 127.0.0.1, port: {port}, database: {database}, schema: public}}
  - {{server: file, type: duckdb, database: shop.duckdb}}
schema:
  - name: orders
    properties:
      - {{name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}}
      - {{name: note, logicalType: string, logicalTypeOptions: {{maxLength: 3}}}}
      - {{name: customer, logicalType: integer, relationships: [{{to: customers.id}}]}}
  - name: customers
    properties:
      - {{name: id, logicalType: integer, required: true}}
"""
SEED = """
CREATE TABLE customers (id bigint);
INSERT INTO customers VALUES (1);
CREATE TABLE orders (id bigint, note varchar(20), customer bigint);
INSERT INTO orders VALUES (1, 'abc', 1), (2, 'abcd', 7), (2, NULL, NULL);
"""
BROKEN = {"primaryKey(id)": 2, "maxLength(note)": 1, "relationship(customer)": 1}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("PGPASSWORD", "HANSE_DATA_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    write(tmp_path)
    return tmp_path


def write(folder: Path, type_: str = "postgres", port: int = 1, database: str = "shop") -> None:
    contract = CONTRACT.format(type=type_, port=port, database=database)
    if type_ == "mysql":  # ODCS has no schemas there
        contract = contract.replace(", schema: public}", "}")
    (folder / "shop.odcs.yaml").write_text(contract)


def test(**given: Any) -> dict[str, Any]:
    document = verify_contracts("shop.odcs.yaml", **given)
    assert PASSWORD not in json.dumps(document)
    (found,) = document["contracts"]
    return dict(found)


test.__test__ = False  # type: ignore[attr-defined]


def broken(document: dict[str, Any]) -> dict[str, int]:
    checks = [check for table in document["tables"] for check in table["checks"]]
    assert {c["error"] for c in checks} == {None}
    return {c["clause"].split(":")[0]: c["failed_rows"] for c in checks if c["status"] == "failed"}


def codes(document: dict[str, Any]) -> set[str]:
    return {table["problem"]["code"] for table in document["tables"]}


def test_a_file_of_sqlite(here: Path) -> None:
    with sqlite3.connect(here / "shop.sqlite") as connection:
        connection.executescript(SEED)
    connection.close()
    for address in ("shop.sqlite", "sqlite:///shop.sqlite", f"sqlite:///{here}/shop.sqlite"):
        assert broken(test(data=address)) == BROKEN


def test_a_file_of_duckdb(here: Path) -> None:
    with duckdb.connect(str(here / "shop.duckdb")) as connection:
        connection.execute(SEED)
        connection.execute("CREATE VIEW outside AS FROM read_csv('/etc/passwd')")
    before = (here / "shop.duckdb").read_bytes()
    for given in ({"data": "shop.duckdb"}, {"data": "duckdb:///shop.duckdb"}, {"server": "file"}):
        assert broken(test(**given)) == BROKEN
    assert (here / "shop.duckdb").read_bytes() == before
    text = (
        (here / "shop.odcs.yaml")
        .read_text()
        .replace("name: customers\n", "name: customers\n    physicalName: outside\n")
    )
    (here / "shop.odcs.yaml").write_text(text)
    refused = {t["table"]: t["problem"] for t in test(data="shop.duckdb")["tables"]}
    assert refused["orders"] is None
    assert "disabled" in json.dumps(refused["customers"])


def test_a_server_of_postgresql_by_address_and_by_consent(
    here: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"a_{new_id()[-12:].lower()}"
    quoted = PASSWORD.replace("'", "''")
    postgres.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{quoted}'; CREATE DATABASE {name} OWNER {name}")
    postgres.execute(SEED + f"GRANT SELECT ON orders, customers TO {name}", name)
    address = f"postgresql://{name}@127.0.0.1:{postgres.port}/{name}"
    assert codes(test(data=address)) == {"HNS-I022"}
    monkeypatch.setenv("HANSE_DATA_PASSWORD", PASSWORD)
    assert broken(test(data=address)) == BROKEN
    assert broken(test(data=f"{address}?schema=public&tls=disable")) == BROKEN
    assert codes(test(data=f"{address}?tls=require")) == {"HNS-I030"}
    monkeypatch.delenv("HANSE_DATA_PASSWORD")
    write(here, port=postgres.port, database=name)
    monkeypatch.setenv("HANSE_LIVE_1_USER", name)
    monkeypatch.setenv("HANSE_LIVE_1_PASSWORD", PASSWORD)
    assert codes(test(server="live-1")) == {"HNS-A012"}
    assert broken(test(server="live-1", allow=[f"postgresql://127.0.0.1:{postgres.port}/"])) == BROKEN


def test_a_server_of_mariadb(here: Path, mariadb: MariaDbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"a_{new_id()[-12:].lower()}"
    mariadb.execute(f"CREATE DATABASE {name}")
    mariadb.execute(SEED, name)
    monkeypatch.setenv("HANSE_DATA_PASSWORD", mariadb.password)
    address = f"mysql://{mariadb.user}@127.0.0.1:{mariadb.port}/{name}"
    assert broken(test(data=address)) == BROKEN
    plan = explain_contracts("shop.odcs.yaml", data=address)["contracts"][0]["tables"]
    assert {p["where"] for table in plan for p in table["passes"] if p["sql"]} == {"database"}


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_rule_without_an_end_is_ended(here: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"a_{new_id()[-12:].lower()}"
    postgres.execute(f"CREATE DATABASE {name}")
    postgres.execute(SEED, name)
    monkeypatch.setenv("HANSE_DATA_PASSWORD", postgres.password)
    with sqlite3.connect(here / "shop.sqlite") as connection:
        connection.executescript(SEED)
    connection.close()
    rule = f"  - name: customers\n    quality: [{{type: sql, query: '{ENDLESS}', mustBe: 0}}]\n"
    contract = (here / "shop.odcs.yaml").read_text().replace("  - name: customers\n", rule)
    (here / "shop.odcs.yaml").write_text(contract)
    for address in ("shop.sqlite", f"postgresql://{postgres.user}@127.0.0.1:{postgres.port}/{name}"):
        checks = [c for t in test(data=address, seconds=0.5)["tables"] for c in t["checks"]]
        assert [c["error"].split(":")[0] for c in checks if c["error"]] == ["HNS-I026"]


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A server that hears whoever comes."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    heard.append(connection.recv(100))

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], heard
        done.set()
        thread.join()


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "mysql"])
def test_a_server_that_only_the_contract_names_hears_nothing(
    here: Path, listener: tuple[int, list[bytes]], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, heard = listener
    write(here, kind, port)
    monkeypatch.setenv("HANSE_LIVE_1_PASSWORD", PASSWORD)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert codes(test(server="live-1")) == {"HNS-A012"}
    assert codes(test(server="live-1", allow=[f"postgresql://127.0.0.1:{port + 1}/"])) == {"HNS-A012"}
    assert heard == []


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://u:{PASSWORD}@127.0.0.1/shop",
        "postgresql://127.0.0.1",
        "postgresql://127.0.0.1:x/shop",
        "mysql://127.0.0.1/shop?tls=maybe",
        "mysql://127.0.0.1/shop?passwort=x",
        "postgresql:///shop",
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_secrets(here: Path, address: str) -> None:
    del here
    assert codes(test(data=address)) == {"HNS-A013"}


@pytest.mark.parametrize("address", ["sqlite:///absent.sqlite", "absent.duckdb"])
def test_a_file_that_is_not_there(here: Path, address: str) -> None:
    del here
    assert codes(test(data=address)) == {"HNS-A006"}
