"""What is wrong with a data file: seen from its size and footer, or from every byte of it."""

from __future__ import annotations

import os
from collections.abc import Callable

from hanse.base import Problem
from hanse.drivers.iceberg.manifest import LiveFile
from hanse.drivers.iceberg.seal import digest, footer_digest
from hanse.interfaces.codes import DAMAGED_FILE, LOST_FILE

_PARQUET_END = b"PAR1"


def fault(file: LiveFile, table: str, *, deep: bool) -> Problem | None:
    """Return what is wrong with a data file; None when all is well.

    Args:
        file: as its manifest says.
        table: the table's name.
        deep: read all of it, not its footer alone. Either is compared with the digest of what was committed; if nobody
            noted one, it is decoded instead, which finds most damage, but not all.
    """
    code, words = LOST_FILE, None
    try:
        words = _look_at_ends(file)
        if words is None:
            code, words = DAMAGED_FILE, (_look_at_content if deep else _look_at_footer)(file)
    except FileNotFoundError:
        code, words = LOST_FILE, "is missing"
    except OSError as error:
        code, words = LOST_FILE, f"cannot be read: {error.strerror or error}"
    if words is None:
        return None
    return Problem(code, f"`{file.path}` {words}", fix="restore it from a backup or run again", subject=table)


def _look_at_ends(file: LiveFile) -> str | None:
    with open(file.path, "rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        if size != file.size:
            return f"has {size} bytes, not {file.size}"
        begin = opened.read(len(_PARQUET_END))
        opened.seek(-len(_PARQUET_END), os.SEEK_END)
        if begin != _PARQUET_END or opened.read() != _PARQUET_END:
            return "does not begin and end like a Parquet file"
    return None


def _look_at_footer(file: LiveFile) -> str | None:
    if file.digest is not None:
        told = file.digest.endswith(footer_digest(file.path))
        return None if told else "does not hold the footer that was written to it"
    import pyarrow.parquet as pq

    return _decoded(file, lambda: pq.read_metadata(file.path, memory_map=True).num_rows)


def _look_at_content(file: LiveFile) -> str | None:
    if file.digest is not None:
        return None if digest(file.path) == file.digest else "does not hold what was written to it"
    import pyarrow.parquet as pq

    def rows() -> int:
        with pq.ParquetFile(file.path, page_checksum_verification=True) as opened:
            return sum(batch.num_rows for batch in opened.iter_batches())

    return _decoded(file, rows)


def _decoded(file: LiveFile, rows: Callable[[], int]) -> str | None:
    import pyarrow as pa

    try:
        found = rows()
    except OSError as error:
        if error.errno is not None:
            raise
        return f"cannot be decoded: {error}"  # Arrow reports damaged pages so, too
    except (pa.ArrowException, ValueError, MemoryError) as error:
        return f"cannot be decoded: {error}"
    return None if found == file.rows else f"has {found} rows, not {file.rows}"
