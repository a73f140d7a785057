from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.cli.exits import Exit

DAYS = "SELECT ordered_on, orders, revenue FROM sales.orders.revenue_by_day ORDER BY 1"
CSV = b"ordered_on,orders,revenue\r\n2026-01-05,3,63.70\r\n2026-01-06,1,7.90\r\n2026-01-07,3,139.15\r\n"


def read(content: bytes, format_: str) -> Any:
    match format_:
        case "csv":
            return content
        case "json":
            return json.loads(content)
        case "ndjson":
            return [json.loads(line) for line in content.splitlines()]
        case "parquet":
            return pq.read_table(io.BytesIO(content)).column("orders").to_pylist()
        case _:
            return pa.ipc.open_stream(content).read_all().column("orders").to_pylist()


ROWS = [
    {"ordered_on": "2026-01-05", "orders": 3, "revenue": "63.70"},
    {"ordered_on": "2026-01-06", "orders": 1, "revenue": "7.90"},
    {"ordered_on": "2026-01-07", "orders": 3, "revenue": "139.15"},
]
EXPECTED = {"csv": CSV, "json": ROWS, "ndjson": ROWS, "parquet": [3, 1, 3], "arrow": [3, 1, 3]}


@pytest.mark.parametrize("format_", EXPECTED)
def test_every_format_goes_to_a_pipe_and_to_a_file(
    format_: str, built: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from hanse.cli.main import run

    assert run(["-C", str(built), "query", DAYS, "--format", format_]) == Exit.OK
    assert read(capfdbinary.readouterr().out, format_) == EXPECTED[format_]
    target = tmp_path / f"days.{format_}"
    assert run(["-C", str(built), "query", DAYS, "--format", format_, "--output", str(target)]) == Exit.OK
    assert capfdbinary.readouterr().out == b""
    assert read(target.read_bytes(), format_) == EXPECTED[format_]
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


def test_a_table_for_the_eye(run_hanse: Any, built: Path) -> None:
    assert run_hanse("-C", str(built), "query", DAYS, "--format", "table").out == (
        "ordered_on  orders  revenue\n"
        "2026-01-05       3    63.70\n"
        "2026-01-06       1     7.90\n"
        "2026-01-07       3   139.15\n"
        "3 rows\n"
    )


def test_more_rows_than_the_limit_are_announced(run_hanse: Any, built: Path) -> None:
    out = run_hanse("-C", str(built), "query", DAYS, "--format", "table", "--limit", "2").out
    assert out.splitlines()[-1] == "the first 2 rows; --limit N shows more, --format csv all"
    assert len(out.splitlines()) == 4
    out = run_hanse("-C", str(built), "query", DAYS, "--format", "table", "--limit", "3").out
    assert out.splitlines()[-1] == "3 rows"


@pytest.mark.parametrize(
    ("format_", "out"),
    [("table", "n  t\n0 rows\n"), ("csv", "n,t\r\n"), ("json", "[\n]\n"), ("ndjson", "")],
)
def test_an_empty_result_still_has_its_shape(format_: str, out: str, run_hanse: Any, built: Path) -> None:
    assert run_hanse("-C", str(built), "query", "SELECT 1 AS n, 'x' AS t WHERE false", "--format", format_).out == out


def test_nulls_unicode_and_control_characters(run_hanse: Any, built: Path) -> None:
    sql = r"SELECT NULL AS n, '日本' AS j, e'\x1b[31mred\x07' AS c, e'a\nb' AS l, [1, NULL] AS a"
    out = run_hanse("-C", str(built), "query", sql, "--format", "table").out
    assert out.splitlines()[1].split("  ") == ["NULL", "日本", "\\x1b[31mred\\x07", "a\\nb", "[1, null]"]


def test_a_statement_from_a_file(run_hanse: Any, built: Path) -> None:
    file = built / "domains/sales/orders/queries/best_days.sql"
    out = run_hanse("-C", str(built), "query", "--file", str(file)).out
    assert out.splitlines()[1] == "2026-01-07,3,139.15"


def test_a_statement_from_standard_input(run_hanse: Any, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(DAYS.encode()), encoding="utf-8"))
    assert run_hanse("-C", str(built), "query", "--file", "-", "--json").document == ROWS


def test_a_file_that_is_no_text_is_refused(run_hanse: Any, built: Path, tmp_path: Path) -> None:
    file = tmp_path / "statement.sql"
    file.write_bytes(b"SELECT '\xff'")
    ended = run_hanse("-C", str(built), "query", "--file", str(file))
    assert ended.exit == Exit.USAGE
    assert "no text in UTF-8" in ended.err


def test_json_is_a_short_name_for_the_format(run_hanse: Any, built: Path) -> None:
    assert run_hanse("-C", str(built), "query", DAYS, "--json").document == ROWS


@pytest.mark.parametrize(
    ("sql", "exit_", "code"),
    [
        ("DELETE FROM sales.orders.orders", Exit.DENIED, "HNS-D001"),
        ("SELECT * FROM read_csv('/etc/hosts')", Exit.DENIED, "HNS-D"),
        ("SELECT * FROM sales.orders.oders", Exit.FAILED, "did you mean `orders`?"),
        ("SELECT amuont FROM sales.orders.orders", Exit.FAILED, "did you mean `amount`?"),
        ("SELECT * FROM sales.orders.orders WHERE", Exit.FAILED, "query:1:"),
    ],
)
def test_what_cannot_or_may_not_be_answered(sql: str, exit_: Exit, code: str, run_hanse: Any, built: Path) -> None:
    ended = run_hanse("-C", str(built), "query", sql)
    assert ended.exit == exit_
    assert code in ended.err
    assert ended.out == ""


def test_a_failed_query_leaves_no_file(run_hanse: Any, built: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    sql = "SELECT 1 // (order_id - 7) / 0, error('boom') FROM sales.orders.orders"
    assert run_hanse("-C", str(built), "query", sql, "-o", str(target)).exit in {Exit.FAILED, Exit.DENIED}
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    assert target.read_text() == "before"


def test_the_mesh_knows_itself(run_hanse: Any, built: Path) -> None:
    sql = "SELECT address, status FROM mesh.catalog.products"
    assert run_hanse("-C", str(built), "query", sql).out == "address,status\r\nsales.orders,draft\r\n"
