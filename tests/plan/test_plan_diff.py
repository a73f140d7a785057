"""How stored columns differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.plan.columns import column_documents, plain
from hanse.plan.diff import ColumnAction, diff_columns
from hanse.spec.contract import Column, Table
from hanse.spec.types import Field, Scalar, Struct


def doc(name: str, type_: str = "BIGINT", *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "required": required, **more}


def said(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[str]:
    return [str(c) for c in diff_columns(old, new)]


def test_each_difference_in_words() -> None:
    old = [doc("gone"), doc("kept"), doc("typed"), doc("strict", required=True), doc("loose")]
    new = [doc("kept"), doc("typed", "DATE"), doc("strict"), doc("loose", required=True), doc("fresh", "VARCHAR")]
    assert said(old, new) == [
        "gone dropped",
        "typed BIGINT → DATE",
        "strict made nullable",
        "loose made required",
        "fresh VARCHAR added",
    ]


def test_moves_count_only_columns_that_stay() -> None:
    assert said([doc("a"), doc("b"), doc("c")], [doc("x"), doc("c"), doc("b")]) == [
        "a dropped",
        "x BIGINT added",
        "c moved from place 2 to 1",
        "b moved from place 1 to 2",
    ]


def test_descriptions_are_not_stored() -> None:
    assert diff_columns([doc("a", description="x", enum=[1])], [doc("a", description="y", unique=True)]) == ()


def test_members_of_nested_columns() -> None:
    def nested(*, required: bool) -> tuple[Any, ...]:
        kind = Struct((Field("b", Scalar.DATE, required),))
        inner = Column("b", Scalar.DATE, "date", required=required)
        return column_documents(Table("t", (Column("a", kind, "object", children=(inner,)),)))

    (change,) = diff_columns(nested(required=True), nested(required=False))
    assert (change.action, change.column) == (ColumnAction.NULLABLE, "a.b")
    assert diff_columns(nested(required=True), nested(required=True)) == ()


_COLUMNS = st.lists(st.sampled_from("abcd"), unique=True).flatmap(
    lambda names: st.tuples(
        *(st.builds(doc, st.just(n), st.sampled_from(["BIGINT", "DATE"]), required=st.booleans()) for n in names)
    ).map(list)
)


@settings(max_examples=100, deadline=None)
@given(_COLUMNS, _COLUMNS)
def test_nothing_is_said_exactly_when_the_columns_are_equal(old: list[Any], new: list[Any]) -> None:
    assert (diff_columns(old, new) == ()) == (old == new)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (b"x", "b'x'"),
        ({1: (True, None)}, {"1": [True, None]}),
        (2.5, 2.5),
    ],
)
def test_plain_values(value: Any, expected: Any) -> None:
    assert plain(value) == expected
