"""Statements about nulls, executed: conditions in the contract's own SQL, confined like every other query of it.

A condition on the row alone is counted in the one scan. One that looks into other tables is a query of its own.
"""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from hanse.base import HanseError
from hanse.base.suggest import did_you_mean
from hanse.quality.codes import BAD_NULL_REASON
from hanse.quality.predicates import value, violation
from hanse.quality.records import Broken, Required, Stated
from hanse.spec.contract import Table
from hanse.sql import Condition, parse_condition


@lru_cache(maxsize=1024)
def _condition(when: str) -> Condition:
    return parse_condition(when)


def reads_others(measure: Stated) -> bool:
    """Say whether a statement looks into other tables; one that cannot be read looks nowhere."""
    return bool(tables_of(measure))


def is_lasting(measure: Stated) -> bool:
    """Say whether a row that kept a statement once keeps it for ever: it looks at nothing but the row itself."""
    try:
        return not any(_condition(when).statement.relations or _condition(when).is_volatile for when in measure.when)
    except HanseError:
        return False


def tables_of(measure: Stated) -> frozenset[str]:
    """Return the other tables that a statement names, in lower case."""
    try:
        return frozenset(parts[-1] for when in measure.when for parts in _condition(when).statement.names)
    except HanseError:
        return frozenset()


def statement_fault(measure: Stated, table: Table) -> Broken | None:
    """Return what is wrong with a statement as far as its text tells, or None."""
    own = _own(table)
    known = [c.name for c in table.columns]
    folded = {name.lower() for name in known}
    for when in measure.when:
        try:
            columns = _condition(when).columns
        except HanseError as error:
            what = f"the condition `{when}` on nulls of `{measure.target}` cannot be used: {error.problem.what}"
            return Broken(BAD_NULL_REASON, what, error.problem.fix)
        for qualifier, name in columns:
            if qualifier.lower() in own | {""} and name.lower() not in folded:
                what = f"the condition `{when}` on nulls of `{measure.target}` names `{name}`, which is no column"
                return Broken(BAD_NULL_REASON, what, did_you_mean(name, known))
    return None


def unexplained(measure: Stated, own: frozenset[str] = frozenset()) -> exp.Expr:
    """Return an expression that is true just for the rows that break a statement.

    Args:
        measure: the statement.
        own: names of the table, in lower case, that conditions may put before its columns; without any, all may.
    """
    # Parentheses make the text, which the sql room has written, a condition of the tree.
    conditions = [exp.Paren(this=exp.Var(this=_written(when, own))) for when in measure.when]
    holds = exp.Coalesce(this=exp.paren(exp.or_(*conditions)), expressions=[exp.false()])
    if measure.null:
        return exp.and_(violation(measure.target, Required()), exp.not_(holds))
    return exp.and_(value(measure.target).is_(exp.null()).not_(), holds)


def _written(when: str, own: frozenset[str]) -> str:
    condition = _condition(when)
    if condition.statement.relations:
        return condition.written()
    # Without another table, whatever stands before a column can only be the table's own name.
    return condition.written(own or {qualifier.lower() for qualifier, _ in condition.columns})


def _own(table: Table) -> frozenset[str]:
    return frozenset(name.lower() for name in (table.name, table.physical_name) if name)
