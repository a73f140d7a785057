"""Rows of a cursor to a Parquet file: in batches, all columns as texts, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

from hanse.base import EngineError, IngestError
from hanse.drivers.dbapi.codes import STAGING_FAILED
from hanse.interfaces import StagedFile
from hanse.interfaces.codes import VALUE_UNREADABLE

BATCH = 20_000


def write(
    batches: Iterable[Sequence[tuple[Any, ...]]], columns: Sequence[str], path: str, binary: Collection[str]
) -> StagedFile:
    """Write rows to one Parquet file.

    Args:
        batches: rows, some at a time; every value of Python's own types.
        columns: names in the file.
        path: where it goes.
        binary: those that hold bytes.

    Raises:
        IngestError: HNS-I029: a value is binary.
        EngineError: HNS-E028: the file cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.binary() if name in binary else pa.string()) for name in columns])
    rows = 0
    try:
        with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in batches:
                arrays = [
                    pa.array([v if field.type == pa.binary() else _text(v) for v in values], field.type)
                    for field, values in zip(schema, zip(*batch, strict=True), strict=True)
                ]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
                rows += len(batch)
    except OSError as error:
        _remove(path)
        raise EngineError(STAGING_FAILED, "a staged file cannot be written", why=str(error.strerror)) from error
    except BaseException:
        _remove(path)
        raise
    return StagedFile(path, rows, os.path.getsize(path))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        raise IngestError(
            VALUE_UNREADABLE, "a column of texts holds binary values", fix="declare the column as binary, or mend it"
        )
    return str(value)


def _remove(path: str) -> None:
    with suppress(OSError):
        os.remove(path)
