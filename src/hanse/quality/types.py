"""Does a column's engine type hold what the contract's type promises?"""

from __future__ import annotations

from hanse.spec.types import DataType, Decimal, List, Map, Scalar, Struct

_SMALL_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"})
# Every value of these is exactly a value of the wider type.
_NARROWER = {
    Scalar.BIGINT: _SMALL_INTEGERS,
    Scalar.DOUBLE: _SMALL_INTEGERS | {"FLOAT"},
    Scalar.VARCHAR: frozenset({"UUID"}),
}


_INTEGERS = _SMALL_INTEGERS | {"BIGINT", "HUGEINT", "UBIGINT", "UHUGEINT"}
_PLAIN_TIMES = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_ZONED_TIMES = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"})
# What others write for a logical type. A time without a zone is taken for UTC, as ODCS does where nothing is said.
_SATISFYING = {
    Scalar.BIGINT: _INTEGERS,
    Scalar.DOUBLE: _INTEGERS | {"FLOAT", "DOUBLE", "DECIMAL"},
    Scalar.VARCHAR: frozenset({"VARCHAR", "UUID", "ENUM", "JSON"}),
    Scalar.TIME: frozenset({"TIME", "TIME_NS"}),
    Scalar.TIMESTAMP: _PLAIN_TIMES,
    Scalar.TIMESTAMPTZ: _ZONED_TIMES | _PLAIN_TIMES,
}


# How the parser writes a member's type → how the engine does.
_ENGINE_NAMES = {"INT": "INTEGER", "TEXT": "VARCHAR", "REAL": "FLOAT", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


def satisfies(found: str, promised: DataType) -> bool:
    """Tell whether a type that others wrote satisfies the contract's logical type, whatever its width or unit.

    Args:
        found: type name as the engine writes it.
        promised: the contract's type.
    """
    found = _ENGINE_NAMES.get(found, found)
    if keeps_type(found, promised):
        return True
    name = found.partition("(")[0].strip().upper()
    match promised:
        case Scalar():
            if promised is Scalar.BIGINT and name == "DECIMAL":
                return found.replace(" ", "").endswith(",0)")
            return not found.endswith("]") and name in _SATISFYING.get(promised, ())
        case Decimal(precision, scale):
            return _fits_decimal(found, name, precision, scale)
        case List(item):
            return found.endswith("]") and satisfies(found[: found.rindex("[")], item)
        case Struct() | Map():
            return _members_satisfy(found, promised)


def _members_satisfy(found: str, promised: Struct | Map) -> bool:
    from sqlglot import exp  # the parser is loaded only for nested types

    nested = exp.DataType.build(found, dialect="duckdb")
    kind = exp.DataType.Type.MAP if isinstance(promised, Map) else exp.DataType.Type.STRUCT
    if nested.this is not kind:
        return False
    if isinstance(promised, Map):
        pairs = zip(nested.expressions, (promised.key, promised.value), strict=False)
        return all(satisfies(part.sql("duckdb"), wanted) for part, wanted in pairs)
    members = {part.name: part.args["kind"].sql("duckdb") for part in nested.expressions if part.args.get("kind")}
    return all(field.name in members and satisfies(members[field.name], field.type) for field in promised.fields)


_DIGITS = {"TINYINT": 3, "UTINYINT": 3, "SMALLINT": 5, "USMALLINT": 5, "INTEGER": 10, "UINTEGER": 10}
_DIGITS |= {"BIGINT": 19, "UBIGINT": 20}


def _fits_decimal(found: str, name: str, precision: int, scale: int) -> bool:
    if name in _INTEGERS:
        return precision - scale >= _DIGITS.get(name, 39)
    if name != "DECIMAL" or "(" not in found:
        return False
    digits, places = (int(n) for n in found[found.index("(") + 1 : found.index(")")].split(","))
    return places <= scale and digits - places <= precision - scale


def keeps_type(found: str, promised: DataType) -> bool:
    """Tell whether a column of one engine type keeps a contract's type: the same one, or one that it contains.

    Args:
        found: type name as the engine writes it.
        promised: the contract's type.
    """
    if isinstance(promised, Scalar):
        narrower = found.upper() in _NARROWER.get(promised, ())
        return found.upper() == promised.value or narrower or (promised is Scalar.VARCHAR and found.startswith("ENUM("))
    from hanse.sql import same_type  # the parser is loaded only for nested types

    return found == str(promised) or same_type(found, promised)
