"""That Hanse and the limit count the same in the benchmark of 26 checks, on rows made here; peers are not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest
from benchmarks.contracts import checks, folders, peers
from benchmarks.contracts.lineitem import require_broken, require_equal

from benchmarks import environments, processes, report

_ROW = (
    "i // 4 AS l_orderkey, i AS l_partkey, i % 50 AS l_suppkey, i % 4 + 1 AS l_linenumber, "
    "CAST(i % 50 + 1 AS DECIMAL(15,2)) AS l_quantity, CAST(i AS DECIMAL(15,2)) AS l_extendedprice, "
    "CAST(0.05 AS DECIMAL(15,2)) AS l_discount, CAST(0.02 AS DECIMAL(15,2)) AS l_tax, "
    "CASE WHEN i % 2 = 0 THEN 'A' ELSE 'R' END AS l_returnflag, 'F' AS l_linestatus, "
    "DATE '1994-01-01' AS l_shipdate, DATE '1994-01-01' AS l_commitdate, DATE '1994-01-02' AS l_receiptdate, "
    "'NONE' AS l_shipinstruct, 'AIR' AS l_shipmode, 'carefully' AS l_comment"
)


@pytest.fixture(autouse=True)
def _own_build_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "BUILD", tmp_path / "build")
    monkeypatch.setattr(environments, "core", lambda: Path(sys.executable).parent)


def _files(folder: Path, **changes: str) -> tuple[Path, Path]:
    folder.mkdir(parents=True)
    replaced = ", ".join(f"{value} AS {column}" for column, value in changes.items())
    files = folder / "lineitem.parquet", folder / "orders.parquet"
    select = f"SELECT * {f'REPLACE ({replaced})' if changes else ''} FROM (SELECT {_ROW} FROM range(3000) r(i))"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{files[0]}'")
        connection.execute(f"COPY (SELECT i AS o_orderkey FROM range(750) r(i)) TO '{files[1]}'")
    return files


@pytest.mark.slow
def test_every_check_is_broken_and_counted(tmp_path: Path) -> None:
    files = _files(tmp_path / "data")
    rows = folders.fill(tmp_path / "clean", *files)
    folders.fill(tmp_path / "faulty", *files, faulty=True)
    wrong = require_broken(tmp_path / "clean", tmp_path / "faulty")
    assert wrong.keys() == checks.CLAUSES.keys()
    assert (len(wrong), rows, wrong["row_count"]) == (26, 3000, 3030)


@pytest.mark.slow
def test_a_difference_is_no_measurement(tmp_path: Path) -> None:
    folders.fill(tmp_path / "one", *_files(tmp_path / "sound"))
    folders.fill(tmp_path / "other", *_files(tmp_path / "broken", l_tax="l_tax + 1"))
    place = tmp_path / "other"
    broken = processes.program("contract_limit", place / "orders.parquet", place / "lineitem.parquet")
    with pytest.raises(AssertionError, match=r"the sides differ.*range l_tax"):
        require_equal(folders.verify(tmp_path / "one"), broken)


def test_every_peer_is_pinned_and_writes_what_it_needs(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    _files(folder)
    for peer in peers.PEERS:
        assert environments.version(peer.name)
        before = set(folder.rglob("*"))
        peer.prepare(folder, 3000)
        assert set(folder.rglob("*")) - before or peer.name == "gx"


def test_a_listing_shows_texts_and_figures() -> None:
    shown = report.listing(("tool", "verified", "CPU s"), [("a", 26, 1.234), ("b", 1_000, 456.7)])
    assert shown.splitlines() == [
        "| tool | verified | CPU s |",
        "|---|---:|---:|",
        "| a | 26 | 1.23 |",
        "| b | 1,000 | 457 |",
    ]
