"""Counting and showing the rows that break a statement about nulls, on the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from hanse.base import HanseError
from hanse.quality.codes import BAD_NULL_REASON
from hanse.quality.compile import all_rows, listed, source, text
from hanse.quality.null_reasons import statement_fault, unexplained
from hanse.quality.records import Broken, Stated
from hanse.quality.statement import QueryFault, confined
from hanse.spec.contract import Table
from hanse.sql import parse_select, second_reading

if TYPE_CHECKING:
    import pyarrow as pa

    from hanse.interfaces import Session


def read_twice(session: Session, measure: Stated, table: Table, relations: Mapping[str, str]) -> None:
    """Let the engine's own parser read the conditions, too, before they are part of a scan.

    Raises:
        QueryFault: it reads them otherwise, or they name columns that are not there.
    """
    fault = statement_fault(measure, table)
    if fault:
        raise QueryFault(fault)
    _bound(session, _query(measure, table.name, [exp.Literal.number(1)]), relations)


def count_unexplained(session: Session, measure: Stated, table: Table, relations: Mapping[str, str]) -> int:
    """Return how many rows break a statement that looks into other tables.

    Raises:
        QueryFault: it names what it may not.
        EngineError: the engine refused it.
    """
    fault = statement_fault(measure, table)
    if fault:
        raise QueryFault(fault)
    query = _query(measure, table.name, [all_rows()])
    return int(session.fetch(_bound(session, query, relations)).column(0)[0].as_py())


def unexplained_count(measure: Stated, relation: str) -> str:
    """Return the query of a statement that looks into other tables, by the names that the contract uses."""
    return text(_query(measure, relation, [all_rows()]))


def fetch_unexplained(
    session: Session, measure: Stated, table: Table, relations: Mapping[str, str], names: Sequence[str], limit: int
) -> pa.Table:
    """Fetch rows that break a statement, all columns in order."""
    query = _query(measure, table.name, listed(names, table.name)).limit(limit)
    return session.fetch(_bound(session, query, relations))


def _query(measure: Stated, relation: str, chosen: list[exp.Expr]) -> exp.Select:
    return exp.select(*chosen).from_(source(relation)).where(unexplained(measure))


def _bound(session: Session, query: exp.Select, relations: Mapping[str, str]) -> str:
    names: dict[tuple[str, ...], str] = {(name.lower(),): bound for name, bound in relations.items()}
    try:
        statement = parse_select(text(query))
        confined(statement, names)
        bound = statement.bind(names)
        second_reading(bound, session.references(bound.sql))
    except HanseError as error:
        raise QueryFault(Broken(BAD_NULL_REASON, error.problem.what, error.problem.fix)) from error
    return bound.sql
