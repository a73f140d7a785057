from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.base import ProductName
from hanse.blueprints.draft import Source, draft
from hanse.blueprints.sql_names import RESERVED, sql_names
from hanse.blueprints.yaml_text import comment, key, text
from hanse.spec import Contract, parse_contract
from hanse.spec.document import read_document

NAME = ProductName("sales", "orders")
CONTRACT = "domains/sales/orders/contracts/orders.odcs.yaml"


def seen(name: str, type_: str = "VARCHAR", **more: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "nulls": 0,
        "distinct": 0,
        "minimum": None,
        "maximum": None,
        "values": [],
        "is_unique": False,
    }
    return {"name": name, "type": type_, "nested": None, **facts, "note": None, "looks_like": None, **more}


def profile(*columns: dict[str, Any], rows: int = 1000, key: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"name": "orders", "file": "orders.csv", "rows": rows, "columns": list(columns), "primary_key": list(key)}


def drafted(*columns: dict[str, Any], rows: int = 1000, key: tuple[str, ...] = ()) -> tuple[Contract, str]:
    source = Source(profile(*columns, rows=rows, key=key), "data/orders.csv", {})
    content = draft(NAME, [source], new_domain=False)[CONTRACT]
    return parse_contract(content.decode(), CONTRACT), content.decode()


def test_no_more_files_than_needed() -> None:
    plain = Source(profile(seen("a")), "data/orders.csv", {})
    assert [f.rsplit("/", 1)[1] for f in draft(NAME, [plain], new_domain=False)] == ["orders.odcs.yaml", "product.yaml"]
    linked = Source(profile(seen("a")), "/elsewhere/${x}.csv", {"encoding": "latin-1", "null_values": ["NA"]})
    files = draft(NAME, [linked], new_domain=True)
    assert list(files)[-1].endswith("product.yaml"), "without it there is no product: what is cut short can be repeated"
    assert "domains/sales/domain.yaml" in files
    pipeline = files["domains/sales/orders/pipeline.yaml"].decode()
    assert 'file: "/elsewhere/$${x}.csv"' in pipeline
    assert 'null_values: ["NA"]' in pipeline


def test_what_is_promised_and_what_is_only_said() -> None:
    contract, written = drafted(
        seen("order_id", "BIGINT", is_unique=True, minimum="1", maximum="1000"),
        seen("Paid At", "TIMESTAMP", nulls=3, minimum="2026-01-01 00:00:00", maximum="2026-02-01 00:00:00"),
        seen("status", values=["new", "paid"], distinct=2),
        seen("weight", "DOUBLE", minimum="0.5", maximum="7.25"),
        seen("price", "DECIMAL(18,2)", minimum="0.50", maximum="7.25"),
        key=("order_id",),
    )
    (table,) = contract.tables
    order_id, paid_at, status, weight, price = table.columns
    assert table.primary_key == ("order_id",)
    assert (paid_at.name, paid_at.physical_name, str(paid_at.type)) == ("paid_at", "Paid At", "TIMESTAMP")
    assert [c.required for c in table.columns] == [True, False, True, True, True]
    assert paid_at.custom["nullMeaning"].startswith("TODO")
    assert [(r.metric, r.severity.value, r.arguments) for r in status.rules] == [
        ("invalidValues", "warning", {"validValues": ["new", "paid"]})
    ]
    assert weight.limits.minimum is None, "a range is a suggestion"
    assert "# From 0.5 to 7.25 here." in written
    assert str(price.type) == "DECIMAL(18,2)"
    assert not order_id.unique


@pytest.mark.parametrize(
    ("column", "what"),
    [
        (seen("contact", looks_like="email", values=["a@b.org"]), "e-mail"),
        (seen("CustomerEmail"), "e-mail"),
        (seen("mobile"), "telephone"),
        (seen("acct", looks_like="iban"), "bank"),
        (seen("last_name", values=["Ada"]), "names"),
        (seen("date_of_birth", "DATE", minimum="1931-01-01", maximum="1999-01-01"), "dates of birth"),
    ],
)
def test_what_may_concern_people_is_said_and_its_values_are_not(column: dict[str, Any], what: str) -> None:
    contract, written = drafted({**column, "distinct": 2, "values": [*column["values"], "Grace"]})
    assert f"# classification: confidential  (looks like {what}" in written
    assert "Grace" not in written
    assert "1931" not in written
    assert contract.tables[0].columns[0].rules == ()


@pytest.mark.parametrize("name", ["status", "filename", "hotel", "quantity", "customer_id"])
def test_not_everything_concerns_people(name: str) -> None:
    assert "classification" not in drafted(seen(name))[1]


def test_few_rows_make_no_list_of_values() -> None:
    contract, _ = drafted(seen("status", values=["new", "paid"], distinct=2), rows=50)
    assert contract.tables[0].columns[0].rules == ()


def test_without_rows_nothing_is_promised_but_names() -> None:
    contract, _ = drafted(seen("a", note="no value at all, so nothing tells the type"), rows=0)
    assert not contract.tables[0].columns[0].required


def test_nested_types_are_written_out() -> None:
    inner = {"kind": "array", "item": {"kind": "scalar", "type": "BIGINT"}}
    value = {"kind": "map", "key": {"kind": "scalar", "type": "VARCHAR"}, "value": {"kind": "scalar", "type": "BLOB"}}
    nested = {"kind": "object", "members": [{"name": "b c", **inner}, {"name": "m", **value}]}
    contract, _ = drafted(seen("s", "STRUCT", nested=nested))
    assert str(contract.tables[0].columns[0].type) == 'STRUCT("b c" BIGINT[], "m" MAP(VARCHAR, BLOB))'


NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), max_size=8)


@given(NAMES.map(lambda names: list(dict.fromkeys(names))))
def test_names_are_legal_and_told_apart_and_legal_ones_stay(names: list[str]) -> None:
    found = sql_names(names)
    assert list(found) == names
    assert len({n.casefold() for n in found.values()}) == len(names)
    for name, legal in found.items():
        assert legal.isidentifier() or legal.replace("_", "a").isalnum()
        assert legal.lower() not in RESERVED
        assert len(legal) <= 63
        if name == "amount":
            assert legal == "amount"


@pytest.mark.parametrize(
    ("names", "legal"),
    [
        (["Order ID"], ["order_id"]),
        (["orderId", "ORDERID"], ["orderId", "ORDERID_2"]),
        (["order", "order_"], ["order__2", "order_"]),
        (["2026", "%", ""], ["c_2026", "c", "c_2"]),
        (["größe", "价格"], ["größe", "价格"]),
        (["a b", "a_b"], ["a_b_2", "a_b"]),
    ],
)
def test_how_names_become_legal(names: list[str], legal: list[str]) -> None:
    assert list(sql_names(names).values()) == legal


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_stays_one_value_and_one_comment(value: str, said: str) -> None:
    page = "\n".join([*comment(said), f"a: {text(value)}", f"b: {{ c: {text(value)} }}", *comment(said, 4), "d: 1"])
    assert dict(read_document(page.encode(), "p").root) == {"a": value, "b": {"c": value}, "d": 1}


@pytest.mark.parametrize("word", ["yes", "no", "null", "true", "on", "y", "1", "a b", "Ä", ""])
def test_words_that_a_reader_may_take_for_something_else_are_quoted(word: str) -> None:
    assert key(word) == f'"{word}"'
    assert key("order_id") == "order_id"
