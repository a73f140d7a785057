"""Rows into Parquet files: whole and on disk, or not there at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.base import EngineError, new_id
from hanse.drivers.duckdb import codes
from hanse.drivers.duckdb.quoting import identifier, text
from hanse.interfaces import FileSizes, StagedFile, StoredColumn
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
    partial = _partial(path)
    with _written(path, [partial]):
        rows, size = _copy(cursor, select, partial, columns)
        _publish([(partial, path)])
    return StagedFile(path, rows, size)


def stage_files(
    cursor: duckdb.DuckDBPyConnection,
    select: str,
    path_of: Callable[[int], str],
    columns: Sequence[StoredColumn] | None,
    sizes: FileSizes,
) -> tuple[StagedFile, ...]:
    """Do the same, and cut what was written into several files if it is large, the rows in their order.

    Args:
        cursor: where the SELECT runs.
        select: the SELECT.
        path_of: path of each file by its number, from 0; all in one folder.
        columns: the table's columns, for their ids.
        sizes: how large they are to be.

    Raises:
        EngineError: as :func:`stage_file`.
    """
    whole = _partial(path_of(0))
    leftover = [whole]
    with _written(path_of(0), leftover):
        rows, size = _copy(cursor, select, whole, columns)
        parts = _cut(whole, path_of, sizes.wanted(size), leftover)
        if not parts:
            parts = [(whole, StagedFile(path_of(0), rows, size))]
        _publish([(partial, file.path) for partial, file in parts])
    return tuple(file for _, file in parts)


def _cut(
    whole: Path, path_of: Callable[[int], str], wanted: int, leftover: list[Path]
) -> list[tuple[Path, StagedFile]]:
    """Cut a file; nothing if it is better left whole."""
    if whole.stat().st_size <= wanted:
        return []
    from hanse.drivers.duckdb.cut import parts_of, read_whole, write_part

    done = []
    with whole.open("rb") as file:
        found = read_whole(file)
        shares = parts_of(found, wanted) if found else []
        if found is None or len(shares) < 2:
            return []
        for number, share in enumerate(shares):
            path = path_of(number)
            partial = _partial(path)
            leftover.append(partial)
            write_part(file, found, share, partial)
            size = partial.stat().st_size
            done.append((partial, StagedFile(path, sum(group.rows for group in share), size)))
    return done


def _partial(path: str) -> Path:
    return Path(path).with_name(f".{Path(path).name}.{new_id()}.partial")


def _copy(
    cursor: duckdb.DuckDBPyConnection, select: str, partial: Path, columns: Sequence[StoredColumn] | None
) -> tuple[int, int]:
    """Write rows to a file; return how many they are, and its bytes."""
    options = [
        "FORMAT parquet",
        "COMPRESSION zstd",
        f"ROW_GROUP_SIZE {ROW_GROUP_ROWS}",
        "USE_TMP_FILE false",
        "RETURN_STATS true",
        *([f"FIELD_IDS {field_ids(columns)}"] if columns else []),
    ]
    # The line break ends a comment that the SELECT may close with.
    row = cursor.execute(f"COPY ({select}\n) TO {text(str(partial))} ({', '.join(options)})").fetchone()
    if row is None:
        raise EngineError(codes.ENGINE_FAULT, "the engine did not say what it wrote")
    return row[1], row[2]


def _publish(files: Sequence[tuple[Path, str]]) -> None:
    """Sync files to the disk, then give them their names."""
    for partial, _ in files:
        _sync(partial)
    for partial, path in files:
        os.replace(partial, path)
    _sync(Path(files[0][1]).parent)


@contextmanager
def _written(path: str, leftover: Sequence[Path]) -> Iterator[None]:
    """Raise what the operating system says with a code, and remove what was not given its name."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EngineError(codes.WRITE_FAILED, f"`{path}` cannot be written: {reason}") from error
    finally:
        for partial in leftover:
            with suppress(OSError):  # maintenance removes what is left; the row counts or the first error are the news
                partial.unlink(missing_ok=True)


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
