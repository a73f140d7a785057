"""Casts to a contract's types that never lose anything in silence.

DuckDB's CAST rounds 1.7 to 2, drops the time of day of a timestamp and the zone of a text. A contract's type is a
promise about values, so a cast happens only where casting back gives the same value; anything else is a failed row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError

from hanse.base import QueryError
from hanse.base.suggest import did_you_mean
from hanse.spec import TextStyle
from hanse.spec.types import DataType, Decimal
from hanse.sql import codes
from hanse.sql.bind import write
from hanse.sql.build import SOURCE, column, identifier, source
from hanse.sql.lex import Dialect
from hanse.sql.text_style import PLAIN, read_text

Typed = Sequence[tuple[str, str]]
Wanted = Sequence[tuple[str, DataType]]

_INTEGERS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "UTINYINT": 3, "USMALLINT": 5, "UINTEGER": 10}
_WIDE_INTEGERS = frozenset({"HUGEINT", "UHUGEINT", "UBIGINT"})


@dataclass(frozen=True)
class _Check:
    """When a value that is not null can be cast.

    Attributes:
        holds: condition; null counts as false.
        loud: where it does not hold the engine's own CAST raises.
    """

    holds: exp.Expr
    loud: bool


def cast_projection(select_sql: str, have: Typed, want: Wanted, style: TextStyle = PLAIN) -> str:
    """Return a SELECT of exactly the wanted columns, in order, each cast where its type differs.

    A value that cannot be cast without loss makes the statement raise when it runs.

    Args:
        select_sql: generated text.
        have: (column, type) as :meth:`hanse.interfaces.Session.describe` gives them for ``select_sql``.
        want: (column, type) that shall come out.
        style: how text writes numbers and dates.

    Raises:
        QueryError: HNS-Q005 when a wanted column is missing or there twice.
    """
    types = _types(have, want)
    chosen = []
    for name, wanted in want:
        value: exp.Expr = column(name, SOURCE)
        if not same_type(types[name], wanted):
            value = _cast(value, types[name], wanted, name, style)
        chosen.append(exp.alias_(value, name, quoted=True))
    return write(exp.Select(expressions=chosen).from_(source(select_sql)))


def cast_some(select_sql: str, have: Typed, want: Wanted) -> str:
    """Return a SELECT of all columns as they are, except those that are wanted in another type; see cast_projection.

    Raises:
        QueryError: HNS-Q005 when a wanted column is missing or there twice.
    """
    _types(have, want)
    wanted = {name.lower(): kind for name, kind in want}
    chosen = []
    for name, kind in have:
        value: exp.Expr = column(name, SOURCE)
        if name.lower() in wanted:
            value = _cast(value, kind, wanted[name.lower()], name, PLAIN)
        chosen.append(exp.alias_(value, name, quoted=True))
    return write(exp.Select(expressions=chosen).from_(source(select_sql)))


@dataclass(frozen=True, slots=True)
class CastFailures:
    """Statements that look for values which cannot be cast without loss. Each scans once.

    Attributes:
        sample: SELECT of the first of them, columns all text: ``column_name``; ``value_text``; ``type_text``, the
            wanted type; ``row_json``, the whole row (see :func:`row_of`). A row with several faults comes out once per
            fault.
        count: SELECT of one number, ``failed_rows``: rows with at least one such value.
        by_column: SELECT of one row: the number of such values per column that can fail, under the column's name.
        sound: SELECT of all other rows, as they are: what :func:`cast_projection` can be used on.
    """

    sample: str
    count: str
    by_column: str
    sound: str


def cast_failures(
    select_sql: str, have: Typed, want: Wanted, limit: int, style: TextStyle = PLAIN
) -> CastFailures | None:
    """Return statements that find values which cannot be cast without loss, or None if no cast can fail.

    Args:
        select_sql: generated text.
        have: (column, type) as :meth:`hanse.interfaces.Session.describe` gives them for ``select_sql``.
        want: (column, type) that shall come out.
        limit: rows of the source that the sample looks up at most.
        style: how text writes numbers and dates.

    Raises:
        QueryError: HNS-Q005 when a wanted column is missing or there twice.
    """
    checks = _checks(_types(have, want), want, style)
    if not checks:
        return None
    any_fails = exp.or_(*(_fails(name, check) for name, _, check in checks))
    rows = exp.alias_(_call("count_if", any_fails.copy()), "failed_rows", quoted=True)
    counts = [exp.alias_(_call("count_if", _fails(name, check)), name, quoted=True) for name, _, check in checks]
    return CastFailures(
        sample=_sample(select_sql, checks, any_fails, limit),
        count=write(exp.Select(expressions=[rows]).from_(source(select_sql))),
        by_column=write(exp.Select(expressions=counts).from_(source(select_sql))),
        sound=write(
            exp.Select(expressions=[exp.Star()])
            .from_(source(select_sql))
            .where(exp.Not(this=exp.Paren(this=any_fails.copy())))
        ),
    )


def row_of(failure: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole row of one record of :attr:`CastFailures.sample`, column → JSON-ready value.

    NaN and infinities, which JSON does not know, come as text.
    """
    row = json.loads(failure["row_json"], parse_constant=str)
    assert isinstance(row, dict)
    return row


def _sample(select_sql: str, checks: list[tuple[str, DataType, _Check]], any_fails: exp.Expr, limit: int) -> str:
    faults = [
        exp.Case(ifs=[exp.If(this=_fails(name, check), true=_fault(name, wanted))]) for name, wanted, check in checks
    ]
    row = exp.Cast(this=_call("to_json", column(SOURCE)), to=_type("VARCHAR"))
    failing = (
        exp.Select(
            expressions=[
                exp.alias_(exp.Array(expressions=faults), "__faults", quoted=True),
                exp.alias_(row, "row_json", quoted=True),
            ]
        )
        .from_(source(select_sql))
        .where(any_fails)
        .limit(exp.Literal.number(max(limit, 0)))
    )
    each = exp.Select(
        expressions=[exp.alias_(_call("unnest", column("__faults")), "__fault", quoted=True), column("row_json")]
    ).from_(failing.subquery(identifier("__failing")))
    members = [
        exp.alias_(exp.Dot(this=column("__fault"), expression=identifier(name)), name, quoted=True)
        for name in ("column_name", "value_text", "type_text")
    ]
    present = exp.Not(this=exp.Is(this=column("__fault"), expression=exp.Null()))
    return write(
        exp.Select(expressions=[*members, column("row_json")]).from_(each.subquery(identifier("__each"))).where(present)
    )


def same_type(text: str, wanted: DataType) -> bool:
    """Whether an engine's name of a type means the wanted type."""
    return text == str(wanted) or _normal(text) == _normal(str(wanted))


def _types(have: Typed, want: Wanted) -> dict[str, str]:
    """Return the present type per wanted name; names compare without regard to case, as in the engine."""
    folded: dict[str, list[str]] = {}
    for name, text in have:
        folded.setdefault(name.lower(), []).append(text)
    found = {}
    for name, _ in want:
        texts = folded.get(name.lower(), [])
        if len(texts) != 1:
            what = "is missing" if not texts else f"comes out {len(texts)} times"
            fix = did_you_mean(name, [other for other, _ in have]) if not texts else "give each column its own name"
            raise QueryError(codes.COLUMN_MISSING, f"the column `{name}` {what}", fix=fix)
        found[name] = texts[0]
    return found


def _checks(types: dict[str, str], want: Wanted, style: TextStyle) -> list[tuple[str, DataType, _Check]]:
    found = []
    for name, wanted in want:
        if same_type(types[name], wanted):
            continue
        check = _check(read_text(column(name, SOURCE), types[name], wanted, style), types[name], wanted)
        if check:
            found.append((name, wanted, check))
    return found


def _fails(name: str, check: _Check) -> exp.Expr:
    present = exp.Not(this=exp.Is(this=column(name, SOURCE), expression=exp.Null()))
    holds = _call("coalesce", check.holds.copy(), exp.false())
    return exp.and_(present, exp.Not(this=exp.Paren(this=holds)))


def _fault(name: str, wanted: DataType) -> exp.Expr:
    members = {
        "column_name": exp.Literal.string(name),
        "value_text": exp.Cast(this=column(name, SOURCE), to=_type("VARCHAR")),
        "type_text": exp.Literal.string(str(wanted)),
    }
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(key), expression=value) for key, value in members.items()]
    )


def _cast(written: exp.Expr, have: str, wanted: DataType, name: str, style: TextStyle) -> exp.Expr:
    value = read_text(written, have, wanted, style)
    plain = exp.Cast(this=value, to=_type(str(wanted)))
    check = _check(value, have, wanted)
    if check is None or check.loud:
        return plain
    missing = exp.Is(this=written.copy(), expression=exp.Null())
    message = exp.Literal.string(f"a value of the column {name!r} cannot become {wanted} without loss")
    return exp.Case(
        ifs=[
            exp.If(this=exp.or_(missing, exp.Paren(this=check.holds)), true=plain),
        ],
        default=exp.Cast(this=_call("error", message), to=_type(str(wanted))),
    )


def _check(value: exp.Expr, have: str, wanted: DataType) -> _Check | None:
    """Return when a value of one type can become another without loss; None: always."""
    base, target = _base(have), str(wanted)
    if base == '"NULL"' or base == "NULL":
        return None
    if target == "VARCHAR":
        return None
    rule = _RULES.get(base)
    if rule is not None:
        return rule(value, have, wanted)
    if base in _INTEGERS:
        return _from_integer(value, have, wanted)
    if base in _WIDE_INTEGERS:
        return _from_wide_integer(value, have, wanted)
    return _round_trip(value, have, wanted)


def _from_integer(value: exp.Expr, have: str, wanted: DataType) -> _Check | None:
    digits = _INTEGERS[_base(have)]
    if str(wanted) == "BIGINT":
        return None
    if str(wanted) == "DOUBLE":
        return None if digits <= 15 else _round_trip(value, have, wanted)
    if isinstance(wanted, Decimal):
        return None if wanted.precision - wanted.scale >= digits else _castable(value, wanted)
    return _round_trip(value, have, wanted)


def _from_wide_integer(value: exp.Expr, have: str, wanted: DataType) -> _Check | None:
    if str(wanted) == "BIGINT" or isinstance(wanted, Decimal):
        return _castable(value, wanted)
    return _round_trip(value, have, wanted)


def _from_decimal(value: exp.Expr, have: str, wanted: DataType) -> _Check | None:
    precision, scale = _decimal(have)
    if isinstance(wanted, Decimal) and wanted.scale >= scale:
        return None if wanted.precision - wanted.scale >= precision - scale else _castable(value, wanted)
    if str(wanted) == "BIGINT" and scale == 0:
        return None if precision <= 18 else _castable(value, wanted)
    if str(wanted) == "DOUBLE" and precision <= 15:
        return None
    return _round_trip(value, have, wanted)


def _from_boolean(value: exp.Expr, have: str, wanted: DataType) -> _Check | None:
    if str(wanted) in ("BIGINT", "DOUBLE"):
        return None
    return _round_trip(value, have, wanted)


def _from_float(value: exp.Expr, have: str, wanted: DataType) -> _Check | None:
    return None if str(wanted) == "DOUBLE" else _round_trip(value, have, wanted)


def _from_timestamp(value: exp.Expr, have: str, wanted: DataType) -> _Check | None:
    exact = ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
    if str(wanted) in exact and _base(have) in (*exact, "TIMESTAMP_S", "TIMESTAMP_MS", "DATE"):
        return None
    if str(wanted) == "TIME":
        return _Check(exp.false(), loud=False)  # the day would be lost whatever the value
    return _round_trip(value, have, wanted)


def _from_text(value: exp.Expr, have: str, wanted: DataType) -> _Check | None:
    target = str(wanted)
    tried = _try(value, target)
    text: exp.Expr = value if _base(have) == "VARCHAR" else exp.Cast(this=value, to=_type("VARCHAR"))
    if target == "BIGINT" or isinstance(wanted, Decimal):
        scale = wanted.scale if isinstance(wanted, Decimal) else 0
        return _Check(exp.and_(_known(tried), exp.Paren(this=_as_written(text, tried, scale))), loud=False)
    if target == "DATE":
        same = _equal(_try(text, "TIMESTAMP"), exp.Cast(this=tried, to=_type("TIMESTAMP")))
        return _Check(exp.and_(same, _finite(tried)), loud=False)
    if target == "TIMESTAMP":
        zoned = exp.Cast(this=_try(text, "TIMESTAMP WITH TIME ZONE"), to=_type("TIMESTAMP"))
        return _Check(exp.and_(_equal(zoned, tried), _finite(tried), _no_nanoseconds(text)), loud=False)
    if target == "TIMESTAMP WITH TIME ZONE":
        return _Check(exp.and_(_known(tried), _finite(tried), _no_nanoseconds(text)), loud=False)
    if target == "TIME":
        # DuckDB knows 24:00:00, table formats and other readers do not.
        day = exp.LT(this=tried.copy(), expression=exp.Cast(this=exp.Literal.string("24:00:00"), to=_type("TIME")))
        return _Check(exp.and_(day, _no_nanoseconds(text)), loud=False)
    if target == "DOUBLE":
        # DuckDB reads 1e400 as infinity.
        finite = exp.or_(
            _call("isfinite", tried.copy()),
            _call("regexp_matches", text.copy(), exp.Literal.string("(?i)inf|nan")),
        )
        return _Check(exp.and_(_known(tried), exp.Paren(this=finite)), loud=False)
    if target in ("BOOLEAN", "BLOB"):
        return _castable(value, wanted)
    return _round_trip(value, have, wanted)


def _as_written(text: exp.Expr, tried: exp.Expr, scale: int) -> exp.Expr:
    """Whether a number in text has no more fractional digits than can be kept, written plainly or as 1e3."""
    fraction = rf"(\.[0-9_]{{0,{scale}}}0*)?"
    plain = _call("regexp_full_match", text.copy(), exp.Literal.string(rf"\s*[+-]?[0-9_]*{fraction}\s*"))
    double = _try(text, "DOUBLE")
    # Doubles tell numbers of at most 15 digits apart.
    small = exp.LT(this=_call("abs", double.copy()), expression=exp.Literal.number(10 ** max(15 - scale, 0)))
    same = exp.EQ(this=exp.Cast(this=tried.copy(), to=_type("DOUBLE")), expression=double)
    exponent = _call("regexp_matches", text.copy(), exp.Literal.string("[eE]"))
    return exp.or_(plain, exp.and_(exponent, small, same))


def _finite(tried: exp.Expr) -> exp.Expr:
    """Whether a date or time is one: other readers take what DuckDB writes for `infinity` for some year."""
    return _call("isfinite", tried.copy())


def _no_nanoseconds(text: exp.Expr) -> exp.Expr:
    finer = _call("regexp_matches", text.copy(), exp.Literal.string(r"\.[0-9]{6}[0-9]*[1-9]"))
    return exp.Not(this=finer)


def _castable(value: exp.Expr, wanted: DataType) -> _Check:
    return _Check(_known(_try(value, str(wanted))), loud=True)


def _round_trip(value: exp.Expr, have: str, wanted: DataType) -> _Check:
    """Cast there and back: the same value must return."""
    back = exp.TryCast(this=_try(value, str(wanted)), to=_type(have))
    return _Check(_equal(back, value.copy()), loud=False)


def _equal(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.EQ(this=left, expression=right)


def _known(value: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _try(value: exp.Expr, type_text: str) -> exp.Expr:
    return exp.TryCast(this=value.copy(), to=_type(type_text))


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _type(text: str) -> exp.DataType:
    """Return a type as a node that prints exactly as the engine or the contract spells it."""
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=text)


def _base(text: str) -> str:
    if text.endswith("]"):
        return "LIST"
    return text.split("(", 1)[0].strip().upper()


def _decimal(text: str) -> tuple[int, int]:
    inner = text[text.index("(") + 1 : text.rindex(")")].split(",") if "(" in text else ["18", "3"]
    return int(inner[0]), int(inner[1]) if len(inner) > 1 else 0


def _normal(text: str) -> str:
    try:
        return exp.DataType.build(text, dialect=Dialect).sql(Dialect, identify=True)
    except (SqlglotError, ValueError):
        return text


_RULES: dict[str, Callable[[exp.Expr, str, DataType], _Check | None]] = {
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
