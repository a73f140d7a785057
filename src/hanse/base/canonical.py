"""One spelling for a document, so that equal documents have equal hashes."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def _default(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")


def canonical_json(document: Any) -> str:
    """Return JSON with sorted keys, no white space, UTF-8 kept, NaN refused (after RFC 8785, JSON types only).

    Raises:
        ValueError: the document holds NaN or an infinity.
        TypeError: a value has no JSON form.
    """
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_default
    )


def digest(document: Any) -> str:
    """Return the SHA-256 of the canonical JSON, as 64 hexadecimal characters."""
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()
