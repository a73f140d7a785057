from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal as Number
from decimal import localcontext
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import TableName
from hanse.interfaces import ArrowScan
from hanse.quality import checks_of, explain, lint, verify
from hanse.registry.records import CheckResult, CheckStatus
from hanse.spec.contract import Column, Contract, Relationship, Table
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct

ORDERS = TableName("sales", "orders", "orders")


def to(*ends: str, **more: Any) -> Relationship:
    """Return the relationship of a property to ``table.column`` and its members."""
    table = ends[0].split(".")[0]
    return Relationship((), table, tuple(tuple(e.split(".")[1:]) for e in ends), stated=", ".join(ends), **more)


def column(name: str, type_: DataType, *relationships: Relationship, **facts: Any) -> Column:
    return Column(name, type_, "any", relationships=relationships, **facts)


def pair(orders: Sequence[Column], customers: Sequence[Column], *relationships: Relationship) -> Contract:
    tables = (Table("orders", tuple(orders), relationships=relationships), Table("customers", tuple(customers)))
    return Contract("orders", "1.0.0", "v3.1.0", "active", tables, "contracts/orders.odcs.yaml", "")


class Room:
    """Verifies the only relationship of the first table."""

    def __init__(self, laboratory: Any) -> None:
        self.laboratory = laboratory

    def look(
        self, contract: Contract, orders: Sequence[Mapping[str, Any]], customers: Sequence[Mapping[str, Any]]
    ) -> tuple[CheckResult, list[tuple[str, Mapping[str, Any]]]]:
        table, other = contract.tables
        relation, files = self.laboratory.bind(table, orders)
        relations = {other.name: self.laboratory.bind(other, customers)[0]}
        verdict = verify(
            self.laboratory.session,
            table,
            contract,
            relation,
            files,
            run_id="run",
            table_name=ORDERS,
            relations=relations,
        )
        (result,) = [r for r in verdict.results if r.check_id.startswith("relationship")]
        return result, [(f.reason, f.row) for f in verdict.failed_rows]


@pytest.fixture
def room(laboratory: Any) -> Room:
    return Room(laboratory)


ID = column("id", Scalar.BIGINT)


def test_orphans_are_counted_and_shown_and_nulls_refer_to_nothing(room: Room) -> None:
    contract = pair([column("customer", Scalar.BIGINT, to("customers.id"))], [ID])
    orders = [{"customer": c} for c in (1, 2, 7, 7, None)]
    result, rows = room.look(contract, orders, [{"id": 1}, {"id": 2}, {"id": None}])
    assert (result.status, result.failed_rows, result.total_rows) == (CheckStatus.FAILED, 2, 5)
    assert (result.method, result.column, result.dimension) == ("reference", "customer", "consistency")
    assert rows == [("customer 7 is not in customers.id", {"customer": 7})] * 2
    result, rows = room.look(contract, orders[:2], [{"id": 1}, {"id": 2}])
    assert (result.status, result.failed_rows, rows) == (CheckStatus.PASSED, 0, [])


def test_an_empty_table_refers_to_nothing_and_nothing_is_in_an_empty_table(room: Room) -> None:
    contract = pair([column("customer", Scalar.BIGINT, to("customers.id"))], [ID])
    assert room.look(contract, [], [])[0].status is CheckStatus.PASSED
    assert room.look(contract, [{"customer": 1}], [])[0].failed_rows == 1


def test_keys_of_several_columns_are_looked_up_together(room: Room) -> None:
    relationship = Relationship((("b",), ("a",)), "customers", (("y",), ("x",)), from_table="orders", stated="y, x")
    columns = [column("a", Scalar.BIGINT), column("b", Scalar.VARCHAR)]
    contract = pair(columns, [column("x", Scalar.BIGINT), column("y", Scalar.VARCHAR)], relationship)
    orders: list[dict[str, Any]] = [{"a": 1, "b": "p"}, {"a": 2, "b": "p"}, {"a": 1, "b": None}, {"a": None, "b": "z"}]
    result, rows = room.look(contract, orders, [{"x": 1, "y": "p"}, {"x": 2, "y": "q"}])
    assert (result.failed_rows, result.column) == (1, None)
    assert rows[0][0] == "b p, a 2 is not in customers.y, customers.x".replace("b p", "b 'p'")


ITEM = Struct((Field("id", Scalar.BIGINT),))


@pytest.mark.parametrize(
    ("key", "rows", "failed"),
    [
        (
            column(
                "lines",
                List(ITEM),
                children=(column("item", ITEM, children=(column("id", Scalar.BIGINT, to("customers.id")),)),),
            ),
            [{"lines": [{"id": 1}, {"id": 8}, None, {"id": None}]}, {"lines": None}, {"lines": []}],
            1,
        ),
        (
            column("ids", List(Scalar.BIGINT), children=(column("item", Scalar.BIGINT, to("customers.id")),)),
            [{"ids": [1, 7, 7, None]}, {"ids": [9]}],
            3,
        ),
        (
            column(
                "grid",
                List(List(Scalar.BIGINT)),
                children=(
                    column("item", List(Scalar.BIGINT), children=(column("item", Scalar.BIGINT, to("customers.id")),)),
                ),
            ),
            [{"grid": [[1, 2], None, [7]]}],
            2,
        ),
        (
            column(
                "amounts",
                Map(Scalar.BIGINT, Scalar.VARCHAR),
                children=(column("key", Scalar.BIGINT, to("customers.id")), column("value", Scalar.VARCHAR)),
            ),
            [{"amounts": [(1, "x"), (7, "y")]}, {"amounts": None}],
            1,
        ),
        (
            column("head", ITEM, children=(column("id", Scalar.BIGINT, to("customers.id")),)),
            [{"head": {"id": 7}}, {"head": None}, {"head": {"id": None}}, {"head": {"id": 1}}],
            1,
        ),
    ],
)
def test_references_out_of_nested_values(room: Room, key: Column, rows: list[dict[str, Any]], failed: int) -> None:
    result, shown = room.look(pair([key], [ID]), rows, [{"id": 1}])
    assert (result.error, result.failed_rows, len(shown)) == (None, failed, failed)


def test_references_into_nested_values(room: Room) -> None:
    lines = column("lines", List(ITEM), children=(column("item", ITEM, children=(ID,)),))
    contract = pair([column("line", Scalar.BIGINT, to("customers.lines.id"))], [lines])
    result, _ = room.look(contract, [{"line": i} for i in (1, 2, 3)], [{"lines": [{"id": 1}, {"id": 2}]}])
    assert (result.error, result.failed_rows) == (None, 1)


def test_a_table_may_refer_to_itself(laboratory: Any, words: Any) -> None:
    table = words.table(ID, column("parent", Scalar.BIGINT, to("orders.id")))
    rows = [{"id": 1, "parent": None}, {"id": 2, "parent": 1}, {"id": 3, "parent": 9}]
    result = laboratory.verdict(table, rows, "relationship(parent): orders.id")
    assert (result.error, result.failed_rows) == (None, 1)


def test_ids_name_tables_and_columns(room: Room) -> None:
    contract = pair(
        [column("customer", Scalar.BIGINT, to("cust_tbl.cust_pk"))],
        [column("id", Scalar.BIGINT, property_id="cust_pk")],
    )
    orders, customers = contract.tables
    contract = replace(contract, tables=(orders, replace(customers, object_id="cust_tbl")))
    result, _ = room.look(contract, [{"customer": 2}], [{"id": 1}])
    assert (result.error, result.failed_rows) == (None, 1)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (column("a", Scalar.BIGINT, to("clients.id")), "has no table `clients`"),
        (column("a", Scalar.BIGINT, to("customers.key")), "names `key`, which table `customers` does not have"),
        (column("a", Scalar.VARCHAR, to("customers.id")), "`a` is a VARCHAR, `customers.id` a BIGINT"),
        (column("a", Scalar.BIGINT, to("customers.id", fault="`x` names no column")), "`x` names no column"),
    ],
)
def test_lint_tells_what_leads_nowhere(room: Room, key: Column, words: str) -> None:
    contract = pair([key], [ID])
    (problem,) = lint(contract, contract.tables[0])
    assert problem.code.id == "HNS-C009"
    assert words in problem.what
    result, _ = room.look(contract, [], [])
    assert result.status is CheckStatus.ERROR
    assert words in (result.error or "")


def test_numbers_of_different_types_compare(room: Room) -> None:
    contract = pair([column("a", Decimal(9, 2), to("customers.id"))], [ID])
    assert lint(contract, contract.tables[0]) == ()
    from decimal import Decimal as Number

    result, _ = room.look(contract, [{"a": Number("1.00")}, {"a": Number("1.50")}], [{"id": 1}])
    assert (result.error, result.failed_rows) == (None, 1)


def test_a_table_that_was_not_given_is_an_error_that_says_so(laboratory: Any) -> None:
    for relationship, words in (
        (to("customers.id"), "the data of table `customers` was not given"),
        (to("customers.id", contract="crm.odcs.yaml"), "promised by another contract"),
    ):
        contract = pair([column("a", Scalar.BIGINT, relationship)], [ID])
        relation, files = laboratory.bind(contract.tables[0], [{"a": 1}])
        verdict = verify(
            laboratory.session,
            contract.tables[0],
            contract,
            relation,
            files,
            run_id="run",
            table_name=ORDERS,
            relations={},
        )
        result = verdict.results[-1]
        assert result.status is CheckStatus.ERROR
        assert (result.error or "").startswith("HNS-C010: ")
        assert words in (result.error or "")


def test_explain_shows_the_one_join(laboratory: Any) -> None:
    contract = pair([column("customer", Scalar.BIGINT, to("customers.id"))], [ID])
    laboratory.session.bind("__customers", ArrowScan(pa.table({"id": [1]})))
    relation, files = laboratory.bind(contract.tables[0], [{"customer": 1}])
    passes = explain(laboratory.session, contract.tables[0], contract, relation, files, {"customers": "__customers"})
    (one,) = [p for p in passes if p["method"] == "reference"]
    assert one["checks"] == ["relationship(customer): customers.id"]
    assert '"__customers"' in one["sql"]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.none() | st.integers(0, 5), st.none() | st.sampled_from("ab"))),
    st.lists(st.tuples(st.none() | st.integers(0, 5), st.none() | st.sampled_from("ab"))),
)
def test_the_join_counts_what_python_counts(
    laboratory: Any, orders: list[tuple[Any, Any]], customers: list[tuple[Any, Any]]
) -> None:
    relationship = Relationship((("a",), ("b",)), "customers", (("x",), ("y",)), from_table="orders", stated="x, y")
    contract = pair(
        [column("a", Scalar.BIGINT), column("b", Scalar.VARCHAR)],
        [column("x", Scalar.BIGINT), column("y", Scalar.VARCHAR)],
        relationship,
    )
    result, _ = Room(laboratory).look(
        contract, [{"a": a, "b": b} for a, b in orders], [{"x": x, "y": y} for x, y in customers]
    )
    assert result.failed_rows == sum(None not in key and key not in customers for key in orders)


def test_checks_of_relationships_have_steady_ids() -> None:
    contract = pair([column("customer", Scalar.BIGINT, to("customers.id"))], [ID])
    assert [c.id for c in checks_of(contract, contract.tables[0])] == [
        "type(customer)",
        "relationship(customer): customers.id",
    ]


# One number per line: what it is in each type that holds it, and what it is not.
_NUMBERS = [
    0,
    1,
    -1,
    2**53,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    "1.5",
    "0.1",
    "0.3",
    "123456789.01",
    "-2.5",
    "1e300",
    "nan",
]
_NUMBERS += ["0.30000000000000004", "9223372036854775807.5", "1E-20", 2**63, 10**30]
_TYPES: list[DataType] = [Scalar.BIGINT, Scalar.DOUBLE, *(Decimal(*p) for p in ((38, 20), (38, 0), (18, 2), (19, 19)))]


def _held(stated: Any, type_: DataType) -> Any:
    """Return a number as a type holds it, None if it does not."""
    if type_ is Scalar.DOUBLE:
        return float(stated)
    if stated == "nan":
        return None
    number = Number(stated)
    if type_ is Scalar.BIGINT:
        return int(number) if number == number.to_integral_value() and -(2**63) <= number < 2**63 else None
    assert isinstance(type_, Decimal)
    whole = type_.precision - type_.scale
    with localcontext() as context:
        context.prec = 400
        kept = number.quantize(Number(1).scaleb(-type_.scale))
    return kept if kept == number and abs(number) < Number(10) ** whole else None


def _meant(value: Any) -> Any:
    """Return a number by its value; a floating-point one that is not whole as it is written."""
    if value != value:
        return "nan"
    return Fraction(repr(value) if isinstance(value, float) and not value.is_integer() else value)


@pytest.mark.parametrize("own", _TYPES, ids=str)
@pytest.mark.parametrize("other", _TYPES, ids=str)
def test_numbers_of_different_types_are_found_by_value(room: Room, own: DataType, other: DataType) -> None:
    mine = [v for v in (_held(n, own) for n in _NUMBERS) if v is not None]
    theirs = [v for v in (_held(n, other) for n in _NUMBERS) if v is not None]
    contract = pair([column("a", own, to("customers.id"))], [column("id", other)])
    for bound in (theirs, theirs[:2]):
        lost = [v for v in mine if _meant(v) not in set(map(_meant, bound))]
        result, rows = room.look(contract, [{"a": v} for v in mine], [{"id": v} for v in bound])
        assert result.error is None
        assert result.failed_rows == len(lost)
        assert result.status is (CheckStatus.FAILED if lost else CheckStatus.PASSED)
        assert len(rows) == min(len(lost), 20)
