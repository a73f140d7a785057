"""Renamed columns: what the plan says of them, what the store is asked for, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from hanse.base import ProductName, SetClock, TableName
from hanse.interfaces import TableStore
from hanse.plan import AlterTable, Plan, apply, build, explain
from hanse.plan.codes import BREAKING_CHANGE, IMPOSSIBLE_RENAME
from hanse.registry import Registry
from hanse.spec.product import Pipeline, TableSettings
from plan_folder import Folder, contract_document, release

TABLE = TableName("sales", "orders", "orders")


def was(name: str, kind: str = "integer", **more: Any) -> dict[str, Any]:
    return {"logicalType": kind, "customProperties": [{"property": "was", "value": name}], **more}


def nested(members: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = [{"name": n, **({"logicalType": w} if isinstance(w, str) else w)} for n, w in members.items()]
    return {"logicalType": "object", "properties": properties, **more}


@pytest.fixture
def planned(folder: Folder, registry: Registry, store: TableStore, clock: SetClock) -> Any:
    """Describe a table, and plan; apply what came before."""

    class Planned:
        def __call__(self, columns: dict[str, Any], *, version: str = "0.1.0", status: str = "draft") -> Plan:
            folder.product("sales.orders", {"orders": columns}, version=version, status=status)
            return build(folder.workspace(), registry.reader())

        def applied(self, columns: dict[str, Any], **more: Any) -> Plan:
            plan = self(columns, **more)
            apply(plan, registry=registry, store=store, clock=clock)
            return plan

        def ids(self) -> dict[str, int]:
            schema = store.schema(TABLE)
            assert schema is not None
            return {c.name: c.field_id for c in schema.columns}

    return Planned()


def altered(plan: Plan) -> list[str]:
    return [str(c) for s in plan.steps if isinstance(s, AlterTable) for c in s.changes]


def test_a_rename_keeps_the_column(planned: Any, registry: Registry) -> None:
    planned.applied({"a": "integer", "b": "string"})
    before = planned.ids()
    plan = planned({"c": was("a"), "b": "string"})
    assert altered(plan) == ["c renamed a → c"]
    columns = explain(plan)["tree"][0]["children"][0]["children"][0]["children"][0]["children"]
    assert [(c["name"], c["detail"]) for c in columns] == [("c", "renamed a → c")]
    planned.applied({"c": was("a"), "b": "string"})
    assert planned.ids() == {"c": before["a"], "b": before["b"]}
    applied = registry.reader().product(ProductName("sales", "orders"))
    assert applied is not None
    assert applied.tables[0].columns[0]["was"] == "a"


def test_the_word_may_stay_and_the_old_name_be_used_again(planned: Any) -> None:
    planned.applied({"a": "integer"})
    first = planned.ids()["a"]
    planned.applied({"b": was("a"), "c": "date"})
    planned.applied({"b": "integer", "a": "integer"})
    assert planned.ids()["b"] == first
    assert planned.ids()["a"] != first
    assert planned({"b": "integer", "a": "integer"}).empty


def test_ids_exchange_names_again_and_again(planned: Any) -> None:
    def named(one: str, other: str) -> dict[str, Any]:
        return {one: {"logicalType": "integer", "id": "1"}, other: {"logicalType": "integer", "id": "2"}}

    planned.applied(named("a", "b"))
    ids = planned.ids()
    for _ in range(2):
        planned.applied(named("b", "a"))
        assert planned.ids() == {"b": ids["a"], "a": ids["b"]}
        planned.applied(named("a", "b"))
        assert planned.ids() == ids


def test_names_that_are_exchanged_twice_by_word_are_asked_about(planned: Any) -> None:
    """The word stands already, so nobody can tell that it is meant once more; the values would be lost."""
    planned.applied({"a": "integer", "b": "string"})
    planned.applied({"b": was("a"), "a": was("b", "string")})
    exchanged = planned.ids()
    plan = planned({"a": was("b"), "b": was("a", "string")})
    assert [p.code for p in plan.refusals] == [IMPOSSIBLE_RENAME, IMPOSSIBLE_RENAME]
    assert "which was done already" in plan.refusals[0].what
    planned.applied({"b": "integer", "a": "string"})
    planned.applied({"a": was("b"), "b": was("a", "string")})
    assert planned.ids() == {"a": exchanged["b"], "b": exchanged["a"]}


def test_another_id_begins_a_column_anew(planned: Any) -> None:
    planned.applied(
        {"a": {"logicalType": "integer", "id": "1"}, "o": nested({"m": {"logicalType": "date", "id": "2"}})}
    )
    before = planned.ids()
    plan = planned.applied({"a": {"logicalType": "integer", "id": "9"}, "o": nested({"m": "date"})})
    assert altered(plan) == ["a dropped", "a BIGINT added"]
    assert planned.ids()["a"] not in before.values()
    assert planned.ids()["o"] == before["o"]


def test_members_of_nested_columns(planned: Any, store: TableStore) -> None:
    items = {"logicalType": "array", "items": nested({"x": "integer", "y": "string"})}
    planned.applied({"o": nested({"p": "integer", "q": "string"}), "l": items})
    schema = store.schema(TABLE)
    assert schema is not None
    renamed = {"logicalType": "array", "items": nested({"y": "string", "z": was("x")})}
    plan = planned.applied({"o2": nested({"r": was("p"), "q": "string"}, **_was("o")), "l": renamed})
    assert altered(plan) == [
        "o2 renamed o → o2",
        "o2.r renamed p → r",
        "l.item.z renamed x → z",
        "l.item.y moved from place 2 to 1",
        "l.item.z moved from place 1 to 2",
    ]
    after = store.schema(TABLE)
    assert after is not None
    assert [(c.name, c.field_id) for c in after.columns[0].children] == [
        ("r", schema.columns[0].children[0].field_id),
        ("q", schema.columns[0].children[1].field_id),
    ]
    before_item, item = (s.columns[1].children[0].children for s in (schema, after))
    assert {c.name: c.field_id for c in item} == {"y": before_item[1].field_id, "z": before_item[0].field_id}


def _was(name: str) -> dict[str, Any]:
    return {"customProperties": [{"property": "was", "value": name}]}


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ({"c": was("missing"), "b": "string"}, "no column `missing`"),
        ({"c": was("a", "string"), "b": "string"}, "BIGINT is not VARCHAR"),
        ({"c": {"logicalType": "date", "id": "1"}, "b": "string"}, "BIGINT is not DATE"),
        ({"c": was("b", id="1")}, "is `a` by its id, and was `b` by its own word"),
        (
            {"a": {"logicalType": "integer", "id": "1"}, "o": nested({"n": "date", "k": was("zz", "date")})},
            "`o.k` was `zz`",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(planned: Any, new: dict[str, Any], words: str) -> None:
    planned.applied(
        {"a": {"logicalType": "integer", "id": "1"}, "b": "string", "o": nested({"m": "date", "n": "date"})}
    )
    plan = planned(new)
    (refusal,) = plan.refusals
    assert refusal.code == IMPOSSIBLE_RENAME
    assert words in refusal.what
    assert refusal.fix
    assert refusal.where


def test_an_active_contract_is_refused_once_it_was_released(planned: Any, registry: Registry) -> None:
    promise = {"version": "1.0.0", "status": "active"}
    planned.applied({"a": "integer"}, **promise)
    planned.applied({"b": was("a")}, **promise)  # nobody has read it yet
    release(registry, "sales.orders")
    plan = planned({"c": was("b")}, **promise)
    (refusal,) = plan.refusals
    assert refusal.code == BREAKING_CHANGE
    assert "`b` renamed to `c`" in refusal.what
    for step in (
        "add `c` beside `b`",
        "`contracts/orders.v2.odcs.yaml`",
        "`orders` once more",
        "`transforms/orders_v2.sql`",
    ):
        assert step in (refusal.fix or "")


def test_the_way_out_is_a_major_that_is_not_there_yet(
    folder: Folder, registry: Registry, store: TableStore, clock: SetClock
) -> None:
    def described(first: dict[str, Any]) -> Plan:
        contracts = [contract_document("orders", {"orders": first})]
        contracts.append(contract_document("orders", {"orders": {"b": "integer"}}, version="2.0.0"))
        folder.product("sales.orders", contracts=contracts)
        return build(folder.workspace(), registry.reader())

    apply(described({"a": "integer"}), registry=registry, store=store, clock=clock)
    release(registry, "sales.orders")
    (refusal,) = described({"c": "integer"}).refusals
    assert "version 3.0.0" in (refusal.fix or "")


def _growing(folder: Folder, contracts: list[dict[str, Any]]) -> None:
    way = TableSettings(materialize="append")
    folder.product("sales.orders", contracts=contracts, pipeline=Pipeline(tables={"orders": way}))


def test_a_likely_rename_is_asked_about_where_values_would_go(
    folder: Folder, registry: Registry, store: TableStore, clock: SetClock
) -> None:
    def plan(columns: dict[str, Any]) -> Plan:
        _growing(folder, [contract_document("orders", {"orders": columns}, version="0.1.0", status="draft")])
        return build(folder.workspace(), registry.reader())

    apply(plan({"a": "integer", "o": nested({"p": "date", "q": "date"})}), registry=registry, store=store, clock=clock)
    (note,) = [n for n in plan({"b": "integer", "o": nested({"p": "date", "q": "date"})}).notes if n.kind == "renamed"]
    assert "value: a" in note.text
    (note,) = [n for n in plan({"a": "integer", "o": nested({"p": "date", "r": "date"})}).notes if n.kind == "renamed"]
    assert "`o.q`" in note.text
    assert "value: q" in note.text
    for other in ({"b": was("a")}, {"b": "string"}, {"a": "integer", "b": "integer"}):
        assert not [n for n in plan({**other, "o": nested({"p": "date", "q": "date"})}).notes if n.kind == "renamed"]


def test_a_new_major_that_grows_begins_anew_and_says_so(
    folder: Folder, registry: Registry, store: TableStore, clock: SetClock
) -> None:
    first = contract_document("orders", {"orders": {"a": "integer"}})
    second = contract_document("orders", {"orders": {"b": "integer"}}, version="2.0.0")
    _growing(folder, [first])
    apply(build(folder.workspace(), registry.reader()), registry=registry, store=store, clock=clock)
    _growing(folder, [first, second])
    plan = build(folder.workspace(), registry.reader())
    (note,) = [n for n in plan.notes if n.kind == "begins"]
    assert (note.subject, "`orders`" in note.text) == ("sales.orders.orders_v2", True)
    folder.product("sales.orders", contracts=[first, second])
    assert not [n for n in build(folder.workspace(), registry.reader()).notes if n.kind == "begins"]
