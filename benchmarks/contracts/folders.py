"""Folders with the data of the 26 checks, and ``hanse contract test`` on them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks import environments, tpch
from benchmarks.contracts import checks
from benchmarks.processes import Usage, program, run

BROKEN = 3  # exit code of a contract that its data breaks
CONTRACT = "lineitem.odcs.yaml"
Counts = dict[str, float]


def make(folder: Path, scale: float, *, faulty: bool = False, lineitem: Path | None = None) -> int:
    """Put both tables at a scale into an empty folder, and the contract that they keep, or break in every check.

    Args:
        folder: emptied first.
        scale: of TPC-H.
        faulty: break every check.
        lineitem: the file to use in place of TPC-H's.

    Returns:
        How many rows the contract promises.
    """
    data = tpch.make_data(scale, "lineitem", "orders")
    return fill(folder, lineitem or data / "lineitem.parquet", data / "orders.parquet", faulty=faulty)


def fill(folder: Path, lineitem: Path, orders: Path, *, faulty: bool = False) -> int:
    """Put two files into an empty folder, with the contract; see :func:`make`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.link(orders, folder / "orders.parquet")
    if faulty:
        program("contract_faults", lineitem, folder / "lineitem.parquet")
    else:
        os.link(lineitem, folder / "lineitem.parquet")
    rows: int = pq.read_metadata(lineitem).num_rows
    checks.write(folder / CONTRACT, rows, folder)
    return rows


def verify(folder: Path, *options: str, keeps: bool = True) -> Usage:
    """Run ``hanse contract test`` as a process, in an environment that holds Hanse alone."""
    return run_test((folder / CONTRACT,), folder, *options, keeps=keeps)


def run_test(contracts: Sequence[Path], data: Path, *options: str, keeps: bool = True) -> Usage:
    """Run ``hanse contract test`` on contracts whose tables are files in one folder."""
    command: list[str | Path] = [environments.core() / "hanse", "contract", "test", *contracts]
    command += ["--data", data, "--json", *options]
    return run(command, code=0 if keeps else BROKEN)


def counts(usage: Usage) -> Counts:
    """Return what each of the 26 checks counted.

    Raises:
        AssertionError: one of them was not verified.
    """
    (contract,) = json.loads(usage.output)["contracts"]
    found = {c["id"]: c for table in contract["tables"] if _is(table) for c in table["checks"]}
    unverified = [i for clauses in checks.CLAUSES.values() for i in clauses if _status(found, i) not in _VERIFIED]
    if unverified:
        raise AssertionError(f"not verified: {', '.join(unverified)}")
    return {name: sum(_count(found[i]) for i in clauses) for name, clauses in checks.CLAUSES.items()}


def promised(usage: Usage) -> int:
    """Return how many clauses Hanse verified besides the 26 checks, those of other tables left out.

    Raises:
        AssertionError: one could not be verified.
    """
    (contract,) = json.loads(usage.output)["contracts"]
    (table,) = (t for t in contract["tables"] if _is(t))
    known = {i for clauses in checks.CLAUSES.values() for i in clauses}
    others = [c for c in table["checks"] if c["id"] not in known]
    if any(c["status"] not in _VERIFIED for c in others):
        raise AssertionError(f"not verified: {[c['id'] for c in others if c['status'] not in _VERIFIED]}")
    return len(others)


_VERIFIED = ("passed", "failed")
_COUNTED_BY_VALUE = ("duplicateValues", "rowCount", "sql:")


def _is(table: dict[str, Any]) -> bool:
    return str(table["table"]).rpartition(".")[2] == checks.TABLE


def _status(found: dict[str, dict[str, Any]], id_: str) -> str | None:
    return found[id_]["status"] if id_ in found else None


def _count(check: dict[str, Any]) -> float:
    by_value = str(check["id"]).startswith(_COUNTED_BY_VALUE)
    return float(check["measured"] if by_value else check["failed_rows"])
