"""JSON, Excel and Avro files: what they hold comes out as it was written."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from hanse.base import EngineError
from hanse.interfaces import AvroScan, Engine, ExcelScan, JsonScan, Session
from hanse.testing.engine.suite import EngineSuite, rows_of

_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
_WORKBOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="xl/workbook.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>',
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def write_workbook(path: Path, sheets: dict[str, Sequence[Sequence[str | float | date | None]]]) -> None:
    """Write a small Excel workbook: texts, numbers and dates.

    Args:
        path: the file.
        sheets: rows of cells per sheet.
    """
    names = {name: f"sheet{number}" for number, name in enumerate(sheets, 1)}
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(names, 1))
    related = "".join(
        f'<Relationship Id="r{n}" Target="worksheets/{part}.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
        for n, part in enumerate(names.values(), 1)
    )
    related += (
        '<Relationship Id="s" Target="styles.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        for part, text in _WORKBOOK.items():
            archive.writestr(part, text)
        archive.writestr(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            f"<sheets>{listed}</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{related}</Relationships>',
        )
        for name, part in names.items():
            rows = "".join(
                f'<row r="{r}">' + "".join(_cell(cell, f"{chr(65 + c)}{r}") for c, cell in enumerate(row)) + "</row>"
                for r, row in enumerate(sheets[name], 1)
            )
            archive.writestr(f"xl/worksheets/{part}.xml", _SHEET.format(rows))


def _cell(value: str | float | date | None, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def write_avro(path: Path, name: str, values: Sequence[str]) -> None:
    """Write an Avro file of one text column."""

    def text(value: bytes) -> bytes:
        return _varint(len(value)) + value

    schema = {"type": "record", "name": "row", "fields": [{"name": name, "type": "string"}]}
    head = {b"avro.schema": json.dumps(schema).encode(), b"avro.codec": b"null"}
    sync = bytes(range(16))
    block = b"".join(text(v.encode()) for v in values)
    entries = b"".join(text(k) + text(v) for k, v in head.items())
    path.write_bytes(
        b"Obj\x01" + _varint(len(head)) + entries + b"\0" + sync + _varint(len(values)) + text(block) + sync
    )


def _varint(number: int) -> bytes:
    zigzag, out = number << 1, b""
    while zigzag > 127:
        out, zigzag = out + bytes([zigzag & 127 | 128]), zigzag >> 7
    return out + bytes([zigzag])


class DocumentSuite(EngineSuite):
    """Files of documents and cells."""

    @pytest.mark.parametrize("lines", [True, False])
    def test_json_as_text_is_as_written(self, session: Session, folder: Path, lines: bool) -> None:
        """No number passes through a DOUBLE; strings stay whole, whatever they look like."""
        objects = [
            '{"n": 12345678901234567890123.10, "s": "01 -5 \\" 7:8", "x": {"k": 1.50}, "l": [1, 2], "m": 1.0}',
            '{"n": 1e3, "s": "ü\\u00e9\\\\", "x": null, "l": [], "b": true, "m": {"o": "p"}}',
        ]
        path = folder / "t.json"
        path.write_text("\n".join(objects) if lines else f"[{','.join(objects)}]", encoding="utf-8")
        session.bind("t", JsonScan(str(path), lines=lines, text=True))
        assert rows_of(session, "SELECT n, s, x, l, b, m FROM t") == [
            {"n": "12345678901234567890123.10", "s": '01 -5 " 7:8', "x": {"k": "1.50"}, "l": ["1", "2"], "b": None}
            | {"m": "1.0"},
            {"n": "1e3", "s": "üé\\", "x": None, "l": [], "b": "true", "m": '{"o":"p"}'},
        ]

    def test_json_types_come_from_the_whole_file(self, session: Session, folder: Path) -> None:
        """A fraction after thousands of whole numbers, a name that only the last object has."""
        path = folder / "t.ndjson"
        path.write_text('{"a": 1}\n' * 30_000 + '{"a": 1.5, "b": "x"}\n')
        session.bind("t", JsonScan(str(path), lines=True))
        assert dict(session.describe("SELECT * FROM t")) == {"a": "DOUBLE", "b": "VARCHAR"}
        session.bind("t", JsonScan(str(path), lines=True, columns={"A": "VARCHAR"}))
        assert dict(session.describe("SELECT * FROM t"))["a"] == "VARCHAR"
        packed = folder / "t.ndjson.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        for text in (True, False):
            session.bind("t", JsonScan(str(packed), lines=True, text=text, compression="gzip"))
            assert rows_of(session, "SELECT count(*) AS n, count(b) AS b FROM t") == [{"n": 30_001, "b": 1}]

    @pytest.mark.parametrize("text", [True, False])
    @pytest.mark.parametrize(
        "bad",
        [
            '{"a": 1}\n{"a": \n',
            '{"a": 1}\n2\n',
            '{"a": 1, "a": 2}\n',
            '{"a": 1}\n{"A": 2}\n',
            "[]",
            "{}",
            "not json",
            '[{"a": 1}]',
        ],
    )
    def test_json_that_is_none_is_refused(self, session: Session, folder: Path, bad: str, text: bool) -> None:
        """Damage has a code, and names the file."""
        path = folder / "t.ndjson"
        path.write_text(bad)
        scan = JsonScan(str(path), lines=True, text=text)
        with pytest.raises(EngineError, match=r"HNS-E01[23]") as caught:
            session.bind("t", scan)
        assert caught.value.problem.where is None or caught.value.problem.where.path == str(path)

    def test_excel(self, engine: Engine, folder: Path) -> None:
        """Sheets by name; as text, numbers as they are stored and dates in ISO 8601."""
        path = folder / "t [1].xlsx"
        rows: list[list[str | float | date | None]] = [
            ["id", "code", "day", "v"],
            [1, "01", date(2026, 3, 1), None],
            [2, "x", "soon", 0.25],
        ]
        write_workbook(path, {"other": [["a"], ["b"]], "data": rows})
        with engine.open(readable=[str(folder)], formats=["xlsx"]) as session:
            session.bind("t", ExcelScan(str(path)))
            assert rows_of(session, "SELECT * FROM t") == [{"a": "b"}]
            session.bind("t", ExcelScan(str(path), sheet="data", text=True))
            assert rows_of(session, "SELECT * FROM t") == [
                {"id": "1", "code": "01", "day": "2026-03-01", "v": None},
                {"id": "2", "code": "x", "day": "soon", "v": "0.25"},
            ]
            session.bind("t", ExcelScan(str(path), sheet="other", header=False))
            assert rows_of(session, "SELECT count(*) AS n FROM t") == [{"n": 2}]
            with pytest.raises(EngineError, match="HNS-E0"):
                session.bind("t", ExcelScan(str(path), sheet="nope"))
            path.write_bytes(b"PK no workbook")
            with pytest.raises(EngineError, match="HNS-E0"):
                session.bind("t", ExcelScan(str(path)))

    def test_avro(self, engine: Engine, folder: Path) -> None:
        """Avro files are read as they are."""
        path = folder / "t [1].avro"
        write_avro(path, "a", ["x", "ü" * 100])
        with engine.open(readable=[str(folder)], formats=["avro"]) as session:
            session.bind("t", AvroScan(str(path)))
            assert rows_of(session, "SELECT * FROM t") == [{"a": "x"}, {"a": "ü" * 100}]
            path.write_bytes(path.read_bytes()[:40])
            with pytest.raises(EngineError, match="HNS-E0"):
                session.bind("t", AvroScan(str(path)))

    def test_documents_outside_the_session_are_refused(self, engine: Engine, folder: Path, tmp_path: Path) -> None:
        """Extensions are no way out."""
        write_workbook(tmp_path / "t.xlsx", {"data": [["a"], ["b"]]})
        write_avro(tmp_path / "t.avro", "a", ["x"])
        (tmp_path / "t.json").write_text('[{"a": 1}]')
        with engine.open(readable=[str(folder)], formats=["avro", "xlsx"]) as session:
            scans = (
                ExcelScan(str(tmp_path / "t.xlsx")),
                AvroScan(str(tmp_path / "t.avro")),
                JsonScan(str(tmp_path / "t.json"), lines=False),
            )
            for scan in scans:
                with pytest.raises(EngineError, match="HNS-E006"):
                    session.bind("t", scan)
            for function in ("read_xlsx", "read_avro", "read_json"):
                with pytest.raises(EngineError, match="HNS-E006"):
                    session.fetch(f"SELECT * FROM {function}('{tmp_path}/t.xlsx')")  # noqa: S608 - the attempt
