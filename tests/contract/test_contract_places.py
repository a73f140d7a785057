"""Which data is whose: folders, several tables, several contracts, wrong paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hanse
from contract_verdicts import bad, checks, only_table

Write = Callable[..., Path]
ID = {"id": {"logicalType": "integer", "required": True}}


@pytest.fixture
def two(here: Path, contract: Write) -> Path:
    """A contract of two tables, the second with a reference and a query about the first; data in a folder."""
    (here / "data").mkdir()
    (here / "data" / "customers.csv").write_text("id\n1\n2\n")
    (here / "data" / "ord_v1.ndjson").write_text('{"id": 1, "customer": 1}\n{"id": 2, "customer": 9}\n')
    query = "SELECT count(*) FROM orders LEFT JOIN customers ON customers.id = customer WHERE customers.id IS NULL"
    orders = {
        "physicalName": "ord_v1",
        "properties": {
            "id": "integer",
            "customer": {"logicalType": "integer", "relationships": [{"to": "customers.id"}]},
        },
        "quality": [{"type": "sql", "query": query, "mustBe": 0}],
    }
    return contract(customers=ID, orders=orders)


def test_a_folder_holds_a_file_per_table(here: Path, two: Path) -> None:
    document = hanse.test_contract(two, data="data")
    assert {t["table"]: t["data"] for t in document["contracts"][0]["tables"]} == {
        "customers": "data/customers.csv",
        "orders": "data/ord_v1.ndjson",
    }
    found = {check["clause"].split("(")[0].split()[0]: check for check in checks(document, "orders").values()}
    assert found["sql"]["measured"] == 1
    assert bad(document) == {check["id"] for check in found.values() if check["verdict"] == "failed"}
    assert document["status"] == "failed"


def test_one_table_is_verified_with_what_it_refers_to(here: Path, two: Path) -> None:
    whole, one = (hanse.test_contract(two, data="data", tables=tables) for tables in ((), ("orders",)))
    assert checks(one, "orders") == checks(whole, "orders")
    assert [table["table"] for table in one["contracts"][0]["tables"]] == ["orders"]


def test_data_is_named_table_by_table(here: Path, two: Path) -> None:
    both = {"customers": "data/customers.csv", "orders": "data/ord_v1.ndjson"}
    assert bad(hanse.test_contract(two, data=both)) == bad(hanse.test_contract(two, data="data"))


def test_a_table_without_data_is_no_success(here: Path, two: Path) -> None:
    document = hanse.test_contract(two, data={"customers": "data/customers.csv"})
    orders = document["contracts"][0]["tables"][1]
    assert document["status"] == "error"
    assert orders["problem"]["code"] == "HNS-A006"
    assert {check["status"] for check in orders["checks"]} == {"error"}
    assert (
        hanse.test_contract(two, data={"customers": "data/customers.csv"}, tables=["customers"])["status"] == "passed"
    )


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        ("nope.csv", "HNS-A006", "there is no file `nope.csv`"),
        ("nope-*.csv", "HNS-A006", "no file matches"),
        ("empty", "HNS-A006", "holds no data"),
        ("t.docx", "HNS-A008", "does not tell the format"),
        (["t.csv", "t.json"], "HNS-A008", "several formats"),
        ("\0", "HNS-A006", "no file"),
        ("http://", "HNS-A006", "names no host"),
        ("nothing-speaks-this://x/t.csv", "HNS-F010", "nothing is known to speak"),
        (None, "HNS-A006", "no data is named for the table `t`"),
    ],
)
def test_wrong_paths_are_told(here: Path, contract: Write, data: Any, code: str, words: str) -> None:
    (here / "empty").mkdir()
    for name in ("t.docx", "t.csv", "t.json"):
        (here / name).write_text("id\n1\n")
    problem = only_table(hanse.test_contract(contract(t=ID), data=data))["problem"]
    assert problem["code"] == code
    assert words in problem["what"]


def test_data_of_no_table_is_a_problem_of_the_contract(here: Path, two: Path) -> None:
    document = hanse.test_contract(two, data={"order": "data/ord_v1.ndjson", "customers": "data/customers.csv"})
    (problem,) = document["contracts"][0]["problems"]
    assert (problem["code"], problem["fix"]) == ("HNS-A007", "did you mean `orders`?")
    assert document["status"] == "error"


def test_one_file_cannot_be_several_tables(here: Path, two: Path) -> None:
    document = hanse.test_contract(two, data="data/customers.csv")
    assert [t["problem"]["code"] for t in document["contracts"][0]["tables"]] == ["HNS-A007", "HNS-A007"]


def test_names_of_tables_are_no_paths(here: Path, contract: Write) -> None:
    """A hostile contract cannot reach beside the folder that was named."""
    (here / "secret.csv").write_text("id\n1\n")
    (here / "data").mkdir()
    document = hanse.test_contract(contract(**{"../secret": ID, "t": ID}), data="data")
    assert [t["problem"]["code"] for t in document["contracts"][0]["tables"]] == ["HNS-A006", "HNS-A006"]


def test_a_folder_of_contracts_is_one_document(here: Path, contract: Write) -> None:
    servers = [{"server": "here", "type": "local", "path": "t.csv", "format": "csv"}]
    for number in range(3):
        contract(f"products/{number}/t.odcs.yaml", servers=servers, t=ID)
        (here / "products" / str(number) / "t.csv").write_text("id\n1\n" if number else "id\nx\n")
    (here / "products" / "bad.odcs.yaml").write_text("kind: DataContract\napiVersion: v3.1.0\nid: [1]\n")
    document = hanse.test_contract("products")
    assert [c["status"] for c in document["contracts"]] == ["error", "failed", "passed", "passed"]
    assert document["contracts"][0]["contract"] is None
    assert len(document["contracts"][0]["problems"]) > 1
    assert document["status"] == "error"
    assert document["counts"]["failed"] == 1


@pytest.mark.parametrize("path", ["nope.yaml", "empty", "t.csv"])
def test_what_is_no_contract_is_told(here: Path, path: str) -> None:
    (here / "empty").mkdir()
    (here / "t.csv").write_text("id\n1\n")
    document = hanse.test_contract(path, data="t.csv")
    assert document["status"] == "error"
    assert document["contracts"][0]["problems"][0]["severity"] == "error"


def test_queries_reach_the_tested_tables_only(here: Path, contract: Write) -> None:
    """SQL of a contract is confined: no files, no settings, no other tables of the session."""
    (here / "t.csv").write_text("id\n1\n")
    (here / "other.csv").write_text("id\n1\n")
    queries = [
        "SELECT count(*) FROM read_csv('other.csv')",
        "SELECT count(*) FROM 'other.csv'",
        "SELECT count(*) FROM __t0_files",
        "SELECT current_setting('memory_limit')",
        "SELECT getenv('HOME')",
        "COPY t TO 'out.csv'",
        "SELECT 1; DROP TABLE t",
    ]
    rules = [{"type": "sql", "query": query, "mustBe": 0} for query in queries]
    document = hanse.test_contract(contract(t={"properties": ID, "quality": rules}), data="t.csv")
    statuses = [c["status"] for id_, c in checks(document).items() if id_.startswith("sql")]
    assert statuses == ["error"] * len(queries)
    assert not (here / "out.csv").exists()


def test_a_query_without_end_is_its_own_error(here: Path, contract: Write) -> None:
    (here / "t.csv").write_text("id\n1\n")
    endless = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = -1"
    rules = [{"type": "sql", "query": endless, "mustBe": 0}, {"type": "library", "metric": "rowCount", "mustBe": 1}]
    document = hanse.test_contract(contract(t={"properties": ID, "quality": rules}), data="t.csv", seconds=3)
    found = {check["clause"].split("(")[0].split()[0]: check for check in checks(document).values()}
    assert "HNS-E010" in found["sql"]["error"]
    assert document["counts"]["errors"] == 1
    assert document["status"] == "failed"
