"""Files as sources: their formats."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.base import Problems
from hanse.drivers.duckdb import extensions
from hanse.testing.engine.documents import write_avro, write_workbook
from hanse.testing.meshes import Columns, MeshFolder

PRICES: Columns = {
    "id": {"logicalType": "integer", "required": True},
    "code": "string",
    "price": {"logicalType": "number", "physicalType": "DECIMAL(38, 2)"},
    "day": "date",
}
OBJECTS = [
    '{"id": 1, "code": "01069", "price": 123456789012345678901234.10, "day": "2026-03-01"}',
    '{"id": 2, "code": null, "price": 1e1, "day": null}',
]
ROWS = [
    (1, "01069", Decimal("123456789012345678901234.10"), date(2026, 3, 1)),
    (2, None, Decimal("10.00"), None),
]


def rows(mesh: Mesh, sql: str = "SELECT * FROM a.b.t ORDER BY ALL") -> list[tuple[Any, ...]]:
    with mesh.query(sql) as result:
        return [tuple(r.values()) for r in result.to_arrow().to_pylist()]


def run_of(mesh: Mesh) -> dict[str, Any]:
    run: dict[str, Any] = mesh.run()["runs"][0]
    return run


def opened(folder: MeshFolder) -> Mesh:
    mesh = hanse.open_mesh(folder.root)
    mesh.apply()
    return mesh


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("whatever.txt", text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("t.ndjson", "\n".join(OBJECTS)),
        ("t.jsonl", "\n".join(OBJECTS)),
        ("t.json", f"[{','.join(OBJECTS)}]"),
        ("t.ndjson.zip", zipped("\n".join(OBJECTS))),
    ],
)
def test_json_comes_in_as_it_is_written(folder: MeshFolder, file: str, content: str | bytes) -> None:
    folder.product("a.b", {"t": PRICES}, data={file: content})
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == ROWS


def test_a_json_value_of_another_type_is_a_failed_row(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": {"id": "integer"}}, data={"t.ndjson": '{"id": 1}\n{"id": 1.5}\n{"id": "x"}\n'})
    mesh = opened(folder)
    run = run_of(mesh)
    assert run["status"] == "blocked"
    assert [c["failed_rows"] for c in run["checks"]["results"] if c["id"] == "cast"] == [2]


def test_a_transform_reads_json_with_its_types(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": {"id": "integer", "k": "string"}},
        transforms={"t": "SELECT id + 1 AS id, x.k FROM raw"},
        data={"raw.json": '[{"id": 1, "x": {"k": "v"}}]'},
    )
    mesh = opened(folder)
    mesh.run()
    assert rows(mesh) == [(2, "v")]


def test_a_json_file_that_is_none_is_named_with_its_line(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": {"id": "integer"}}, data={"t.ndjson": '{"id": 1}\n{"id": }\n'})
    error = run_of(opened(folder))["error"]
    assert error["code"] == "HNS-I004"
    assert "line 2" in error["why"]
    assert "format: json" in error["fix"]


def test_a_sheet_of_a_workbook(folder: MeshFolder) -> None:
    pipeline = {"t": {"file": "data/book.xlsx", "excel": {"sheet": "prices"}}}
    folder.product("a.b", {"t": PRICES}, pipeline=pipeline, data={"book.xlsx": b""})
    cells: list[list[str | float | date | None]] = [
        ["id", "code", "price", "day"],
        [1, "01069", 0.25, date(2026, 3, 1)],
        [2, None, 10, None],
    ]
    write_workbook(folder.root / "domains/a/b/data/book.xlsx", {"notes": [["x"]], "prices": cells})
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "01069", Decimal("0.25"), date(2026, 3, 1)), (2, None, Decimal("10.00"), None)]


def test_avro(folder: MeshFolder) -> None:
    folder.product("a.b", {"t": {"name": "string"}}, data={"t.avro": b""})
    write_avro(folder.root / "domains/a/b/data/t.avro", "name", ["x", "y"])
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [("x",), ("y",)]


def test_a_missing_package_says_what_to_install(folder: MeshFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.product("a.b", {"t": {"name": "string"}}, data={"t.avro": b""})
    write_avro(folder.root / "domains/a/b/data/t.avro", "name", ["x"])
    mesh = opened(folder)
    monkeypatch.setitem(extensions.EXTENSIONS, "avro", "no_such_thing")
    error = run_of(mesh)["error"]
    assert error["code"] == "HNS-E027"
    assert error["fix"] == "pip install 'hanse[no_such_thing]'"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"file": "data/t.json", "csv": {"delimiter": ";"}}, "belongs to CSV files only"),
        ({"file": "data/t.csv", "excel": {"sheet": "x"}}, "belongs to Excel files only"),
        ({"file": "data/t.avro", "columns": {"a": "INTEGER"}}, "belongs to CSV and JSON files only"),
        ({"file": "data/t.avro.gz"}, "compressed Avro file"),
    ],
)
def test_settings_of_another_format_are_refused(folder: MeshFolder, entry: dict[str, Any], words: str) -> None:
    folder.product("a.b", {"t": {"id": "integer"}}, pipeline={"t": entry}, data={"x": ""})
    folder.write(f"domains/a/b/{entry['file']}", "")
    with pytest.raises(Problems, match=words):
        hanse.open_mesh(folder.root).apply()


def test_nothing_is_written_to_the_home_folder(
    folder: MeshFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    folder.product("a.b", {"t": {"name": "string"}}, data={"t.avro": b""})
    write_avro(folder.root / "domains/a/b/data/t.avro", "name", ["x"])
    assert run_of(opened(folder))["status"] == "succeeded"
    assert list(home.iterdir()) == []
