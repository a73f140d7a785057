"""Casts to a contract's types that never lose anything in silence.

DuckDB's CAST rounds 1.7 to 2, drops the time of day of a timestamp and the zone of a text. A contract's type is a
promise about values, so a cast happens only where casting back gives the same value; anything else is a failed row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from hanse.base import QueryError
from hanse.base.suggest import did_you_mean
from hanse.spec import TextStyle
from hanse.spec.types import DataType, List, Map, Struct
from hanse.sql import codes
from hanse.sql.bind import write
from hanse.sql.build import SOURCE, call, column, identifier, source, type_named
from hanse.sql.cast_nested import opened
from hanse.sql.cast_rules import CastCheck, cast_check, normal_type
from hanse.sql.text_style import PLAIN, read_text

Typed = Sequence[tuple[str, str]]
Wanted = Sequence[tuple[str, DataType]]


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


def try_projection(select_sql: str, have: Typed, want: Wanted, style: TextStyle = PLAIN) -> str:
    """Return a SELECT of all columns as they are, the wanted ones cast; null where a cast would lose something.

    Args:
        select_sql: generated text.
        have: (column, type) as :meth:`hanse.interfaces.Session.describe` gives them for ``select_sql``.
        want: (column, type) of those to cast, named as they come out.
        style: how text writes numbers and dates.

    Raises:
        QueryError: HNS-Q005 when a wanted column is missing or there twice.
    """
    types = _types(have, want)
    wanted = {name.lower(): (name, kind) for name, kind in want}
    chosen = []
    for present, have_type in have:
        name, kind = wanted.get(present.lower(), (present, None))
        value: exp.Expr = column(present, SOURCE)
        if kind is not None and not same_type(types[name], kind):
            value = _tried(value, have_type, kind, style)
        chosen.append(exp.alias_(value, name, quoted=True))
    return write(exp.Select(expressions=chosen).from_(source(select_sql)))


def bad_values(select_sql: str, have: Typed, wanted: tuple[str, DataType], style: TextStyle = PLAIN) -> str | None:
    """Return a SELECT of the rows, as they are, of which one column's value cannot be cast without loss; None: none.

    Args:
        select_sql: generated text.
        have: (column, type) of ``select_sql``.
        wanted: the column and the type that it shall have.
        style: how text writes numbers and dates.

    Raises:
        QueryError: HNS-Q005 when the column is missing or there twice.
    """
    checks = _checks(_types(have, [wanted]), [wanted], style)
    if not checks:
        return None
    failing = exp.or_(*(_fails(name, check) for name, _, check in checks))
    return write(exp.Select(expressions=[exp.Star()]).from_(source(select_sql)).where(failing))


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
    rows = exp.alias_(call("count_if", any_fails.copy()), "failed_rows", quoted=True)
    counts = [exp.alias_(call("count_if", _fails(name, check)), name, quoted=True) for name, _, check in checks]
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


def _sample(select_sql: str, checks: list[tuple[str, DataType, CastCheck]], any_fails: exp.Expr, limit: int) -> str:
    faults = [
        exp.Case(ifs=[exp.If(this=_fails(name, check), true=_fault(name, wanted))]) for name, wanted, check in checks
    ]
    row = exp.Cast(this=call("to_json", column(SOURCE)), to=type_named("VARCHAR"))
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
        expressions=[exp.alias_(call("unnest", column("__faults")), "__fault", quoted=True), column("row_json")]
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
    return text == str(wanted) or normal_type(text) == normal_type(str(wanted))


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


def _checks(types: dict[str, str], want: Wanted, style: TextStyle) -> list[tuple[str, DataType, CastCheck]]:
    found = []
    for name, wanted in want:
        if same_type(types[name], wanted):
            continue
        _, check = _checked(column(name, SOURCE), types[name], wanted, style)
        if check:
            found.append((name, wanted, check))
    return found


def _fails(name: str, check: CastCheck) -> exp.Expr:
    present = exp.Not(this=exp.Is(this=column(name, SOURCE), expression=exp.Null()))
    holds = call("coalesce", check.holds.copy(), exp.false())
    return exp.and_(present, exp.Not(this=exp.Paren(this=holds)))


def _fault(name: str, wanted: DataType) -> exp.Expr:
    members = {
        "column_name": exp.Literal.string(name),
        "value_text": exp.Cast(this=column(name, SOURCE), to=type_named("VARCHAR")),
        "type_text": exp.Literal.string(str(wanted)),
    }
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(key), expression=value) for key, value in members.items()]
    )


def _checked(written: exp.Expr, have: str, wanted: DataType, style: TextStyle) -> tuple[exp.Expr, CastCheck | None]:
    """Return a value as it can be cast, texts as SQL writes them and JSON opened, and when it can be."""
    if have == "JSON" and isinstance(wanted, List | Map | Struct):
        value, texts = opened(written, wanted)
        check = cast_check(value, texts, wanted)
        there = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
        return value, CastCheck(exp.and_(there, exp.Paren(this=check.holds)) if check else there, loud=False)
    value = read_text(written, have, wanted, style)
    return value, cast_check(value, have, wanted)


def _tried(written: exp.Expr, have: str, wanted: DataType, style: TextStyle) -> exp.Expr:
    value, check = _checked(written, have, wanted, style)
    tried = exp.TryCast(this=value, to=type_named(str(wanted)))
    if check is None or check.loud:
        return tried
    return exp.Case(ifs=[exp.If(this=exp.Paren(this=check.holds), true=tried)])


def _cast(written: exp.Expr, have: str, wanted: DataType, name: str, style: TextStyle) -> exp.Expr:
    value, check = _checked(written, have, wanted, style)
    plain = exp.Cast(this=value, to=type_named(str(wanted)))
    if check is None or check.loud:
        return plain
    missing = exp.Is(this=written.copy(), expression=exp.Null())
    message = exp.Literal.string(f"a value of the column {name!r} cannot become {wanted} without loss")
    return exp.Case(
        ifs=[
            exp.If(this=exp.or_(missing, exp.Paren(this=check.holds)), true=plain),
        ],
        default=exp.Cast(this=call("error", message), to=type_named(str(wanted))),
    )
