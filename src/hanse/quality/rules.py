"""Rules of a contract's ``quality`` lists, as check records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hanse.base import digest
from hanse.base.suggest import did_you_mean
from hanse.quality.clauses import Unverifiable, inside, shown, stated_clauses, unique, value_tests
from hanse.quality.codes import FOREIGN_RULE, INCOMPLETE_RULE, NONSENSE_CLAUSE
from hanse.quality.notation.conditions import fault, words
from hanse.quality.notation.formats import together
from hanse.quality.notation.values import coerce
from hanse.quality.records import (
    Answer,
    Broken,
    Check,
    Duplicates,
    Each,
    Measure,
    NotMissing,
    Required,
    Rows,
    Settled,
    Target,
    ValueTest,
    Violations,
)
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Column, Rule, Table
from hanse.spec.types import Scalar

_COLUMN_METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues")
_TABLE_METRICS = ("rowCount", "duplicateValues")
_VALIDITY = {
    "validValues": "enum",
    "pattern": "pattern",
    "format": "format",
    "minLength": "minLength",
    "maxLength": "maxLength",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusiveMinimum",
    "exclusiveMaximum": "exclusiveMaximum",
    "multipleOf": "multipleOf",
}
_DIMENSIONS = {
    "nullValues": "completeness",
    "missingValues": "completeness",
    "rowCount": "completeness",
    "invalidValues": "conformity",
    "duplicateValues": "uniqueness",
}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a rule stands on: a table, or one of its properties."""

    table: Table
    column: Column | None = None
    target: Target | None = None

    def __str__(self) -> str:
        return str(self.target) if self.target else ""


def rule_checks(table: Table) -> Iterator[Check]:
    """Yield one check per quality rule: the table's own first, then those of its properties, nested ones included."""
    for rule in table.rules:
        yield from _checks(rule, _Subject(table))
    for column in table.columns:
        yield from _column_rules(table, column, Target(column.name, column.type))


def rule_check(rule: Rule, table: Table) -> Check:
    """Return the check of a rule that stands elsewhere, as one of a table."""
    return _check(rule, _Subject(table))


def _column_rules(table: Table, column: Column, target: Target) -> Iterator[Check]:
    for rule in column.rules:
        yield from _checks(rule, _Subject(table, column, target))
    for child, step in inside(column, target.type):
        yield from _column_rules(table, child, Target(target.column, child.type, (*target.path, step)))


def _checks(rule: Rule, subject: _Subject) -> Iterator[Check]:
    check = _check(rule, subject)
    if rule.kind == "custom":
        yield from _foreign(rule, subject, check)
    else:
        yield check
    if rule.schedule or rule.scheduler:
        stated = " ".join(str(word) for word in (rule.schedule, rule.scheduler) if word)
        why = "there is no scheduler yet: the rule is checked whenever its table is"
        yield replace(
            check,
            id=f"schedule:{check.id}",
            kind="schedule",
            clause=f"schedule({check.clause}): {stated}",
            measure=Settled(CheckStatus.NOT_APPLICABLE, why),
            conditions=(),
            unit="rows",
            dimension="timeliness",
        )


def _foreign(rule: Rule, subject: _Subject, check: Check) -> Iterator[Check]:
    """Yield the checks of a rule for another tool: as many as it holds."""
    from hanse.quality.foreign import meant

    found = meant(rule, subject.table, subject.column, subject.target)
    for one in found:
        faults = [said for c in one.conditions if (said := fault(c))]
        sound = words(one.conditions, one.unit) if one.conditions and not faults else ""
        clause = ": ".join(part for part in (check.clause, f"{one.words} {sound}".strip()) if part)
        measure = Broken(FOREIGN_RULE, f"{clause}: {'; '.join(faults)}") if faults else one.measure
        yield replace(
            check,
            id=check.id if len(found) == 1 else f"{check.id}:{one.words}",
            clause=clause,
            measure=measure,
            conditions=one.conditions,
            unit=one.unit,
            severity=one.severity or check.severity,
        )


def _check(rule: Rule, subject: _Subject) -> Check:
    kind = (rule.metric or "library") if rule.kind == "library" else rule.kind
    faults = [found for c in rule.conditions if (found := fault(c))]
    clause = _clause(rule, subject, kind, sound=not faults)
    how = _measure(rule, subject)
    if faults and not isinstance(how, Broken):
        how = Broken(INCOMPLETE_RULE, f"{clause}: {'; '.join(faults)}")
    name = rule.name or _fingerprint(rule)
    return Check(
        f"{kind}({subject}):{name}" if subject.target else f"{kind}:{name}",
        kind,
        clause,
        how,
        conditions=rule.conditions,
        unit=rule.unit,
        severity=rule.severity,
        dimension=rule.dimension or _DIMENSIONS.get(kind),
        column=subject.target.column if subject.target else None,
        name=rule.name,
        description=rule.description,
        location=rule.where or (subject.column or subject.table).where,
    )


def _fingerprint(rule: Rule) -> str:
    """Return what tells a nameless rule from others, whatever its threshold, severity and place in the list."""
    content = [rule.query, dict(rule.arguments), rule.engine, rule.implementation, rule.unit]
    try:
        return digest(content)[:8]
    except (TypeError, ValueError):  # YAML holds more than JSON does
        return digest(repr(content))[:8]


def _clause(rule: Rule, subject: _Subject, kind: str, *, sound: bool) -> str:
    about = str(subject)
    if kind == "duplicateValues" and not about:
        about = ", ".join(str(p) for p in rule.arguments.get("properties") or ())
    head = f"{kind}({about})" if about else kind
    if rule.kind == "text":
        return f"{head}: {shown(rule.query or rule.description or rule.name or '')}"
    if rule.kind == "custom":
        head = f"{head} for {rule.engine or 'an unnamed tool'}"
    if rule.name and rule.kind != "library":
        head = f"{head} `{rule.name}`"
    return f"{head} {words(rule.conditions, rule.unit)}" if rule.conditions and sound else head


def _measure(rule: Rule, subject: _Subject) -> Measure:
    if rule.kind == "text":
        return Settled(CheckStatus.MANUAL, rule.query or rule.description or rule.name or "a rule without words")
    if rule.kind == "custom":
        return Settled(CheckStatus.MANUAL, "what it means is found out beside")
    if not rule.conditions:
        named = f"the rule `{rule.name}`" if rule.name else f"a rule of type {rule.kind}"
        return Broken(INCOMPLETE_RULE, f"{named} states no condition", "add one, for example `mustBe: 0`")
    if rule.kind == "sql":
        return _answer(rule, subject)
    try:
        return _metric(rule, subject)
    except Unverifiable as problem:
        where = f"`{rule.metric}` of `{subject}`" if subject.target else f"`{rule.metric}`"
        return Broken(problem.code, f"{where}: {problem.why}", problem.fix)


def _answer(rule: Rule, subject: _Subject) -> Measure:
    if not (rule.query or "").strip():
        return Broken(INCOMPLETE_RULE, "a rule of type sql has no query", "add `query: SELECT …`")
    nested = subject.target is not None and bool(subject.target.path)
    return Answer(rule.query or "", None if nested or not subject.target else subject.target.column)


def _metric(rule: Rule, subject: _Subject) -> Measure:
    known = _COLUMN_METRICS if subject.target else _TABLE_METRICS
    if rule.metric not in known:
        place = "a property" if subject.target else "a table"
        raise Unverifiable(
            INCOMPLETE_RULE, f"there is no such metric for {place}", did_you_mean(rule.metric or "", known)
        )
    if subject.target is None or subject.column is None:
        if rule.metric == "rowCount" and rule.unit == "percent":
            raise Unverifiable(
                INCOMPLETE_RULE, "the number of rows is always 100 percent of itself", "use `unit: rows`"
            )
        return Rows() if rule.metric == "rowCount" else _composite(rule.arguments, subject.table)
    if rule.metric == "nullValues":
        return _counted(subject.target, Required())
    if rule.metric == "duplicateValues":
        return unique(subject.target)
    if rule.metric == "missingValues":
        return _counted(subject.target, _missing(rule.arguments, subject.target))
    return _invalid(rule.arguments, subject.column, subject.target)


def _composite(arguments: Mapping[str, Any], table: Table) -> Measure:
    names = arguments.get("properties")
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, list | tuple) or not names:
        raise Unverifiable(
            INCOMPLETE_RULE, "nothing says of which columns", "add `arguments: {properties: [column, …]}`"
        )
    targets = []
    for name in names:
        column = table.column(str(name))
        if column is None:
            fix = did_you_mean(str(name), [c.name for c in table.columns])
            raise Unverifiable(INCOMPLETE_RULE, f"the table has no property `{name}`", fix)
        targets.append(Target(column.name, column.type))
    return Duplicates(tuple(targets))


def _missing(arguments: Mapping[str, Any], target: Target) -> ValueTest:
    listed = arguments.get("missingValues")
    if listed is None and "missingValues" not in arguments:
        # The standard leaves the default open: nulls, and texts without a character.
        return NotMissing(("",) if target.type is Scalar.VARCHAR else (), null=True)
    if not isinstance(listed, list | tuple):
        raise Unverifiable(INCOMPLETE_RULE, "`missingValues` must be a list", "for example `[null, '', 'N/A']`")
    values = []
    for value in listed:
        if value is None:
            continue
        try:
            values.append(coerce(value, target.type))
        except ValueError:
            continue  # `N/A` in a column of numbers: it cannot occur once the column is typed, so it never counts
    return NotMissing(tuple(values), null=None in listed)


def _invalid(arguments: Mapping[str, Any], column: Column, target: Target) -> Measure:
    unknown = [name for name in arguments if name not in _VALIDITY]
    if unknown:
        raise Unverifiable(
            INCOMPLETE_RULE, f"unknown argument `{unknown[0]}`", did_you_mean(str(unknown[0]), _VALIDITY)
        )
    clauses = [(_VALIDITY[name], value) for name, value in arguments.items()] or list(stated_clauses(column))
    if not clauses:
        raise Unverifiable(
            INCOMPLETE_RULE,
            "nothing says which values are valid",
            "add `arguments: {validValues: […]}` or `{pattern: …}`, or an `enum` to the property",
        )
    tests: list[ValueTest] = []
    for kind, stated in clauses:
        if kind == "enum" and not isinstance(stated, list | tuple):
            raise Unverifiable(NONSENSE_CLAUSE, f"`validValues` must be a list, not `{shown(stated)}`")
        found = value_tests(kind, stated, target)
        tests += () if isinstance(found, Settled) else found
    if not tests:
        return Settled(CheckStatus.PASSED, f"every {target.type} is valid")
    return _counted(target, together(tuple(tests)))


def _counted(target: Target, test: ValueTest) -> Violations:
    """Return how a metric counts: rows, or inside lists and maps the values that the property has in them."""
    return Violations(target, test, of_values=any(isinstance(step, Each) for step in target.path))
