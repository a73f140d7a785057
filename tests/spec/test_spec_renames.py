"""Which columns are the same, and what makes that unclear."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import Problem
from hanse.spec import codes, parse_contract
from hanse.spec.change import ChangeKind
from hanse.spec.contract import Contract
from hanse.spec.diff import diff_contracts
from hanse.spec.odcs import read_contract
from hanse.spec.renames import Identity, pair

I = Identity  # noqa: E741 - short, for tables


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([I("a")], [I("b", was="a")], (0,)),
        ([I("a", "1")], [I("b", "1")], (0,)),
        ([I("a")], [I("b")], (None,)),
        ([I("a"), I("b")], [I("a", was="b"), I("b", was="a")], (1, 0)),
        ([I("a"), I("b"), I("c")], [I("a", was="b"), I("b", was="c"), I("c", was="a")], (1, 2, 0)),
        ([I("a", was="b"), I("b", was="a")], [I("a", was="b"), I("b", was="a")], (0, 1)),
        ([I("b", was="a")], [I("b", was="a"), I("a")], (0, None)),
        ([I("b", was="a"), I("a")], [I("b", was="a"), I("a")], (0, 1)),
        ([I("a")], [I("b", was="a"), I("a")], (0, None)),
        ([I("a", "1")], [I("a", "2")], (None,)),
        ([I("a", "1")], [I("a")], (0,)),
        ([I("a")], [I("a", "1")], (0,)),
        ([I("a", "1"), I("b", "2")], [I("b", "1"), I("a", "2")], (0, 1)),
        ([I("a", "1")], [I("b", "2", was="a")], (0,)),
        ([I("b", "1", "a"), I("a", "2")], [I("c", "1", "a"), I("a", "2")], (0, 1)),
        ([I("a")], [I("b", was="gone")], (None,)),
    ],
)
def test_pairs(old: list[Identity], new: list[Identity], expected: tuple[int | None, ...]) -> None:
    assert pair(old, new) == expected


_COLUMNS = st.lists(
    st.builds(
        Identity, st.sampled_from("abcd"), st.none() | st.sampled_from("123"), st.none() | st.sampled_from("abcd")
    ),
    max_size=4,
    unique_by=(lambda c: c.name, lambda c: c.id or c.name),
)


@settings(max_examples=300, deadline=None)
@given(_COLUMNS, _COLUMNS)
def test_no_column_becomes_two_and_equal_columns_stay(old: list[Identity], new: list[Identity]) -> None:
    found = [place for place in pair(old, new) if place is not None]
    assert len(set(found)) == len(found)
    assert pair(new, new) == tuple(range(len(new)))


@settings(max_examples=200, deadline=None)
@given(st.permutations("abcd"))
def test_any_exchange_of_names(names: list[str]) -> None:
    old = [Identity(name) for name in "abcd"]
    for new in ([I(n, was=o) for o, n in zip("abcd", names, strict=True)],):
        assert pair(old, new) == (0, 1, 2, 3)
        assert pair(new, new) == (0, 1, 2, 3), "said twice, done once"
    ids = [I(name, name.upper()) for name in "abcd"]
    assert pair(ids, [I(n, o.upper()) for o, n in zip("abcd", names, strict=True)]) == (0, 1, 2, 3)


def odcs(*properties: dict[str, Any], nested: bool = False) -> str:
    import json

    listed: list[dict[str, Any]] = [{"logicalType": "integer", **p} for p in properties]
    if nested:
        listed = [{"name": "o", "logicalType": "object", "properties": listed}]
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "c",
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "t", "properties": listed}],
    }
    return json.dumps(document, indent=1)


def was(name: Any) -> list[dict[str, Any]]:
    return [{"property": "was", "value": name}]


def problems_of(*properties: dict[str, Any], nested: bool = False) -> list[Problem]:
    return read_contract(odcs(*properties, nested=nested).encode(), "c.odcs.yaml")[1]


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("properties", "code", "words"),
    [
        ([{"name": "a", "id": "x"}, {"name": "b", "id": "x"}], codes.DUPLICATE_ID, "have the id `x`"),
        ([{"name": "a", "customProperties": was("a")}], codes.UNCLEAR_RENAME, "as it is called"),
        (
            [{"name": "a", "customProperties": was("b")}, {"name": "b"}],
            codes.UNCLEAR_RENAME,
            "there is a column `b` still",
        ),
        ([{"name": "a", "customProperties": was([1])}], codes.NOT_CHECKED, "renames nothing"),
    ],
)
def test_what_nobody_can_mean(properties: list[dict[str, Any]], code: Any, words: str, nested: bool) -> None:
    (problem,) = problems_of(*properties, nested=nested)
    assert problem.code == code
    assert words in problem.what
    assert problem.where is not None
    assert problem.fix


def test_two_columns_that_were_one() -> None:
    found = problems_of({"name": "a", "customProperties": was("c")}, {"name": "b", "customProperties": was("c")})
    assert [p.code for p in found] == [codes.UNCLEAR_RENAME, codes.UNCLEAR_RENAME]


def test_names_may_be_exchanged() -> None:
    swapped = [{"name": "a", "customProperties": was("b")}, {"name": "b", "customProperties": was("a")}]
    assert problems_of(*swapped) == []


def _parsed(*properties: dict[str, Any], nested: bool = False) -> Contract:
    return parse_contract(odcs(*properties, nested=nested), "c.odcs.yaml")


@pytest.mark.parametrize(("nested", "subject"), [(False, "t.b"), (True, "t.o.b")])
def test_a_rename_breaks_readers_and_says_so_once(nested: bool, subject: str) -> None:
    old = _parsed({"name": "a"}, nested=nested)
    new = _parsed({"name": "b", "customProperties": was("a")}, nested=nested)
    (change,) = diff_contracts(old, new)
    assert (change.kind, change.subject, change.what) == (ChangeKind.BREAKING, subject, "`a` renamed to `b`")
    (left,) = diff_contracts(new, _parsed({"name": "b"}, nested=nested))
    assert (left.kind, left.clause) == (ChangeKind.COSMETIC, "earlier name")


def test_another_id_is_another_column() -> None:
    (change,) = diff_contracts(_parsed({"name": "a", "id": "x"}), _parsed({"name": "a", "id": "y"}))
    assert change.breaking
    assert change.what == "`a` is another column now: its id changed from `x` to `y`"
