"""The rows that a contract's own query counts: ``SELECT count(*) FROM t WHERE p`` counts the rows where ``p`` holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from hanse.base import HanseError
from hanse.quality.compile import listed
from hanse.quality.predicates import DIALECT
from hanse.quality.records import Answer
from hanse.quality.statement import QueryFault, bound_query
from hanse.spec.contract import Table
from hanse.sql import second_reading

if TYPE_CHECKING:
    import pyarrow as pa

    from hanse.interfaces import Session

_PLAIN = frozenset({"expressions", "from", "from_", "where", "joins", "kind", "hint", "operation_modifiers"})


def counted_rows(
    session: Session,
    asked: Answer,
    table: Table,
    relations: Mapping[str, str],
    relation: str,
    names: Sequence[str],
    limit: int,
) -> tuple[pa.Table, tuple[str, ...]] | None:
    """Fetch at most ``limit`` rows that a query counts.

    Args:
        session: locked session in which the relations are bound.
        asked: the rule; its query was answered before.
        table: the table under test.
        relations: names that the query may use → bound relations.
        relation: where the table under test is bound.
        names: its columns, in order.
        limit: greatest number of rows.

    Returns:
        The rows, and the table's columns that the query's condition names; None if the query does anything else than
        counting rows of the table that keep a condition (``count(*)``, ``count_if``, ``count(*) FILTER``; joins count
        pairs, and the table's side of them is shown).

    Raises:
        EngineError: the engine refused.
    """
    try:
        bound = bound_query(session, asked, table, relations)
    except QueryFault:
        return None
    tree = sqlglot.parse_one(bound.sql, dialect=DIALECT)
    shown = _rows_of(tree, relation, names) if isinstance(tree, exp.Select) else None
    if shown is None:
        return None
    select = shown.limit(limit)
    found = replace(bound, sql=select.sql(DIALECT))
    try:
        second_reading(found, session.references(found.sql))
    except HanseError:
        return None
    conditions = {c.name.casefold() for part in ("where", "joins") for c in _columns(tree.args.get(part))}
    conditions |= {c.name.casefold() for c in tree.expressions[0].find_all(exp.Column)}
    return session.fetch(found.sql), tuple(n for n in names if n.casefold() in conditions)


def _rows_of(tree: exp.Select, relation: str, names: Sequence[str]) -> exp.Select | None:
    first = tree.find(exp.From)
    if any(value for key, value in tree.args.items() if key not in _PLAIN) or first is None:
        return None
    tested = first.this
    if not isinstance(tested, exp.Table) or tested.name != relation or len(tree.expressions) != 1:
        return None
    counts, condition = _counted(tree.expressions[0].unalias())
    if not counts or (condition is None and tree.args.get("where") is None and not tree.args.get("joins")):
        return None
    found = tree.copy()
    found.set("expressions", listed(names, tested.alias_or_name))
    return found.where(condition) if condition is not None else found


def _counted(projection: exp.Expr) -> tuple[bool, exp.Expr | None]:
    """Tell whether a projection counts rows, and on which condition besides that of the query."""
    if isinstance(projection, exp.Filter):
        counts, condition = _counted(projection.this)
        return counts and condition is None, projection.expression.this.copy()
    if isinstance(projection, exp.CountIf):
        return True, projection.this.copy()
    return isinstance(projection, exp.Count) and isinstance(projection.this, exp.Star | exp.Literal), None


def _columns(part: object) -> list[exp.Column]:
    parts = part if isinstance(part, list) else [part]
    return [column for p in parts if isinstance(p, exp.Expr) for column in p.find_all(exp.Column)]
