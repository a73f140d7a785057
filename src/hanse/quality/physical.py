"""A property's physical type, compared with the type that a file of others' itself has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hanse.quality.records import Check, Measure, Settled, Violations, label
from hanse.quality.types import satisfies
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Table
from hanse.spec.odcs_types import PhysicalType
from hanse.spec.types import Decimal, parse_type

# Names that mean one type wherever they are used; `INTEGER` has 38 digits in Snowflake, `FLOAT` four or eight bytes.
_SAME = {
    **dict.fromkeys(("BIGINT", "INT64", "LONG"), "BIGINT"),
    **dict.fromkeys(("INT32", "INT4"), "INTEGER"),
    **dict.fromkeys(("INT16", "INT2", "SHORT"), "SMALLINT"),
    **dict.fromkeys(("UINT32", "UINTEGER"), "UINTEGER"),
    **dict.fromkeys(("UINT16", "USMALLINT"), "USMALLINT"),
    **dict.fromkeys(("DOUBLE", "DOUBLE PRECISION", "FLOAT64", "FLOAT8"), "DOUBLE"),
    **dict.fromkeys(("FLOAT32", "FLOAT4"), "FLOAT"),
    **dict.fromkeys(("BOOLEAN", "BOOL"), "BOOLEAN"),
    "DATE": "DATE",
}


def as_stored(checks: Sequence[Check], table: Table, columns: Mapping[str, str], *, typed: bool) -> list[Check]:
    """Return the checks, those of physical types settled by what a file of others' has, as far as both are known.

    Args:
        checks: of one table.
        table: the contract's table.
        columns: name → type as the engine calls it.
        typed: the file has types of its own; texts have none.
    """
    settled = []
    for check in checks:
        column = table.column(check.column) if check.kind == "physicalType" and check.column else None
        if column is not None and column.physical_type and check.id == f"physicalType({label(column.name)})":
            measure = _compared(column.physical_type, columns.get(column.name), check.measure, typed=typed)
            settled.append(replace(check, measure=measure))
        else:
            settled.append(check)
    return settled


def _compared(stated: str, found: str | None, measure: Measure, *, typed: bool) -> Measure:
    if found is None:
        return Settled(CheckStatus.NOT_APPLICABLE, "the column is not there")
    if not typed:
        return (
            measure if isinstance(measure, Violations) else Settled(CheckStatus.NOT_APPLICABLE, "texts have no types")
        )
    wanted = _engine_type(PhysicalType.parse(stated))
    if wanted is None:
        why = f"the file has {found}; `{stated}` is another type in every system"
        return measure if isinstance(measure, Violations) else Settled(CheckStatus.NOT_APPLICABLE, why)
    decimal = parse_type(stated)  # what a decimal says of width, values are held to, whatever holds them
    if found == wanted or (isinstance(decimal, Decimal) and satisfies(found, decimal)):
        return Settled(CheckStatus.PASSED, f"the file has {found}")
    return Settled(CheckStatus.FAILED, f"the file has {found}, the contract says {stated}")


def _engine_type(parsed: PhysicalType | None) -> str | None:
    """Return the one type of the engine that a physical type is, if it is the same one in all systems."""
    if parsed is None:
        return None
    if parsed.name in ("DECIMAL", "NUMERIC", "DEC") and parsed.arguments:
        return f"DECIMAL({','.join((*parsed.arguments, '0')[:2])})"
    return _SAME.get(parsed.name)
