from __future__ import annotations

from typing import Any

import pytest

from hanse.spec.contract import Relationship
from hanse.spec.odcs import read_contract

HEAD = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: customers
    properties: [{name: id, logicalType: integer}]
  - name: orders
    id: orders_tbl
"""


def read(text: str) -> tuple[Any, list[Any]]:
    return read_contract((HEAD + text).encode(), "domains/sales/orders/contracts/orders.odcs.yaml")


def of_property(to: str) -> Relationship:
    contract, problems = read(
        f"    properties: [{{name: customer, logicalType: integer, relationships: [{{to: {to}}}]}}]\n"
    )
    assert contract is not None, problems
    (found,) = contract.tables[1].columns[0].relationships
    assert isinstance(found, Relationship)
    return found


@pytest.mark.parametrize(
    ("to", "contract", "table", "names"),
    [
        ("customers.id", None, "customers", ("id",)),
        ("customers.address.street", None, "customers", ("address", "street")),
        ("[customers.id]", None, "customers", ("id",)),
        ("schema/cust_tbl/properties/cust_pk", None, "cust_tbl", ("cust_pk",)),
        ("/schema/cust_tbl/properties/a/properties/b", None, "cust_tbl", ("a", "b")),
        ("crm.odcs.yaml#/schema/c/properties/i", "domains/sales/orders/contracts/crm.odcs.yaml", "c", ("i",)),
        ("../../crm/contracts/c.yaml#schema/c/properties/i", "domains/sales/crm/contracts/c.yaml", "c", ("i",)),
        ("https://example.com/c.yaml#schema/c/properties/i", "https://example.com/c.yaml", "c", ("i",)),
    ],
)
def test_forms_of_a_reference(to: str, contract: str | None, table: str, names: tuple[str, ...]) -> None:
    found = of_property(to)
    assert (found.contract, found.table, found.to, found.columns, found.fault) == (contract, table, (names,), (), None)
    assert found.where is not None


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("schema/customers", "leads to no column"),
        ("servers/production/properties/id", "leads to no column"),
        ("schema/customers/quality/id", "leads to no column"),
        ("[customers.id, customers.name]", "1 columns cannot refer to 2"),
    ],
)
def test_what_means_nothing_has_a_fault(to: str, words: str) -> None:
    assert words in (of_property(to).fault or "")


def test_a_table_states_keys_of_several_columns() -> None:
    contract, problems = read(
        """
    properties: [{name: a, logicalType: integer}, {name: b, logicalType: string}]
    relationships:
      - {from: [orders.a, orders.b], to: [customers.x, customers.y], type: foreignKey}
      - {from: orders.a, to: customers.id}
      - {from: [orders.a, other.b], to: [customers.x, customers.y]}
"""
    )
    assert problems == []
    assert contract is not None
    table = contract.tables[1]
    assert table.object_id == "orders_tbl"
    several, one, torn = table.relationships
    assert (several.columns, several.to, several.from_table) == ((("a",), ("b",)), (("x",), ("y",)), "orders")
    assert (one.columns, one.to, one.stated) == ((("a",),), (("id",),), "customers.id")
    assert torn.fault == "all columns of a key are in one table"
