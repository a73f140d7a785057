"""Column types: a small tree that every engine and table format Hanse drives can hold exactly.

``str()`` of a type is its SQL name in the dialect that transforms are written in (DuckDB's spelling of standard SQL).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Scalar(StrEnum):
    """Types without parameters. Integers have 64 bits, doubles are IEEE 754, times have microseconds."""

    BOOLEAN = "BOOLEAN"
    BIGINT = "BIGINT"
    DOUBLE = "DOUBLE"
    VARCHAR = "VARCHAR"
    BLOB = "BLOB"
    DATE = "DATE"
    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"
    TIMESTAMPTZ = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True, slots=True)
class Decimal:
    """Exact decimal number.

    Attributes:
        precision: digits in all, 1 to 38.
        scale: digits after the point, 0 to ``precision``.
    """

    precision: int
    scale: int

    def __str__(self) -> str:
        return f"DECIMAL({self.precision},{self.scale})"


@dataclass(frozen=True, slots=True)
class Field:
    """A named member of a :class:`Struct`."""

    name: str
    type: DataType
    required: bool = False


@dataclass(frozen=True, slots=True)
class Struct:
    """A record with named members, in order."""

    fields: tuple[Field, ...]

    def __str__(self) -> str:
        inner = ", ".join(f'"{f.name.replace(chr(34), chr(34) * 2)}" {f.type}' for f in self.fields)
        return f"STRUCT({inner})"


@dataclass(frozen=True, slots=True)
class List:
    """A list of items of one type."""

    item: DataType

    def __str__(self) -> str:
        return f"{self.item}[]"


@dataclass(frozen=True, slots=True)
class Map:
    """A map; keys are unique and never null."""

    key: DataType
    value: DataType

    def __str__(self) -> str:
        return f"MAP({self.key}, {self.value})"


DataType = Scalar | Decimal | Struct | List | Map

_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)
_NAMES = {
    **{s.value: s for s in Scalar},
    "INTEGER": Scalar.BIGINT,
    "TEXT": Scalar.VARCHAR,
    "TIMESTAMPTZ": Scalar.TIMESTAMPTZ,
}


def parse_type(text: str) -> Scalar | Decimal | None:
    """Return the type without members that a text means in any case of its letters; None if it means none."""
    decimal = _DECIMAL.fullmatch(text.strip())
    if decimal is None:
        return _NAMES.get(" ".join(text.upper().split()))
    precision, scale = int(decimal.group(1)), int(decimal.group(2) or 0)
    return Decimal(precision, scale) if 1 <= precision <= 38 and scale <= precision else None
