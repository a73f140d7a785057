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
}


def engine_version() -> str:
    """Return the version of DuckDB that Hanse uses, from ``pyproject.toml``."""
    return next(d for d in _project()["project"]["dependencies"] if d.startswith("duckdb==")).removeprefix("duckdb==")


def peer(name: str) -> Path:
    """Return the folder of a peer's programs, installing it when first needed, with Hanse's version of DuckDB."""
    return environment(name, (*PEERS[name], f"duckdb=={engine_version()}"))


def generator() -> Path:
    """Return the folder of programs of the environment that makes data: the dependency group ``bench``."""
    return environment("data", (*_project()["dependency-groups"]["bench"], f"duckdb=={engine_version()}"))


def environment(name: str, requirements: tuple[str, ...]) -> Path:
    """Make a virtual environment, unless it is there with exactly these requirements.

    Returns:
        The folder of its programs.
    """
    folder = BUILD / "environments" / name
    stamp = folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        _install(folder, requirements)
        python = folder / "bin" / "python"
        subprocess.run([python, "-m", "compileall", "-q", "-j", "0", folder / "lib"], check=False, capture_output=True)
        stamp.write_text(wanted)
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
