"""Ten heavy transforms of one product: what it costs that they are typed, checked and released."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import environments, tpch
from benchmarks.folders import Folder
from benchmarks.processes import Usage, alternate, cpu, hanse, peak, program, run, wall
from benchmarks.report import Result, Row, Target

PRODUCT = "bench.reports"
_SQL = Path(__file__).parent / "tpch_sql"
_TYPES = {"BIGINT": "integer", "INTEGER": "integer", "VARCHAR": "string", "DATE": "date", "DOUBLE": "number"}


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure ``hanse run`` of ten transforms beside bare DuckDB, dbt and SQLMesh."""
    scale, rounds = (0.01, 1) if quick else (1.0, 5)
    data = tpch.make_data(scale)
    bare = folder / "bare"
    _write_statements(bare, lambda name: f"read_parquet('{data}/{name}.parquet')")
    sides = {
        "hanse": partial(run_hanse, folder / "mesh", data, shapes(bare)),
        "bare": partial(run_bare, bare),
    }
    if not quick:
        sides |= {
            "dbt": partial(run_dbt, folder / "dbt", data),
            "sqlmesh": partial(run_sqlmesh, folder / "sqlmesh", data),
        }
    found = alternate(sides, rounds)
    _require_equal(folder / "mesh", bare)
    what, limit = "ten transforms", "bare DuckDB"
    rows = [
        Row(what, "CPU s", cpu(found["hanse"]), limit, cpu(found["bare"]), Target(1.1, "ratio")),
        Row(f"{what}, wall clock", "s", wall(found["hanse"]), limit, wall(found["bare"])),
        Row(f"{what}, peak memory", "MiB", peak(found["hanse"]), limit, peak(found["bare"])),
    ]
    for name, title in (("dbt", "dbt-duckdb"), ("sqlmesh", "SQLMesh")):
        if name in found:
            rows.append(Row(what, "CPU s", cpu(found["hanse"]), title, cpu(found[name])))
            rows.append(Row(f"{what}, wall clock", "s", wall(found["hanse"]), title, wall(found[name])))
    return Result(
        f"Ten heavy transforms, TPC-H, scale factor {scale:g}",
        "Ten tables of one product, after TPC-H's queries 1, 3, 5, 7, 9, 10, 13, 18 and 21 without their limits, and "
        "one of two million joined and numbered rows, from eight Parquet files. `hanse run` as a process hashes the "
        "files, runs the SQL, types, checks, commits and releases. Beside it the same SQL in one bare DuckDB script, "
        "each a `COPY` to Parquet with the same compression and row groups; dbt with DuckDB and SQLMesh (`FULL`), each "
        "a table of a DuckDB database, in a folder that was never run. All with DuckDB's default threads.",
        rows,
        ("Hanse and the bare script end with the same rows in every table",),
    )


def statement(file: Path, name: Any) -> str:
    """Return a transform's SQL with every table of TPC-H as ``name`` calls it."""
    return re.sub(r"\{(\w+)\}", lambda found: str(name(found[1])), file.read_text())


def shapes(bare: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the columns of every transform with the types that DuckDB gives them."""
    found: Mapping[str, Mapping[str, str]] = json.loads(program("transforms_bare", bare).output)
    return found


def run_hanse(folder: Path, data: Path, found: Mapping[str, Mapping[str, str]]) -> Usage:
    """Run a fresh mesh; making and applying it is not measured."""
    mesh = Folder(folder)
    tables = {table: {name: _column(kind) for name, kind in columns.items()} for table, columns in found.items()}
    transforms = {file.stem: statement(file, str) for file in _SQL.glob("*.sql")}
    mesh.product(PRODUCT, tables, transforms=transforms)
    place = folder / "domains" / "bench" / "reports" / "data"
    place.mkdir()
    for name in tpch.TABLES:
        os.link(data / f"{name}.parquet", place / f"{name}.parquet")
    hanse(folder, "apply", "--yes")
    return hanse(folder, "run")


def run_bare(folder: Path) -> Usage:
    """Run the limit."""
    output = folder / "output"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    return program("transforms_bare", folder, output)


def run_dbt(folder: Path, data: Path) -> Usage:
    """Run the transforms as dbt's models, telemetry off."""
    shutil.rmtree(folder, ignore_errors=True)
    _write_statements(folder / "models", lambda name: f"read_parquet('{data}/{name}.parquet')")
    (folder / "dbt_project.yml").write_text(
        "name: bench\nversion: '1.0'\nprofile: bench\nmodels:\n  bench:\n    +materialized: table\n"
    )
    threads = os.cpu_count()
    (folder / "profiles.yml").write_text(
        f"bench:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: bench.duckdb, threads: {threads}}}\n"
    )
    return run([environments.peer("dbt") / "dbt", "run", "--quiet", "--profiles-dir", "."], folder=folder)


def run_sqlmesh(folder: Path, data: Path) -> Usage:
    """Run the transforms as SQLMesh's models, telemetry off."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "models").mkdir(parents=True)
    (folder / "config.yaml").write_text(
        "gateways:\n  local:\n    connection: {type: duckdb, database: bench.duckdb}\ndefault_gateway: local\n"
        "model_defaults: {dialect: duckdb, start: 2024-01-01}\ndisable_anonymized_analytics: true\n"
    )
    for file in _SQL.glob("*.sql"):
        text = statement(file, lambda name: f"read_parquet('{data}/{name}.parquet')")
        (folder / "models" / file.name).write_text(f"MODEL (name bench.{file.stem}, kind FULL);\n{text}")
    command: list[str | Path] = [environments.peer("sqlmesh") / "sqlmesh", "plan", "--auto-apply", "--no-prompts"]
    return run(command, folder=folder)


def _write_statements(folder: Path, name: Any) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in _SQL.glob("*.sql"):
        (folder / file.name).write_text(statement(file, name))


def _column(kind: str) -> dict[str, Any]:
    if kind.startswith("DECIMAL"):
        return {"logicalType": "number", "physicalType": kind}
    return {"logicalType": _TYPES[kind]}


def _require_equal(mesh: Path, bare: Path) -> None:
    """Require the same rows in every table; means are rounded, as they depend on the order of summing."""
    code = "import sys, duckdb; print(*duckdb.connect().execute(sys.argv[1]).fetchone(), sep=',')"
    for table, columns in shapes(bare).items():
        values = ", ".join(
            f"CAST({f'round({c}, 6)' if kind == 'DOUBLE' else c} AS VARCHAR)" for c, kind in columns.items()
        )
        question = f"SELECT count(*) AS n, bit_xor(hash({values})) AS h FROM "
        ours = hanse(mesh, "query", f"{question}{PRODUCT}.{table}", "--format", "csv").output.splitlines()[-1]
        theirs = run([sys.executable, "-c", code, f"{question}'{bare}/output/{table}.parquet'"]).output.split()[-1]
        if ours != theirs:
            raise AssertionError(f"{table} differs: {ours} and {theirs}")
