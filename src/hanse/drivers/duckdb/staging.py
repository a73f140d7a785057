"""Rows into one Parquet file: whole and on disk, or not there at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.base import EngineError, new_id
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.quoting import identifier, text
from hanse.interfaces import StagedFile, StoredColumn
from hanse.spec.types import List, Map

if TYPE_CHECKING:
    import duckdb

# DuckDB's default: 60 vectors, small enough for every thread to find work in a middling file.
ROW_GROUP_ROWS = 122_880


def stage_file(
    cursor: duckdb.DuckDBPyConnection, select: str, path: str, columns: Sequence[StoredColumn] | None
) -> StagedFile:
    """Write a SELECT's rows beside ``path``, sync them to disk, then rename.

    The folder must exist. What a killed process leaves behind is called ``.<name>.<id>.partial``.

    Returns:
        The file with its rows and bytes, as the writer counted them.

    Raises:
        EngineError: HNS-E024 when the operating system refuses; DuckDB's own errors pass through.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{new_id()}.partial")
    options = [
        "FORMAT parquet",
        "COMPRESSION zstd",
        f"ROW_GROUP_SIZE {ROW_GROUP_ROWS}",
        "USE_TMP_FILE false",
        "RETURN_STATS true",
        *([f"FIELD_IDS {field_ids(columns)}"] if columns else []),
    ]
    try:
        # The line break ends a comment that the SELECT may close with.
        row = cursor.execute(f"COPY ({select}\n) TO {text(str(partial))} ({', '.join(options)})").fetchone()
        if row is None:
            raise EngineError(codes.ENGINE_FAULT, "the engine did not say what it wrote")
        _sync(partial)
        os.replace(partial, target)
        _sync(target.parent)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EngineError(codes.WRITE_FAILED, f"`{path}` cannot be written: {reason}") from error
    finally:
        with suppress(OSError):  # maintenance removes what is left; the row counts or the first error are the news
            partial.unlink(missing_ok=True)
    return StagedFile(path, rows=row[1], bytes=row[2])


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def field_ids(columns: Sequence[StoredColumn]) -> str:
    """Return the ``FIELD_IDS`` option of COPY for columns of any depth."""
    return "{" + ", ".join(f"{identifier(c.name)}: {_ids(c)}" for c in columns) + "}"


def _ids(column: StoredColumn) -> str:
    if not column.children:
        return str(column.field_id)
    names = [c.name for c in column.children]
    if isinstance(column.type, List):
        names = ["element"]
    elif isinstance(column.type, Map):
        names = ["key", "value"]
    inner = ", ".join(f"{identifier(n)}: {_ids(c)}" for n, c in zip(names, column.children, strict=True))
    return f"{{__duckdb_field_id: {column.field_id}, {inner}}}"
