"""That both sides of the lineitem benchmark find the same faults, on rows made here."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from benchmarks import lineitem, merge, processes

pytestmark = pytest.mark.slow

_ROW = (
    "i // 4 AS l_orderkey, i AS l_partkey, i % 50 AS l_suppkey, i % 4 + 1 AS l_linenumber, "
    "CAST(i % 50 + 1 AS DECIMAL(15,2)) AS l_quantity, CAST(i AS DECIMAL(15,2)) AS l_extendedprice, "
    "CAST(0.05 AS DECIMAL(15,2)) AS l_discount, CAST(0.02 AS DECIMAL(15,2)) AS l_tax, 'A' AS l_returnflag, "
    "'F' AS l_linestatus, DATE '1995-01-01' AS l_shipdate, DATE '1995-01-01' AS l_commitdate, "
    "DATE '1995-01-01' AS l_receiptdate, 'NONE' AS l_shipinstruct, 'AIR' AS l_shipmode, 'carefully' AS l_comment"
)


@pytest.fixture(autouse=True)
def _own_build_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "BUILD", tmp_path / "build")


def _delivery(tmp_path: Path, **changes: str) -> Path:
    replaced = ", ".join(f"{value} AS {column}" for column, value in changes.items())
    file = tmp_path / "delivery.parquet"
    select = f"SELECT * {f'REPLACE ({replaced})' if changes else ''} FROM (SELECT {_ROW} FROM range(1000) r(i))"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{file}'")
    return file


def test_a_sound_delivery_is_released_and_both_sides_looked_at_all_rows(tmp_path: Path) -> None:
    file = _delivery(tmp_path)
    ours, bare = lineitem.run_hanse(tmp_path / "mesh", file), lineitem.run_bare(tmp_path, file)
    assert lineitem.require_equal(ours, bare) == 1000
    found = json.loads(bare.output)["failed"]
    assert len(found) == 21
    assert set(found.values()) == {0}


def test_both_sides_find_the_same_faults(tmp_path: Path) -> None:
    file = _delivery(
        tmp_path,
        l_orderkey="CASE WHEN l_partkey < 12 THEN 0 WHEN l_partkey < 15 THEN NULL ELSE l_orderkey END",
        l_shipmode="CASE WHEN l_partkey % 100 = 7 THEN 'ROCKET' ELSE l_shipmode END",
        l_comment="CASE WHEN l_partkey < 5 THEN NULL WHEN l_partkey < 12 THEN 'the 4th' ELSE repeat('a', 45) END",
    )
    ours = lineitem.run_hanse(tmp_path / "mesh", file, code=lineitem.BLOCKED)
    bare = lineitem.run_bare(tmp_path, file)
    lineitem.require_equal(ours, bare)
    found = {check: rows for check, rows in json.loads(bare.output)["failed"].items() if rows}
    assert found == {
        "enum(l_shipmode)": 10,
        "maxLength(l_comment)": 988,
        "pattern(l_comment)": 7,
        "primaryKey(l_orderkey, l_linenumber)": 15,
        "required(l_comment)": 5,
    }


def test_a_difference_between_the_sides_is_no_measurement(tmp_path: Path) -> None:
    sound, broken = tmp_path / "sound", tmp_path / "broken"
    sound.mkdir()
    broken.mkdir()
    ours = lineitem.run_hanse(tmp_path / "mesh", _delivery(sound))
    bare = lineitem.run_bare(tmp_path, _delivery(broken, l_tax="l_tax + 1"))
    with pytest.raises(AssertionError, match=r"the sides differ"):
        lineitem.require_equal(ours, bare)


@pytest.mark.parametrize("where", ["recent", "scattered"])
def test_a_merge_comes_to_what_the_bare_rewrite_comes_to(tmp_path: Path, where: str) -> None:
    base = _delivery(tmp_path)
    merge.make(tmp_path / "mesh", base)
    (merged,) = merge.merges(tmp_path, base, 100, 1, where)
    assert {"stage", "deliver", "check", "commit"} <= merged.steps.keys()
    assert merge.rows_of(tmp_path / "mesh") == 1010
