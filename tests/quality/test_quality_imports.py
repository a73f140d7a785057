from __future__ import annotations

import subprocess
import sys


def test_the_room_is_cheap_to_import() -> None:
    """Looking at a contract must not load what only running checks needs."""
    heavy = ("sqlglot", "pyarrow", "duckdb", "pydantic", "yaml", "sqlalchemy", "pyiceberg")
    code = f"import sys, hanse.quality; print([m for m in {heavy!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
