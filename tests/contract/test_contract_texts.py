"""Texts as data: read as the contract's types, in whatever file they come."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hanse
from contract_verdicts import bad, checks, only_table

Write = Callable[..., Path]
COLUMNS = {
    "id": {"logicalType": "integer", "required": True, "primaryKey": True},
    "price": {"logicalType": "number", "logicalTypeOptions": {"minimum": 0}},
    "day": {"logicalType": "date", "required": True},
    "note": "string",
}
ROWS = [
    {"id": "1", "price": "10.5", "day": "2024-01-01", "note": "a"},
    {"id": "2", "price": "abc", "day": "2024-13-01", "note": ""},
    {"id": "2", "price": "-1", "day": "", "note": "b, c"},
    {"id": "x", "price": "200", "day": "2024-02-29", "note": "é"},
]


def as_csv(rows: Sequence[dict[str, str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json(rows: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    return [{name: value or None for name, value in row.items()} for row in rows]


def write(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    match path.suffixes:
        case [".csv"]:
            path.write_text(as_csv(rows), encoding="utf-8")
        case [".tsv"]:
            path.write_text(as_csv(rows, "\t"), encoding="utf-8")
        case [".csv", ".gz"]:
            path.write_bytes(gzip.compress(as_csv(rows, ";").encode()))
        case [".ndjson"]:
            path.write_text("\n".join(json.dumps(row) for row in as_json(rows)), encoding="utf-8")
        case [".json"]:
            path.write_text(json.dumps(as_json(rows)), encoding="utf-8")
        case other:
            raise AssertionError(other)
    return path


@pytest.mark.parametrize("name", ["orders.csv", "orders.tsv", "orders.csv.gz", "orders.ndjson", "orders.json"])
def test_every_fault_is_counted_whatever_the_file(here: Path, contract: Write, name: str) -> None:
    path = contract(orders=COLUMNS)
    document = hanse.test_contract(path, data=write(here / name, ROWS))
    found = {id_: (check["failed_rows"], check["total_rows"]) for id_, check in checks(document).items()}
    assert document["status"] == "failed"
    assert {id_: found[id_] for id_ in bad(document)} == {
        "type(id)": (1, 4),
        "primaryKey(id)": (2, 4),
        "type(price)": (1, 4),
        "minimum(price)": (1, 4),
        "type(day)": (1, 4),
        "required(day)": (1, 4),
    }


def test_rows_with_bad_values_are_shown_as_they_are_written(here: Path, contract: Write) -> None:
    document = hanse.test_contract(contract(orders=COLUMNS), data=write(here / "orders.csv", ROWS))
    (row,) = checks(document)["type(price)"]["rows"]
    assert row["reason"] == "price is 'abc', which is no DOUBLE"
    assert row["row"] == {"id": "2", "price": "abc", "day": "2024-13-01", "note": None}
    assert [r["reason"] for r in checks(document)["required(day)"]["rows"]] == ["day is null"]


@given(
    values=st.lists(
        st.one_of(
            st.none(),
            st.integers(-(10**20), 10**20).map(str),
            st.sampled_from(["1.5", "1e3", "0x1", " 7 ", "-0", "true", "nan", "'", "9" * 40]),
            st.text(
                st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='",'), min_size=1, max_size=4
            ),
        ),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=25, deadline=None)
def test_a_value_is_null_or_read_or_bad(tmp_path_factory: pytest.TempPathFactory, values: list[str | None]) -> None:
    """Every text is counted once: as null, as a value of its type, or as a bad one."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "c.odcs.yaml").write_text(
        "{apiVersion: v3.1.0, kind: DataContract, id: c, version: 1.0.0, status: active, schema: [{name: t, properties:"
        " [{name: n, logicalType: integer, required: true}, {name: k, logicalType: string, required: true}],"
        ' quality: [{type: sql, query: "SELECT count(n) FROM t", mustBe: -1}]}]}'
    )
    rows = [{"n": value or "", "k": "k"} for value in values]
    data = folder / "t.csv"
    data.write_text(as_csv(rows), encoding="utf-8")
    found = checks(hanse.test_contract(folder / "c.odcs.yaml", data=data, rows=0))
    nulls = sum(value is None for value in values)
    read = next(c["measured"] for c in found.values() if c["id"].startswith("sql"))

    assert (found["type(n)"]["failed_rows"] or 0) + nulls + read == len(values)
    assert found["required(n)"]["failed_rows"] == nulls
    assert found["required(k)"]["verdict"] == "passed"


def test_several_files_are_one_table(here: Path, contract: Write) -> None:
    write(here / "orders-1.csv", ROWS[:1])
    write(here / "orders-2.csv", [{**ROWS[0], "more": "x"}])
    document = hanse.test_contract(contract(orders=COLUMNS), data="orders-*.csv")
    found = checks(document)
    assert found["primaryKey(id)"]["failed_rows"] == 2
    assert found["columns"]["verdict"] == "warned"
    assert "`more`" in found["columns"]["message"]


@pytest.mark.parametrize(("name", "text"), [("o.csv", "id,price,day,note\n"), ("o.ndjson", ""), ("o.json", "[]")])
def test_no_rows_keep_every_promise_about_rows(here: Path, contract: Write, name: str, text: str) -> None:
    (here / name).write_text(text)
    document = hanse.test_contract(contract(orders=COLUMNS), data=name)
    assert bad(document) == set()
    assert document["status"] == "passed"


def test_an_empty_csv_file_has_no_columns(here: Path, contract: Write) -> None:
    (here / "o.csv").write_text("")
    document = hanse.test_contract(contract(orders=COLUMNS), data="o.csv")
    table = only_table(document)
    assert document["status"] == "error"
    assert "empty" in table["problem"]["what"]
    assert {check["status"] for check in table["checks"]} == {"error"}


@pytest.mark.parametrize(
    "content",
    [b"id,note\n1,\xff\xfe\n", b"\x00\x01\x02\x03" * 100, b"id,note\n1,a,b,c\n2\n", b"id,note\n1," + b"x" * 5_000_000],
    ids=["no-utf8", "binary", "ragged", "long-line"],
)
def test_what_is_no_table_is_told_not_raised(here: Path, contract: Write, content: bytes) -> None:
    (here / "o.csv").write_bytes(content)
    document = hanse.test_contract(contract(orders={"id": "integer", "note": {"logicalType": "string"}}), data="o.csv")
    table = only_table(document)
    assert document["status"] in ("error", "failed")
    assert all(check["status"] == "error" for check in table["checks"]) == (table["problem"] is not None)
    assert bad(document)


def test_lines_that_are_no_rows_are_one_verdict(here: Path, contract: Write) -> None:
    lines = ["id,price,day,note", "1,1,2024-01-01,a", "2,2,2024-01-01", "x,3,2024-01-01,b", "4,4,2024-01-01,c,d"]
    (here / "o.csv").write_text("\n".join(lines) + "\n")
    document = hanse.test_contract(contract(orders=COLUMNS), data="o.csv")
    found = checks(document)
    assert bad(document) == {"bad_rows", "type(id)"}
    assert (found["bad_rows"]["failed_rows"], found["bad_rows"]["total_rows"]) == (2, 4)
    assert (found["type(id)"]["failed_rows"], found["type(id)"]["total_rows"]) == (1, 2)
    assert [row["reason"].partition(" is no row")[0] for row in found["bad_rows"]["rows"]] == ["line 3", "line 5"]
    assert document["status"] == "failed"


def test_names_of_columns_are_only_names(here: Path, contract: Write) -> None:
    hostile = ['a"; DROP TABLE x; --', "select", "ä b", "a.b", "__bad", "'", "{table}", "$1"]
    columns = {name: {"logicalType": "integer", "required": True, "unique": True} for name in hostile}
    write(here / "o.csv", [dict.fromkeys(hostile, "1"), dict.fromkeys(hostile, "x")])
    document = hanse.test_contract(contract(orders=columns), data="o.csv")
    types = [c for id_, c in checks(document).items() if id_.startswith("type(")]
    assert [c["failed_rows"] for c in types] == [1] * len(hostile)


NESTED = {
    "counts": {"logicalType": "map", "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "number"}}},
    "one": {"logicalType": "object", "properties": [{"name": "x", "logicalType": "integer"}]},
    "many": {"logicalType": "array", "items": {"logicalType": "number"}},
}
FITTING: dict[str, list[Any]] = {
    "counts": [{}, None, {"a": 1}, {"A": 2.5, "a": None}, {"b/~": -3}],
    "one": [None, {"x": 1}, {"x": None}, {}],
    "many": [None, [], [1, 2.5], [None]],
}
MISFITS: dict[str, list[Any]] = {
    "counts": [5, "a", [1], {"a": "q"}, {"a": {"b": 1}}, {"a": [1]}],
    "one": [7, [], [{"x": 1}], {"x": 1.5}, {"y": 1}],
    "many": [1, {"a": 1}, ["q"], [[1]], [{"a": 1}]],
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nested_values_are_read_one_by_one_as_the_contract_has_them(contract: Write, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(NESTED)))
    values = data.draw(st.lists(st.sampled_from(FITTING[name] + MISFITS[name]), min_size=1, max_size=6))
    ending = data.draw(st.sampled_from(["ndjson", "json"]))
    rows = [{"id": at, name: value} for at, value in enumerate(values)]
    path = contract(orders={"id": "integer", name: NESTED[name]})
    file = path.with_name(f"data.{ending}")
    file.write_text(json.dumps(rows) if ending == "json" else "\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = checks(hanse.test_contract(path, data=file))[f"type({name})"]
    wrong = sum(value in MISFITS[name] for value in values)
    assert (found["verdict"], found["failed_rows"] or 0) == ("failed" if wrong else "passed", wrong)


INTERNAL = ["c0", "k0", "n", "value", "__t0", "t", "d", "item_0", "value_", "before_c0", "__src", "__item_0"]


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_columns_may_be_called_like_anything_of_ours(contract: Write, ending: str) -> None:
    about = {"logicalType": "integer", "unique": True, "required": True, "logicalTypeOptions": {"minimum": 1}}
    path = contract(__t0=dict.fromkeys(INTERNAL, about))
    rows = [dict.fromkeys(INTERNAL, str(value)) for value in (0, 0, 2)]
    file = path.with_name(f"data.{ending}")
    file.write_text(as_csv(rows) if ending == "csv" else "\n".join(map(json.dumps, rows)), encoding="utf-8")
    document = hanse.test_contract(path, data=file)
    wanted = {f"{kind}({name})": 2 for name in INTERNAL for kind in ("unique", "minimum")}
    found = checks(document)
    assert {id_: found[id_]["failed_rows"] for id_ in bad(document) if not id_.startswith("confusable(")} == wanted


def test_a_column_without_a_name_spoils_no_other(contract: Write) -> None:
    path = contract(orders={"a": {"logicalType": "integer", "required": True}})
    file = path.with_name("data.ndjson")
    file.write_text('{"": 1, "a": 2}\n{"": {"b": 1}, "a": null}', encoding="utf-8")
    found = checks(hanse.test_contract(path, data=file))
    assert (found["required(a)"]["failed_rows"], found["type(a)"]["verdict"]) == (1, "passed")
    assert "`column0`" in found["columns"]["message"]
