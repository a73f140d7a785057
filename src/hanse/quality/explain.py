"""How each check of a table would be answered: the passes over the data, with their SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hanse.quality.checks import checks_of
from hanse.quality.evidence import Shape, look
from hanse.quality.now import as_of
from hanse.quality.physical import as_stored
from hanse.quality.plan import Evidence, Method, Pass, plan
from hanse.quality.records import Answer, Check, Duplicates, References, Stated, Steps
from hanse.quality.references import among, located
from hanse.spec.contract import Contract, Table

if TYPE_CHECKING:
    from hanse.interfaces import Session, StoredColumn


def explain(
    session: Session,
    table: Table,
    contract: Contract,
    relation: str,
    files: Sequence[str],
    relations: Mapping[str, str] | None = None,
    *,
    columns: Sequence[StoredColumn] | None = None,
    shape: Shape | None = None,
) -> list[dict[str, Any]]:
    """Return, as a document, how each check of a table would be answered: one entry per pass over the data.

    Args:
        session: locked session in which the relation is bound.
        table: the contract's table.
        contract: the contract.
        relation: bound name of the table under test.
        files: its Parquet files.
        relations: names of other tables → bound relations.
        columns: if the files are those of a stored table: its columns.
        shape: what is known of data that Hanse did not write.

    Raises:
        EngineError: the relation cannot be read.
    """
    checks = _checks(table, contract, relation, relations or {})
    evidence = look(session, relation, files, checks, columns, shape)
    if shape is not None:
        checks = as_stored(checks, table, evidence.columns, typed=shape.typed)
    return _documents(plan(checks, evidence), relation)


def foresee(table: Table, contract: Contract) -> list[dict[str, Any]]:
    """Return what :func:`explain` would if the data had just the contract's columns, and no more were known of it.

    What the data would add: numbers that its files' footers tell, columns with few values, and keys that rise.
    """
    others = {name: other.name for other in contract.tables for name in (other.physical_name, other.name) if name}
    checks = _checks(table, contract, table.name, others)
    evidence = Evidence({column.name: str(column.type) for column in table.columns})
    return _documents(plan(checks, evidence), table.name)


def foreseen(table: Table, contract: Contract) -> list[tuple[Check, Method]]:
    """Return every check of a table with the way in which it would be answered, in the contract's order."""
    others = {name: other.name for other in contract.tables for name in (other.physical_name, other.name) if name}
    checks = _checks(table, contract, table.name, others)
    passes = plan(checks, Evidence({column.name: str(column.type) for column in table.columns}))
    methods = {check.id: one.method for one in passes for check in one.checks}
    return [(check, methods[check.id]) for check in checks]


def _checks(table: Table, contract: Contract, relation: str, relations: Mapping[str, str]) -> Sequence[Check]:
    checks = as_of(checks_of(contract, table), datetime.now(UTC))
    return located(checks, among(contract, table, relation, relations))


def _documents(passes: Sequence[Pass], relation: str) -> list[dict[str, Any]]:
    return [
        {"method": p.method.value, "column": p.column, "sql": _sql(p, relation), "checks": [c.clause for c in p.checks]}
        for p in passes
    ]


def _sql(one: Pass, relation: str) -> str | None:
    from hanse.quality import compile as statements

    measure = one.checks[0].measure
    if one.method is Method.SCAN:
        return statements.scan(one.checks, relation).sql
    if one.method is Method.DISTINCT and one.column:
        return statements.distinct(one.checks, relation, one.column).sql
    if isinstance(measure, Duplicates):
        make = statements.rising if one.method is Method.ORDER else statements.groups
        return make(measure.targets, relation)
    if isinstance(measure, References):
        from hanse.quality.orphans import orphans

        return orphans(measure, relation)
    if isinstance(measure, Steps):
        from hanse.quality.ages import steps_between

        return steps_between(measure, relation)
    if isinstance(measure, Stated):
        from hanse.quality.null_counts import unexplained_count

        return unexplained_count(measure, relation)
    return measure.query if isinstance(measure, Answer) else None
