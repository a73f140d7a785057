"""Relationships of contracts in runs: within a contract, between contracts of a product, and between products."""

from __future__ import annotations

import json
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.testing.meshes import MeshFolder

CRM = "../../../crm/customers/contracts/customers.odcs.yaml#/schema/customers/properties/id"


def column(to: str) -> dict[str, Any]:
    return {"logicalType": "integer", "relationships": [{"to": to}]}


def run(mesh: Mesh, name: str = "sales.orders") -> dict[str, Any]:
    mesh.apply()
    return next(r for r in mesh.run()["runs"] if r["product"] == name)


def orphans(run: dict[str, Any]) -> dict[str, Any]:
    return {r["check"]: r["failed_rows"] for r in run["checks"]["results"] if r["status"] == "failed"}


@pytest.fixture
def shop(folder: MeshFolder) -> MeshFolder:
    folder.product(
        "sales.orders",
        {"orders": {"id": "integer", "customer": column("customers.id")}, "customers": {"id": "integer"}},
        data={"orders.csv": "id,customer\n1,1\n2,2\n3,\n", "customers.csv": "id\n1\n2\n"},
    )
    return folder


def test_orphans_block_and_are_shown(shop: MeshFolder) -> None:
    mesh = hanse.open_mesh(shop.root)
    assert run(mesh)["status"] == "succeeded"
    shop.write("domains/sales/orders/data/orders.csv", "id,customer\n1,1\n2,7\n")
    blocked = run(mesh)
    assert (blocked["status"], orphans(blocked)) == ("blocked", {"relationship(customer): customers.id": 1})
    (result,) = [r for r in blocked["checks"]["results"] if r["status"] == "failed"]
    assert result["sample"] == [{"reason": "customer 7 is not in customers.id", "row": {"id": 2, "customer": 7}}]


def test_what_refers_is_checked_again_when_the_other_table_changes(shop: MeshFolder) -> None:
    mesh = hanse.open_mesh(shop.root)
    run(mesh)
    shop.write("domains/sales/orders/data/customers.csv", "id\n1\n")
    assert orphans(run(mesh)) == {"relationship(customer): customers.id": 1}


def test_a_table_that_stands_is_read_where_it_was_released(shop: MeshFolder) -> None:
    mesh = hanse.open_mesh(shop.root)
    run(mesh)
    shop.write("domains/sales/orders/data/orders.csv", "id,customer\n1,1\n2,2\n5,2\n")
    again = run(mesh)
    assert again["built"] == ["sales.orders.orders"]
    shop.write("domains/sales/orders/data/orders.csv", "id,customer\n1,1\n2,2\n5,3\n")
    assert orphans(run(mesh)) == {"relationship(customer): customers.id": 1}


def test_rows_that_are_added_refer_to_the_other_table_as_it_is_now(shop: MeshFolder) -> None:
    shop.settings("sales.orders", {"orders": {"materialize": "append"}})
    mesh = hanse.open_mesh(shop.root)
    assert run(mesh)["status"] == "succeeded"
    shop.write("domains/sales/orders/data/orders.csv", "id,customer\n4,2\n")
    shop.write("domains/sales/orders/data/customers.csv", "id\n2\n")
    assert orphans(run(mesh)) == {"relationship(customer): customers.id": 1}, "the kept row of customer 1"


@pytest.fixture
def two(folder: MeshFolder) -> MeshFolder:
    folder.product("crm.customers", {"customers": {"id": "integer"}}, data={"customers.csv": "id\n1\n2\n"})
    folder.product(
        "sales.orders",
        {"orders": {"id": "integer", "customer": column(CRM)}},
        data={"orders.csv": "id,customer\n1,1\n2,9\n"},
        inputs={"customers": "crm.customers"},
    )
    return folder


def test_an_input_port_is_looked_up_in_its_visible_release(two: MeshFolder) -> None:
    mesh = hanse.open_mesh(two.root)
    assert orphans(run(mesh)) == {f"relationship(customer): {CRM}": 1}
    two.write("domains/crm/customers/data/customers.csv", "id\n1\n9\n")
    assert run(mesh)["status"] == "succeeded"
    two.write("domains/crm/customers/data/customers.csv", "id\n9\n")
    assert orphans(run(mesh)) == {f"relationship(customer): {CRM}": 1}, "checked again when the other product changes"


def test_a_product_that_is_no_input_cannot_be_referred_to(two: MeshFolder) -> None:
    path = two.root / "domains/sales/orders/product.yaml"
    product = json.loads(path.read_text())
    product.pop("inputPorts")
    path.write_text(json.dumps(product))
    mesh = hanse.open_mesh(two.root)
    (problem,) = [p for p in mesh.check()["problems"] if p["code"] == "HNS-C010"]
    assert "nor of an output port that it reads" in problem["what"]
    assert "input port" in (problem["fix"] or "")


def test_check_tells_a_column_that_the_other_contract_does_not_have(two: MeshFolder) -> None:
    two.contract("crm.customers", {"customers": {"key": "integer"}})
    mesh = hanse.open_mesh(two.root)
    (problem,) = [p for p in mesh.check()["problems"] if p["code"] == "HNS-C009"]
    assert "names `id`, which table `customers` does not have" in problem["what"]


def test_two_contracts_of_one_product(folder: MeshFolder) -> None:
    folder.product(
        "sales.orders",
        {"orders": {"id": "integer", "customer": column("people.odcs.yaml#schema/customers/properties/id")}},
        data={"orders.csv": "id,customer\n1,1\n2,9\n", "customers.csv": "id\n1\n"},
    )
    path = folder.root / "domains/sales/orders"
    contract = json.loads((path / "contracts/orders.odcs.yaml").read_text())
    contract["id"] = "people"
    contract["schema"] = [{"name": "customers", "properties": [{"name": "id", "logicalType": "integer"}]}]
    folder.write("domains/sales/orders/contracts/people.odcs.yaml", contract)
    product = json.loads((path / "product.yaml").read_text())
    product["outputPorts"].append({"name": "people", "version": "1.0.0", "contractId": "people"})
    folder.write("domains/sales/orders/product.yaml", product)
    found = run(hanse.open_mesh(folder.root))
    assert orphans(found) == {"relationship(customer): people.odcs.yaml#schema/customers/properties/id": 1}


def test_a_table_that_refers_to_a_refused_one_says_so(shop: MeshFolder) -> None:
    key = {"logicalType": "integer", "primaryKey": True, "required": True}
    shop.contract(
        "sales.orders",
        {"orders": {"id": "integer", "customer": column("customers.id")}, "customers": {"id": key}},
        rules={"orders": [{"type": "sql", "query": "SELECT count(*) FROM customers", "mustBeGreaterThan": 0}]},
    )
    shop.write("domains/sales/orders/data/customers.csv", "id\n3\n3\n")
    shop.settings("sales.orders", {"customers": {"materialize": "merge"}})
    blocked = run(hanse.open_mesh(shop.root))
    errors = [r["error"] for r in blocked["checks"]["results"] if r["status"] == "error"]
    assert [error.partition(":")[0] for error in errors] == ["HNS-C020"] * 2
    assert all("the rows of table `customers` were refused" in error for error in errors)
