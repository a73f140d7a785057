"""Does a column's engine type hold what the contract's type promises?"""

from __future__ import annotations

from hanse.spec.types import DataType, Scalar

_SMALL_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"})
# Every value of these is exactly a value of the wider type.
_NARROWER = {
    Scalar.BIGINT: _SMALL_INTEGERS,
    Scalar.DOUBLE: _SMALL_INTEGERS | {"FLOAT"},
    Scalar.VARCHAR: frozenset({"UUID"}),
}


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
