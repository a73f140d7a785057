from __future__ import annotations

import csv
import json
import string
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.app.contract.infer import infer_contract
from hanse.app.contract.lint import lint_contracts
from hanse.app.contract.verify import verify_contracts
from hanse.base import HanseError
from hanse.spec import Contract, parse_contract

Row = Sequence[Any]


def write_csv(path: Path, names: Sequence[str], rows: Sequence[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
    return path


def inferred(*paths: Path, **options: Any) -> Contract:
    document = infer_contract([(None, str(path)) for path in paths], **options)
    return parse_contract(document["contract"], "draft.odcs.yaml")


def holds(folder: Path, *paths: Path) -> None:
    """Draft a contract; lint finds no error in it, and the data keeps it."""
    draft = folder / "draft.odcs.yaml"
    document = infer_contract([(None, str(path)) for path in paths])
    draft.write_text(document["contract"], encoding="utf-8")
    linted = lint_contracts([str(draft)])
    assert linted["errors"] == 0, (linted, document["contract"])
    tables = [table["name"] for table in document["tables"]]
    verdict = verify_contracts([draft], data={t: str(p) for t, p in zip(tables, paths, strict=True)}, rows=3)
    checks = [c for k in verdict["contracts"] for t in k["tables"] for c in t["checks"]]
    # Columns with near names are told apart by their descriptions, which only people can write.
    calm = ("passed", "not_applicable")
    wrong = [c for c in checks if c["verdict"] not in calm and not c["id"].startswith("confusable(")]
    assert wrong == [], document["contract"]
    assert verdict["status"] in ("passed", "warned"), [k["problems"] for k in verdict["contracts"]]


# What is told


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, ...]:
    people = [(f"C-{n:04d}", f"a{n}@example.com", "DE" if n % 3 else "FR", n / 200, n % 180 - 90) for n in range(200)]
    customers = write_csv(tmp_path / "customers.csv", ("customer_id", "email", "country", "share", "latitude"), people)
    bought = [(n, f"C-{n % 190:04d}", f"{n % 50}.50", "" if n % 9 else "gift", f"10.0.0.{n % 200}") for n in range(600)]
    orders = write_csv(tmp_path / "orders.csv", ("order_id", "customer_id", "amount", "note", "address"), bought)
    parts = [(n // 3, n % 3 + 1, n % 7) for n in range(1500)]
    lines = write_csv(tmp_path / "order_lines.csv", ("order_id", "line_no", "quantity"), parts)
    sent = [(n, n // 3, n % 3 + 1) for n in range(900)]
    shipments = write_csv(tmp_path / "shipments.csv", ("shipment_id", "order_id", "line_no"), sent)
    return customers, orders, lines, shipments


def test_a_draft_tells_what_the_data_tells(shop: tuple[Path, ...]) -> None:
    contract = inferred(*shop, name="shop")
    customers, orders, lines, shipments = contract.tables
    assert (contract.id, contract.status) == ("shop", "draft")
    assert [t.primary_key for t in contract.tables] == [
        ("customer_id",), ("order_id",), ("order_id", "line_no"), ("shipment_id",),
    ]  # fmt: skip
    customer_id, email, country, share, latitude = customers.columns
    assert customer_id.limits.pattern == "^[A-Z]-[0-9]{4}$"
    assert (email.limits.format, email.classification, email.tags, email.examples) == (
        "email", "confidential", ("pii",), (),
    )  # fmt: skip
    assert (country.rules[0].arguments, country.rules[0].severity.value) == ({"validValues": ["DE", "FR"]}, "warning")
    assert (share.limits.minimum, share.limits.maximum) == (0, 1)
    assert (latitude.limits.minimum, latitude.limits.maximum) == (-90, 90)
    _, customer, amount, note, _ = orders.columns
    assert str(amount.type) == "DECIMAL(18,2)"
    assert (amount.limits.minimum, amount.limits.maximum) == (0, None), "what was greatest is no bound"
    assert not note.required
    assert [(r.table, r.to) for r in customer.relationships] == [("customers", (("customer_id",),))]
    assert [r.table for r in lines.columns[0].relationships] == ["orders"]
    (both,) = shipments.relationships
    assert (both.columns, both.table, both.to) == (
        (("order_id",), ("line_no",)), "order_lines", (("order_id",), ("line_no",)),
    )  # fmt: skip


def test_a_draft_is_kept_by_its_data(shop: tuple[Path, ...], tmp_path: Path) -> None:
    holds(tmp_path, *shop)


def test_values_of_people_are_not_written_down(shop: tuple[Path, ...]) -> None:
    text = infer_contract([(None, str(shop[0]))])["contract"]
    assert "@example.com" not in text


def test_numbers_that_happen_to_be_among_a_key_refer_to_nothing(tmp_path: Path) -> None:
    shops = write_csv(tmp_path / "shops.csv", ("shop_id", "floor"), [(n, n % 4) for n in range(50)])
    sales = write_csv(tmp_path / "sales.csv", ("sale_id", "pieces"), [(n, n % 9) for n in range(50)])
    assert not [r for t in inferred(shops, sales).tables for c in t.columns for r in c.relationships]


def test_one_orphan_is_no_reference(tmp_path: Path) -> None:
    shops = write_csv(tmp_path / "shops.csv", ("shop_id", "floor"), [(n, n % 4) for n in range(50)])
    for last, number in ((49, 1), (50, 0)):
        rows = [(n + 1000, n) for n in range(40)] + [(2000, last), (2001, None)]
        sales = write_csv(tmp_path / "sales.csv", ("sale_id", "home_shop_id"), rows)
        assert len(inferred(shops, sales).tables[1].columns[1].relationships) == number


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ([f"ORD-{n:06d}" for n in range(30)], "^[A-Z]{3}-[0-9]{6}$"),
        ([f"x{n}" for n in range(95, 125)], "^[a-z][0-9]{2,3}$"),
        ([f"A.{n}/B" for n in range(30)], r"^[A-Z]\.[0-9]{1,2}\/[A-Z]$"),
        ([f"word {n}" for n in range(30)], None),
        (["".join(string.ascii_letters[(n * 7 + k) % 52] for k in range(n % 9 + 2)) for n in range(30)], None),
        ([f"ORD-{n:06d}" for n in range(19)], None),
        ([f"Ä-{n:06d}" for n in range(30)], None),
    ],
)
def test_codes_of_one_pattern(tmp_path: Path, values: list[str], pattern: str | None) -> None:
    found = inferred(write_csv(tmp_path / "t.csv", ("code", "n"), [(v, 1) for v in values])).tables[0].columns[0]
    assert found.limits.pattern == pattern


def test_what_cannot_be_drafted_is_said(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ("x",), [(1,)])
    (tmp_path / "b").mkdir()
    write_csv(tmp_path / "b" / "a.csv", ("x",), [(1,)])
    with pytest.raises(HanseError, match="would both become the table `a`"):
        infer_contract([(None, str(tmp_path / "a.csv")), (None, str(tmp_path / "b" / "a.csv"))])
    for path in ("nothing.csv", "what.bin"):
        (tmp_path / "what.bin").write_bytes(b"x")
        with pytest.raises(HanseError):
            infer_contract([(None, str(tmp_path / path))])


# The law: whatever the data, it keeps its draft

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=8),
    st.sampled_from(["a", "b", "NA", "", "0012", "1e5", "-", "true", "2026-01-31", "31.01.2026", "x@y.de", "A-1"]),
)
CELLS: Mapping[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "code": st.from_regex(r"[A-Z]{2}-[0-9]{1,3}", fullmatch=True),
    "integer": st.integers(-(2**62), 2**62),
    "small": st.integers(0, 12),
    "number": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "money": st.decimals(-1000, 1000, places=2),
    "boolean": st.booleans(),
    "date": st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    "moment": st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda m: m.replace(microsecond=0)),  # noqa: DTZ001 - a wall clock
    "uuid": st.uuids(),
}  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(["id", "order_id", "email", "price", "share", "month", "Latitude", "select", "Ä b", "count"]),
    # None of what a reader of CSV might take for the mark between values.
    st.text(st.characters(codec="utf-8", categories=["L", "N"], include_characters=" _-."), min_size=1, max_size=8),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[Any]]]:
    names = draw(st.lists(NAMES.map(str.strip).filter(bool), min_size=1, max_size=4, unique_by=str.casefold))
    kinds = [draw(st.sampled_from(sorted(CELLS))) for _ in names]
    many = draw(st.sampled_from([0, 1, 5, 30, 120]))
    few = draw(st.integers(1, max(many, 1)))
    columns = []
    for kind in kinds:
        cell = CELLS[kind] | st.none() if draw(st.booleans()) else CELLS[kind]
        values = draw(st.lists(cell, min_size=few, max_size=few))
        columns.append([values[n % few] for n in range(many)])
    return names, [list(row) for row in zip(*columns, strict=True)] if many else []


def as_text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@LAW
@given(tables())
def test_csv_keeps_its_draft(table: tuple[list[str], list[list[Any]]]) -> None:
    names, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = write_csv(Path(folder, "data.csv"), names, [[as_text(v) for v in row] for row in rows])
        holds(Path(folder), path)


@pytest.mark.slow
@LAW
@given(tables())
def test_parquet_keeps_its_draft(table: tuple[list[str], list[list[Any]]]) -> None:
    names, rows = table
    columns = [[row[at] for row in rows] for at in range(len(names))]
    data = dict(zip(names, ([str(v) if isinstance(v, UUID) else v for v in c] for c in columns), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.parquet")
        pq.write_table(pa.table(data), path)
        holds(Path(folder), path)


@pytest.mark.slow
@LAW
@given(tables())
def test_ndjson_keeps_its_draft(table: tuple[list[str], list[list[Any]]]) -> None:
    names, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.ndjson")
        lines = (dict(zip(names, row, strict=True)) for row in rows or [[None] * len(names)])
        path.write_text("".join(f"{json.dumps(line, default=str)}\n" for line in lines))
        holds(Path(folder), path)


NESTED = pa.table({
    "id": pa.array(range(30), pa.int32()),
    "tiny": pa.array([n % 3 for n in range(30)], pa.uint8()),
    "big": pa.array(range(30), pa.uint64()),
    "half": pa.array([n / 2 for n in range(30)], pa.float32()),
    "price": pa.array([Decimal(n) for n in range(30)], pa.decimal128(12, 3)),
    "tags": pa.array([["a"] * (n % 3) for n in range(30)], pa.list_(pa.string())),
    "who": pa.array([{"name": "x", "email": None} for _ in range(30)]),
    "at": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 30, pa.timestamp("us", "UTC")),
    "raw": pa.array([b"\x00"] * 30, pa.binary()),
})  # fmt: skip


def test_types_of_files_are_kept(tmp_path: Path) -> None:
    pq.write_table(NESTED, tmp_path / "data.parquet")
    holds(tmp_path, tmp_path / "data.parquet")


def test_texts_of_files_with_types_stay_texts(tmp_path: Path) -> None:
    """`contract test` does not cast what a file of others holds: `007` in Parquet is a text on purpose."""
    pq.write_table(pa.table({"code": ["1", "2"], "day": ["2026-01-01", "2026-01-02"]}), tmp_path / "data.parquet")
    (table,) = inferred(tmp_path / "data.parquet").tables
    assert [str(column.type) for column in table.columns] == ["VARCHAR", "VARCHAR"]
    holds(tmp_path, tmp_path / "data.parquet")
