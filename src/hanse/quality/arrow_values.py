"""Values of Arrow as those of Python, without loading what is not needed."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_UTC = ("UTC", "Etc/UTC")


def python_value(scalar: pa.Scalar) -> Any:
    """Return a value as Python holds it.

    Raises:
        ValueError, OverflowError: Python cannot hold it.
    """
    import pyarrow as pa

    kind = scalar.type
    if pa.types.is_timestamp(kind) and kind.tz in _UTC:
        # For a time zone's name, Arrow imports pandas wherever that is installed (1 s of a run).
        moment = scalar.cast(pa.timestamp(kind.unit)).as_py()
        return None if moment is None else moment.replace(tzinfo=UTC)
    return scalar.as_py()
