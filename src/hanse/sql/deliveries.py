"""What a delivery does to a table, as SELECTs over internal relations.

A delivery never changes a file. It leaves some files of the table alone, and the rows of the others are written anew
without those that it takes away; what it adds comes behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlglot import exp

from hanse.sql.bind import write
from hanse.sql.build import column, identifier
from hanse.sql.records import Value

_OLD, _NEW = "__old", "__new"
Ranges = Sequence[tuple[Value, Value]]


@dataclass(frozen=True, slots=True)
class History:
    """The columns by which a slowly changing dimension (type 2) tells when a row held.

    Attributes:
        since: timestamp from which the row holds, included.
        until: timestamp up to which it held, excluded; null for the row that holds now.
        at: the moment of the change, as SQL text of a timestamp literal without zone mark, in UTC.
        close_missing: rows whose key is not delivered end now; otherwise they go on.
    """

    since: str
    until: str
    at: str
    close_missing: bool = True


def touched_files(old: str, new: str, keys: Sequence[str], file_column: str, *, nulls: bool = False) -> str:
    """Return a SELECT of the files (column ``file``) that hold a row with a delivered key.

    Args:
        old: relation of the table's files, with ``file_column``.
        new: relation of the delivery.
        keys: columns that tell which rows the delivery replaces.
        file_column: column of ``old`` that names each row's file.
        nulls: null is a value like any other in a key; otherwise it equals nothing.
    """
    return write(_files(old, file_column).where(_exists(new, keys, nulls)))


def touched(
    old: str,
    new: str,
    keys: Sequence[str],
    *,
    nulls: bool = False,
    within: Mapping[str, tuple[int, int]] = MappingProxyType({}),
    first: int | None = None,
) -> str:
    """Return a SELECT of one row if any row has a delivered key, else of none; it looks no further than it has to.

    Args:
        old: relation of some of the table's rows.
        new: relation of the delivery.
        keys: as in :func:`touched_files`.
        nulls: as in :func:`touched_files`.
        within: least and greatest values of key columns in ``old``; delivered keys beyond are not looked for.
        first: look at so many rows only; all if None.
    """
    near = [
        exp.Between(this=column(k, _NEW), low=exp.convert(low), high=exp.convert(high))
        for k, (low, high) in within.items()
    ]
    rows: exp.Expr = _table(old, _OLD)
    if first is not None:
        some = exp.Select(expressions=[column(key) for key in keys]).from_(_table(old, _OLD)).limit(first)
        rows = some.subquery(identifier(_OLD))
    found = exp.Select(expressions=[exp.alias_(exp.Literal.number(1), "found", quoted=True)]).from_(rows)
    same = exp.Exists(this=_one().from_(_table(new, _NEW)).where(exp.and_(_matches(keys, nulls), *near)))
    return write(found.where(same).limit(1))


def survivors(old: str, new: str, keys: Sequence[str], columns: Sequence[str], *, nulls: bool = False) -> str:
    """Return a SELECT of the rows of some files whose key is not delivered.

    Args:
        old: relation of the files that the delivery touches.
        new: relation of the delivery.
        keys: as in :func:`touched_files`.
        columns: columns to return, in order.
        nulls: as in :func:`touched_files`.
    """
    chosen = exp.Select(expressions=[_named(c, _OLD) for c in columns]).from_(_table(old, _OLD))
    return write(chosen.where(exp.Not(this=_exists(new, keys, nulls))))


def arrivals(new: str, columns: Sequence[str], marker: str | None = None) -> str:
    """Return a SELECT of the rows that a delivery adds: all of them, or those that it does not mark as deleted.

    Args:
        new: relation of the delivery.
        columns: columns to return, in order.
        marker: boolean column of the delivery that is true for rows to be deleted.
    """
    chosen = exp.Select(expressions=[_named(c, _NEW) for c in columns]).from_(_table(new, _NEW))
    if marker is not None:
        marked = _call("coalesce", column(marker, _NEW), exp.false())
        chosen = chosen.where(exp.Not(this=marked))
    return write(chosen)


def ranged_files(old: str, key: str, ranges: Ranges, file_column: str) -> str:
    """Return a SELECT of the files (column ``file``) that hold a row in some ranges of a column.

    Args:
        old: relation of the table's files, with ``file_column``.
        key: the column.
        ranges: pairs of values, the second one excluded; at least one.
        file_column: column of ``old`` that names each row's file.
    """
    return write(_files(old, file_column).where(_in_ranges(key, ranges)))


def outside(
    old: str,
    key: str,
    ranges: Ranges,
    columns: Sequence[str],
    rows: int | None = None,
    *,
    as_text: bool = False,
) -> str:
    """Return a SELECT of the rows that lie in none of some ranges of a column; null lies in none.

    Args:
        old: a relation.
        key: the column.
        ranges: as in :func:`ranged_files`.
        columns: columns to return, in order.
        rows: at most so many.
        as_text: values as text, also those that Python does not have.
    """

    def chosen_as(name: str) -> exp.Expr:
        if not as_text:
            return _named(name, _OLD)
        text = exp.Cast(this=column(name, _OLD), to=exp.DataType.build("VARCHAR", dialect="duckdb"))
        return exp.alias_(text, name, quoted=True)

    inside = _call("coalesce", _in_ranges(key, ranges), exp.false())
    chosen = exp.Select(expressions=[chosen_as(c) for c in columns]).from_(_table(old, _OLD))
    chosen = chosen.where(exp.Not(this=inside))
    return write(chosen if rows is None else chosen.limit(exp.Literal.number(rows)))


def greatest(relation: str, key: str) -> str:
    """Return a SELECT of the greatest value of a column, as column ``greatest``."""
    most = exp.alias_(_call("max", column(key, _OLD)), "greatest", quoted=True)
    return write(exp.Select(expressions=[most]).from_(_table(relation, _OLD)))


def both(first: str, second: str) -> str:
    """Return a SELECT of the rows of two SELECTs with the same columns, those of the first one first."""
    return f"({first}) UNION ALL ({second})"


def historic_touched(
    old: str, new: str, keys: Sequence[str], compared: Sequence[str], history: History, file_column: str
) -> str:
    """Return a SELECT of the files (column ``file``) with a row that ends now.

    Args:
        old: relation of the table's files, with ``file_column``.
        new: relation of the delivery.
        keys: columns that identify what the rows are about.
        compared: columns whose change ends a row and begins another.
        history: the table's history columns.
        file_column: column of ``old`` that names each row's file.
    """
    return write(_files(old, file_column).where(_ends(new, keys, compared, history)))


def historic_rows(
    old: str, new: str, keys: Sequence[str], compared: Sequence[str], history: History, columns: Sequence[str]
) -> str:
    """Return a SELECT of all rows of some files, those that end now with their end.

    Args:
        old: relation of the files that are touched.
        new: relation of the delivery.
        keys: as in :func:`historic_touched`.
        compared: as in :func:`historic_touched`.
        history: the table's history columns.
        columns: columns to return, in order.
    """
    ended = exp.Case(
        ifs=[exp.If(this=_ends(new, keys, compared, history), true=_moment(history))],
        default=column(history.until, _OLD),
    )
    chosen = [exp.alias_(ended, c, quoted=True) if c == history.until else _named(c, _OLD) for c in columns]
    return write(exp.Select(expressions=chosen).from_(_table(old, _OLD)))


def historic_arrivals(
    old: str | None, new: str, keys: Sequence[str], compared: Sequence[str], history: History, columns: Sequence[str]
) -> str:
    """Return a SELECT of the rows that begin now: new keys, and keys whose compared columns changed.

    Args:
        old: relation of all rows of the table, None if it has none yet.
        new: relation of the delivery.
        keys: as in :func:`historic_touched`.
        compared: as in :func:`historic_touched`.
        history: the table's history columns.
        columns: columns to return, in order.
    """
    chosen: list[exp.Expr] = []
    for name in columns:
        if name == history.since:
            chosen.append(exp.alias_(_moment(history), name, quoted=True))
        elif name == history.until:
            chosen.append(exp.alias_(exp.Cast(this=exp.Null(), to=_timestamp()), name, quoted=True))
        else:
            chosen.append(_named(name, _NEW))
    rows = exp.Select(expressions=chosen).from_(_table(new, _NEW))
    if old is not None:
        same = exp.and_(_holds(history), _matches(keys), *(_equal(c) for c in compared))
        rows = rows.where(exp.Not(this=exp.Exists(this=_one().from_(_table(old, _OLD)).where(same))))
    return write(rows)


def _files(old: str, file_column: str) -> exp.Select:
    chosen = exp.alias_(column(file_column, _OLD), "file", quoted=True)
    return exp.Select(expressions=[chosen], distinct=exp.Distinct()).from_(_table(old, _OLD))


def _ends(new: str, keys: Sequence[str], compared: Sequence[str], history: History) -> exp.Expr:
    """Return when a row that holds now ends: its key changed, or is missing."""
    delivered = _one().from_(_table(new, _NEW)).where(_matches(keys))
    unchanged = _one().from_(_table(new, _NEW)).where(exp.and_(_matches(keys), *(_equal(c) for c in compared)))
    ends: exp.Expr = exp.Not(this=exp.Exists(this=unchanged))
    if not history.close_missing:
        ends = exp.and_(exp.Exists(this=delivered), ends)
    return exp.and_(_holds(history), ends)


def _holds(history: History) -> exp.Expr:
    return exp.Is(this=column(history.until, _OLD), expression=exp.Null())


def _in_ranges(key: str, ranges: Ranges) -> exp.Expr:
    def bound(value: Value) -> exp.Expr:
        kind = exp.DataType.build(value.type, dialect="duckdb")
        return exp.Cast(this=exp.Literal.string(value.text), to=kind)

    return exp.or_(
        *(
            exp.and_(
                exp.GTE(this=column(key, _OLD), expression=bound(start)),
                exp.LT(this=column(key, _OLD), expression=bound(end)),
            )
            for start, end in ranges
        )
    )


def _exists(new: str, keys: Sequence[str], nulls: bool) -> exp.Expr:
    return exp.Exists(this=_one().from_(_table(new, _NEW)).where(_matches(keys, nulls)))


def _matches(keys: Sequence[str], nulls: bool = False) -> exp.Expr:
    equal = exp.NullSafeEQ if nulls else exp.EQ
    return exp.and_(*(equal(this=column(k, _NEW), expression=column(k, _OLD)) for k in keys))


def _equal(name: str) -> exp.Expr:
    return exp.NullSafeEQ(this=column(name, _NEW), expression=column(name, _OLD))


def _one() -> exp.Select:
    return exp.Select(expressions=[exp.Literal.number(1)])


def _moment(history: History) -> exp.Expr:
    return exp.Cast(this=exp.Literal.string(history.at), to=_timestamp())


def _timestamp() -> exp.DataType:
    return exp.DataType.build("TIMESTAMPTZ", dialect="duckdb")


def _named(name: str, table: str) -> exp.Expr:
    return exp.alias_(column(name, table), name, quoted=True)


def _table(name: str, alias: str) -> exp.Table:
    return exp.Table(this=identifier(name), alias=exp.TableAlias(this=identifier(alias)))


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
