"""What a file's name says of its format."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hanse.spec.globs import is_glob
from hanse.spec.urls import is_remote

if TYPE_CHECKING:
    from hanse.spec.product import Compression, Format

_ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json",
    ".parquet": "parquet", ".xlsx": "xlsx", ".avro": "avro",
}  # fmt: skip
_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zip": "zip", ".bz2": "bz2", ".zst": "zstd"}


def guess_format(path: str) -> tuple[Format | None, Compression]:
    """Return the format and compression that a file's name says."""
    lower = re.sub(r"[?#].*", "", path.lower()) if is_remote(path) and not is_glob(path) else path.lower()
    compression: Compression = "none"
    for suffix, kind in _COMPRESSIONS.items():
        if lower.endswith(suffix):
            compression, lower = kind, lower.removesuffix(suffix)
    return _ENDINGS.get(posixpath.splitext(lower)[1]), compression
