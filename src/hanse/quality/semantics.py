"""What values mean, as checks: why a value may be null, and verified statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hanse.base import digest
from hanse.quality.codes import BAD_NULL_REASON
from hanse.quality.records import Broken, Check, Each, Measure, Member, Settled, Stated, Target
from hanse.quality.rules import rule_check
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column, Constraint, Context, Contract, Table, VerifiedStatement
from hanse.spec.types import List, Map, Struct

MEANING = "nullMeaning"
WHEN = "nullWhen"
REASONS = "nullReasons"
_KEYS = ("reason", "when", "always")


def null_checks(table: Table) -> Iterator[Check]:
    """Yield the statements about nulls of every column, members of objects included."""
    for column in table.columns:
        yield from _column(column, Target(column.name, column.type))


def _column(column: Column, target: Target) -> Iterator[Check]:
    if WHEN in column.custom or REASONS in column.custom:
        yield from _stated(column, target)
    steps: list[Member | Each] = []
    if isinstance(target.type, Struct):
        steps = [Member(child.name) for child in column.children]
    elif isinstance(target.type, List):
        steps = [Each()]
    elif isinstance(target.type, Map):
        steps = [Each("keys"), Each("values")]
    for child, step in zip(column.children, steps, strict=False):
        yield from _column(child, Target(target.column, child.type, (*target.path, step)))


def _stated(column: Column, target: Target) -> Iterator[Check]:
    try:
        reasons = _reasons(column.custom)
    except ValueError as problem:
        what = f"the reasons for nulls of `{target}`: {problem}"
        fix = "write `{reason: in words, when: condition on the row}` for each"
        yield _check("nullReasons", column, target, "", Broken(BAD_NULL_REASON, what, fix))
        return
    if column.required:
        what = f"`{target}` is required, so there is no reason for a null"
        yield _check("nullReasons", column, target, "", Broken(BAD_NULL_REASON, what, "remove one of the two"))
        return
    words = tuple(reason["reason"] for reason in reasons)
    when = tuple(reason["when"] for reason in reasons)
    clause = f": null only when {' or '.join(words)}"
    yield _check("nullReasons", column, target, clause, _measure(Stated(target, when, True, words)))
    for reason in reasons:
        if reason["always"]:
            clause = f": null whenever {reason['reason']}"
            measure = _measure(Stated(target, (reason["when"],), False, (reason["reason"],)))
            yield _check("nullAlways", column, target, clause, measure, f":{digest(reason['when'])[:8]}")


def _measure(stated: Stated) -> Measure:
    if not any(isinstance(step, Each) for step in stated.target.path):
        return stated
    what = f"the reasons for nulls of `{stated.target}`, inside a list or a map, cannot be verified"
    return Broken(BAD_NULL_REASON, what, "state them as a rule of `type: sql`")


def _reasons(custom: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the reasons of a column, each with ``reason``, ``when`` and ``always``.

    Raises:
        ValueError: they are not written as they should be.
    """
    listed = custom.get(REASONS)
    if listed is None:
        listed = [{"when": custom.get(WHEN), "reason": custom.get(MEANING)}]
    elif WHEN in custom:
        raise ValueError(f"`{WHEN}` and `{REASONS}` say the same twice")
    if not isinstance(listed, list) or not listed:
        raise ValueError("they are no list")
    return [_reason(entry) for entry in listed]


def _reason(entry: Any) -> dict[str, Any]:
    given = entry if isinstance(entry, dict) else {str(entry): None}
    unknown = [key for key in given if key not in _KEYS]
    if unknown:
        raise ValueError(f"`{unknown[0]}` is not known")
    when, always = given.get("when"), given.get("always", False)
    if not isinstance(when, str) or not when.strip():
        raise ValueError("a reason has no `when`")
    if always not in (True, False):
        raise ValueError("`always` is true or false")
    reason = given.get("reason")
    return {"reason": str(reason).rstrip(".") if reason else f"`{when}`", "when": when, "always": always}


def _check(kind: str, column: Column, target: Target, clause: str, measure: Measure, more: str = "") -> Check:
    return Check(
        f"{kind}({target}){more}",
        kind,
        f"{kind}({target}){clause}",
        measure,
        column=target.column,
        dimension="consistency",
        description=column.custom.get(MEANING),
        location=column.where,
    )


def statement_checks(contract: Contract, table: Table) -> Iterator[Check]:
    """Yield the context of a table; statements of the contract that are executed come with its first table."""
    yield from _context(table.context, table, executed=None)
    if contract.tables and contract.tables[0] is table:
        yield from _context(contract.context, table, executed=True)


def contract_statements(contract: Contract) -> Iterator[Check]:
    """Yield what the contract states about all of its tables and that is left to people."""
    yield from _context(contract.context, None, executed=False)


def _context(context: Context, table: Table | None, *, executed: bool | None) -> Iterator[Check]:
    for statement in context.statements:
        if executed is None or (statement.rule is not None) is executed:
            yield _statement(statement, table)
    if not executed:
        for constraint in context.constraints:
            yield _constraint(constraint)


def _statement(statement: VerifiedStatement, table: Table | None) -> Check:
    key = digest(statement.question)[:8]
    clause = f"verifiedStatement: {statement.question}"
    if statement.rule is not None and table is not None:
        check = rule_check(statement.rule, table)
        return replace(
            check,
            id=f"verifiedStatement:{key}",
            kind="verifiedStatement",
            clause=clause,
            description=statement.answer,
            location=statement.where,
        )
    measure = Settled(CheckStatus.MANUAL, statement.answer or "a question without an answer")
    return Check(f"verifiedStatement:{key}", "verifiedStatement", clause, measure, name=None, location=statement.where)


def _constraint(constraint: Constraint) -> Check:
    measure = Settled(CheckStatus.MANUAL, constraint.words)
    key = digest(constraint.words)[:8]
    return Check(
        f"constraint:{key}", "constraint", f"constraint: {constraint.words}", measure, location=constraint.where
    )
