"""A contract's own SQL: untrusted text, confined to the tables under test by the sql room's two readings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hanse.base import HanseError
from hanse.base.suggest import did_you_mean
from hanse.quality.arrow_values import python_value
from hanse.quality.codes import BAD_QUERY, NOT_ONE_VALUE
from hanse.quality.records import Answer, Broken, Check, Stated
from hanse.spec.contract import Table
from hanse.sql import limit, parse_select, second_reading
from hanse.sql.growth import MOST

if TYPE_CHECKING:
    from hanse.interfaces import Session
    from hanse.sql import Bound, Statement

# ODCS writes `${table}` in its schema, `{object}` in its text; a placeholder may stand in double quotes.
# In patterns, `{5}` is how often and `\p{Lu}` a kind of letter.
_PLACEHOLDER = re.compile(r'"\$?\{([^\W\d]\w*)\}"|`\$?\{([^\W\d]\w*)\}`|(?<!\\[pPx])\$?\{([^\W\d]\w*)\}')
_PLAIN = (bool, int, float, Decimal, str)
_TABLE = ("table", "object")
_COLUMN = ("column", "property")
_QUERY_FIX = "write one SELECT over the contract's own tables that returns one value"


class QueryFault(Exception):
    """A rule's query cannot be answered; holds what to report."""

    def __init__(self, broken: Broken) -> None:
        self.broken = broken
        super().__init__(broken.what)


def expand(answer: Answer, table: Table, *, quote: str = '"') -> str:
    """Return a rule's query with its placeholders replaced by quoted names.

    Args:
        answer: the rule.
        table: the table under test.
        quote: what the dialect quotes names with.

    Raises:
        QueryFault: an unknown placeholder, or one for a column where there is none.
    """

    def name(match: re.Match[str]) -> str:
        word = next(filter(None, match.groups())).lower()
        if word in _TABLE:
            return _quoted(table.name, quote)
        if word in _COLUMN and answer.column is not None:
            return _quoted(answer.column, quote)
        what = f"the query's placeholder `{match.group()}` stands for nothing here"
        fix = did_you_mean(word, [f"{{{w}}}" for w in (*_TABLE, *(_COLUMN if answer.column is not None else ()))])
        raise QueryFault(Broken(BAD_QUERY, what, fix))

    return _PLACEHOLDER.sub(name, answer.query)


def query_fault(answer: Answer, table: Table) -> Broken | None:
    """Return what is wrong with a rule's query as far as its text tells, or None."""
    try:
        _read(answer, table)
    except QueryFault as fault:
        return fault.broken
    return None


def tables_named(checks: Iterable[Check], table: Table) -> frozenset[str]:
    """Return the other tables that a contract's own queries name, in lower case; unreadable queries name none."""
    named: set[str] = set()
    for check in checks:
        if isinstance(check.measure, Answer):
            with suppress(QueryFault):
                named.update(parts[-1] for parts in _read(check.measure, table).names)
        elif isinstance(check.measure, Stated):
            from hanse.quality.null_reasons import tables_of

            named |= tables_of(check.measure)
    own = {name.lower() for name in (table.name, table.physical_name) if name}
    return frozenset(named - own)


def answer(session: Session, asked: Answer, table: Table, relations: Mapping[str, str]) -> Any:
    """Run a rule's query and return its single value.

    Args:
        session: locked session in which the relations are bound.
        asked: the rule.
        table: the table under test.
        relations: names that the query may use → bound relations.

    Raises:
        QueryFault: it names what it may not, or does not return one value.
        EngineError: the engine refused it.
    """
    bound = bound_query(session, asked, table, relations)
    one = limit(bound.sql, 2)  # two are enough to see that it is not one
    rows = session.rows(one)
    if len(rows) != 1 or len(rows[0]) != 1:
        shape = "several columns" if rows and len(rows[0]) != 1 else f"{'more than one' if rows else 'no'} row"
        raise QueryFault(
            Broken(
                NOT_ONE_VALUE, f"the query returns {shape} instead of one value", "use an aggregate such as count(*)"
            )
        )
    ((found,),) = rows
    if found is None or isinstance(found, _PLAIN):
        return found
    return python_value(session.fetch(one).column(0)[0])  # times and what is rarer: as Arrow has it everywhere


def bound_query(session: Session, asked: Answer, table: Table, relations: Mapping[str, str]) -> Bound:
    """Return a rule's query over bound relations, read by both parsers.

    Raises:
        QueryFault: it names what it may not.
    """
    statement = _read(asked, table)
    names: dict[tuple[str, ...], str] = {(name.lower(),): bound for name, bound in relations.items()}
    confined(statement, names)
    try:
        bound = statement.bind(names)
        second_reading(bound, session.references(bound.sql))
    except HanseError as error:
        raise QueryFault(_refused(error)) from error
    return bound


def _read(asked: Answer, table: Table) -> Statement:
    try:
        return parse_select(expand(asked, table))
    except HanseError as error:
        raise QueryFault(_refused(error)) from error


def confined(statement: Statement, names: Iterable[tuple[str, ...]]) -> None:
    """Refuse a query that reads any other relation, or that no limit of a session would hold.

    Raises:
        QueryFault: it does.
    """
    if statement.inflated:
        what = f"the query's function `{statement.inflated}` makes texts or lists of great or unknown length"
        raise QueryFault(Broken(BAD_QUERY, what, f"write lengths as numbers, all of them together at most {MOST:,}"))
    known = {name[0] for name in names}
    for relation in statement.names:
        if len(relation) != 1 or relation[0] not in known:
            what = f"the query reads `{'.'.join(relation)}`, which is not one of the product's own tables"
            raise QueryFault(Broken(BAD_QUERY, what, did_you_mean(relation[-1], known)))


def _refused(error: HanseError) -> Broken:
    problem = error.problem
    place = f" (line {problem.where.line}, column {problem.where.column} of it)" if problem.where else ""
    return Broken(BAD_QUERY, f"the query cannot be used: {problem.what}{place}", problem.fix or _QUERY_FIX)


def _quoted(name: str, quote: str) -> str:
    return quote + name.replace(quote, quote * 2) + quote
