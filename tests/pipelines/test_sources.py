"""Files as sources: their formats."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
import zlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import hanse
from hanse.app import Mesh
from hanse.base import Problems
from hanse.drivers.duckdb import extensions
from hanse.ingest import files as ingest_files
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


def zstd(content: bytes) -> bytes:
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return packed


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
        ("t.ndjson.bz2", bz2.compress("\n".join(OBJECTS).encode())),
        ("t.ndjson.zst", zstd("\n".join(OBJECTS).encode())),
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


def cut_gzip(content: bytes) -> bytes:
    """Return a gzip file without its end, cut after a whole line: what is there looks like a smaller file."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("t.csv.bz2", bz2.compress(b"id\n1\n" * 100)[:-10]),
        ("t.csv.zst", zstd(b"id\n1\n" * 100)[:-5]),
        ("t.csv.gz", cut_gzip(b"id\n1\n" * 100)),
        ("t.ndjson.gz", cut_gzip(b'{"id": 1}\n' * 100)),
        ("t.csv.gz", gzip.compress(b"id\n1\n") + gzip.compress(b"2\n")[:12]),
        ("t.csv.gz", gzip.compress(b"id\n1\n")[:-8] + bytes(8)),
        ("t.csv.bz2", b"id\n1\n"),
        ("t.csv.zst", b"id\n1\n"),
    ],
    ids=["cut bz2", "cut zstd", "cut gzip", "cut gzip of JSON", "cut member", "wrong sum", "no bz2", "no zstd"],
)
def test_packed_files_that_are_broken(folder: MeshFolder, file: str, content: bytes) -> None:
    folder.product("a.b", {"t": {"id": "integer"}}, data={file: content})
    error = run_of(opened(folder))["error"]
    assert error["code"] == "HNS-I003"
    assert file in error["what"]


@pytest.mark.parametrize("csv", [{}, {"bad_rows": 1}])
def test_the_broken_file_of_a_pattern_is_named(folder: MeshFolder, csv: dict[str, Any]) -> None:
    data = {"in-1.csv.gz": gzip.compress(b"id\n1\n"), "in-2.csv.gz": gzip.compress(b"id\n2\n")[:-4]}
    folder.product("a.b", {"t": {"id": "integer"}}, data=data, pipeline={"t": {"file": "data/in-*.csv.gz", "csv": csv}})
    error = run_of(opened(folder))["error"]
    assert error["code"] == "HNS-I003"
    assert "in-2.csv.gz" in error["what"]


@pytest.mark.parametrize("file", ["t.csv.bz2", "t.csv.zst", "t.csv.gz"])
def test_a_bomb_is_not_unpacked(folder: MeshFolder, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_files, "_EXPANSION_FLOOR", 1 << 20)
    content = b"0" * (8 << 20)
    packed = {"bz2": bz2.compress(content), "zst": zstd(content), ".gz": gzip.compress(content)}[file[-3:]]
    assert len(packed) * 1000 < len(content)
    folder.product("a.b", {"t": {"id": "integer"}}, data={file: packed})
    assert run_of(opened(folder))["error"]["code"] == "HNS-I005"


# Patterns

T: Columns = {"id": {"logicalType": "integer", "required": True}, "v": "string"}
GLOB = {"file": "data/in-*.csv"}
NEW = {**GLOB, "only_new": True}
APPEND = {"materialize": "append"}


def product(
    folder: MeshFolder,
    data: dict[str, str],
    source: dict[str, Any],
    settings: dict[str, Any] | None = None,
    **more: Any,
) -> Mesh:
    name = "raw" if "transforms" in more else "t"
    folder.product("a.b", {"t": T}, data=data, pipeline={name: source}, **more)
    if settings:
        folder.settings("a.b", {"t": settings})
    return opened(folder)


def put(folder: MeshFolder, name: str, text: str) -> None:
    folder.write(f"domains/a/b/data/{name}", text)


def take(folder: MeshFolder, name: str) -> None:
    (folder.root / f"domains/a/b/data/{name}").unlink()


READ = {"transforms": {"t": "SELECT id, CAST(v AS VARCHAR) AS v FROM raw"}}


@pytest.mark.parametrize("more", [{}, READ], ids=["straight", "transform"])
def test_all_files_of_a_pattern_are_one(folder: MeshFolder, more: dict[str, Any]) -> None:
    # The columns stand in another order, and only all files together say that `v` is text.
    data = {"in-1.csv": "id,v\n1,01069\n", "in-2.csv": "v,id\nx,2\n", "other.csv": "id,v\n9,z\n"}
    mesh = product(folder, data, GLOB, **more)
    run = run_of(mesh)
    assert run["status"] == "succeeded"
    assert rows(mesh) == [(1, "01069"), (2, "x")]
    assert run_of(mesh)["status"] == "unchanged"
    [recorded] = mesh.run_details(run["id"])["inputs"]
    assert [f["path"] for f in recorded["files"]] == ["in-1.csv", "in-2.csv"]
    put(folder, "in-3.csv", "id,v\n3,y\n")
    assert run_of(mesh)["status"] == "succeeded"
    take(folder, "in-1.csv")
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(2, "x"), (3, "y")]


@pytest.mark.parametrize(
    ("first", "second", "type_"),
    [("1", "1.5", "DOUBLE"), ("1", "01x", "VARCHAR"), ("2026-01-01", "soon", "VARCHAR")],
)
def test_types_of_a_pattern_come_from_all_files(folder: MeshFolder, first: str, second: str, type_: str) -> None:
    data = {"in-1.csv": f"id,v\n1,{first}\n", "in-2.csv": f"id,v\n2,{second}\n"}
    transforms = {"t": "SELECT id, CASE typeof(v) WHEN '" + type_ + "' THEN CAST(v AS VARCHAR) END AS v FROM raw"}
    mesh = product(folder, data, GLOB, transforms=transforms)
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh)[1] == (2, second)


@pytest.mark.parametrize("more", [{}, READ], ids=["straight", "transform"])
def test_a_file_that_does_not_fit_is_named(folder: MeshFolder, more: dict[str, Any]) -> None:
    data = {f"in-{n}.csv": "id,v\n1,a\n" for n in range(3)} | {"in-1.csv": "id,w\n1,a\n"}
    error = run_of(product(folder, data, GLOB, **more))["error"]
    assert error["code"] == "HNS-I008"
    assert "in-1.csv lacks `v` and has the extra `w`" in error["what"]


def test_a_broken_file_of_a_pattern_is_named(folder: MeshFolder) -> None:
    error = run_of(product(folder, {"in-1.csv": "id,v\n1,a\n", "in-2.csv": "id,v\n1,2,3\n"}, GLOB))["error"]
    assert error["code"] == "HNS-I004"
    assert "in-2.csv" in error["what"]


def test_json_and_parquet_of_a_pattern(folder: MeshFolder) -> None:
    data = {"in-1.ndjson": '{"id": 1}\n', "in-2.ndjson": '{"v": 1.0, "id": 2}\n'}
    mesh = product(folder, data, {"file": "data/**/in-*.ndjson"})
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, None), (2, "1.0")]


def test_nothing_that_matches_is_an_error(folder: MeshFolder) -> None:
    mesh = product(folder, {"in-1.csv": "id,v\n1,a\n"}, GLOB)
    run_of(mesh)
    take(folder, "in-1.csv")
    with pytest.raises(Problems, match=r"HNS-S007.*data/in-\*\.csv"):
        mesh.run()


def test_an_inbox_that_never_held_anything_is_an_error(folder: MeshFolder) -> None:
    mesh = product(folder, {"other.csv": "id,v\n1,a\n"}, NEW, APPEND)
    assert run_of(mesh)["error"]["code"] == "HNS-I007"


# Only new files


@pytest.mark.parametrize("more", [{}, READ], ids=["straight", "transform"])
def test_only_new_files_are_read(folder: MeshFolder, more: dict[str, Any]) -> None:
    mesh = product(folder, {"in-1.csv": "id,v\n1,a\n"}, NEW, APPEND, **more)
    assert run_of(mesh)["status"] == "succeeded"
    assert run_of(mesh)["status"] == "unchanged"
    put(folder, "in-2.csv", "id,v\n2,b\n")
    put(folder, "in-3.csv", "id,v\n1,a\n")  # what was taken in, under another name
    run = run_of(mesh)
    assert run["status"] == "succeeded"
    assert [f["path"] for f in mesh.run_details(run["id"])["inputs"][0]["files"]] == ["in-2.csv"]
    assert rows(mesh) == [(1, "a"), (2, "b")]
    for name in ("in-1.csv", "in-2.csv", "in-3.csv"):
        take(folder, name)
    assert run_of(mesh)["status"] == "unchanged"  # an emptied inbox
    put(folder, "again.csv", "id,v\n2,b\n")
    put(folder, "in-again.csv", "id,v\n2,b\n")
    assert run_of(mesh)["status"] == "unchanged"
    assert rows(mesh) == [(1, "a"), (2, "b")]


def test_a_file_that_was_rolled_back_is_new_again(folder: MeshFolder) -> None:
    mesh = product(folder, {"in-1.csv": "id,v\n1,a\n"}, NEW, APPEND)
    run_of(mesh)
    put(folder, "in-2.csv", "id,v\n2,b\n")
    run_of(mesh)
    mesh.rollback("a.b", to=1)
    mesh.resume("a.b")
    assert rows(mesh) == [(1, "a")]
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "b")]


def test_a_delivery_that_was_refused_stays_new(folder: MeshFolder) -> None:
    mesh = product(folder, {"in-1.csv": "id,v\n1,a\n"}, NEW, APPEND)
    run_of(mesh)
    put(folder, "in-2.csv", "id,v\n,b\n")
    assert run_of(mesh)["status"] == "blocked"
    put(folder, "in-2.csv", "id,v\n2,b\n")
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "b")]


def test_a_new_promise_with_nothing_new_keeps_the_rows(folder: MeshFolder) -> None:
    mesh = product(folder, {"in-1.csv": "id,v\n1,a\n"}, NEW, {"materialize": "append"})
    run_of(mesh)
    take(folder, "in-1.csv")
    rule = {"type": "library", "metric": "rowCount", "mustBeGreaterThan": 0}
    folder.contract("a.b", {"t": T}, rules={"t": [rule]}, version="1.1.0")
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    put(folder, "in-2.csv", "id,v\n2,b\n")
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "b")]


def test_a_later_table_does_not_miss_files_in_silence(folder: MeshFolder) -> None:
    more = {"transforms": {"t": "SELECT * FROM raw"}}
    mesh = product(folder, {"in-1.csv": "id,v\n1,a\n"}, NEW, APPEND, **more)
    run_of(mesh)
    folder.contract("a.b", {"t": T, "u": T}, version="1.1.0")
    folder.write("domains/a/b/transforms/u.sql", "SELECT * FROM raw")
    folder.settings("a.b", {"t": APPEND, "u": APPEND})
    put(folder, "in-2.csv", "id,v\n2,b\n")
    mesh = opened(folder)
    assert run_of(mesh)["error"]["code"] == "HNS-L072"
    folder.write(
        "domains/a/b/pipeline.yaml",
        {"apiVersion": "hanse/v1", "kind": "Pipeline", "inputs": {"raw": NEW, "raw_for_u": NEW}}
        | {"tables": {"t": APPEND, "u": APPEND}},
    )
    folder.write("domains/a/b/transforms/u.sql", "SELECT * FROM raw_for_u")
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == rows(mesh, "SELECT * FROM a.b.u ORDER BY ALL") == [(1, "a"), (2, "b")]


def test_one_input_with_nothing_new_beside_another_with_something(folder: MeshFolder) -> None:
    folder.product(
        "a.b",
        {"t": T},
        data={"x-1.csv": "id,v\n1,a\n", "y-1.csv": "id,v\n2,b\n"},
        pipeline={n: {"file": f"data/{n}-*.csv", "only_new": True} for n in ("x", "y")},
        transforms={"both": "SELECT * FROM x UNION ALL SELECT * FROM y", "t": "SELECT * FROM both"},
    )
    folder.settings("a.b", {"t": APPEND})
    mesh = opened(folder)
    assert run_of(mesh)["status"] == "succeeded"
    put(folder, "x-2.csv", "id,v\n3,c\n")
    assert run_of(mesh)["status"] == "succeeded"
    assert rows(mesh) == [(1, "a"), (2, "b"), (3, "c")]
    take(folder, "y-1.csv")
    put(folder, "x-3.csv", "id,v\n4,d\n")
    assert run_of(mesh)["error"]["code"] == "HNS-I007"


@pytest.mark.parametrize("more", [{}, READ], ids=["straight", "transform"])
def test_only_new_for_a_table_that_is_replaced_is_refused(folder: MeshFolder, more: dict[str, Any]) -> None:
    with pytest.raises(Problems, match="is replaced in every run"):
        product(folder, {"in-1.csv": "id,v\n1,a\n"}, NEW, **more)


def test_only_new_of_one_file_is_refused(folder: MeshFolder) -> None:
    with pytest.raises(Problems, match="belongs to patterns only"):
        product(folder, {"in.csv": "id,v\n1,a\n"}, {"file": "data/in.csv", "only_new": True}, APPEND)


def test_a_pattern_is_no_way_into_another_product(folder: MeshFolder) -> None:
    folder.product("a.c", {"t": T}, data={"t.csv": "id,v\n1,a\n"})
    mesh = product(folder, {"in-1.csv": "id,v\n1,a\n"}, {"file": "../*/data/*.csv"})
    assert mesh.run(["a.b"])["runs"][0]["error"]["code"] == "HNS-I006"


# Drift


def drifted(mesh: Mesh) -> list[str]:
    run = run_of(mesh)
    assert run["status"] == "succeeded", run
    return [r["message"] for r in mesh.run_details(run["id"])["checks"]["results"] if r["id"] == "drift"]


def test_drift_fails_unless_it_is_allowed(folder: MeshFolder) -> None:
    error = run_of(product(folder, {"in-1.csv": "id,w\n1,a\n"}, GLOB))["error"]
    assert error["code"] == "HNS-L003"


@pytest.mark.parametrize("policy", ["ignore", "evolve"])
def test_drift_is_left_out_and_told(folder: MeshFolder, policy: str) -> None:
    data = {"in-1.csv": "id,v\n1,a\n", "in-2.csv": "id,price,on\n2,1.5,2026-01-01\n"}
    mesh = product(folder, data, {**GLOB, "drift": policy})
    [message] = drifted(mesh)
    assert message.startswith("HNS-L070: data/in-*.csv: left out: `price`, `on`")
    proposed = '{name: "price", logicalType: number}, {name: "on", logicalType: date}'
    assert (proposed in message) is (policy == "evolve")
    assert rows(mesh) == [(1, "a"), (2, None)]


def test_a_missing_column_is_null_and_a_required_one_is_an_error(folder: MeshFolder) -> None:
    source = {"file": "data/t.csv", "drift": "ignore"}
    mesh = product(folder, {"t.csv": "id\n1\n"}, source)
    assert drifted(mesh) == ["HNS-L070: data/t.csv: missing, so null: `v`"]
    assert rows(mesh) == [(1, None)]
    put(folder, "t.csv", "v\na\n")
    assert run_of(mesh)["error"]["code"] == "HNS-L003"
    put(folder, "t.csv", "id,v\n1,a\n")
    assert drifted(mesh) == []
