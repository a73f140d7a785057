"""The tools that people verify tables with today, each given the same 26 checks in its own words.

Each reads the same files: ``lineitem.parquet`` and ``orders.parquet`` in one folder. What it needs besides is written
there beforehand and not measured.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import yaml

from benchmarks import environments
from benchmarks.contracts import checks
from benchmarks.processes import Usage, program, run

Verdicts = dict[str, bool | None]
"""Check → whether it holds; None: the tool was asked and did not verify it."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool.

    Attributes:
        name: of its environment.
        title: what people call it, and what it runs on.
        prepare: writes what it needs into the folder of the data, which must have so many rows.
        verify: runs it there as a process; told whether the data keeps the contract, for the exit code.
    """

    name: str
    title: str
    prepare: Callable[[Path, int], None]
    verify: Callable[[Path, bool], tuple[Usage, Verdicts]]


def _plain(folder: Path, rows: int) -> None:
    (folder / "checks.json").write_text(json.dumps(checks.plain(rows)), encoding="utf-8")


def _by_program(peer: str, files: tuple[str, ...], folder: Path, keeps: bool) -> tuple[Usage, Verdicts]:  # noqa: ARG001 - they end with 0 either way
    usage = program(f"contract_{peer}", *(folder / file for file in files), python=environments.peer(peer) / "python")
    return usage, json.loads(usage.output.splitlines()[-1])


def _views(folder: Path) -> Path:
    """Make a database that holds views of the files, for tools that know databases only."""
    file = folder / "views.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(file) as connection:
        for table in ("lineitem", "orders"):
            connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{folder}/{table}.parquet')")
    return file


def _soda(folder: Path, rows: int) -> None:
    source = {"type": "duckdb", "name": "local", "connection": {"database": str(_views(folder)), "schema": "main"}}
    (folder / "soda_source.yml").write_text(yaml.safe_dump(source), encoding="utf-8")
    (folder / "soda.yml").write_text(yaml.safe_dump(_soda_contract(rows), sort_keys=False), encoding="utf-8")


def _soda_contract(rows: int) -> dict[str, Any]:
    columns: dict[str, list[dict[str, Any]]] = {}

    def add(column: str, kind: str, name: str, **options: Any) -> None:
        columns.setdefault(column, []).append({kind: {"name": name, "qualifier": name.replace(" ", "_"), **options}})

    for column in checks.REQUIRED:
        add(column, "missing", f"not_null {column}")
    for column, values in checks.ENUMS.items():
        add(column, "invalid", f"enum {column}", valid_values=list(values))
    for column, (low, high) in checks.RANGES.items():
        add(column, "invalid", f"range {column}", valid_min=low, valid_max=high)
    for column, pattern in checks.PATTERNS.items():
        add(column, "invalid", f"pattern {column}", valid_format={"regex": pattern, "name": "pattern"})
    other = {"dataset": "local/main/orders", "column": "o_orderkey"}
    add("l_orderkey", "invalid", "reference", valid_reference_data=other)
    add("l_comment", "invalid", "length", valid_max_length=44)
    limit = {"metric": "percent", "must_be_less_than_or_equal": checks.NULLS}
    add("l_comment", "missing", "null_fraction", threshold=limit)
    age = {"unit": "day", "must_be_less_than_or_equal": checks.DAYS}
    return {
        "dataset": "local/main/lineitem",
        "columns": [{"name": name, "checks": listed} for name, listed in columns.items()],
        "checks": [
            {"row_count": {"name": "row_count", "threshold": {"must_be": rows}}},
            {"duplicate": {"name": "unique", "columns": ["l_orderkey", "l_linenumber"]}},
            {"freshness": {"name": "freshness", "column": "l_commitdate", "threshold": age}},
            *(
                {"failed_rows": {"name": f"sql {name}", "qualifier": name, "expression": breaks}}
                for name, breaks in checks.QUERIES.items()
            ),
        ],
    }


def _gx(folder: Path, rows: int) -> None:
    _plain(folder, rows)
    _views(folder)


def _dbt(folder: Path, rows: int) -> None:
    shutil.rmtree(folder / "dbt", ignore_errors=True)
    tests = folder / "dbt" / "tests"
    tests.mkdir(parents=True)
    (folder / "dbt" / "models").mkdir()
    (folder / "dbt" / "dbt_project.yml").write_text("name: bench\nversion: '1.0'\nprofile: bench\n")
    profile = {"type": "duckdb", "path": ":memory:", "threads": os.cpu_count()}
    (folder / "dbt" / "profiles.yml").write_text(
        yaml.safe_dump({"bench": {"target": "dev", "outputs": {"dev": profile}}}), encoding="utf-8"
    )
    (folder / "dbt" / "models" / "sources.yml").write_text(yaml.safe_dump(_dbt_sources(folder)), encoding="utf-8")
    table = "{{ source('files', 'lineitem') }}"
    for name, query in _dbt_queries(rows).items():
        (tests / f"{_dbt_name(name)}.sql").write_text(query.replace("lineitem", table), encoding="utf-8")


def _dbt_sources(folder: Path) -> dict[str, Any]:
    """Return what dbt has tests of its own for."""
    columns: dict[str, list[dict[str, Any]]] = {}

    def add(column: str, kind: str, name: str, **arguments: Any) -> None:
        given = {"arguments": arguments} if arguments else {}
        columns.setdefault(column, []).append({kind: {"name": _dbt_name(name), **given}})

    for column in checks.REQUIRED:
        add(column, "not_null", f"not_null {column}")
    for column, values in checks.ENUMS.items():
        add(column, "accepted_values", f"enum {column}", values=list(values))
    add("l_orderkey", "relationships", "reference", to="source('files', 'orders')", field="o_orderkey")
    lineitem = {"name": "lineitem", "columns": [{"name": n, "data_tests": tests} for n, tests in columns.items()]}
    place = {"external_location": f"{folder}/{{name}}.parquet"}
    return {"sources": [{"name": "files", "config": {"meta": place}, "tables": [lineitem, {"name": "orders"}]}]}


def _dbt_queries(rows: int) -> dict[str, str]:
    """Return what it has none for, as tests in SQL: each selects what breaks it."""
    select = "SELECT * FROM lineitem WHERE "
    whole = "SELECT 1 FROM (SELECT {} AS found FROM lineitem) WHERE {}"
    key = "l_orderkey, l_linenumber"
    return {
        "unique": f"SELECT {key} FROM lineitem WHERE l_orderkey IS NOT NULL AND l_linenumber IS NOT NULL "
        f"GROUP BY {key} HAVING count(*) > 1",
        **{f"range {c}": f"{select}{c} < {low} OR {c} > {high}" for c, (low, high) in checks.RANGES.items()},
        **{f"pattern {c}": f"{select}NOT regexp_matches({c}, '{p}')" for c, p in checks.PATTERNS.items()},
        "length": f"{select}length(l_comment) > 44",
        "row_count": whole.format("count(*)", f"found <> {rows}"),
        "freshness": whole.format("max(l_commitdate)", f"found < current_date - {checks.DAYS}"),
        "null_fraction": whole.format(
            "100.0 * count(*) FILTER (l_comment IS NULL) / count(*)", f"found > {checks.NULLS}"
        ),
        **{f"sql {name}": f"{select}{breaks}" for name, breaks in checks.QUERIES.items()},
    }


def _dbt_name(check: str) -> str:
    return check.replace(" ", "__")


def _run_dbt(folder: Path, keeps: bool) -> tuple[Usage, Verdicts]:
    command: list[str | Path] = [environments.peer("dbt") / "dbt", "test", "--quiet", "--profiles-dir", "."]
    usage = run(command, folder=folder / "dbt", code=0 if keeps else 1)
    found = json.loads((folder / "dbt" / "target" / "run_results.json").read_text())["results"]
    holds = {"pass": True, "fail": False}
    return usage, {r["unique_id"].split(".")[2].replace("__", " "): holds.get(r["status"]) for r in found}


def _datacontract(folder: Path, rows: int) -> None:
    checks.write(folder / "lineitem.odcs.yaml", rows, folder)


PEERS = (
    Peer(
        "pointblank",
        "pointblank on polars, the file read whole",
        _plain,
        partial(_by_program, "pointblank", ("checks.json", "lineitem.parquet", "orders.parquet")),
    ),
    Peer(
        "soda",
        "Soda Core on views in DuckDB",
        _soda,
        partial(_by_program, "soda", ("soda.yml", "soda_source.yml")),
    ),
    Peer("dbt", "dbt tests on files in DuckDB", _dbt, _run_dbt),
    Peer(
        "datacontract",
        "datacontract-cli, the same ODCS file",
        _datacontract,
        partial(_by_program, "datacontract", ("lineitem.odcs.yaml",)),
    ),
    Peer(
        "gx",
        "Great Expectations on views in DuckDB",
        _gx,
        partial(_by_program, "gx", ("checks.json", "views.duckdb")),
    ),
)
