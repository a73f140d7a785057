"""Extensions out of Python packages: files that are loaded by path. Nothing is fetched, nothing is kept elsewhere."""

from __future__ import annotations

from importlib import util
from pathlib import Path

from hanse.base import EngineError
from hanse.drivers.duckdb import codes

EXTENSIONS = {"avro": "avro", "postgres": "postgres", "sqlite": "sqlite", "xlsx": "excel"}
"""Format or kind of database → DuckDB's extension, and Hanse's extra, for it."""


def extension_file(format_: str) -> str:
    """Return the file of the extension that reads a format or a kind of database.

    Raises:
        EngineError: HNS-E027: its package is not installed.
    """
    name = EXTENSIONS[format_]
    package = util.find_spec(f"duckdb_extension_{name}")
    for folder in package.submodule_search_locations or () if package else ():
        # One folder per version of DuckDB: one of another version would be refused when it is loaded.
        for file in sorted(Path(folder).glob(f"extensions/*/{name}.duckdb_extension")):
            return str(file)
    raise EngineError(
        codes.PACKAGE_MISSING,
        f"to read `{format_}`, a package is needed that is not installed",
        fix=f"pip install 'hanse[{name}]'",
    )
