"""What an installation weighs, package by package, and what each package buys."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import environments
from benchmarks.processes import run
from benchmarks.report import Listing, Result, Row, Target

_LIMIT_MB = 450
_PEERS = ("soda", "dbt", "gx", "datacontract", "pointblank", "sqlmesh")
_BUYS = {
    "alembic": "changes the registry's tables when Hanse is updated",
    "annotated-types": "pydantic needs it",
    "click": "the command line",
    "duckdb": "the engine: reads files, runs SQL, verifies contracts",
    "hanse": "Hanse",
    "mako": "alembic needs it",
    "markdown-it-py": "rich needs it",
    "markupsafe": "mako needs it",
    "mdurl": "markdown-it-py needs it",
    "open-data-contract-standard": "the JSON schema of ODCS",
    "pyarrow": "rows as Arrow tables, to Python, pandas, polars and every door",
    "pydantic": "descriptors are checked when they are read",
    "pydantic-core": "pydantic needs it",
    "pygments": "rich needs it",
    "pytz": "DuckDB gives timestamps with a zone to Python with it",
    "pyyaml": "YAML",
    "rich": "tables and colours on a terminal",
    "sqlalchemy": "the registry: SQLite and PostgreSQL from one source",
    "sqlglot": "SQL as trees: parsed, confined, rewritten",
    "sqlglotc": "sqlglot compiled: several times as fast",
    "typing-extensions": "pydantic and sqlalchemy need it",
    "typing-inspection": "pydantic needs it",
}
"""Package → what it is for. Every package of the core must be here: one that nobody can explain should go."""


def measure(folder: Path, *, quick: bool) -> Result:  # noqa: ARG001 - there is nothing to make smaller
    """Measure the environment of Hanse without extras, and those of the peers."""
    core = environments.core()
    packages = _packages(core)
    unknown = sorted(set(packages) - set(_BUYS))
    if unknown:
        raise AssertionError(f"nothing says what {', '.join(unknown)} buys")
    peers = {name: _megabytes(environments.peer(name).parent) for name in _PEERS}
    whole = _megabytes(core.parent)
    what = "virtual environment of Hanse without extras"
    return Result(
        "Sizes of environments",
        "All files of a virtual environment, compiled modules too, in megabytes (10⁶ bytes); beside it those of other "
        "tools, as the benchmarks install them, with the same version of DuckDB. Hanse's own row is its source, "
        "installed from a folder. Below, the packages of Hanse's.",
        [
            Row(what, "MB", whole, f"{name} {environments.version(name)}", size, Target(_LIMIT_MB) if at == 0 else None)
            for at, (name, size) in enumerate(peers.items())
        ],
        (f"every one of the {len(packages)} packages has its reason to be there",),
        Listing(
            ("package", "version", "MB", "what it buys"),
            [
                (name, version, size, _BUYS[name])
                for name, (version, size) in sorted(packages.items(), key=lambda item: -item[1][1])
            ],
        ),
    )


def _megabytes(folder: Path) -> float:
    """Return what files take, each with its own bytes even if another environment has the same one."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink()) / 1e6


def _packages(programs: Path) -> dict[str, tuple[str, float]]:
    """Return the installed packages: name → version and megabytes of all files that belong to it."""
    lines = run([programs / "python", "-c", _LIST], folder=Path(sys.prefix)).output.splitlines()
    found = {}
    for line in lines:
        name, version, size = line.split()
        found[name] = (version, float(size) / 1e6)
    return found


# A module's compiled form is not always listed by its package, so the modules' folders are looked at, too.
_LIST = """
import importlib.metadata as metadata, os, pathlib
for found in metadata.distributions():
    name = found.metadata["Name"].lower().replace("_", "-")
    files = {pathlib.Path(os.path.realpath(found.locate_file(f))) for f in found.files or ()}
    if name == "hanse":
        import hanse
        files |= set(pathlib.Path(hanse.__file__).parent.rglob("*"))
    compiled = {c for f in files if f.suffix == ".py" for c in f.parent.glob(f"__pycache__/{f.stem}.*.pyc")}
    print(name, found.version, sum(f.stat().st_size for f in files | compiled if f.is_file()))
"""
