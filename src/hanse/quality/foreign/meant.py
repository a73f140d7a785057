"""What readers of other tools' rules share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hanse.base import Severity
from hanse.base.suggest import did_you_mean
from hanse.quality.clauses import Unverifiable, value_tests
from hanse.quality.codes import FOREIGN_RULE
from hanse.quality.notation.values import coerce
from hanse.quality.records import Aggregate, Broken, Measure, Settled, Target, ValueTest
from hanse.spec.contract import Column, Condition, Table
from hanse.spec.types import Decimal, Scalar

_FIX = "state it as a library metric or as `type: sql`, or set `severity: warning`"
Function = Literal["min", "max", "avg", "sum", "stddev", "distinct"]


@dataclass(frozen=True, slots=True)
class Meant:
    """One check of another tool, in our own terms.

    Attributes:
        words: the check as the tool has it.
        measure: what is measured.
        conditions: what must hold of it.
        severity: if the tool's rule says; None: that of the rule.
    """

    words: str
    measure: Measure
    conditions: tuple[Condition, ...] = ()
    unit: Literal["rows", "percent"] = "rows"
    severity: Severity | None = None


class NoEquivalent(Exception):
    """A check of another tool, or an option of it, has no exact equivalent.

    Args:
        words: the check as the tool has it.
        why: what has no equivalent.
        fix: what the owner can do.
    """

    def __init__(self, words: str, why: str, fix: str | None = None) -> None:
        self.words, self.why, self.fix = words, why, fix
        super().__init__(why)

    def meant(self) -> Meant:
        """Return it as a check that cannot be verified."""
        return Meant(self.words, Broken(FOREIGN_RULE, f"`{self.words}`: {self.why}", self.fix or _FIX))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule stands, and the columns that it may name."""

    table: Table
    column: Column | None
    target: Target | None

    def target_of(self, name: Any, words: str) -> Target:
        """Return the column of this name, or the property that the rule stands on if it names none.

        Raises:
            NoEquivalent: there is none.
        """
        if name is None and self.target is not None:
            if any(not hasattr(step, "name") for step in self.target.path):
                raise NoEquivalent(words, "it stands inside a list or a map, which the tool does not know")
            return self.target
        if name is None:
            raise NoEquivalent(words, "it names no column")
        column = self.table.column(str(name))
        if column is None:
            fix = did_you_mean(str(name), [c.name for c in self.table.columns])
            raise NoEquivalent(words, f"the table has no column `{name}`", fix)
        return Target(column.name, column.type)


def tests_of(clauses: Mapping[str, Any], target: Target, words: str) -> tuple[ValueTest, ...]:
    """Return the tests of clauses by their ODCS keys; those that every value keeps are left out.

    Raises:
        NoEquivalent: a clause means nothing for this column.
    """
    found: tuple[ValueTest, ...] = ()
    for kind, stated in clauses.items():
        try:
            tests = value_tests(kind, stated, target)
        except Unverifiable as problem:
            raise NoEquivalent(words, problem.why, problem.fix) from None
        found += () if isinstance(tests, Settled) else tests
    return found


def values_of(values: Any, target: Target, words: str) -> tuple[Any, ...]:
    """Return values that a column may have, as its type holds them; others cannot occur and are left out.

    Raises:
        NoEquivalent: it is no list.
    """
    if not isinstance(values, list | tuple):
        raise NoEquivalent(words, "the values are no list")
    found = []
    for value in values:
        try:
            found.append(coerce(value, target.type))
        except ValueError:
            continue
    return tuple(found)


def aggregate(function: Function, target: Target, words: str, of: Literal["value", "length"] = "value") -> Aggregate:
    """Return an aggregate of a column.

    Raises:
        NoEquivalent: its type has no such number.
    """
    numeric = target.type in (Scalar.BIGINT, Scalar.DOUBLE) or isinstance(target.type, Decimal)
    if of == "length" and target.type is not Scalar.VARCHAR:
        raise NoEquivalent(words, f"a {target.type} has no length")
    if of == "value" and function != "distinct" and not numeric:
        raise NoEquivalent(words, f"a {target.type} is no number", "state bounds as `minimum` and `maximum`")
    return Aggregate(function, target, of)
