"""Physical types: does a database declare a column as the contract says, whatever either calls it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hanse.quality.hosted.tables import HostedTable
from hanse.quality.records import Check, Settled
from hanse.registry.records import CheckStatus
from hanse.spec.odcs_types import PhysicalType

# A name → the one that the database's own declarations have.
_POSTGRES = {
    "INT": "INTEGER", "INT4": "INTEGER", "SERIAL": "INTEGER", "SERIAL4": "INTEGER", "INT8": "BIGINT",
    "BIGSERIAL": "BIGINT", "SERIAL8": "BIGINT", "INT2": "SMALLINT", "SMALLSERIAL": "SMALLINT",
    "VARCHAR": "CHARACTER VARYING", "CHAR": "CHARACTER", "BPCHAR": "CHARACTER", "BOOL": "BOOLEAN", "FLOAT4": "REAL",
    "FLOAT8": "DOUBLE PRECISION", "FLOAT": "DOUBLE PRECISION", "DOUBLE": "DOUBLE PRECISION", "DECIMAL": "NUMERIC",
    "DEC": "NUMERIC", "TIMESTAMP": "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIME": "TIME WITHOUT TIME ZONE", "TIMETZ": "TIME WITH TIME ZONE", "STRING": "TEXT",
}  # fmt: skip
_MYSQL = {
    "INTEGER": "INT", "INT4": "INT", "INT8": "BIGINT", "INT2": "SMALLINT", "INT1": "TINYINT", "DEC": "DECIMAL",
    "NUMERIC": "DECIMAL", "FIXED": "DECIMAL", "DOUBLE PRECISION": "DOUBLE", "REAL": "DOUBLE", "CHARACTER": "CHAR",
    "CHARACTER VARYING": "VARCHAR", "STRING": "TEXT",
}  # fmt: skip
_SQLITE = {"INT": "INTEGER", "BIGINT": "INTEGER", "STRING": "TEXT", "DECIMAL": "NUMERIC", "DOUBLE": "REAL"}
_ALIASES: Mapping[str, Mapping[str, str]] = {"postgres": _POSTGRES, "mysql": _MYSQL, "sqlite": _SQLITE}
_NAMES = {"postgres": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite"}
# Types of other systems: that a database has none of them says nothing about its columns.
_FOREIGN = frozenset({"NUMBER", "VARCHAR2", "NVARCHAR", "INT64", "FLOAT64", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "BYTES"})
# Digits in brackets that say how a number is shown, not what it holds.
_SHOWN = frozenset({"INT", "BIGINT", "SMALLINT", "MEDIUMINT", "TINYINT", "YEAR"})


def declared(check: Check, table: HostedTable, dialect: str) -> Check:
    """Return the check of a column's physical type, settled by what the database declares; others as they are."""
    column = table.table.column(check.column or "")
    hosted = table.columns.get(check.column or "")
    named = column is not None and check.id.split("#")[0] == f"physicalType({check.column})"
    if check.kind != "physicalType" or not named or column is None or hosted is None:
        return check
    return replace(check, measure=_settled(column.physical_type or "", hosted.declared, dialect))


def _settled(stated: str, found: str, dialect: str) -> Settled:
    wanted, has = PhysicalType.parse(stated), PhysicalType.parse(found)
    if wanted is None or wanted.name in _FOREIGN:
        return Settled(CheckStatus.NOT_APPLICABLE, f"{_NAMES[dialect]} has no type `{stated}`; it is `{found}` there")
    if has is not None and _same(_canonical(wanted, dialect), _canonical(has, dialect)):
        return Settled(CheckStatus.PASSED, f"declared as `{found}`")
    return Settled(CheckStatus.FAILED, f"declared as `{found or 'nothing'}`, the contract says `{stated}`")


def _canonical(type_: PhysicalType, dialect: str) -> PhysicalType:
    name, arguments = type_.name, type_.arguments
    if dialect == "mysql" and (name in ("BOOL", "BOOLEAN") or (name == "TINYINT" and arguments == ("1",))):
        return PhysicalType("TINYINT", ("1",))
    if dialect == "mysql" and name == "JSON":  # MariaDB's is a text that is looked at
        return PhysicalType("LONGTEXT")
    name = _ALIASES[dialect].get(name, name)
    if dialect == "mysql" and name.split(" ")[0] in _SHOWN:
        arguments = ()
    if name in ("NUMERIC", "DECIMAL") and len(arguments) == 1:
        arguments = (arguments[0], "0")
    return PhysicalType(name, arguments)


def _same(wanted: PhysicalType, has: PhysicalType) -> bool:
    """Compare types; what the contract leaves open, the database may say."""
    return wanted.name == has.name and (not wanted.arguments or wanted.arguments == has.arguments)
