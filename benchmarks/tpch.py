"""Tables of TPC-H as Parquet, made when first needed."""

from __future__ import annotations

from pathlib import Path

from benchmarks import environments
from benchmarks.processes import BUILD, program

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")


def make_data(scale: float, *tables: str) -> Path:
    """Return a folder with ``<table>.parquet`` of these tables (all if none is named) at this scale."""
    folder = BUILD / "data" / f"tpch-{scale:g}"
    wanted = tables or TABLES
    if not all((folder / f"{table}.parquet").is_file() for table in wanted):
        program("tpch_make", str(scale), folder, *wanted, python=environments.generator() / "python")
    return folder
