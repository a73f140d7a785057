"""Plans as trees: what a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hanse.base import SetClock
from hanse.plan import apply, build, explain
from hanse.registry import Registry
from plan_folder import NOW, Columns, Folder, Tables, as_store, contract_document, release

ORDERS: Mapping[str, Columns] = {
    "orders": {
        "id": {"logicalType": "integer", "required": True, "primaryKey": True},
        "state": {"logicalType": "string", "quality": []},
        "note": "string",
    }
}


@pytest.fixture
def tables() -> Tables:
    return Tables()


def explained(folder: Folder, registry: Registry, tables: Tables | None = None) -> dict[str, Any]:
    """Explain the plan, and apply it too when there are tables to apply it to."""
    plan = build(folder.workspace(), registry.reader())
    if tables:
        apply(plan, registry=registry, store=as_store(tables), clock=SetClock(NOW))
    return explain(plan)


def drawn(document: Mapping[str, Any]) -> str:
    """Draw the tree: one node a line, its children indented."""

    def lines(node: Mapping[str, Any], depth: int) -> list[str]:
        mark = " REFUSED" if node["refused"] else ""
        words = f"{'  ' * depth}{node['action']}{mark} {node['label']} [{node['detail']}] {node['why'] or ''}"
        return [words.rstrip(), *(line for child in node["children"] for line in lines(child, depth + 1))]

    return "\n".join(line for node in document["tree"] for line in lines(node, 0))


def test_a_new_mesh(folder: Folder, registry: Registry) -> None:
    folder.domain("sales", "Sales")
    folder.product("sales.orders", ORDERS)
    folder.product("sales.report", {"daily": {"day": "date"}}, inputs={"orders": "sales.orders.orders"})
    document = explained(folder, registry)
    assert (
        drawn(document)
        == """\
create sales [Sales]
  create orders [1.0.0, active]
    create orders@1 [1.0.0]
      create orders [3 columns]
        create id [BIGINT, required, primary key]
        create state [VARCHAR]
        create note [VARCHAR]
  create report [1.0.0, active]
    create report@1 [1.0.0]
      create daily [1 column]
        create day [DATE]
    create orders@1 [reads sales.orders.orders@1]"""
    )
    assert document["summary"] == "2 products to create, 2 tables to create"
    assert document["verdict"] == "changes"
    assert document["steps"] == [
        "record domain sales",
        "create table sales.orders.orders (3 columns)",
        "record product sales.orders 1.0.0",
        "create table sales.report.daily (1 column)",
        "record product sales.report 1.0.0",
    ]
    assert document["counts"] == {
        "domains": {"create": 1},
        "products": {"create": 2},
        "tables": {"create": 2},
        "columns": {"create": 4},
        "changes": {},
    }


def test_an_unchanged_mesh(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    explained(folder, registry, tables)
    document = explained(folder, registry)
    assert (document["verdict"], document["summary"]) == ("nothing to do", "nothing to do: 1 product unchanged")
    assert document["tree"] == document["steps"] == []


def test_columns_added_altered_and_described(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    explained(folder, registry, tables)
    release(registry, "sales.orders")
    columns = {
        "day": "date",
        **ORDERS["orders"],
        "state": {"logicalType": "string", "required": True},
        "note": {"logicalType": "string", "description": "free words"},
    }
    folder.product("sales.orders", {"orders": columns}, version="1.1.0")
    document = explained(folder, registry)
    assert (
        drawn(document)
        == """\
unchanged sales []
  alter orders [1.0.0]
    alter orders@1 [1.0.0 → 1.1.0] version changed from 1.0.0 to 1.1.0: readers address the major, which stays
      alter orders [1 column unchanged]
        create day [DATE] column `day` added: readers name the columns they want, and lose nothing
        alter state [] `state` is never null now: a stricter promise: code that copes with nulls still works
        metadata note [] description of `note` changed: the data and its guarantees stay as they are"""
    )
    assert document["steps"] == [
        "alter table sales.orders.orders: day DATE added, state made required",
        "update product sales.orders 1.0.0",
    ]
    assert document["summary"] == "1 product to alter, 1 table to alter"
    assert document["counts"]["columns"] == {"alter": 1, "create": 1, "metadata": 1}
    assert document["counts"]["changes"] == {"additive": 2, "cosmetic": 2}


def test_a_refused_change(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", {**ORDERS, "lines": {"id": "integer"}})
    folder.product("sales.report", {"daily": {"day": "date"}}, inputs={"orders": "sales.orders.orders"})
    explained(folder, registry, tables)
    release(registry, "sales.orders")
    columns = {"id": ORDERS["orders"]["id"], "state": "date"}
    folder.product("sales.orders", {"orders": columns}, version="1.1.0")
    document = explained(folder, registry)
    assert (
        drawn(document)
        == """\
unchanged sales []
  breaking REFUSED orders [1.0.0]
    breaking REFUSED orders@1 [1.0.0 → 1.1.0; read by sales.report] version changed from 1.0.0 to 1.1.0: readers \
address the major, which stays
      breaking REFUSED orders [1 column unchanged]
        breaking REFUSED note [VARCHAR] column `note` removed: statements that name it fail
        breaking REFUSED state [VARCHAR → DATE] type of `state` changed from VARCHAR to DATE: code written for \
VARCHAR gets DATE; logical type of `state` changed: the data and its guarantees stay as they are
      breaking REFUSED lines [no longer described] table `lines` removed: statements that name it fail"""
    )
    assert document["summary"] == ("refused: 3 problems to mend first (1 product breaking, 2 tables breaking)")
    assert [p["what"] for p in document["refusals"]] == [
        "sales.orders.lines: table `lines` removed",
        "sales.orders.orders: column `note` removed",
        "sales.orders.orders: type of `state` changed from VARCHAR to DATE",
    ]


def test_only_words(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS, status="draft")
    explained(folder, registry, tables)
    folder.domain("sales", "Sales")
    folder.product("sales.orders", ORDERS, status="draft", title="Orders", text="name: Orders")
    document = explained(folder, registry)
    assert (
        drawn(document)
        == """\
metadata sales [Sales]
  metadata orders [1.0.0; title changed]
    unchanged orders@1 [1.0.0]
      unchanged orders [3 columns unchanged]"""
    )
    assert document["summary"] == "1 product to update"


def test_only_code(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    explained(folder, registry, tables)
    folder.product("sales.orders", ORDERS, folder="/elsewhere")
    product = explained(folder, registry)["tree"][0]["children"][0]
    assert product["detail"] == "1.0.0; transforms, pipeline or data files changed"


def test_only_a_domain(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    explained(folder, registry, tables)
    folder.domain("sales", "Sales")
    assert explained(folder, registry)["summary"] == "1 domain to update, 1 product unchanged"


def test_a_new_major_and_an_input_port_that_moves(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    folder.product("sales.report", {"daily": {"day": "date"}}, inputs={"orders": "sales.orders.orders"})
    explained(folder, registry, tables)
    both = [
        contract_document("orders", ORDERS),
        contract_document("orders", {"orders": {"id": "date"}}, version="2.0.0"),
    ]
    folder.product("sales.orders", contracts=both)
    folder.product("sales.report", {"daily": {"day": "date"}}, inputs={"orders": ("sales.orders.orders", 2)})
    assert (
        drawn(explained(folder, registry))
        == """\
unchanged sales []
  alter orders [1.0.0]
    unchanged orders@1 [1.0.0]
      unchanged orders [3 columns unchanged]
    create orders@2 [2.0.0]
      create orders_v2 [1 column]
        create id [DATE]
  metadata report [1.0.0]
    unchanged report@1 [1.0.0]
      unchanged daily [1 column unchanged]
    metadata orders@2 [read sales.orders.orders@1, now sales.orders.orders@2]"""
    )


def test_every_node_says_the_same_things(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    explained(folder, registry, tables)
    folder.product("sales.orders", {"orders": {"id": "string"}})
    expected = {"kind", "name", "label", "action", "detail", "does", "refused", "why", "changes", "touches", "children"}

    def walk(node: Mapping[str, Any]) -> None:
        assert set(node) - {"consumers"} == expected
        assert (node["does"] is None) == (node["action"] == "unchanged")
        for child in node["children"]:
            walk(child)

    for root in explained(folder, registry)["tree"]:
        walk(root)
