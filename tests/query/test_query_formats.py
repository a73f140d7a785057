"""What results look like in files."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.base import QueryError
from hanse.query import FORMATS, Result, rows_of, write

EVERYTHING = r"""
    SELECT
        170141183460469231731687303715884105727::HUGEINT AS huge, 9007199254740993 AS wide,
        1.50::DECIMAL(9,3) AS price, 0.000000001::DECIMAL(38,20) AS tiny, 'NaN'::DOUBLE AS nan, '-inf'::FLOAT AS inf,
        1e300::DOUBLE AS big, true AS flag,
        DATE '0044-03-15' AS day, TIME '10:00:00.5' AS half, TIME '10:00:00' AS time,
        TIMESTAMP '2013-01-01 05:00:00' AS stamp, TIMESTAMPTZ '2013-01-01 05:00:00.120+02:00' AS zoned,
        TIMESTAMP_NS '2020-01-01 00:00:00.123456789' AS ns,
        INTERVAL '1 month 2 days 3.5 seconds' AS span, INTERVAL 0 DAY AS nospan, '\x00\xFF'::BLOB AS bytes,
        [1, NULL, 3] AS list, [{'d': DATE '2020-01-01'}] AS records, {'a': 1.25, 'b': [true]} AS record,
        MAP {'k': DATE '2020-01-01'} AS map, []::INTEGER[] AS nolist, 'a'::ENUM('a', 'b') AS enum,
        union_value(n := 5) AS either, '{"x": 1}'::JSON AS json, NULL AS nothing, '' AS empty,
        'quote " comma , line
break \ back' AS text, 'é😀' AS unicode, 1 AS "same", 2 AS "same", 3 AS "SAME_1"
"""


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _result(duck: duckdb.DuckDBPyConnection, sql: str = EVERYTHING, **options: Any) -> Result:
    return Result(duck.execute(sql).to_arrow_reader(1000), (), **options)


def _written(result: Result, name: str) -> bytes:
    file = io.BytesIO()
    write(result, file, name)
    return file.getvalue()


EXPECTED = {
    "huge": 170141183460469231731687303715884105727,
    "wide": 9007199254740993,
    "price": "1.500",
    "tiny": "0.00000000100000000000",
    "nan": None,
    "inf": None,
    "big": 1e300,
    "flag": True,
    "day": "0044-03-15",
    "half": "10:00:00.5",
    "time": "10:00:00",
    "stamp": "2013-01-01T05:00:00",
    "zoned": "2013-01-01T03:00:00.12Z",
    "ns": "2020-01-01T00:00:00.123456789",
    "span": "P1M2DT3.5S",
    "nospan": "PT0S",
    "bytes": "AP8=",
    "list": [1, None, 3],
    "records": [{"d": "2020-01-01"}],
    "record": {"a": "1.25", "b": [True]},
    "map": [{"key": "k", "value": "2020-01-01"}],
    "nolist": [],
    "enum": "a",
    "either": 5,
    "json": '{"x": 1}',
    "nothing": None,
    "empty": "",
    "text": 'quote " comma , line\nbreak \\ back',
    "unicode": "é😀",
    "same": 1,
    "same_2": 2,
    "SAME_1": 3,
}


def test_every_type_has_one_json_form(duck: duckdb.DuckDBPyConnection) -> None:
    assert json.loads(_written(_result(duck), "json")) == [EXPECTED]
    assert json.loads(_written(_result(duck), "ndjson")) == EXPECTED
    columns, rows, more = rows_of(_result(duck), 10)
    assert dict(zip(columns, rows[0], strict=True)) == EXPECTED
    assert not more


def test_csv_holds_the_same_texts(duck: duckdb.DuckDBPyConnection) -> None:
    written = _written(_result(duck), "csv").decode()
    assert written.endswith("\r\n")
    header, row = csv.reader(io.StringIO(written, newline=""))
    record = dict(zip(header, row, strict=True))
    assert header == list(EXPECTED)
    assert {name: record[name] for name in ("nan", "inf", "nothing", "flag", "price")} == {
        "nan": "nan",
        "inf": "-inf",
        "nothing": "",
        "flag": "true",
        "price": "1.500",
    }
    assert record["text"] == EXPECTED["text"]
    assert json.loads(record["record"]) == EXPECTED["record"]
    for name in ("huge", "day", "half", "stamp", "zoned", "ns", "span", "bytes", "unicode", "tiny"):
        assert record[name] == str(EXPECTED[name])


def test_csv_tells_a_null_from_an_empty_text(duck: duckdb.DuckDBPyConnection) -> None:
    assert _written(_result(duck, "SELECT * FROM (VALUES ('a'), (''), (NULL)) t(x)"), "csv") == b'x\r\na\r\n""\r\n\r\n'
    assert _written(_result(duck, 'SELECT 1 AS "a,b", 2 AS "c""d" LIMIT 0'), "csv") == b'"a,b","c""d"\r\n'


def test_arrow_and_parquet_hold_the_rows_as_they_are(duck: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT i, i % 7 AS r, 't' || i AS t, [i] AS l FROM range(5000) x(i)"
    expected = duck.execute(sql).to_arrow_table()
    assert pa.ipc.open_stream(_written(_result(duck, sql), "arrow")).read_all().equals(expected)
    assert pq.read_table(io.BytesIO(_written(_result(duck, sql), "parquet"))).to_pylist() == expected.to_pylist()


def test_a_format_that_cannot_hold_a_type_says_so(duck: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(QueryError, match="HNS-Q107") as caught:
        _written(_result(duck, "SELECT INTERVAL 1 DAY AS i"), "parquet")
    assert "VARCHAR" in str(caught.value)


def test_an_unknown_format_is_refused_with_the_known_ones(duck: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(QueryError, match="HNS-Q106") as caught:
        _written(_result(duck), "parket")
    assert caught.value.problem.fix == "did you mean `parquet`?"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_results_without_rows_are_whole_files(name: str, duck: duckdb.DuckDBPyConnection) -> None:
    written = _written(_result(duck, "SELECT 1 AS a, 'x' AS b WHERE false"), name)
    read: dict[str, Callable[[], list[Any]]] = {
        "csv": lambda: list(csv.reader(io.StringIO(written.decode())))[1:],
        "json": lambda: list(json.loads(written)),
        "ndjson": lambda: written.decode().splitlines(),
        "arrow": lambda: list(pa.ipc.open_stream(written).read_all().to_pylist()),
        "parquet": lambda: list(pq.read_table(io.BytesIO(written)).to_pylist()),
    }
    assert read[name]() == []


def test_batches_are_written_as_they_come(duck: duckdb.DuckDBPyConnection) -> None:
    """The writer never holds more than a batch: it writes before the next one is asked for."""
    sizes: list[int] = []
    file = io.BytesIO()
    source = duck.execute("SELECT i AS i FROM range(10000) t(i)").to_arrow_reader(1000)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in source:
            sizes.append(file.tell())
            yield batch

    result = Result(pa.RecordBatchReader.from_batches(source.schema, batches()), ())
    assert write(result, file, "csv") == 10_000
    assert len(sizes) > 1
    assert sizes == sorted(set(sizes))


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.none() | st.floats(), st.none() | st.integers(-(2**63), 2**63 - 1)), max_size=6))
def test_what_is_written_is_read_again(rows: list[tuple[Any, ...]]) -> None:
    names = ['te"xt', "float", "int"]
    schema = pa.schema(zip(names, (pa.string(), pa.float64(), pa.int64()), strict=True))
    batch = pa.record_batch([pa.array([r[i] for r in rows], schema.types[i]) for i in range(3)], schema=schema)

    def result() -> Result:
        return Result(pa.RecordBatchReader.from_batches(schema, [batch]), ())

    finite = [(t, f if f is not None and math.isfinite(f) else None, n) for t, f, n in rows]
    assert [tuple(r.values()) for r in json.loads(_written(result(), "json"))] == finite
    lines = [json.loads(line) for line in _written(result(), "ndjson").decode().split("\n")[:-1]]
    assert [tuple(r.values()) for r in lines] == finite
    read = list(csv.reader(io.StringIO(_written(result(), "csv").decode(), newline="")))
    assert read[0] == names
    for (text, _, number), record in zip(rows, read[1:], strict=True):
        assert record[0] == (text or "")
        assert record[2] == ("" if number is None else str(number))


def test_rows_for_a_screen_stop_at_the_limit(duck: duckdb.DuckDBPyConnection) -> None:
    closed: list[bool] = []
    result = _result(duck, "SELECT i FROM range(5000) t(i)", on_close=lambda: closed.append(True))
    columns, rows, more = rows_of(result, 3)
    assert (columns, rows, more) == (["i"], [[0], [1], [2]], True)
    assert closed == [True]
    assert rows_of(_result(duck, "SELECT i FROM range(3) t(i)"), 3)[1:] == ([[0], [1], [2]], False)
    assert rows_of(_result(duck, "SELECT i FROM range(3) t(i)"), 0)[1:] == ([], True)


def test_a_result_is_read_once_unless_it_was_kept(duck: duckdb.DuckDBPyConnection) -> None:
    result = _result(duck, "SELECT 1 AS a")
    assert result.to_arrow().num_rows == 1
    assert result.to_arrow() is result.to_arrow()
    assert [batch.num_rows for batch in result] == [1]
    stream = _result(duck, "SELECT 1 AS a")
    assert stream.reader.read_all().num_rows == 1
    with pytest.raises(QueryError, match="HNS-Q108"):
        stream.to_arrow()
    closed = _result(duck, "SELECT 1 AS a")
    closed.close()
    closed.close()
    with pytest.raises(QueryError, match="HNS-Q108"):
        list(closed)


def test_data_frames_keep_integers_whole(duck: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT unnest([9007199254740993, NULL]) AS n, unnest([1.5, 2.5]::DOUBLE[]) AS x, TIMESTAMP '2020-01-01' AS t"
    frame = _result(duck, sql).to_pandas()
    assert frame["n"][0] == 9007199254740993
    assert str(frame["n"].dtype) == "Int64"
    assert frame["t"][0] == datetime(2020, 1, 1)  # noqa: DTZ001 - a time without a zone
    polars = _result(duck, sql).to_polars()
    assert polars["n"].to_list() == [9007199254740993, None]


def test_a_missing_package_is_named(duck: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for package in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(QueryError, match="HNS-Q105") as caught:
            getattr(_result(duck, "SELECT 1 AS a"), f"to_{package}")()
        assert f"hanse[{package}]" in str(caught.value)


def test_decimals_stay_exact_on_every_way(duck: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT 0.1::DECIMAL(38,20) AS d"
    [record] = json.loads(_written(_result(duck, sql), "json"))
    assert Decimal(record["d"]) == Decimal("0.1")
    assert _result(duck, sql).to_arrow()["d"][0].as_py() == Decimal("0.1")
