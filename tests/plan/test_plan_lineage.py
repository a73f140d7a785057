"""What a change does downstream: graphs of columns, and what plans say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hanse.base import ProductName, SetClock, TableName
from hanse.plan import Plan, apply, build, explain
from hanse.plan.impact import Effect, Fate, Touched, impact
from hanse.plan.lineage import Graph, downstream, of_document, upstream
from hanse.registry import Registry
from plan_folder import NOW, Folder, Tables, as_store

Lineage = Mapping[str, Any]


def graph(**products: tuple[Mapping[str, list[str]], Lineage]) -> Graph:
    """Products `a`, `b` … of the domain `d`, each with its tables' columns and its document."""
    return Graph(
        origins
        for name, (tables, document) in products.items()
        for origins in of_document(((TableName("d", name, t), columns) for t, columns in tables.items()), document)
    )


def table(columns: Mapping[str, list[list[str | None]]], *rows: list[str | None], **more: Any) -> dict[str, Any]:
    return {"columns": dict(columns), "rows": list(rows), **more}


CHAIN = graph(
    a=({"t": ["x", "y", "z"]}, {"lineage": {"t": table({"x": [["file:f", "x", "direct"]], "y": [], "z": []})}}),
    b=(
        {"t": ["x", "n"]},
        {
            "lineage": {
                "t": table(
                    {"x": [["d.a.t", "x", "derived"]], "n": []}, ["d.a.t", None, "rows"], ["d.a.t", "y", "filter"]
                )
            }
        },
    ),
    c=(
        {"t": ["x", "n"]},
        {
            "lineage": {
                "t": table({"x": [["d.b.t", "x", "direct"]], "n": [["d.b.t", "n", "direct"]]}, ["d.b.t", None, "rows"])
            }
        },
    ),
    e=({"t": ["p"]}, {"lineage": {"t": table({"p": [["d.a.t", None, "python"]]}, ["d.a.t", None, "rows"])}}),
    g=({"t": ["q"]}, {"reads": {"t": ["d.b.t"]}}),
)
T = TableName("d", "a", "t")


def shown(touched: tuple[Touched, ...]) -> dict[str, Any]:
    return {
        str(t.table): (
            t.effect.value,
            {name: [h.value for h in ways] for name, ways in t.columns},
            [h.value for h in t.rows],
            shown(t.readers),
        )
        for t in touched
    }


def test_a_changed_column_changes_what_comes_from_it() -> None:
    assert shown(impact(CHAIN, T, "x", Fate.CHANGES).touched) == {
        "d.b.t": (
            "changes",
            {"x": ["derived"]},
            [],
            {
                "d.c.t": ("changes", {"x": ["direct"]}, [], {}),
                "d.g.t": ("changes", {"q": ["unknown"]}, ["unknown"], {}),
            },
        ),
        "d.e.t": ("changes", {"p": ["python"]}, [], {}),
    }


def test_a_column_that_decides_rows_changes_all_that_reads_them() -> None:
    found = shown(impact(CHAIN, T, "Y", Fate.CHANGES).touched)
    assert found["d.b.t"][:3] == ("changes", {}, ["filter"])
    assert found["d.b.t"][3]["d.c.t"][:3] == ("changes", {}, ["rows"])


def test_a_column_that_goes_breaks_who_names_it_and_the_rest_waits() -> None:
    found = impact(CHAIN, T, "x", Fate.GOES)
    effects = {str(t.table): t.effect for touched in found.touched for t in touched.every()}
    assert effects == {
        "d.b.t": Effect.BREAKS,
        "d.c.t": Effect.WAITS,
        "d.g.t": Effect.WAITS,
        "d.e.t": Effect.MAY_BREAK,
    }
    assert [str(t) for t in found.struck()] == ["d.b.t"]


def test_a_column_that_nobody_uses_hurts_nobody_but_whoever_reads_whole_rows() -> None:
    assert shown(impact(CHAIN, T, "z", Fate.GOES).touched) == {"d.e.t": ("may break", {"p": ["python"]}, [], {})}


def test_a_column_that_is_only_named_breaks_when_it_goes_and_changes_nothing_otherwise() -> None:
    naming = table({"n": []}, ["d.a.t", None, "rows"], named=[["d.a.t", "z"]])
    reading = table({"n": [["d.b.t", "n", "direct"]]}, ["d.b.t", None, "rows"])
    chain = graph(
        a=({"t": ["x", "z"]}, {"lineage": {"t": table({"x": [], "z": []})}}),
        b=({"t": ["n"]}, {"lineage": {"t": naming}}),
        c=({"t": ["n"]}, {"lineage": {"t": reading}}),
    )
    assert shown(impact(chain, T, "Z", Fate.GOES).touched) == {
        "d.b.t": ("breaks", {}, [], {"d.c.t": ("waits", {}, [], {})})
    }
    assert impact(chain, T, "Z.city", Fate.GOES).touched[0].effect is Effect.MAY_BREAK
    assert impact(chain, T, "z", Fate.CHANGES).touched == ()


def test_a_member_that_goes_may_break_who_reads_the_column() -> None:
    assert impact(CHAIN, T, "x.city", Fate.GOES).touched[0].effect is Effect.MAY_BREAK


def test_a_table_that_goes_breaks_all_that_read_it() -> None:
    found = impact(CHAIN, T, None, Fate.GOES)
    assert {str(t) for t in found.struck()} == {"d.b.t", "d.e.t"}


def test_long_chains_end() -> None:
    tables: dict[str, Any] = {"p0": ({"t": ["x"]}, {"lineage": {"t": table({"x": []})}})}
    for n in range(1, 400):
        tables[f"p{n}"] = ({"t": ["x"]}, {"lineage": {"t": table({"x": [[f"d.p{n - 1}.t", "x", "direct"]]})}})
    found = impact(graph(**tables), TableName("d", "p0", "t"), "x", Fate.GOES)
    assert sum(len(list(t.every())) for t in found.touched) == 399


def test_products_around() -> None:
    a, b, c = (ProductName("d", n) for n in "abc")
    sources = {b: (a,), c: (b,)}
    assert downstream(sources, [b]) == {b, c}
    assert upstream(sources, [b]) == {a, b}


def plan_of(folder: Folder, registry: Registry, **more: Any) -> Plan:
    return build(folder.workspace(), registry.reader(), **more)


ORDERS = {"orders": {"id": "integer", "amount": "number", "note": "string"}}


@pytest.fixture
def applied(folder: Folder, registry: Registry) -> Folder:
    folder.product("sales.orders", ORDERS, status="draft")
    folder.product("finance.report", {"daily": {"total": "number"}}, inputs={"orders": "sales.orders.orders"})
    document = {
        "daily": table(
            {"total": [["sales.orders.orders", "amount", "aggregated"]]}, ["sales.orders.orders", None, "rows"]
        )
    }
    plan = plan_of(folder, registry, lineage=lambda name: document if name.product == "report" else {})
    apply(plan, registry=registry, store=as_store(Tables()), clock=SetClock(NOW))
    return folder


def nodes(tree: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    found = {}
    for node in tree:
        if node["kind"] == kind:
            found[node["name"]] = node
        found |= nodes(node["children"], kind)
    return found


def test_a_plan_says_who_breaks(applied: Folder, registry: Registry) -> None:
    applied.product("sales.orders", {"orders": {"id": "integer"}}, status="draft")
    plan = plan_of(applied, registry)
    document = explain(plan)
    columns = nodes(document["tree"], "column")
    assert columns["note"]["touches"] == []
    assert columns["amount"]["touches"] == [
        {
            "table": "finance.report.daily",
            "effect": "breaks",
            "columns": [{"name": "total", "how": ["aggregated"]}],
            "rows": [],
            "readers": [],
        }
    ]
    assert [p.code.id for p in plan.warnings] == ["HNS-P010"]
    assert "finance.report.daily" in plan.warnings[0].what


def test_a_column_that_goes_while_another_takes_its_name_is_followed_too(applied: Folder, registry: Registry) -> None:
    amount = was("note", "string")
    applied.product("sales.orders", {"orders": {"id": "integer", "amount": amount}}, status="draft")
    plan = plan_of(applied, registry)
    assert [t["table"] for t in nodes(explain(plan)["tree"], "column")["amount"]["touches"]] == ["finance.report.daily"]
    assert nodes(explain(plan)["tree"], "column")["amount"]["touches"][0]["effect"] == "misreads"
    told = [p.what for p in plan.warnings if p.code.id == "HNS-P010"]
    assert ["`sales.orders.orders.amount` means another column from now on" in what for what in told] == [True]


def was(name: str, kind: str) -> dict[str, Any]:
    return {"logicalType": kind, "customProperties": [{"property": "was", "value": name}]}


@pytest.fixture
def swapped(folder: Folder, registry: Registry) -> Folder:
    """A plan in which two columns of one type swap names, and a reader of one of them as it was applied."""
    folder.product("sales.orders", {"orders": {"gross": "number", "net": "number"}}, status="draft")
    folder.product("finance.report", {"daily": {"total": "number"}}, inputs={"orders": "sales.orders.orders"})
    folder.product("finance.books", {"sums": {"total": "number"}}, inputs={"report": "finance.report.report"})
    lineage = {
        "orders": {},
        "report": {"daily": table({"total": [["sales.orders.orders", "net", "aggregated"]]})},
        "books": {"sums": table({"total": [["finance.report.daily", "total", "derived"]]})},
    }
    plan = plan_of(folder, registry, lineage=lambda name: lineage[name.product])
    apply(plan, registry=registry, store=as_store(Tables()), clock=SetClock(NOW))
    both = {"gross": was("net", "number"), "net": was("gross", "number")}
    folder.product("sales.orders", {"orders": both}, status="draft")
    return folder


def test_columns_that_swap_names_make_readers_misread(swapped: Folder, registry: Registry) -> None:
    plan = plan_of(swapped, registry)
    columns = nodes(explain(plan)["tree"], "column")
    assert columns["gross"]["touches"] == []
    assert [(t["table"], t["effect"]) for t in columns["net"]["touches"]] == [("finance.report.daily", "misreads")]
    inner = columns["net"]["touches"][0]["readers"]
    assert [(t["table"], t["effect"]) for t in inner] == [("finance.books.sums", "changes")]
    (warning,) = plan.warnings
    assert warning.code.id == "HNS-P010"
    assert "`sales.orders.orders.net` means another column from now on" in warning.what
    assert "finance.report.daily" in warning.what


def test_only_what_is_written_with_the_swap_does_not_misread(swapped: Folder, registry: Registry) -> None:
    inputs = {"orders": "sales.orders.orders"}
    columns = {"total": "number", "most": "number"}
    source = "sales.orders.orders"
    swapped.product("finance.report", {"daily": columns}, inputs=inputs, purpose="What is left of orders.")
    swapped.product("finance.tax", {"due": {"total": "number"}}, inputs=inputs)

    def plan(**documents: Any) -> Plan:
        return plan_of(swapped, registry, lineage=lambda name: documents.get(name.product, {}))

    def effects(plan: Plan) -> dict[tuple[str, str], str]:
        found = nodes(explain(plan)["tree"], "column")
        return {(c, t["table"]): t["effect"] for c in ("gross", "net") for t in found[c]["touches"]}

    rewritten: dict[str, Any] = {"total": [[source, "gross", "aggregated"]], "most": [[source, "gross", "aggregated"]]}
    new = {"due": table({"total": [[source, "net", "aggregated"]]})}
    followed = plan(report={"daily": table(rewritten)}, tax=new)
    assert effects(followed) == {("gross", "finance.report.daily"): "changes", ("net", "finance.tax.due"): "changes"}
    assert "HNS-P010" not in {p.code.id for p in followed.warnings}
    grown: dict[str, Any] = {"total": [[source, "net", "aggregated"]], "most": [[source, "gross", "aggregated"]]}
    forgot = plan(report={"daily": table(grown)}, tax=new)
    assert effects(forgot)["net", "finance.report.daily"] == "misreads"
    told = [p.what for p in forgot.warnings if p.code.id == "HNS-P010"]
    assert ["`sales.orders.orders.net` means another" in what for what in told] == [True]


def test_a_column_that_is_shown_under_a_taken_name_goes_by_its_own(applied: Folder, registry: Registry) -> None:
    note = was("amount", "number")
    applied.product("sales.orders", {"orders": {"id": "integer", "note": note}}, status="draft")
    plan = plan_of(applied, registry)
    touches = nodes(explain(plan)["tree"], "column")["note"]["touches"]
    assert [(t["table"], t["effect"]) for t in touches] == [("finance.report.daily", "breaks")]
    assert ["`amount` goes" in p.what for p in plan.warnings] == [True]


@pytest.mark.parametrize(
    ("kind", "how", "effect"),
    [
        ("string", "aggregated", "may break"),
        ("string", "filter", "may break"),
        ("string", "direct", "changes"),
        ({"logicalType": "number", "physicalType": "DECIMAL(12,2)"}, "aggregated", "changes"),
    ],
)
def test_another_type_may_break_who_does_more_than_copy(
    folder: Folder, registry: Registry, kind: Any, how: str, effect: str
) -> None:
    narrow = {"logicalType": "number", "physicalType": "DECIMAL(10,2)"}
    folder.product("sales.orders", {"orders": {"amount": narrow}}, status="draft")
    folder.product("finance.report", {"daily": {"total": "number"}}, inputs={"orders": "sales.orders.orders"})
    document = {"daily": table({"total": [["sales.orders.orders", "amount", how]]})}
    plan = plan_of(folder, registry, lineage=lambda name: document if name.product == "report" else {})
    apply(plan, registry=registry, store=as_store(Tables()), clock=SetClock(NOW))
    folder.product("sales.orders", {"orders": {"amount": kind}}, status="draft")
    plan = plan_of(folder, registry)
    touches = nodes(explain(plan)["tree"], "column")["amount"]["touches"]
    assert [(t["table"], t["effect"]) for t in touches] == [("finance.report.daily", effect)]
    assert ["`amount` gets another type" in p.what for p in plan.warnings] == [True] * (effect == "may break")


def test_a_reader_that_follows_in_the_same_plan_does_not_break(applied: Folder, registry: Registry) -> None:
    applied.product("sales.orders", {"orders": {"id": "integer"}}, status="draft")
    applied.product(
        "finance.report",
        {"daily": {"total": "number"}},
        inputs={"orders": "sales.orders.orders"},
        purpose="Orders are counted now.",
    )
    counted = {"daily": table({"total": []}, ["sales.orders.orders", None, "rows"])}
    plan = plan_of(applied, registry, lineage=lambda name: counted if name.product == "report" else {})
    assert plan.impacts == ()
    assert plan.warnings == ()


def test_a_new_column_touches_nobody(applied: Folder, registry: Registry) -> None:
    applied.product("sales.orders", {"orders": {**ORDERS["orders"], "paid": "boolean"}}, status="draft")
    assert plan_of(applied, registry).impacts == ()
