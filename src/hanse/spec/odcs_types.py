"""From ODCS logical and physical types to the types that engine and table format both hold exactly.

``logicalType`` decides. ``physicalType`` refines it where SQL says more (decimals, binary, zones), and stands in for it
when it is missing. It is read as standard SQL, in any letter case:

* ``integer`` is BIGINT; ``number`` is DOUBLE, or DECIMAL(p,s) where ``DECIMAL``, ``NUMERIC`` or ``NUMBER`` says so;
* ``timestamp`` has a time zone, unless ``logicalTypeOptions.timezone`` is false, or says nothing and the physical type
  is ``TIMESTAMP WITHOUT TIME ZONE``, ``TIMESTAMP_NTZ``, ``DATETIME`` or plain ``TIMESTAMP``, which has no zone in
  standard SQL;
* ``string`` is VARCHAR, or BLOB with a binary physical type;
* ``vector`` is a list of DOUBLE (BIGINT for whole elements) of exactly its dimensions;
* ``date`` of ODCS 3.0, which had no ``timestamp`` or ``time``, is what its physical type or format says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hanse.base import Code
from hanse.spec import codes
from hanse.spec.types import DataType, Decimal, Scalar

MAX_PRECISION = 38
_PHYSICAL = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_ ]*?)\s*(?:\(([^)]*)\)\s*([a-zA-Z ]*))?\s*")
_DECIMALS = frozenset({"DECIMAL", "NUMERIC", "DEC"})
_BINARIES = frozenset({"BLOB", "BINARY", "VARBINARY", "BYTEA", "BYTES", "BINARY VARYING", "BINARY LARGE OBJECT"})
_WITHOUT_ZONE = frozenset(
    {
        "TIMESTAMP",
        "TIMESTAMP WITHOUT TIME ZONE",
        "TIMESTAMP_NTZ",
        "DATETIME",
        "DATETIME2",
        "TIMESTAMP_S",
        "TIMESTAMP_MS",
    }
)
_WITH_ZONE = frozenset(
    {"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_TZ", "TIMESTAMP_LTZ", "TIMESTAMP WITH LOCAL TIME ZONE"}
    | {"DATETIMEOFFSET"}
)
_NANOSECONDS = frozenset({"TIMESTAMP_NS", "TIMESTAMPTZ_NS", "TIMESTAMP_NANOS"})
_ZONED_TIMES = frozenset({"TIMETZ", "TIME WITH TIME ZONE"})
_TOO_WIDE = frozenset(
    {"HUGEINT", "UHUGEINT", "UBIGINT", "BIGINT UNSIGNED", "UNSIGNED BIGINT", "INT128", "UINT128", "INT256", "UINT64"}
)
_WIDE_FORMATS = frozenset({"i128", "u64", "u128"})
_LOGICAL = {
    **dict.fromkeys(
        ("INTEGER", "INT", "BIGINT", "SMALLINT", "TINYINT", "MEDIUMINT", "INT2", "INT4", "INT8"), "integer"
    ),
    **dict.fromkeys(
        ("INT16", "INT32", "INT64", "LONG", "SHORT", "BYTE", "UINTEGER", "USMALLINT", "UTINYINT"), "integer"
    ),
    **dict.fromkeys(("SERIAL", "BIGSERIAL", "UINT8", "UINT16", "UINT32", *_TOO_WIDE), "integer"),
    **dict.fromkeys(
        ("DOUBLE", "DOUBLE PRECISION", "FLOAT", "REAL", "FLOAT4", "FLOAT8", "FLOAT32", "FLOAT64"), "number"
    ),
    **dict.fromkeys((*_DECIMALS, "NUMBER", "BIGNUMERIC", "MONEY"), "number"),
    **dict.fromkeys(("VARCHAR", "VARCHAR2", "NVARCHAR", "CHAR", "NCHAR", "TEXT", "STRING", "CLOB", "UUID"), "string"),
    **dict.fromkeys(("CHARACTER", "CHARACTER VARYING", "JSON", "JSONB", "BPCHAR", *_BINARIES), "string"),
    **dict.fromkeys(("BOOLEAN", "BOOL", "LOGICAL"), "boolean"),
    "DATE": "date",
    **dict.fromkeys(("TIME", "TIME WITHOUT TIME ZONE", *_ZONED_TIMES), "time"),
    **dict.fromkeys((*_WITHOUT_ZONE, *_WITH_ZONE, *_NANOSECONDS), "timestamp"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a type cannot be had."""

    code: Code
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class PhysicalType:
    """A physical type, taken apart.

    Attributes:
        name: upper case, single spaces, for example ``TIMESTAMP WITH TIME ZONE``.
        arguments: what stood in brackets, for example ``("18", "2")``.
    """

    name: str
    arguments: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> PhysicalType | None:
        """Read a physical type; None when there is none or it has no SQL form."""
        match = _PHYSICAL.fullmatch(text or "")
        if not match:
            return None
        name = " ".join(f"{match.group(1)} {match.group(3) or ''}".upper().split())
        return cls(name, tuple(a.strip() for a in match.group(2).split(",")) if match.group(2) else ())

    @property
    def logical_type(self) -> str | None:
        """The logical type that it stands for, if it is a known one."""
        return _LOGICAL.get(self.name)


def scalar_type(
    logical: str, physical: PhysicalType | None, options: dict[str, object], *, v30: bool
) -> DataType | Refusal:
    """Return the type of a column that is no object, array, map or vector.

    Args:
        logical: ``logicalType``, or what the physical type stands for.
        physical: the physical type, if there is one.
        options: ``logicalTypeOptions``.
        v30: the contract is written in ODCS 3.0.
    """
    name = physical.name if physical else ""
    if logical == "date" and v30:
        logical = _meant_by_date(physical, str(options.get("format") or ""))
    match logical:
        case "integer":
            return _integer(name, options)
        case "number":
            return _number(physical)
        case "boolean":
            return Scalar.BOOLEAN
        case "date":
            return Scalar.DATE
        case "time":
            return _time(name, options)
        case "timestamp":
            return _timestamp(physical, options)
        case _:
            return Scalar.BLOB if name in _BINARIES else Scalar.VARCHAR


def _integer(name: str, options: dict[str, object]) -> DataType | Refusal:
    if name in _TOO_WIDE or options.get("format") in _WIDE_FORMATS:
        return Refusal(
            codes.UNSUPPORTED_TYPE,
            "whole numbers have 64 bits and a sign",
            "use `logicalType: number` with `physicalType: DECIMAL(38,0)`, or `logicalType: string`",
        )
    return Scalar.BIGINT


def _number(physical: PhysicalType | None) -> DataType | Refusal:
    if physical is None or not (physical.name in _DECIMALS or (physical.name == "NUMBER" and physical.arguments)):
        return Scalar.DOUBLE
    digits = [a for a in physical.arguments if re.fullmatch(r"[0-9]{1,9}", a)]
    if not digits or len(digits) != len(physical.arguments) or len(digits) > 2:
        return Refusal(
            codes.UNSUPPORTED_TYPE,
            "a decimal without its digits means something else in every database",
            "write precision and scale, for example `DECIMAL(18,2)`",
        )
    precision, scale = int(digits[0]), int(digits[1]) if len(digits) == 2 else 0
    if not 1 <= precision <= MAX_PRECISION or scale > precision:
        return Refusal(
            codes.UNSUPPORTED_TYPE,
            f"decimals have 1 to {MAX_PRECISION} digits, of which the scale counts those after the point",
            f"use a precision of at most {MAX_PRECISION} and a scale of at most the precision",
        )
    return Decimal(precision, scale)


def _time(name: str, options: dict[str, object]) -> DataType | Refusal:
    if name in _ZONED_TIMES or options.get("timezone") is True:
        return Refusal(
            codes.UNSUPPORTED_TYPE,
            "the table format knows no time of day with a zone",
            "use a timestamp, or a time without a zone",
        )
    return Scalar.TIME


def _timestamp(physical: PhysicalType | None, options: dict[str, object]) -> DataType | Refusal:
    name = physical.name if physical else ""
    fine = physical is not None and any(a.isdigit() and int(a) > 6 for a in physical.arguments)
    if name in _NANOSECONDS or (fine and name in _WITHOUT_ZONE | _WITH_ZONE):
        return Refusal(
            codes.UNSUPPORTED_TYPE,
            "timestamps have microseconds",
            "use at most 6 digits of a second, or keep the nanoseconds in an integer column",
        )
    zoned = options.get("timezone")
    if not isinstance(zoned, bool):
        zoned = name not in _WITHOUT_ZONE
    return Scalar.TIMESTAMPTZ if zoned else Scalar.TIMESTAMP


def _meant_by_date(physical: PhysicalType | None, pattern: str) -> str:
    stands_for = physical.logical_type if physical else None
    if stands_for in ("timestamp", "time"):
        return stands_for
    hours = "H" in pattern or "h" in pattern
    if stands_for is None and hours:
        return "timestamp" if "y" in pattern or "u" in pattern else "time"
    return "date"
