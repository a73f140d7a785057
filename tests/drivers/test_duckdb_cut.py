"""Parquet files that are cut between their row groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.drivers.duckdb.cut import parts_of, read_whole, write_part
from hanse.drivers.duckdb.thrift import (
    BINARY,
    BYTE,
    DOUBLE,
    FALSE,
    I32,
    I64,
    LIST,
    STRUCT,
    TRUE,
    Items,
    ThriftError,
    read_struct,
    write_struct,
)

_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_VALUES: dict[int, st.SearchStrategy[Any]] = {
    TRUE: st.none(),
    FALSE: st.none(),
    BYTE: st.integers(0, 255),
    I32: st.integers(-(2**31), 2**31 - 1),
    I64: _INTEGERS,
    DOUBLE: st.binary(min_size=8, max_size=8),
    BINARY: st.binary(max_size=300),
}


def _fields(values: st.SearchStrategy[tuple[int, Any]]) -> st.SearchStrategy[dict[int, tuple[int, Any]]]:
    return st.dictionaries(st.integers(1, 400), values, max_size=6).map(lambda d: dict(sorted(d.items())))


_LEAVES = st.one_of([st.tuples(st.just(kind), values) for kind, values in _VALUES.items()])
_STRUCTS = st.recursive(
    _fields(_LEAVES),
    lambda inner: _fields(
        st.one_of(
            st.tuples(st.just(STRUCT), inner),
            st.tuples(st.just(LIST), st.lists(inner, max_size=20).map(lambda v: Items(STRUCT, v))),
            st.tuples(st.just(LIST), st.lists(_INTEGERS, max_size=20).map(lambda v: Items(I64, v))),
            st.tuples(st.just(LIST), st.lists(st.sampled_from([1, 2]), max_size=3).map(lambda v: Items(TRUE, v))),
        )
    ),
    max_leaves=12,
)


@given(_STRUCTS)
def test_what_is_written_is_read(struct: dict[int, tuple[int, Any]]) -> None:
    content = write_struct(struct)
    assert read_struct(content) == struct
    assert read_struct(content + b"more") == struct


@given(_STRUCTS, st.data())
def test_a_struct_that_ends_early_is_refused(struct: dict[int, tuple[int, Any]], data: st.DataObject) -> None:
    content = write_struct(struct)
    with pytest.raises(ThriftError):
        read_struct(content[: data.draw(st.integers(0, len(content) - 1))])


def _cut(source: Path, wanted: int) -> list[Path]:
    paths = []
    with source.open("rb") as file:
        whole = read_whole(file)
        assert whole is not None
        for number, part in enumerate(parts_of(whole, wanted)):
            paths.append(source.with_name(f"{source.stem}~{number}.parquet"))
            write_part(file, whole, part, paths[-1])
    return paths


@settings(max_examples=15, deadline=None)
@given(rows=st.integers(1, 9_000), wanted=st.integers(1, 40_000), codec=st.sampled_from(["zstd", "snappy", "none"]))
def test_the_parts_hold_what_the_whole_held(
    tmp_path_factory: pytest.TempPathFactory, rows: int, wanted: int, codec: str
) -> None:
    source = tmp_path_factory.mktemp("cut") / "whole.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT i AS n, CASE WHEN i % 3 = 0 THEN NULL ELSE 'text ' || i % 7 END AS s, "
            "{'a': [i, NULL], 'b': MAP {i: i::VARCHAR}} AS nested FROM "
            f"range({rows}) r(i)) TO '{source}' (FORMAT parquet, ROW_GROUP_SIZE 2048, "
            f"COMPRESSION {codec if codec != 'none' else 'uncompressed'}, FIELD_IDS {{n: 1, s: 2}})"
        )
        parts = _cut(source, wanted)
        whole = pq.read_table(source)
        assert pa.concat_tables([pq.read_table(p) for p in parts]).equals(whole)
        assert connection.sql(f"FROM read_parquet({[str(p) for p in parts]})").fetchall() == (
            connection.sql(f"FROM '{source}'").fetchall()
        )
        for part in parts:
            footer = pq.read_metadata(part)
            assert footer.schema.equals(pq.read_metadata(source).schema)
            told = connection.sql(f"SELECT sum(num_rows) FROM parquet_file_metadata('{part}')").fetchall()
            assert told == [(pq.read_table(part).num_rows,)]


def test_filters_of_values_still_rule_out_what_is_not_there(tmp_path: Path) -> None:
    source = tmp_path / "whole.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT i // 20480 * 1000 + i % 10 AS n FROM range(81920) r(i)) "
            f"TO '{source}' (FORMAT parquet, ROW_GROUP_SIZE 20480)"
        )
        parts = _cut(source, 1)
        assert len(parts) == 4
        for number, part in enumerate(parts):
            for there in range(4):
                probe = f"SELECT bloom_filter_excludes FROM parquet_bloom_probe('{part}', 'n', {there * 1000 + 5})"
                assert connection.sql(probe).fetchall() == [(there != number,)]


def test_page_indexes_of_other_writers_are_left_out(tmp_path: Path) -> None:
    table = pa.table({"n": list(range(10_000)), "s": [f"text {i % 10}" for i in range(10_000)]})
    source = tmp_path / "whole.parquet"
    pq.write_table(table, source, row_group_size=1_000, write_page_index=True)
    parts = _cut(source, 1)
    assert len(parts) == 10
    assert pa.concat_tables([pq.read_table(p) for p in parts]).equals(table)
    assert not pq.read_metadata(parts[3]).row_group(0).column(0).has_offset_index


@pytest.mark.parametrize(
    "damage", [b"", b"PAR1", b"PAR1" * 2, b"PAR1" + b"\xff" * 40 + (40).to_bytes(4, "little") + b"PAR1"]
)
def test_what_is_no_whole_file_is_not_cut(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "damaged.parquet"
    file.write_bytes(damage)
    with file.open("rb") as opened:
        assert read_whole(opened) is None
