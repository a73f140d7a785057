"""Connections of mesh.yaml and inputs that are tables of databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hanse import spec
from hanse.base import Problems, ProductName
from hanse.spec.types import Decimal, Scalar, parse_type
from hanse.testing.meshes import MeshFolder

CRM = {
    "type": "postgres",
    "host": "${CRM_HOST:-localhost}",
    "database": "crm",
    "user": "reader",
    "password": "${CRM_PASSWORD}",
    "domains": ["sales"],
}
SECRET = "correct horse"
ENVIRON = {"CRM_PASSWORD": SECRET, "TABLE": "orders", "FOLDER": "/srv"}
NAME = ProductName("sales", "orders")


def mesh(path: Path, inputs: dict[str, Any], connections: dict[str, Any] | None = None, domain: str = "sales") -> Path:
    folder = MeshFolder(path / "mesh")
    head = {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "test"}
    folder.write("mesh.yaml", {**head, "connections": {"crm": CRM} if connections is None else connections})
    folder.product(f"{domain}.orders", {"orders": {"id": "integer"}}, pipeline=inputs)
    return folder.root


def faults(root: Path) -> list[tuple[str, str]]:
    return [(p.code.id, p.what) for p in spec.load(root, environ=ENVIRON).problems if p.severity.value == "error"]


def test_a_table_is_read_through_a_connection(tmp_path: Path) -> None:
    root = mesh(
        tmp_path, {"orders": {"connection": "crm", "table": "shop.${TABLE}", "columns": {"n": "decimal(9, 2)"}}}
    )
    loaded = spec.load(root, environ=ENVIRON)
    assert not loaded.problems
    (found,) = loaded.product(NAME).pipeline.databases
    assert (found.schema, found.table, found.connection, found.sqlite) == ("shop", "orders", "crm", None)
    assert found.columns == {"n": Decimal(9, 2)}
    assert found.shown == "table `shop.${TABLE}` of connection `crm`"  # no value of a variable
    connection = loaded.mesh.connections["crm"]
    assert (connection.host, connection.port, connection.tls, connection.password) == (
        "localhost",
        5432,
        "require",
        "CRM_PASSWORD",
    )


def test_an_sqlite_table_needs_no_connection(tmp_path: Path) -> None:
    root = mesh(tmp_path, {"orders": {"sqlite": "${FOLDER}/crm.db", "table": "a.b"}})
    (found,) = spec.load(root, environ=ENVIRON).product(NAME).pipeline.databases
    assert (found.schema, found.table, found.sqlite) == (None, "a.b", "/srv/crm.db")
    assert found.shown == "table `a.b` of `${FOLDER}/crm.db`"


@pytest.mark.parametrize("schema", ["Odd.One", "public"])
def test_a_schema_beside_the_table_takes_both_as_they_stand(tmp_path: Path, schema: str) -> None:
    root = mesh(tmp_path, {"orders": {"connection": "crm", "schema": schema, "table": "order.lines"}})
    (found,) = spec.load(root, environ=ENVIRON).product(NAME).pipeline.databases
    assert (found.schema, found.table) == (schema, "order.lines")


def test_a_password_is_never_expanded_and_need_not_be_set_to_look_at_a_mesh(tmp_path: Path) -> None:
    root = mesh(tmp_path, {"orders": {"connection": "crm", "table": "orders"}})
    cache = spec.ContentCache(root / ".hanse" / "cache.json")
    first = spec.load(root, cache=cache, environ=ENVIRON)
    again = spec.load(root, cache=spec.ContentCache(root / ".hanse" / "cache.json"), environ=ENVIRON)
    without = spec.load(root, environ={"TABLE": "orders"})
    assert not without.problems
    assert first.mesh.connections == again.mesh.connections == without.mesh.connections
    assert first.entries == again.entries
    assert SECRET not in repr(first) + (root / ".hanse" / "cache.json").read_text()


@pytest.mark.parametrize("password", [SECRET, "${CRM_PASSWORD:-secret}", "x${CRM_PASSWORD}", "$${CRM_PASSWORD}", ""])
def test_a_password_is_one_variable_and_nothing_else(tmp_path: Path, password: str) -> None:
    root = mesh(tmp_path, {}, {"crm": {**CRM, "password": password}})
    with pytest.raises(Problems) as error:
        spec.load(root, environ=ENVIRON)
    problem = next(p for p in error.value.problems if p.code.id == "HNS-S014")
    assert problem.where is not None
    assert problem.where.path == "mesh.yaml"
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("inputs", "code", "words"),
    [
        ({"connection": "crm", "sqlite": "a.db", "table": "t"}, "HNS-S014", "`connection` or `sqlite`"),
        ({"table": "t"}, "HNS-S014", "`connection` or `sqlite`"),
        ({"connection": "crm", "table": "a.b.c"}, "HNS-S014", "not `schema.table`"),
        ({"connection": "crm", "table": ".b"}, "HNS-S014", "not `schema.table`"),
        ({"sqlite": "a.db", "table": "t", "schema": "main"}, "HNS-S014", "SQLite has none"),
        ({"connection": "crm", "table": "t", "columns": {"a": "MONEY"}}, "HNS-S014", "type of column `a`"),
        ({"connection": "crm", "table": "t", "file": "a.csv"}, "HNS-S012", "`file`, `table` or `port`"),
        ({"connection": "crm"}, "HNS-S012", "`file`, `table` or `port`"),
        ({"connection": "crn", "table": "t"}, "HNS-S041", "connection `crn`"),
    ],
)
def test_faults(tmp_path: Path, inputs: dict[str, Any], code: str, words: str) -> None:
    found = faults(mesh(tmp_path, {"orders": inputs}))
    assert any(c == code and words in what for c, what in found), found


def test_a_connection_serves_the_domains_that_it_names_and_no_other(tmp_path: Path) -> None:
    root = mesh(tmp_path, {"orders": {"connection": "crm", "table": "orders"}}, domain="web")
    assert faults(root) == [("HNS-S042", "products of domain `web` may not read through the connection `crm`")]


def test_a_connection_names_its_domains(tmp_path: Path) -> None:
    nobody: list[str] = []
    for domains in (nobody, None):
        root = mesh(tmp_path, {}, {"crm": {**{k: v for k, v in CRM.items() if k != "domains"}, "domains": domains}})
        with pytest.raises(Problems):
            spec.load(root, environ=ENVIRON)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("bigint", Scalar.BIGINT),
        ("timestamp  with time zone", Scalar.TIMESTAMPTZ),
        ("numeric(38,38)", Decimal(38, 38)),
        ("DECIMAL(5)", Decimal(5, 0)),
        ("DECIMAL(39,1)", None),
        ("DECIMAL(3,4)", None),
        ("VARCHAR); DROP", None),
    ],
)
def test_types_by_name(text: str, kind: object) -> None:
    assert parse_type(text) == kind
