"""Small statements built as trees. Another statement goes in whole, as a subquery of text that was generated here."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from hanse.sql.bind import write
from hanse.sql.lex import Dialect

SOURCE = "__src"
_WIDE = frozenset({"HUGEINT", "UHUGEINT"})


def identifier(name: str) -> exp.Identifier:
    """Return a quoted identifier."""
    return exp.to_identifier(name, quoted=True)


def column(name: str, table: str | None = None) -> exp.Column:
    """Return a quoted column, qualified if a table is given."""
    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """Return a call of a function by the engine's own name."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def type_named(text: str) -> exp.DataType:
    """Return a type as a node that prints exactly as the engine or the contract spells it."""
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=text)


def source(select_sql: str, alias: str = SOURCE) -> exp.Subquery:
    """Return generated text as a subquery, word by word."""
    return exp.Subquery(this=exp.Var(this=select_sql), alias=exp.TableAlias(this=identifier(alias)))


def quote(name: str) -> str:
    """Return an identifier in double quotes, inner quotes doubled."""
    return write(identifier(name))


def select_star(relation: str) -> str:
    """Return a SELECT of everything in a relation with a one-part name."""
    return write(exp.Select(expressions=[exp.Star()]).from_(exp.Table(this=identifier(relation))))


def select_exact(relation: str, have: Sequence[tuple[str, str]]) -> str:
    """Return a SELECT of everything in a relation, in types that Parquet keeps exactly.

    DuckDB writes integers of 128 bits as floating point; here they become decimals, or raise where they have more than
    38 digits.

    Args:
        relation: internal name.
        have: (column, type) as :meth:`hanse.interfaces.Session.describe` gives them.
    """
    table = exp.Table(this=identifier(relation), alias=exp.TableAlias(this=identifier(SOURCE)))
    return write(exp.Select(expressions=_exact(have)).from_(table))


def exact(select_sql: str, have: Sequence[tuple[str, str]]) -> str:
    """Return another SELECT in types that Parquet keeps exactly; see :func:`select_exact`.

    Args:
        select_sql: generated text.
        have: (column, type) as :meth:`hanse.interfaces.Session.describe` gives them for ``select_sql``.
    """
    if not any(type_name in _WIDE for _, type_name in have):
        return select_sql
    return write(exp.Select(expressions=_exact(have)).from_(source(select_sql)))


def _exact(have: Sequence[tuple[str, str]]) -> list[exp.Expr]:
    decimal = exp.DataType.build("DECIMAL(38, 0)", dialect=Dialect)
    chosen: list[exp.Expr] = []
    for name, type_name in have:
        value: exp.Expr = column(name, SOURCE)
        if type_name in _WIDE:
            value = exp.Cast(this=value, to=decimal.copy())
        chosen.append(exp.alias_(value, name, quoted=True))
    return chosen


def limit(select_sql: str, rows: int) -> str:
    """Return a SELECT of at most so many rows of another one.

    Args:
        select_sql: generated text.
        rows: at least 0.
    """
    return write(exp.Select(expressions=[exp.Star()]).from_(source(select_sql)).limit(exp.Literal.number(max(rows, 0))))


def count(select_sql: str) -> str:
    """Return a SELECT of the number of rows of another one, as column ``rows``."""
    rows = exp.alias_(exp.Anonymous(this="count", expressions=[exp.Star()]), "rows", quoted=True)
    return write(exp.Select(expressions=[rows]).from_(source(select_sql)))


def count_values(relation: str, columns: Sequence[str]) -> str:
    """Return a SELECT of one row: the number of rows of a relation with a one-part name, then of values per column."""
    counted = [exp.Anonymous(this="count", expressions=[column(name)]) for name in columns]
    chosen = [exp.Anonymous(this="count", expressions=[exp.Star()]), *counted]
    named = [exp.alias_(value, f"n{number}", quoted=True) for number, value in enumerate(chosen)]
    return write(exp.Select(expressions=named).from_(exp.Table(this=identifier(relation))))


def align(relation: str, columns: Sequence[tuple[str | None, str, str]]) -> str:
    """Return a SELECT of columns of a relation with a one-part name; what it does not have is null.

    Args:
        relation: internal name.
        columns: per column: its name in the relation or None, its new name, the type of the null as the engine or the
            contract spells it.
    """
    chosen: list[exp.Expr] = []
    for old, new, kind in columns:
        null = exp.Cast(this=exp.Null(), to=exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=kind))
        chosen.append(exp.alias_(null if old is None else column(old, SOURCE), new, quoted=True))
    table = exp.Table(this=identifier(relation), alias=exp.TableAlias(this=identifier(SOURCE)))
    return write(exp.Select(expressions=chosen).from_(table))


def union_all(selects: Sequence[str]) -> str:
    """Return a SELECT of the rows of several SELECTs with as many columns, which were generated here."""
    return " UNION ALL ".join(f"({select})" for select in selects)


def project(relation: str, columns: Sequence[str | tuple[str, str]]) -> str:
    """Return a SELECT of some columns of a relation with a one-part name, in the order given.

    Args:
        relation: internal name.
        columns: names, or pairs of name and new name.
    """
    chosen: list[exp.Expr] = []
    for entry in columns:
        old, new = (entry, entry) if isinstance(entry, str) else entry
        chosen.append(exp.alias_(column(old, SOURCE), new, quoted=True))
    table = exp.Table(this=identifier(relation), alias=exp.TableAlias(this=identifier(SOURCE)))
    return write(exp.Select(expressions=chosen).from_(table))
