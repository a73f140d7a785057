"""What a plan holds, refuses and leaves alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hanse.base import PlanError, ProductName, SetClock, Severity
from hanse.plan import CreateTable, Plan, PutDomain, PutProduct, apply, build, explain, pinned_inputs
from hanse.plan.codes import NO_SUCH_PRODUCT
from hanse.registry import AppliedProduct, Registry
from plan_folder import NOW, Columns, Folder, Tables, as_store, contract_document, release

ORDERS: Mapping[str, Columns] = {
    "orders": {"id": {"logicalType": "integer", "required": True, "unique": True}, "state": "string"}
}
LOOSER: Mapping[str, Columns] = {"orders": {"id": {"logicalType": "integer", "unique": True}, "state": "string"}}


@pytest.fixture
def tables() -> Tables:
    return Tables()


def plan_of(folder: Folder, registry: Registry, **more: Any) -> Plan:
    return build(folder.workspace(), registry.reader(), **more)


def do(folder: Folder, registry: Registry, tables: Tables, **more: Any) -> Plan:
    plan = plan_of(folder, registry, **more)
    apply(plan, registry=registry, store=as_store(tables), clock=SetClock(NOW))
    return plan


def applied(registry: Registry, name: str = "sales.orders") -> AppliedProduct:
    product = registry.reader().product(ProductName.parse(name))
    assert product is not None
    return product


def codes(plan: Plan) -> list[str]:
    return [p.code.id for p in plan.refusals]


def test_domains_then_tables_then_the_record(folder: Folder, registry: Registry) -> None:
    folder.product("sales.orders", {**ORDERS, "lines": {"id": "integer"}})
    folder.product("buying.parts", {"parts": {"id": "integer"}})
    steps = plan_of(folder, registry).steps
    assert [type(s) for s in steps] == [
        PutDomain,
        PutDomain,
        CreateTable,
        PutProduct,
        CreateTable,
        CreateTable,
        PutProduct,
    ]


def test_unchanged_products_are_not_parsed(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    folder.product("sales.lines", {"lines": {"id": "integer"}})
    do(folder, registry, tables)
    folder.product("sales.orders", ORDERS, text="id: anew")
    folder.parsed.clear()
    plan = plan_of(folder, registry)
    assert folder.parsed == [ProductName("sales", "orders")]
    assert plan.unchanged == (ProductName("sales", "lines"),)


def test_what_is_recorded(folder: Folder, registry: Registry, tables: Tables) -> None:
    column = {
        "logicalType": "string",
        "description": "when it left",
        "classification": "internal",
        "examples": ["09:00"],
        "customProperties": [{"property": "nullMeaning", "value": "cancelled"}],
    }
    folder.product("sales.orders", {"orders": {"left": column}}, title="Orders", purpose="All orders.", tags=("a",))
    folder.product("sales.report", {"daily": {"day": "date"}}, inputs={"orders": "sales.orders.orders"})
    do(
        folder,
        registry,
        tables,
        reads=lambda name: {"daily": ("sales.orders.orders",)} if "report" in str(name) else {},
    )
    product = applied(registry)
    assert (product.document["title"], product.document["purpose"], product.document["tags"]) == (
        "Orders",
        "All orders.",
        ["a"],
    )
    (table,) = product.tables
    assert dict(table.columns[0]) == {
        "name": "left",
        "type": "VARCHAR",
        "required": False,
        "unique": False,
        "primary_key": None,
        "description": "when it left",
        "business_name": None,
        "classification": "internal",
        "enum": [],
        "null_meaning": "cancelled",
        "examples": ["09:00"],
        "deprecated": False,
    }
    report = applied(registry, "sales.report")
    assert report.document["reads"] == {"daily": ["sales.orders.orders"]}
    assert report.document["inputs"] == [
        {"name": "orders", "product": "sales.orders", "port": "orders", "major": 1, "tables": ["orders"]}
    ]
    (port,) = [p for p in report.ports if p.direction == "input"]
    assert (port.name, port.source, port.major) == ("orders", "sales.orders.orders", 1)


def test_reads_are_kept_when_nobody_says_them_anew(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, tables, reads=lambda _: {"orders": ("file:orders",)})
    folder.product("sales.orders", ORDERS, title="Orders")
    do(folder, registry, tables)
    assert applied(registry).document["reads"] == {"orders": ["file:orders"]}


def test_a_breaking_change_of_a_released_promise_is_refused(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    folder.product("sales.report", {"daily": {"day": "date"}}, inputs={"orders": "sales.orders.orders"})
    do(folder, registry, tables)
    release(registry, "sales.orders")
    folder.product("sales.orders", LOOSER, version="1.1.0")
    plan = plan_of(folder, registry)
    (refusal,) = plan.refusals
    assert refusal.code.id == "HNS-P001"
    assert refusal.subject == "sales.orders.orders"
    assert refusal.what == "sales.orders.orders: `id` may be null now"
    assert refusal.why == "nulls may appear where none were possible; read by sales.report"
    assert refusal.fix is not None
    assert "`contracts/orders.v2.odcs.yaml`" in refusal.fix
    assert "draft" in refusal.fix
    assert refusal.where is not None
    assert refusal.where.line > 1
    assert explain(plan)["verdict"] == "refused"


def test_a_breaking_change_before_the_first_release_is_shown_and_allowed(
    folder: Folder, registry: Registry, tables: Tables
) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, tables)
    folder.product("sales.orders", LOOSER, version="1.1.0")
    plan = do(folder, registry, tables)
    assert plan.refusals == plan.warnings == ()
    product = explain(plan)["tree"][0]["children"][0]
    assert product["action"] == "breaking"
    assert not product["refused"]


@pytest.mark.parametrize(("before", "now"), [("draft", "draft"), ("proposed", "active"), ("active", "draft")])
def test_a_draft_may_break(folder: Folder, registry: Registry, tables: Tables, before: str, now: str) -> None:
    folder.product("sales.orders", ORDERS, status=before)
    do(folder, registry, tables)
    release(registry, "sales.orders")
    folder.product("sales.orders", LOOSER, status=now, version="1.1.0")
    plan = do(folder, registry, tables)
    assert codes(plan) == []
    assert tables.shape()["sales.orders.orders"][0] == ("id", "BIGINT", False)


def test_a_new_major_stands_beside_the_old(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, tables)
    release(registry, "sales.orders")
    both = [contract_document("orders", ORDERS), contract_document("orders", LOOSER, version="2.0.0")]
    folder.product("sales.orders", contracts=both)
    plan = do(folder, registry, tables)
    assert codes(plan) == []
    assert list(tables.shape()) == ["sales.orders.orders", "sales.orders.orders_v2"]


def test_raising_the_major_in_place_takes_the_old_one_away_and_is_refused(
    folder: Folder, registry: Registry, tables: Tables
) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, tables)
    release(registry, "sales.orders")
    folder.product("sales.orders", LOOSER, version="2.0.0")
    (refusal,) = plan_of(folder, registry).refusals
    assert refusal.code.id == "HNS-P002"
    assert refusal.fix is not None
    assert "describe version 2.0.0 in a file of its own" in refusal.fix


def test_ending_a_promise_step_by_step(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, tables)
    release(registry, "sales.orders")
    folder.product("sales.orders", ORDERS, status="retired", version="1.1.0")
    assert codes(plan_of(folder, registry)) == ["HNS-P001"]
    folder.product("sales.orders", contracts=[])
    assert codes(plan_of(folder, registry)) == ["HNS-P002"]
    folder.product("sales.orders", ORDERS, status="deprecated", version="1.1.0")
    do(folder, registry, tables)
    folder.product("sales.orders", contracts=[])
    assert codes(plan_of(folder, registry)) == ["HNS-P002"]
    folder.product("sales.orders", ORDERS, status="retired", version="1.2.0")
    do(folder, registry, tables)
    folder.product("sales.orders", contracts=[])
    plan = do(folder, registry, tables)
    assert [n.kind for n in plan.notes] == ["kept"]
    assert list(tables.shape()) == ["sales.orders.orders"]
    assert applied(registry).tables == ()


def test_a_deprecated_promise_still_holds(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS, status="deprecated")
    do(folder, registry, tables)
    release(registry, "sales.orders")
    folder.product("sales.orders", LOOSER, status="deprecated", version="1.1.0")
    assert codes(plan_of(folder, registry)) == ["HNS-P001"]


@pytest.mark.parametrize(
    ("version", "fix"),
    [
        ("1.0.0", "set `version: 1.1.0`"),
        ("1.0.1", "set `version: 1.1.0`"),
        ("1.1.0", None),
        ("0.9.0", "set `version: 1.1.0`"),
    ],
)
def test_a_changed_contract_needs_a_new_version(
    folder: Folder, registry: Registry, tables: Tables, version: str, fix: str | None
) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, tables)
    wider = {"orders": {**ORDERS["orders"], "more": "date"}}
    folder.product("sales.orders", wider, version=version)
    plan = plan_of(folder, registry)
    assert [(p.code.id, p.severity, p.fix) for p in plan.warnings] == (
        [("HNS-P004", Severity.WARNING, fix)] if fix else []
    )
    assert plan.refusals == ()


def test_an_applied_contract_that_cannot_be_read_any_more(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, tables)
    release(registry, "sales.orders")
    _spoil_contract(registry)
    folder.product("sales.orders", {"orders": {**ORDERS["orders"], "more": "date"}}, version="1.1.0")
    assert codes(plan_of(folder, registry)) == ["HNS-P007"]


def _spoil_contract(registry: Registry) -> None:
    before = applied(registry)
    ports = tuple(replace(p, contract=replace(p.contract, text="[")) if p.contract else p for p in before.ports)
    with registry.write() as writer:
        writer.put_product(replace(before, digest="spoiled", ports=ports))


def _majors(*versions: str) -> list[dict[str, Any]]:
    return [contract_document("orders", {"orders": {"id": "integer"}}, version=v) for v in versions]


def _reading(registry: Registry) -> int:
    return next(p.major for p in applied(registry, "sales.report").ports if p.direction == "input")


def test_an_input_port_stays_with_its_first_major_until_it_is_edited(
    folder: Folder, registry: Registry, tables: Tables
) -> None:
    daily: Mapping[str, Any] = {"daily": {"day": "date"}}
    folder.product("sales.orders", contracts=_majors("1.0.0"))
    folder.product("sales.report", daily, inputs={"orders": "sales.orders.orders"})
    do(folder, registry, tables)
    folder.product("sales.orders", contracts=_majors("1.0.0", "2.0.0"))
    folder.product("sales.report", daily, inputs={"orders": "sales.orders.orders"}, title="anew")
    plan = do(folder, registry, tables)
    assert _reading(registry) == 1
    (note,) = [n for n in plan.notes if n.kind == "pinned"]
    assert "write `major: 2`" in note.text
    report = applied(registry, "sales.report")
    assert report.document["inputs"][0]["tables"] == ["orders"]
    assert [i.major for i in pinned_inputs(report.name, folder.workspace(), report)] == [1]
    assert [i.major for i in pinned_inputs(report.name, folder.workspace(), None)] == [2]
    folder.product("sales.report", daily, inputs={"orders": ("sales.orders.orders", 2)})
    do(folder, registry, tables)
    assert _reading(registry) == 2


def test_a_new_input_port_takes_the_newest_major(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", contracts=_majors("1.0.0", "2.0.0"))
    folder.product("sales.report", {"daily": {"day": "date"}}, inputs={"orders": "sales.orders.orders"})
    do(folder, registry, tables)
    assert _reading(registry) == 2


def test_a_pinned_major_that_is_gone(folder: Folder, registry: Registry, tables: Tables) -> None:
    daily: Mapping[str, Any] = {"daily": {"day": "date"}}
    folder.product("sales.orders", contracts=_majors("1.0.0"))
    folder.product("sales.report", daily, inputs={"orders": "sales.orders.orders"})
    do(folder, registry, tables)
    folder.product("sales.orders", contracts=_majors("2.0.0"))
    folder.product("sales.report", daily, inputs={"orders": "sales.orders.orders"}, title="anew")
    (refusal,) = plan_of(folder, registry).refusals
    assert refusal.code.id == "HNS-P005"
    assert refusal.fix == "write `major: 2` and adapt the transforms to it"


def test_an_input_port_that_reads_nothing(folder: Folder, registry: Registry) -> None:
    folder.product("sales.orders", ORDERS)
    folder.product("sales.report", {"daily": {"day": "date"}}, inputs={"orders": "sales.order.orders"})
    (refusal,) = plan_of(folder, registry).refusals
    assert refusal.code.id == "HNS-P008"
    assert refusal.fix == "did you mean `sales.orders.orders`?"
    assert refusal.where is not None
    assert refusal.where.line == 7


def test_who_reads_a_port_is_who_is_pinned_to_its_major(folder: Folder, registry: Registry, tables: Tables) -> None:
    daily: Mapping[str, Any] = {"daily": {"day": "date"}}
    folder.product("sales.orders", contracts=_majors("1.0.0"))
    folder.product("sales.early", daily, inputs={"orders": "sales.orders.orders"})
    do(folder, registry, tables)
    folder.product("sales.orders", contracts=_majors("1.0.0", "2.0.0"))
    folder.product("sales.late", daily, inputs={"orders": "sales.orders.orders"})
    do(folder, registry, tables)
    release(registry, "sales.orders")
    folder.product("sales.orders", contracts=_majors("2.0.0"))
    plan = plan_of(folder, registry, only=[ProductName("sales", "orders")])
    assert [p.why for p in plan.refusals] == [
        "its contract is active and data has been released under it; read by sales.early"
    ]


def test_a_product_gone_from_the_folder_is_kept(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    do(folder, registry, tables)
    folder.products.clear()
    folder.domains.clear()
    plan = do(folder, registry, tables)
    assert plan.steps == ()
    assert [(n.kind, n.subject) for n in plan.notes] == [("gone", "sales"), ("gone", "sales.orders")]
    assert applied(registry).tables
    assert list(tables.shape()) == ["sales.orders.orders"]
    document = explain(plan)
    assert document["verdict"] == "nothing to do"
    assert document["counts"]["products"] == {"keep": 1}


def test_a_product_that_cannot_be_read_is_refused_and_not_called_gone(
    folder: Folder, registry: Registry, tables: Tables
) -> None:
    folder.product("sales.orders", ORDERS)
    folder.product("sales.lines", {"lines": {"id": "integer"}})
    do(folder, registry, tables)
    folder.broken("sales.orders")
    plan = plan_of(folder, registry)
    assert codes(plan) == ["HNS-N001"]
    assert "gone" not in [n.kind for n in plan.notes]
    assert codes(plan_of(folder, registry, only=[ProductName("sales", "lines")])) == []


def test_only_the_products_asked_for(folder: Folder, registry: Registry) -> None:
    folder.product("sales.orders", ORDERS)
    folder.product("sales.lines", {"lines": {"id": "integer"}})
    folder.product("buying.parts", {"parts": {"id": "integer"}})
    document = explain(plan_of(folder, registry, only=[ProductName("sales", "lines")]))
    assert document["steps"] == [
        "record domain sales",
        "create table sales.lines.lines (1 column)",
        "record product sales.lines 1.0.0",
    ]


def test_a_product_that_is_not_there(folder: Folder, registry: Registry) -> None:
    folder.product("sales.orders", ORDERS)
    with pytest.raises(PlanError, match="HNS-P006") as caught:
        plan_of(folder, registry, only=[ProductName("sales", "order")])
    assert caught.value.problem.fix == "did you mean `sales.orders`?"


def test_a_transform_that_cannot_be_read_refuses_the_plan(folder: Folder, registry: Registry) -> None:
    def reads(name: ProductName) -> dict[str, tuple[str, ...]]:
        raise PlanError(NO_SUCH_PRODUCT, f"bad SQL in {name}")

    folder.product("sales.orders", ORDERS)
    assert codes(plan_of(folder, registry, reads=reads)) == ["HNS-P006"]


def test_products_without_a_release_are_noted(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    said = ["sales.orders: has no released data yet: `hanse run sales.orders` makes it"]
    assert [str(n) for n in do(folder, registry, tables).notes] == said
    assert [str(n) for n in plan_of(folder, registry).notes] == said
    release(registry, "sales.orders")
    assert plan_of(folder, registry).notes == ()


def test_many_products_without_a_release_are_counted(folder: Folder, registry: Registry, tables: Tables) -> None:
    for number in range(11):
        folder.product(f"sales.p{number}", ORDERS)
    do(folder, registry, tables)
    (note,) = plan_of(folder, registry).notes
    assert str(note) == "mesh: 11 products applied earlier have no released data yet: `hanse run` makes it"


def test_a_plan_is_json(folder: Folder, registry: Registry, tables: Tables) -> None:
    folder.product("sales.orders", ORDERS)
    plan = do(folder, registry, tables)
    release(registry, "sales.orders")
    folder.product("sales.orders", LOOSER)
    for one in (plan, plan_of(folder, registry)):
        assert json.loads(json.dumps(explain(one))) == explain(one)
