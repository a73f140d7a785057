"""From a contract to its checks, and to what is wrong with them before any data is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hanse.base import Location, Problem
from hanse.quality.clauses import schema_checks
from hanse.quality.records import Answer, Broken, Check, Duplicates, Target, Typed, Violations
from hanse.quality.references import reference_checks
from hanse.quality.rules import rule_checks
from hanse.spec.contract import Contract, Table


def checks_of(contract: Contract, table: Table) -> tuple[Check, ...]:
    """Return every clause of a contract about one table, as check records with unique, stable ids.

    Args:
        contract: the contract.
        table: one of its tables.

    Returns:
        The primary key, then each column's clauses in the contract's order (what is nested inside a column follows
        it), then relationships, then quality rules: the table's, then the columns'. A clause that cannot be verified
        is there too, with the measure :class:`~hanse.quality.records.Broken`.

    Source: ODCS 3.2, schema and data quality (https://bitol-io.github.io/open-data-contract-standard/).
    """
    seen: dict[str, int] = {}
    checks = []
    for check in (*schema_checks(table), *reference_checks(contract, table), *rule_checks(table)):
        times = seen[check.id] = seen.get(check.id, 0) + 1
        place = check.location or table.where or Location(contract.path)
        checks.append(replace(check, id=check.id if times == 1 else f"{check.id}#{times}", location=place))
    return tuple(checks)


def key_check(table: Table, key: Sequence[str]) -> Check:
    """Return the check that a delivery's key holds no null and no value twice."""
    targets = tuple(Target(c.name, c.type) for name in key if (c := table.column(name)))
    clause = f"delivered key({', '.join(key)})"
    return Check(clause, "deliveredKey", clause, Duplicates(targets, nulls=True), dimension="uniqueness")


def is_row_wise(check: Check) -> bool:
    """Say whether every row answers a check for itself: then rows that were checked before need not be looked at.

    The types of columns are such a matter, too: new rows are stored with those of the table.
    What counts over the whole table (uniqueness, numbers of rows, shares, SQL) is not, nor is a count with conditions
    of its own: old and new rows add up.
    """
    return isinstance(check.measure, Typed) or (isinstance(check.measure, Violations) and not check.conditions)


def lint(contract: Contract, table: Table) -> tuple[Problem, ...]:
    """Return what is wrong with a table's clauses, found without any data.

    Args:
        contract: the contract.
        table: one of its tables.

    Returns:
        One problem per clause that could not be verified: values that do not fit their column's type, unusable
        patterns, incomplete rules, rules for other tools, SQL that cannot be read. A problem is as severe as its rule.
    """
    problems = []
    for check in checks_of(contract, table):
        broken = check.measure
        if isinstance(broken, Answer):
            from hanse.quality.statement import query_fault

            broken = query_fault(broken, table) or broken
        if isinstance(broken, Broken):
            problems.append(
                Problem(
                    broken.code,
                    f"{_rule_of(check, broken)}{broken.what} (table `{table.name}`)",
                    where=check.location,
                    fix=broken.fix,
                    severity=check.severity,
                )
            )
    return tuple(problems)


def _rule_of(check: Check, broken: Broken) -> str:
    named = isinstance(check.measure, Answer) and check.name and check.name not in broken.what
    return f"`{check.name}`: " if named else ""
