"""From a contract to its checks, and to what is wrong with them before any data is seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hanse.base import Location, Problem
from hanse.quality.clauses import schema_checks
from hanse.quality.codes import BAD_EXAMPLE, CONFUSABLE
from hanse.quality.confusable import confusable_checks
from hanse.quality.examples import example_checks, misfits
from hanse.quality.records import Answer, Broken, Check, Duplicates, Settled, Stated, Target, Tried, Typed, Violations
from hanse.quality.references import reference_checks
from hanse.quality.rules import rule_checks
from hanse.quality.semantics import contract_statements, null_checks, statement_checks
from hanse.quality.service_levels import contract_levels, level_checks
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Contract, Table


def checks_of(contract: Contract, table: Table) -> tuple[Check, ...]:
    """Return every clause of a contract about one table, as check records with unique, stable ids.

    Args:
        contract: the contract.
        table: one of its tables.

    Returns:
        The primary key, then each column's clauses in the contract's order (what is nested inside a column follows
        it), reasons for nulls, relationships, quality rules (the table's, then the columns'), service levels of its
        columns, examples, columns that are easily confused, and context. A clause that cannot be verified is there
        too, with the measure :class:`~hanse.quality.records.Broken`.

    Source: ODCS 3.2, schema and data quality (https://bitol-io.github.io/open-data-contract-standard/).
    """
    stated = (
        *schema_checks(table),
        *null_checks(table),
        *reference_checks(contract, table),
        *rule_checks(table),
        *level_checks(contract, table),
        *example_checks(table),
        *confusable_checks(table),
        *statement_checks(contract, table),
    )
    return _named_apart(stated, table.where or Location(contract.path))


def contract_checks(contract: Contract) -> tuple[Check, ...]:
    """Return what a contract states about no single table: service levels that no column shows, and its context.

    :func:`hanse.quality.verify_contract` answers them.
    """
    return _named_apart((*contract_levels(contract), *contract_statements(contract)), Location(contract.path))


def _named_apart(checks: Iterable[Check], otherwise: Location) -> tuple[Check, ...]:
    seen: dict[str, int] = {}
    named = []
    for check in checks:
        times = seen[check.id] = seen.get(check.id, 0) + 1
        own = check.id if times == 1 else f"{check.id}#{times}"
        named.append(replace(check, id=own, location=check.location or otherwise))
    return tuple(named)


def key_check(table: Table, key: Sequence[str]) -> Check:
    """Return the check that a delivery's key holds no null and no value twice."""
    targets = tuple(Target(c.name, c.type) for name in key if (c := table.column(name)))
    clause = f"delivered key({', '.join(key)})"
    return Check(clause, "deliveredKey", clause, Duplicates(targets, nulls=True), dimension="uniqueness")


def is_row_wise(check: Check) -> bool:
    """Say whether every row answers a check for itself: then rows that were checked before need not be looked at.

    The types of columns are such a matter, too: new rows are stored with those of the table. So is what needs no row.
    What counts over the whole table (uniqueness, numbers of rows, shares, SQL) is not, nor is a count with conditions
    of its own: old and new rows add up. Neither is what depends on when one looks.
    """
    measure = check.measure
    if isinstance(measure, Stated):
        from hanse.quality.null_reasons import is_lasting

        return is_lasting(measure)
    if isinstance(measure, Typed | Tried | Settled):
        return True
    return isinstance(measure, Violations) and not check.conditions


def lint(contract: Contract, table: Table) -> tuple[Problem, ...]:
    """Return what is wrong with a table's clauses, found without any data.

    Args:
        contract: the contract.
        table: one of its tables.

    Returns:
        One problem per clause that could not be verified: values that do not fit their column's type, unusable
        patterns, incomplete rules, rules for other tools, SQL that cannot be read. A problem is as severe as its rule.
        Warnings for examples of another type, and for columns that nothing tells apart.
    """
    of = f" (table `{table.name}`)"
    return tuple(problem for check in checks_of(contract, table) for problem in _problems(check, table, of))


def lint_contract(contract: Contract) -> tuple[Problem, ...]:
    """Return what is wrong with what a contract states about no single table; see :func:`lint`."""
    return tuple(problem for check in contract_checks(contract) for problem in _problems(check, None, ""))


def _problems(check: Check, table: Table | None, of: str) -> Iterator[Problem]:
    broken = _broken(check, table)
    if broken is not None:
        what = f"{_rule_of(check, broken)}{broken.what}{of}"
        yield Problem(broken.code, what, where=check.location, fix=broken.fix, severity=check.severity)
    elif isinstance(check.measure, Tried):
        for words in misfits(check.measure):
            yield Problem(BAD_EXAMPLE, f"{check.clause}: {words}{of}", check.location, severity=check.severity)
    elif isinstance(check.measure, Settled) and check.measure.status is CheckStatus.FAILED:
        what, _, fix = check.measure.words.partition("; ")
        yield Problem(CONFUSABLE, f"{check.clause}: {what}{of}", check.location, fix=fix, severity=check.severity)


def _broken(check: Check, table: Table | None) -> Broken | None:
    measure = check.measure
    if isinstance(measure, Answer) and table is not None:
        from hanse.quality.statement import query_fault

        return query_fault(measure, table)
    if isinstance(measure, Stated) and table is not None:
        from hanse.quality.null_reasons import statement_fault

        return statement_fault(measure, table)
    return measure if isinstance(measure, Broken) else None


def _rule_of(check: Check, broken: Broken) -> str:
    named = isinstance(check.measure, Answer) and check.name and check.name not in broken.what
    return f"`{check.name}`: " if named else ""
