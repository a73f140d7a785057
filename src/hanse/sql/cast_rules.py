"""When a value of one type can become another without loss: one rule per type that values come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from hanse.spec.types import DataType, Decimal, List, Map, Struct
from hanse.sql.build import call, type_named
from hanse.sql.cast_nested import nested_check, parts
from hanse.sql.lex import Dialect

_INTEGERS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "UTINYINT": 3, "USMALLINT": 5, "UINTEGER": 10}
_WIDE_INTEGERS = frozenset({"HUGEINT", "UHUGEINT", "UBIGINT"})


@dataclass(frozen=True)
class CastCheck:
    """When a value that is not null can be cast.

    Attributes:
        holds: condition; null counts as false.
        loud: where it does not hold the engine's own CAST raises.
    """

    holds: exp.Expr
    loud: bool


def cast_check(value: exp.Expr, have: str, wanted: DataType) -> CastCheck | None:
    """Return when a value of one type can become another without loss; None: always."""
    base, target = _base(have), str(wanted)
    if base == '"NULL"' or base == "NULL":
        return None
    if target == "VARCHAR":
        return None
    if isinstance(wanted, List | Map | Struct) and parts(have):
        nested = nested_check(value, have, wanted, _holds)
        return CastCheck(nested, loud=False) if nested is not None else None
    rule = _RULES.get(base)
    if rule is not None:
        return rule(value, have, wanted)
    if base in _INTEGERS:
        return _from_integer(value, have, wanted)
    if base in _WIDE_INTEGERS:
        return _from_wide_integer(value, have, wanted)
    return _round_trip(value, have, wanted)


def _holds(value: exp.Expr, have: str, wanted: DataType) -> exp.Expr | None:
    check = cast_check(value, have, wanted)
    return check.holds if check else None


def _from_integer(value: exp.Expr, have: str, wanted: DataType) -> CastCheck | None:
    digits = _INTEGERS[_base(have)]
    if str(wanted) == "BIGINT":
        return None
    if str(wanted) == "DOUBLE":
        return None if digits <= 15 else _round_trip(value, have, wanted)
    if isinstance(wanted, Decimal):
        return None if wanted.precision - wanted.scale >= digits else _castable(value, wanted)
    return _round_trip(value, have, wanted)


def _from_wide_integer(value: exp.Expr, have: str, wanted: DataType) -> CastCheck | None:
    if str(wanted) == "BIGINT" or isinstance(wanted, Decimal):
        return _castable(value, wanted)
    return _round_trip(value, have, wanted)


def _from_decimal(value: exp.Expr, have: str, wanted: DataType) -> CastCheck | None:
    precision, scale = _decimal(have)
    if isinstance(wanted, Decimal) and wanted.scale >= scale:
        return None if wanted.precision - wanted.scale >= precision - scale else _castable(value, wanted)
    if str(wanted) == "BIGINT" and scale == 0:
        return None if precision <= 18 else _castable(value, wanted)
    if str(wanted) == "DOUBLE" and precision <= 15:
        return None
    return _round_trip(value, have, wanted)


def _from_boolean(value: exp.Expr, have: str, wanted: DataType) -> CastCheck | None:
    if str(wanted) in ("BIGINT", "DOUBLE"):
        return None
    return _round_trip(value, have, wanted)


def _from_float(value: exp.Expr, have: str, wanted: DataType) -> CastCheck | None:
    return None if str(wanted) == "DOUBLE" else _round_trip(value, have, wanted)


def _from_timestamp(value: exp.Expr, have: str, wanted: DataType) -> CastCheck | None:
    exact = ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
    if str(wanted) in exact and _base(have) in (*exact, "TIMESTAMP_S", "TIMESTAMP_MS", "DATE"):
        return None
    if str(wanted) == "TIME":
        return CastCheck(exp.false(), loud=False)  # the day would be lost whatever the value
    return _round_trip(value, have, wanted)


def _from_text(value: exp.Expr, have: str, wanted: DataType) -> CastCheck | None:
    target = str(wanted)
    tried = _try(value, target)
    text: exp.Expr = value if _base(have) == "VARCHAR" else exp.Cast(this=value, to=type_named("VARCHAR"))
    if target == "BIGINT" or isinstance(wanted, Decimal):
        scale = wanted.scale if isinstance(wanted, Decimal) else 0
        return CastCheck(exp.and_(_known(tried), exp.Paren(this=_as_written(text, tried, scale))), loud=False)
    if target == "DATE":
        same = _equal(_try(text, "TIMESTAMP"), exp.Cast(this=tried, to=type_named("TIMESTAMP")))
        return CastCheck(exp.and_(same, _finite(tried)), loud=False)
    if target == "TIMESTAMP":
        zoned = exp.Cast(this=_try(text, "TIMESTAMP WITH TIME ZONE"), to=type_named("TIMESTAMP"))
        return CastCheck(exp.and_(_equal(zoned, tried), _finite(tried), _no_nanoseconds(text)), loud=False)
    if target == "TIMESTAMP WITH TIME ZONE":
        return CastCheck(exp.and_(_known(tried), _finite(tried), _no_nanoseconds(text)), loud=False)
    if target == "TIME":
        # DuckDB knows 24:00:00, table formats and other readers do not.
        day = exp.LT(this=tried.copy(), expression=exp.Cast(this=exp.Literal.string("24:00:00"), to=type_named("TIME")))
        return CastCheck(exp.and_(day, _no_nanoseconds(text)), loud=False)
    if target == "DOUBLE":
        # DuckDB reads 1e400 as infinity.
        finite = exp.or_(
            call("isfinite", tried.copy()),
            call("regexp_matches", text.copy(), exp.Literal.string("(?i)inf|nan")),
        )
        return CastCheck(exp.and_(_known(tried), exp.Paren(this=finite)), loud=False)
    if target in ("BOOLEAN", "BLOB"):
        return _castable(value, wanted)
    return _round_trip(value, have, wanted)


def _as_written(text: exp.Expr, tried: exp.Expr, scale: int) -> exp.Expr:
    """Whether a number in text has no more fractional digits than can be kept, written plainly or as 1e3."""
    fraction = rf"(\.[0-9_]{{0,{scale}}}0*)?"
    plain = call("regexp_full_match", text.copy(), exp.Literal.string(rf"\s*[+-]?[0-9_]*{fraction}\s*"))
    double = _try(text, "DOUBLE")
    # Doubles tell numbers of at most 15 digits apart.
    small = exp.LT(this=call("abs", double.copy()), expression=exp.Literal.number(10 ** max(15 - scale, 0)))
    same = exp.EQ(this=exp.Cast(this=tried.copy(), to=type_named("DOUBLE")), expression=double)
    exponent = call("regexp_matches", text.copy(), exp.Literal.string("[eE]"))
    return exp.or_(plain, exp.and_(exponent, small, same))


def _finite(tried: exp.Expr) -> exp.Expr:
    """Whether a date or time is one: other readers take what DuckDB writes for `infinity` for some year."""
    return call("isfinite", tried.copy())


def _no_nanoseconds(text: exp.Expr) -> exp.Expr:
    finer = call("regexp_matches", text.copy(), exp.Literal.string(r"\.[0-9]{6}[0-9]*[1-9]"))
    return exp.Not(this=finer)


def _castable(value: exp.Expr, wanted: DataType) -> CastCheck:
    return CastCheck(_known(_try(value, str(wanted))), loud=True)


def _round_trip(value: exp.Expr, have: str, wanted: DataType) -> CastCheck:
    """Cast there and back: the same value must return."""
    back = exp.TryCast(this=_try(value, str(wanted)), to=type_named(have))
    return CastCheck(_equal(back, value.copy()), loud=False)


def _equal(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.EQ(this=left, expression=right)


def _known(value: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _try(value: exp.Expr, type_text: str) -> exp.Expr:
    return exp.TryCast(this=value.copy(), to=type_named(type_text))


def _base(text: str) -> str:
    if text.endswith("]"):
        return "LIST"
    return text.split("(", 1)[0].strip().upper()


def _decimal(text: str) -> tuple[int, int]:
    inner = text[text.index("(") + 1 : text.rindex(")")].split(",") if "(" in text else ["18", "3"]
    return int(inner[0]), int(inner[1]) if len(inner) > 1 else 0


def normal_type(text: str) -> str:
    """Return a type as sqlglot spells it, so that two spellings of one type are equal."""
    try:
        return exp.DataType.build(text, dialect=Dialect).sql(Dialect, identify=True)
    except (SqlglotError, ValueError):
        return text


_RULES: dict[str, Callable[[exp.Expr, str, DataType], CastCheck | None]] = {
    "BOOLEAN": _from_boolean,
    "DATE": _from_timestamp,
    "DECIMAL": _from_decimal,
    "ENUM": _from_text,
    "FLOAT": _from_float,
    "TIMESTAMP": _from_timestamp,
    "TIMESTAMP WITH TIME ZONE": _from_timestamp,
    "TIMESTAMP_MS": _from_timestamp,
    "TIMESTAMP_NS": _from_timestamp,
    "TIMESTAMP_S": _from_timestamp,
    "UUID": _from_text,
    "VARCHAR": _from_text,
}
