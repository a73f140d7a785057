"""CSV files as people write them: decimal commas, dates in their order, lines that are no rows."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hanse
from hanse.app import Mesh
from hanse.testing.meshes import Columns, MeshFolder

SALES: Columns = {
    "id": "integer",
    "amount": {"logicalType": "number", "physicalType": "DECIMAL(12, 2)"},
    "share": "number",
    "day": "date",
    "at": "timestamp",
    "note": "string",
}
GERMAN = {"decimal": ",", "thousands": ".", "dates": "%d.%m.%Y", "timestamps": "%d.%m.%Y %H:%M"}
HEAD = "id;amount;share;day;at;note\n"
FIRST = "1;1.234,50;0,5;03.02.2026;03.02.2026 17:30;1.234,50\n"


def opened(folder: MeshFolder) -> Mesh:
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    return mesh


def run_of(mesh: Mesh) -> dict[str, Any]:
    run: dict[str, Any] = mesh.run()["runs"][0]
    return run


def rows(mesh: Mesh, sql: str = "SELECT * FROM a.b.t ORDER BY ALL") -> list[tuple[Any, ...]]:
    with mesh.query(sql) as result:
        return [tuple(r.values()) for r in result.to_arrow().to_pylist()]


def sales(folder: MeshFolder, text: str | bytes, csv: dict[str, Any] | None = None, file: str = "t.csv") -> Mesh:
    folder.product(
        "a.b", {"t": SALES}, data={file: text}, pipeline={"t": {"file": f"data/{file}", "csv": csv or GERMAN}}
    )
    return opened(folder)


ROW = (1, Decimal("1234.50"), 0.5, date(2026, 2, 3), datetime(2026, 2, 3, 17, 30, tzinfo=UTC), "1.234,50")


def test_values_are_read_as_the_file_writes_them(folder: MeshFolder) -> None:
    mesh = sales(folder, HEAD + FIRST + "2;7;-1e3;31.12.2025;31.12.2025 00:00;x\n3;;;;;\n")
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [
        ROW,
        (2, Decimal(7), -1000.0, date(2025, 12, 31), datetime(2025, 12, 31, tzinfo=UTC), "x"),
        (3, None, None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        ("2;1.5;0;01.01.2026;01.01.2026 00:00;a point groups three digits", "amount", "1.5"),
        ("2;1,505;0;01.01.2026;01.01.2026 00:00;a digit would be lost", "amount", "1,505"),
        ("2;1;0;2026-01-02;01.01.2026 00:00;another order", "day", "2026-01-02"),
        ("2;1;0;31.02.2026;01.01.2026 00:00;no such day", "day", "31.02.2026"),
        ("2;1;0;03.02.26;01.01.2026 00:00;the year 26?", "day", "03.02.26"),
        ("2;1;0;03.02.2026;01.01.26 00:00;the year 26?", "at", "01.01.26 00:00"),
        ("2;1;0;01.01.2026;01.01.2026;no time", "at", "01.01.2026"),
        ("1,0;1;0;01.01.2026;01.01.2026 00:00;a thousand? no: one", "", ""),
    ],
)
def test_what_is_not_in_the_style_blocks_with_its_row(folder: MeshFolder, line: str, column: str, value: str) -> None:
    mesh = sales(folder, HEAD + FIRST + line + "\n")
    run = run_of(mesh)
    if not column:
        assert run["status"] == "succeeded"  # `1,0` is the whole number 1
        return
    assert run["status"] == "blocked"
    told = rows(mesh, "SELECT message FROM mesh.catalog.checks WHERE check_id = 'cast'")
    assert told == [(f"`{value}` in column `{column}` is no {_type(column)}",)]


def _type(column: str) -> str:
    return {"amount": "DECIMAL(12,2)", "day": "DATE", "at": "TIMESTAMP WITH TIME ZONE"}[column]


def test_transforms_see_the_values_too(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": {"n": "integer", "total": "number", "last": "date"}},
        transforms={"t": "SELECT count(*) AS n, sum(amount) AS total, max(day) AS last FROM raw"},
        data={"raw.csv": HEAD + FIRST + "2;1.000;0,25;31.12.2025;31.12.2025 00:00;x\n"},
        pipeline={"raw": {"file": "data/raw.csv", "csv": GERMAN}},
    )
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(2, 2234.5, date(2026, 2, 3))]


def test_a_number_out_of_style_fails_a_transforms_input(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": {"total": "number"}},
        transforms={"t": "SELECT sum(x) AS total FROM raw"},
        data={"raw.csv": "x\n1.000\n1.5\n"},
        pipeline={"raw": {"file": "data/raw.csv", "csv": {"thousands": ".", "decimal": ","}}},
    )
    mesh = opened(folder)
    run = run_of(mesh)
    assert run["status"] == "failed"
    assert "1.5" in run["error"]["why"]


@pytest.mark.parametrize(
    ("day", "found"), [("03.02.26", None), ("03.02.0026", date(26, 2, 3)), ("3.2.2026", date(2026, 2, 3))]
)
def test_years_have_four_digits_for_transforms_too(folder: MeshFolder, day: str, found: date | None) -> None:
    folder.product(
        "a.b",
        {"t": {"first": "date"}},
        transforms={"t": "SELECT min(day) AS first FROM raw"},
        data={"raw.csv": f"day\n{day}\n04.02.2026\n"},
        pipeline={"raw": {"file": "data/raw.csv", "csv": {"dates": "%d.%m.%Y"}}},
    )
    mesh = opened(folder)
    run = run_of(mesh)
    if found is None:
        assert run["status"] == "failed"
        assert day in run["error"]["why"]
        return
    assert rows(mesh) == [(found,)]


BAD = "2;7;0;04.02.2026;04.02.2026 00:00;x;one too many\n"
SHORT = "4;12;0\n"
STRAY = '5;1;0;01.01.2026;01.01.2026 00:00;"broken" tail\n'


@pytest.mark.parametrize("packed", [False, True])
def test_bad_rows_are_left_aside_and_told(folder: MeshFolder, packed: bool) -> None:
    text = HEAD + BAD + FIRST + SHORT + STRAY + '6;1;0;01.01.2026;01.01.2026 00:00;"a ""quoted""; line\nbreak"\n'
    content: str | bytes = gzip.compress(text.encode()) if packed else text
    mesh = sales(folder, content, {**GERMAN, "delimiter": ";", "bad_rows": 3}, "t.csv.gz" if packed else "t.csv")
    run = run_of(mesh)
    assert run["status"] == "succeeded", run
    assert [r[0] for r in rows(mesh)] == [1, 6]
    assert rows(mesh, "SELECT note FROM a.b.t WHERE id = 6") == [('a "quoted"; line\nbreak',)]
    told = rows(mesh, "SELECT status, severity, failed_rows FROM mesh.catalog.checks WHERE check_id = 'bad_rows:t'")
    assert told == [("failed", "warning", 3)]
    kept = rows(mesh, "SELECT reason, \"row\" FROM mesh.catalog.failed_rows WHERE check_id = 'bad_rows:t' ORDER BY ALL")
    assert [reason.split(":")[0] for reason, _ in kept] == [f"data/t.csv{'.gz' * packed}, line {n}" for n in (2, 4, 5)]
    assert BAD.strip() in kept[0][1]


def test_more_bad_rows_than_allowed_publish_nothing(folder: MeshFolder) -> None:
    mesh = sales(folder, HEAD + BAD + FIRST + SHORT, {**GERMAN, "delimiter": ";", "bad_rows": 1})
    run = run_of(mesh)
    assert (run["status"], run["error"]["code"]) == ("failed", "HNS-L074")
    assert "line 2" in run["error"]["why"]


def test_bad_rows_of_several_files_are_counted_together(folder: MeshFolder) -> None:
    files = {"t-1.csv": HEAD + FIRST + BAD, "t-2.csv": HEAD + FIRST.replace("1;", "9;", 1) + SHORT}
    csv = {**GERMAN, "delimiter": ";", "bad_rows": 2}
    folder.product("a.b", {"t": SALES}, data=files, pipeline={"t": {"file": "data/t-*.csv", "csv": csv}})
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    assert [r[0] for r in rows(mesh)] == [1, 9]
    folder.write("domains/a/b/data/t-3.csv", HEAD + STRAY)
    run = run_of(mesh)
    assert (run["status"], run["error"]["code"]) == ("failed", "HNS-L074")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False, allow_infinity=False),
    decimal=st.sampled_from(".,"),
    thousands=st.sampled_from([None, ".", ",", "'", " ", "\u00a0", "\u202f", "_"]),
)
def test_any_number_comes_back_as_it_was_written(value: Decimal, decimal: str, thousands: str | None) -> None:
    import duckdb

    from hanse.spec import TextStyle
    from hanse.spec.types import Decimal as DecimalType
    from hanse.sql import cast_projection

    if thousands == decimal:
        return
    written = f"{value:,.2f}" if thousands else f"{value:.2f}"
    written = written.replace(",", "T").replace(".", decimal).replace("T", thousands or "")
    style = TextStyle(decimal=decimal, thousands=thousands)
    select = f"SELECT '{written.replace(chr(39), chr(39) * 2)}' AS v"
    projection = cast_projection(select, [("v", "VARCHAR")], [("v", DecimalType(12, 2))], style)
    with duckdb.connect() as duck:
        assert duck.execute(projection).fetchall() == [(value,)]
