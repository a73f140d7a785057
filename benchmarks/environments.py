"""Virtual environments of peers, each of its own, under ``build/bench/environments``; versions are pinned here."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from benchmarks.processes import BUILD, ROOT

PEERS = {
    "dbt": ("dbt-core==1.11.16", "dbt-duckdb==1.11.1"),
    "sqlmesh": ("sqlmesh==0.236.4",),
    "pointblank": ("pointblank==1.1.1", "polars==2.1.0", "pyarrow>=26"),
    "soda": ("soda-core==4.28.0", "soda-duckdb==4.28.0"),
    "datacontract": ("datacontract-cli[duckdb,parquet]==1.2.8",),
    "gx": ("great-expectations==1.24.1", "duckdb-engine==0.17.0", "sqlalchemy<2.1"),
}


def engine_version() -> str:
    """Return the version of DuckDB that Hanse uses, from ``pyproject.toml``."""
    return next(d for d in _project()["project"]["dependencies"] if d.startswith("duckdb==")).removeprefix("duckdb==")


def peer(name: str) -> Path:
    """Return the folder of a peer's programs, installing it when first needed, with Hanse's version of DuckDB."""
    return environment(name, (*PEERS[name], f"duckdb=={engine_version()}"))


def version(name: str) -> str:
    """Return the version of a peer, of the first package that it is pinned with."""
    return PEERS[name][0].partition("==")[2]


def core() -> Path:
    """Return the folder of programs of Hanse installed as a user has it: without extras, and nothing else beside it."""
    wanted = tuple(sorted(_project()["project"]["dependencies"]))
    return environment("hanse", ("--editable", str(ROOT)), stamp=wanted)


def generator() -> Path:
    """Return the folder of programs of the environment that makes data: the dependency group ``bench``."""
    return environment("data", (*_project()["dependency-groups"]["bench"], f"duckdb=={engine_version()}"))


def environment(name: str, requirements: tuple[str, ...], *, stamp: tuple[str, ...] = ()) -> Path:
    """Make a virtual environment, unless it is there with exactly these requirements.

    Args:
        name: of its folder.
        requirements: what is installed.
        stamp: what decides besides whether it has to be made anew.

    Returns:
        The folder of its programs.
    """
    folder = BUILD / "environments" / name
    file = folder / "requirements.txt"
    wanted = "\n".join((*requirements, *stamp))
    if not file.is_file() or file.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        _install(folder, requirements)
        python = folder / "bin" / "python"
        subprocess.run([python, "-m", "compileall", "-q", "-j", "0", folder / "lib"], check=False, capture_output=True)
        file.write_text(wanted)
    return folder / "bin"


def _install(folder: Path, requirements: tuple[str, ...]) -> None:
    uv = shutil.which("uv")
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        command = [uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python")]
    else:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *requirements], check=True)


def _project() -> dict[str, dict[str, list[str]]]:
    project: dict[str, dict[str, list[str]]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project
