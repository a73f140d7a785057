"""Relations: what is bound, and how it is read."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal as Number
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.base import EngineError
from hanse.interfaces import (
    ArrowScan,
    CsvScan,
    Engine,
    ParquetScan,
    Session,
    StoredColumn,
    TableScan,
)
from hanse.spec import TextStyle
from hanse.spec.types import DataType, Decimal, Field, List, Map, Scalar, Struct
from hanse.testing.engine.suite import EngineSuite, column, quoted, rows_of

_HOSTILE_NAMES = [
    "a b",
    'quo"te',
    "semi;colon",
    "sel'ect",
    "select",
    "ünï",
    "new\nline",
    "--",
    "/*",
    "a.b",
    "{x}",
    "%s",
]
_HOSTILE_PATHS = [
    "star*.parquet",
    "who?.parquet",
    "[ab].parquet",
    'it\'s "it".parquet',
    "ü {x}.parquet",
    "d=1/x.parquet",
]

# One value of each type, beside a null.
_VALUES: list[tuple[DataType, Any]] = [
    (Scalar.BOOLEAN, True),
    (Scalar.BIGINT, -(2**63)),
    (Scalar.DOUBLE, 0.1),
    (Scalar.VARCHAR, "naïve 🚢 'quoted'\n\t"),
    (Scalar.BLOB, b"\x00\xff"),
    (Scalar.DATE, date(2013, 1, 31)),
    (Scalar.TIME, time(23, 59, 59, 999_999)),
    (Scalar.TIMESTAMP, datetime(2013, 1, 1, 5, 15, 0, 1)),  # noqa: DTZ001 - TIMESTAMP has no zone
    (Scalar.TIMESTAMPTZ, datetime(2013, 1, 1, 5, 15, 0, 1, tzinfo=UTC)),
    (Decimal(5, 2), Number("-999.99")),
    (Decimal(38, 0), Number("9" * 38)),
    (List(Scalar.BIGINT), [1, None]),
    (Struct((Field("x", Scalar.BIGINT), Field("a b", Scalar.VARCHAR))), {"x": 1, "a b": None}),
    (Map(Scalar.VARCHAR, Decimal(9, 2)), [("k", Number("1.50"))]),
    (List(Struct((Field("l", List(Scalar.DATE)),))), [{"l": [date(2013, 1, 31)]}]),
]


class RelationSuite(EngineSuite):
    """Binding, tables by field id, files as they are."""

    def test_bind_replaces_and_unbind_forgets(self, session: Session) -> None:
        """A name is bound to one relation at a time, of whatever kind."""
        session.bind("t", ArrowScan(pa.table({"a": [1]})))
        session.bind("t", ArrowScan(pa.table({"b": ["x", None]})))
        assert rows_of(session, "SELECT * FROM t") == [{"b": "x"}, {"b": None}]
        session.unbind("t")
        session.unbind("t")
        with pytest.raises(EngineError, match="HNS-E003"):
            session.fetch("SELECT * FROM t")

    def test_sessions_do_not_know_each_other(self, engine: Engine, session: Session) -> None:
        """What one session binds, another does not see."""
        with engine.open() as other, pytest.raises(EngineError, match="HNS-E003"):
            other.fetch("SELECT * FROM numbers")
        assert rows_of(session, "SELECT count(*) AS n FROM numbers") == [{"n": 5_000}]

    def test_unknown_relation_suggests_the_nearest(self, session: Session) -> None:
        """The message names what is missing and what is near."""
        with pytest.raises(EngineError) as caught:
            session.describe("SELECT * FROM nubmers")
        assert caught.value.code.id == "HNS-E003"
        assert "nubmers" in caught.value.problem.what
        assert "numbers" in (caught.value.problem.fix or "")

    @pytest.mark.parametrize("name", _HOSTILE_NAMES)
    def test_hostile_names(self, session: Session, folder: Path, name: str) -> None:
        """Names of relations and columns are never read as SQL."""
        columns = (column(1, name, Scalar.BIGINT), column(2, name + "2", Struct((Field(name, Scalar.BIGINT),))))
        select = (
            f"SELECT CAST(1 AS BIGINT) AS {quoted(name)}, {{{quoted(name)}: CAST(2 AS BIGINT)}} AS {quoted(name + '2')}"
        )
        staged = session.stage(select, str(folder / "t.parquet"), columns)
        session.bind(name, TableScan((staged.path,), columns))
        expected = [{name: 1, name + "2": {name: 2}}]
        everything = f"SELECT * FROM {quoted(name)}"  # noqa: S608 - quoted, which is what is tested
        assert rows_of(session, everything) == expected
        assert session.describe(everything)[0] == (name, "BIGINT")
        session.bind(name, ArrowScan(pa.table({name: [3]})))
        assert rows_of(session, everything) == [{name: 3}]
        session.unbind(name)
        assert rows_of(session, "SELECT count(*) AS n FROM numbers") == [{"n": 5_000}]

    @pytest.mark.parametrize("name", _HOSTILE_PATHS)
    def test_hostile_paths(self, session: Session, folder: Path, name: str) -> None:
        """Paths are taken literally: no globs, no quoting, no columns out of folder names."""
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        decoy = folder / "starry.parquet", folder / "whom.parquet", folder / "a.parquet"
        for other in decoy:
            pq.write_table(pa.table({"decoy": [0]}), other)
        columns = (column(1, "a", Scalar.BIGINT),)
        staged = session.stage("SELECT CAST(7 AS BIGINT) AS a", str(path), columns)
        assert Path(staged.path) == path
        assert path.stat().st_size == staged.bytes
        for relation in (TableScan((str(path),), columns), ParquetScan((str(path),))):
            session.bind("t", relation)
            assert rows_of(session, "SELECT * FROM t") == [{"a": 7}]
        assert session.statistics([str(path)])["a"].minimum == 7
        text = path.with_suffix(".csv")
        text.write_text("b\n1\n")
        session.bind("c", CsvScan(str(text)))
        assert rows_of(session, "SELECT * FROM c") == [{"b": 1}]

    def test_file_outside_the_session_is_refused(self, session: Session, tmp_path: Path) -> None:
        """Relations live in the folders that the session was opened for."""
        path = tmp_path / "outside.parquet"
        pq.write_table(pa.table({"a": [1]}), path)
        for name in (str(path), str(tmp_path / "inside" / ".." / "outside.parquet")):
            with pytest.raises(EngineError, match="HNS-E006"):
                session.bind("t", ParquetScan((name,)))

    def test_missing_and_damaged_files(self, session: Session, folder: Path) -> None:
        """Damage is found when a file is bound, and has a code."""
        whole = folder / "whole.parquet"
        pq.write_table(pa.table({"a": range(1_000)}), whole)
        (folder / "empty.parquet").touch()
        (folder / "cut.parquet").write_bytes(whole.read_bytes()[:-100])
        (folder / "other.parquet").write_text("not a Parquet file at all, and long enough to look at")
        for name, code in [("gone", "HNS-E011"), ("empty", "HNS-E012"), ("cut", "HNS-E012"), ("other", "HNS-E012")]:
            path = str(folder / f"{name}.parquet")
            for relation in (ParquetScan((path,)), TableScan((path,), (column(1, "a", Scalar.BIGINT),))):
                with pytest.raises(EngineError, match=code):
                    session.bind("t", relation)

    @pytest.mark.parametrize(("data_type", "value"), _VALUES, ids=[str(t) for t, _ in _VALUES])
    def test_types_round_trip(self, session: Session, folder: Path, data_type: DataType, value: Any) -> None:
        """Every type that a table can have comes back as it went in, with its name, and from an empty table too."""
        columns = (column(1, "v", data_type),)
        session.bind("rows", TableScan((), columns))
        schema = session.fetch("SELECT * FROM rows").schema
        session.bind("rows", ArrowScan(pa.table({"v": pa.array([value, None], type=schema.field("v").type)})))
        select = f"SELECT CAST(v AS {data_type}) AS v FROM rows"  # noqa: S608 - our own texts
        staged = session.stage(select, str(folder / "t.parquet"), columns)
        session.bind("t", TableScan((staged.path,), columns))
        table = session.fetch("SELECT * FROM t")
        assert table.to_pylist() == [{"v": value}, {"v": None}]
        assert table.schema == schema
        session.bind("none", TableScan((), columns))
        assert session.describe("SELECT * FROM t") == session.describe("SELECT * FROM none")
        assert session.fetch("SELECT * FROM none").num_rows == 0

    def test_columns_follow_their_ids(self, session: Session, folder: Path) -> None:
        """Renamed, reordered, widened, dropped and added again: ids decide, never names."""
        old = (column(1, "a", Decimal(5, 2)), column(2, "b", Scalar.VARCHAR), column(3, "c", Scalar.BIGINT))
        new = (
            column(3, "a", Scalar.BIGINT),  # renamed from c, to a name that meant another column
            column(1, "z", Decimal(9, 2)),  # renamed from a, and widened
            column(4, "b", Scalar.VARCHAR),  # dropped and added again
        )
        first = session.stage(
            "SELECT 1.25::DECIMAL(5,2) AS a, 'old' AS b, 7::BIGINT AS c", str(folder / "1.parquet"), old
        )
        second = session.stage(
            "SELECT 8::BIGINT AS a, 1234567.5::DECIMAL(9,2) AS z, 'new' AS b", str(folder / "2.parquet"), new
        )
        session.bind("t", TableScan((first.path, second.path), new))
        assert rows_of(session, "SELECT * FROM t ORDER BY a") == [
            {"a": 7, "z": Number("1.25"), "b": None},
            {"a": 8, "z": Number("1234567.50"), "b": "new"},
        ]
        session.bind("t", TableScan((first.path,), old))
        assert rows_of(session, "SELECT * FROM t") == [{"a": Number("1.25"), "b": "old", "c": 7}]

    @pytest.mark.parametrize("wrap", ["struct", "list", "map"])
    def test_members_follow_their_ids(self, session: Session, folder: Path, wrap: str) -> None:
        """Members of nested columns follow ids at every depth, and nulls stay nulls."""

        def wrapped(item: StoredColumn) -> StoredColumn:
            if wrap == "list":
                return StoredColumn(1, "v", List(item.type), children=(replace(item, name="element"),))
            if wrap == "map":
                key = column(50, "key", Scalar.VARCHAR)
                return StoredColumn(1, "v", Map(key.type, item.type), children=(key, replace(item, name="value")))
            return StoredColumn(1, "v", Struct((Field("in", item.type),)), children=(replace(item, name="in"),))

        def struct(*members: StoredColumn) -> StoredColumn:
            return StoredColumn(10, "x", Struct(tuple(Field(m.name, m.type) for m in members)), children=members)

        old = wrapped(struct(column(11, "a", Scalar.BIGINT), column(12, "b", Scalar.VARCHAR)))
        new = wrapped(
            struct(column(12, "a", Scalar.VARCHAR), column(13, "b", Scalar.VARCHAR), column(11, "c", Scalar.BIGINT))
        )
        inner = "{'a': 1::BIGINT, 'b': 'x'}"
        value = {"struct": f"{{'in': {inner}}}", "list": f"[{inner}, NULL]", "map": f"MAP {{'k': {inner}}}"}[wrap]
        member = {"a": "x", "b": None, "c": 1}
        expected: Any = {"struct": {"in": member}, "list": [member, None], "map": [("k", member)]}[wrap]
        select = f"SELECT CAST({value} AS {old.type}) AS v UNION ALL SELECT NULL"
        staged = session.stage(select, str(folder / "t.parquet"), [old])
        session.bind("t", TableScan((staged.path,), (new,)))
        assert rows_of(session, "SELECT * FROM t ORDER BY v IS NULL") == [{"v": expected}, {"v": None}]

    def test_file_without_ids_is_refused(self, session: Session, folder: Path) -> None:
        """It could only give nulls, or values under names that mean something else."""
        path = str(folder / "t.parquet")
        session.stage("SELECT 1::BIGINT AS a", path)
        with pytest.raises(EngineError, match="HNS-E019"):
            session.bind("t", TableScan((path,), (column(1, "a", Scalar.BIGINT),)))

    def test_delete_files_are_never_ignored(self, session: Session, folder: Path) -> None:
        """An engine that cannot apply row-level deletes says so instead of showing deleted rows."""
        columns = (column(1, "a", Scalar.BIGINT),)
        staged = session.stage("SELECT 1::BIGINT AS a", str(folder / "t.parquet"), columns)
        with pytest.raises(EngineError, match="HNS-E021"):
            session.bind("t", TableScan((staged.path,), columns, deletes=True, metadata=str(folder / "nothing.json")))

    def test_parquet_files_by_name(self, session: Session, folder: Path) -> None:
        """Several files make one relation when they have one shape, and none otherwise."""
        paths = [str(folder / f"{n}.parquet") for n in range(4)]
        shapes: list[dict[str, Any]] = [
            {"a": [1], "b": ["x"]},
            {"a": [2], "b": [None]},
            {"a": [3]},
            {"b": ["x"], "a": [1]},
        ]
        types = pa.schema({"a": pa.int64(), "b": pa.string()})
        for path, columns in zip(paths, shapes, strict=True):
            pq.write_table(pa.table(columns, schema=pa.schema([types.field(name) for name in columns])), path)
        session.bind("t", ParquetScan(tuple(paths[:2])))
        assert rows_of(session, "SELECT * FROM t ORDER BY a") == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
        for other in paths[2:]:
            with pytest.raises(EngineError, match="HNS-E020"):
                session.bind("t", ParquetScan((paths[0], other)))

    def test_csv_types_come_from_the_whole_file(self, session: Session, folder: Path) -> None:
        """The last of many lines decides as much as the first."""
        path = folder / "t.csv"
        path.write_text("a,b\n" + "1,2013-01-31\n" * 30_000 + 'x,"2013-02-01"\n')
        session.bind("t", CsvScan(str(path)))
        assert session.describe("SELECT * FROM t") == (("a", "VARCHAR"), ("b", "DATE"))
        assert rows_of(session, "SELECT count(*) AS n FROM t") == [{"n": 30_001}]
        session.bind("t", CsvScan(str(path), text=True))
        assert session.describe("SELECT * FROM t") == (("a", "VARCHAR"), ("b", "VARCHAR"))
        session.bind("t", CsvScan(str(path), columns={"a": "BIGINT"}))
        with pytest.raises(EngineError, match="HNS-E004") as caught:
            session.fetch("SELECT sum(a) FROM t")
        assert caught.value.problem.where is not None
        assert caught.value.problem.where.line == 30_002

    def test_csv_dialects(self, session: Session, folder: Path) -> None:
        """Stated or found: delimiter, quote, header, nulls, encoding, compression."""
        plain = "k;v\n1;'a;b'\n2;NA\n"
        path = folder / "t.csv"
        path.write_text(plain)
        session.bind("t", CsvScan(str(path), delimiter=";", quote="'", header=True, null_values=("NA",)))
        assert rows_of(session, "SELECT * FROM t") == [{"k": 1, "v": "a;b"}, {"k": 2, "v": None}]
        path.write_bytes("k,v\n1,é\n".encode("latin-1"))
        with pytest.raises(EngineError, match="HNS-E014"):
            session.bind("t", CsvScan(str(path)))
        session.bind("t", CsvScan(str(path), encoding="latin-1"))
        assert rows_of(session, "SELECT * FROM t") == [{"k": 1, "v": "é"}]
        path.with_suffix(".gz").write_bytes(gzip.compress(b"k,v\n1,2\n"))
        session.bind("t", CsvScan(str(path.with_suffix(".gz")), compression="gzip"))
        assert rows_of(session, "SELECT * FROM t") == [{"k": 1, "v": 2}]

    @pytest.mark.parametrize("bad", ["3,4,5", "3", '3,"open'])
    def test_csv_names_the_bad_line(self, session: Session, folder: Path, bad: str) -> None:
        """A ragged line or an open quote is named, never repaired or skipped."""
        path = folder / "t.csv"
        path.write_text(f"a,b\n1,2\n{bad}\n6,7\n")

        def read() -> None:
            session.bind("t", CsvScan(str(path)))
            session.fetch("SELECT * FROM t")

        with pytest.raises(EngineError, match="HNS-E013") as caught:
            read()
        assert caught.value.problem.where is not None
        assert caught.value.problem.where.line == 3

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
    def test_csv_sifted(self, session: Session, folder: Path, encoding: str) -> None:
        """Lines that are no rows are told, in their order; all others are copied value by value."""
        path, copy = folder / "t.csv", folder / "copy.csv"
        lines = ["k;v", "1;é", "2", "3;'a;''b'", "4;x;y", "5;NA", "6;", "7;'open' end"]
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        scan = CsvScan(str(path), delimiter=";", quote="'", header=True, encoding=encoding)
        found = session.sift(scan, str(copy), at_most=9)
        assert [(line.number, line.text.rstrip()) for line in found] == [(n, lines[n - 1]) for n in (3, 5, 8)]
        assert all(line.reason for line in found)
        assert len(session.sift(scan, str(copy), at_most=1)) == 2
        session.bind("t", CsvScan(str(copy), text=True, delimiter=",", quote='"', header=True, null_values=("NA",)))
        assert [tuple(r.values()) for r in rows_of(session, "SELECT k, coalesce(v, '') AS v FROM t ORDER BY k")] == [
            ("1", "é"), ("3", "a;'b"), ("5", ""), ("6", ""),
        ]  # fmt: skip

    def test_csv_styles(self, session: Session, folder: Path) -> None:
        """Numbers and dates as the file writes them; a number that is not written so is refused."""
        path = folder / "t.csv"
        path.write_text("n;f;d\n1.000;2,5;03.02.2026\n7;-1.234,5;31.12.2025\n")
        style = TextStyle(",", ".", "%d.%m.%Y", None)
        session.bind("t", CsvScan(str(path), delimiter=";", header=True, style=style))
        found = session.fetch("SELECT sum(n) AS n, sum(f) AS f, max(d)::VARCHAR AS d FROM t").to_pylist()
        assert [(float(r["n"]), float(r["f"]), r["d"]) for r in found] == [(1007.0, -1232.0, "2026-02-03")]
        path.write_text("n\n1.000\n1.5\n")
        session.bind("t", CsvScan(str(path), header=True, style=style))
        with pytest.raises(EngineError, match=r"1\.5"):
            session.fetch("SELECT sum(n) FROM t")

    @pytest.mark.parametrize("text", [True, False])
    @pytest.mark.parametrize("lines", [[], ["4,too,many,values"], ['5,"stray" x,1']])
    def test_csv_apostrophes_are_no_quotes(self, session: Session, folder: Path, text: bool, lines: list[str]) -> None:
        """What begins or ends with an apostrophe does not swallow the lines between, whatever else is wrong."""
        path, copy = folder / "t.csv", folder / "copy.csv"
        good = ["1,'t Hooft,1", '2,"a,b",2', "3,the boys',3"]
        path.write_text("\n".join(["id,name,n", *good[:2], *lines, *good[2:], ""]))
        scan = CsvScan(str(path), text=text)
        if lines:
            found = session.sift(replace(scan, text=True), str(copy), at_most=5)
            assert [line.text for line in found] == lines
            scan = CsvScan(str(copy), delimiter=",", quote='"', text=text)
        session.bind("t", scan)
        names = [row["name"] for row in rows_of(session, "SELECT name FROM t ORDER BY id")]
        assert names == ["'t Hooft", "a,b", "the boys'"]

    def test_csv_apostrophes_as_quotes(self, session: Session, folder: Path) -> None:
        """Where apostrophes are quotes, they are found."""
        path = folder / "t.csv"
        path.write_text("id,name\n1,'a,b'\n2,'two\nlines'\n3,'plain'\n")
        session.bind("t", CsvScan(str(path)))
        assert [row["name"] for row in rows_of(session, "SELECT name FROM t ORDER BY id")] == [
            "a,b",
            "two\nlines",
            "plain",
        ]

    def test_empty_csv_is_refused(self, session: Session, folder: Path) -> None:
        """A file without a byte has no columns."""
        (folder / "t.csv").touch()
        with pytest.raises(EngineError, match="HNS-E012"):
            session.bind("t", CsvScan(str(folder / "t.csv")))
