"""Check records: what a contract promises, clause by clause, in a form that can be planned.

A check says *what is measured* (:data:`Measure`) and *what must hold of it*: nothing may break a schema clause, and a
rule states its own conditions. Everything that cannot be verified is a check too, of measure :class:`Broken`, so that
nothing is skipped in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from hanse.base import Code, Location, Severity
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Condition
from hanse.spec.types import DataType


@dataclass(frozen=True, slots=True)
class Member:
    """A step from a struct to one of its members."""

    name: str


@dataclass(frozen=True, slots=True)
class Each:
    """A step from a list to each of its items, or from a map to each of its keys or values."""

    of: Literal["items", "keys", "values"] = "items"


@dataclass(frozen=True, slots=True)
class Target:
    """What a check looks at: a column, or something inside a nested one.

    Attributes:
        column: top-level column.
        type: type of the thing looked at.
        path: steps from the column to the thing; empty for the column itself.
    """

    column: str
    type: DataType
    path: tuple[Member | Each, ...] = ()

    def __str__(self) -> str:
        text = label(self.column)
        for step in self.path:
            if isinstance(step, Member):
                text += f".{label(step.name)}"
            else:
                text += "[]" if step.of == "items" else f".{step.of}[]"
        return text


def label(name: str) -> str:
    """Write a column's name for people: quoted only when it would be misread (``"a.b"``)."""
    return name if name.replace("_", "a").isalnum() else '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Required:
    """Not null. Inside a struct: not null where the struct itself is there."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these values, each already of the target's type."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """On one side of a value that already has the target's type. NaN is on no side of anything: it breaks bounds.

    Attributes:
        stated: the bound as the contract writes it (``2.5`` on an integer column becomes ``>= 3``).
    """

    operator: Literal[">=", ">", "<=", "<"]
    value: Any
    stated: Any


@dataclass(frozen=True, slots=True)
class Length:
    """Characters (Unicode code points) of a text, bytes of a blob, items of a list, entries of a map."""

    operator: Literal[">=", "<="]
    value: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression found anywhere in the text, as JSON Schema has it: anchor it for a full match.

    Attributes:
        regex: in RE2's syntax.
        stated: as the contract writes it, or the name of the format it stands for.
        is_format: ``stated`` is the name of a format.
    """

    regex: str
    stated: str
    is_format: bool = False


@dataclass(frozen=True, slots=True)
class MultipleOf:
    """A whole multiple of a number. Doubles: to a relative 1e-9 of the quotient."""

    value: Any
    stated: Any


@dataclass(frozen=True, slots=True)
class UniqueItems:
    """No item of the list twice; nulls do not count."""


@dataclass(frozen=True, slots=True)
class UnitLength:
    """A list of numbers whose squares add up to 1; their root to one thousandth, for vectors of few bits."""


@dataclass(frozen=True, slots=True)
class NotMissing:
    """None of the values that stand for a missing one."""

    values: tuple[Any, ...]
    null: bool


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of several tests."""

    tests: tuple[ValueTest, ...]


ValueTest = Required | OneOf | Bound | Length | Pattern | MultipleOf | UniqueItems | UnitLength | NotMissing | AllOf


@dataclass(frozen=True, slots=True)
class Typed:
    """The column is there and has this type."""

    target: Target


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows there are."""


@dataclass(frozen=True, slots=True)
class Violations:
    """How many rows break a test. Nulls break only tests about nulls.

    Inside lists and maps a row breaks it if any of its values does, however many they are.

    Attributes:
        of_values: count the values inside a list or a map instead of the rows: metrics of quality rules, which speak of
            the values of their property. A percentage is one of these values then. Members of a struct that is null,
            and items of a list that is null, are not there and do not count.
        of_present: a percentage is one of the rows whose value is not null, as other tools have it.
    """

    target: Target
    test: ValueTest
    of_values: bool = False
    of_present: bool = False


@dataclass(frozen=True, slots=True)
class Duplicates:
    """How many rows share their key with another row. A key with a null in it equals no other.

    Keys equal each other as values group in SQL: NaN equals NaN, -0.0 equals 0.0, texts are equal code point by code
    point, nested values member by member. Inside a list or a map every value counts by itself, over all rows: two in
    one list are as bad as two in two rows, and values are counted instead of rows.

    Attributes:
        nulls: a null in the key is itself a violation (primary keys).
        counts: what a rule's conditions are about: the rows that repeat an earlier one, or the keys that occur more
            than once.
    """

    targets: tuple[Target, ...]
    nulls: bool = False
    counts: Literal["repeats", "keys"] = "repeats"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The columns that a reference leads to, by names or by the standard's ids.

    Attributes:
        contract: file of the contract, relative to the mesh, or an address; None: the same contract.
        table: the table.
        columns: names that lead to each column.
    """

    contract: str | None
    table: str
    columns: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        columns = ", ".join(f"{self.table}.{'.'.join(names)}" for names in self.columns)
        return f"{self.contract}: {columns}" if self.contract else columns


@dataclass(frozen=True, slots=True)
class References:
    """How many rows have a key that no row of another table has. A key with a null in it refers to nothing.

    Inside lists and maps every item is such a key, and items are counted instead of rows.

    Attributes:
        targets: the key.
        other: where it leads.
        to: the other table's columns; empty while they are not known.
        relation: where the other table is bound; None while that is not known.
    """

    targets: tuple[Target, ...]
    other: Elsewhere
    to: tuple[Target, ...] = ()
    relation: str | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One number over all values of a column; nulls do not count, and of no values at all there is none.

    Attributes:
        function: ``stddev`` is that of a sample; ``distinct`` counts different values.
        target: the column, or a member of it outside lists and maps.
        of: the values themselves, or the number of characters of texts.
    """

    function: Literal["min", "max", "avg", "sum", "stddev", "distinct"]
    target: Target
    of: Literal["value", "length"] = "value"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns the relation has, in letter case and all.

    Attributes:
        names: the names concerned; of ``count`` none.
        how: it has all of them, lacks all of them, has exactly these, has exactly these in this order, or how many
            there are, for conditions.
    """

    names: tuple[str, ...]
    how: Literal["has", "lacks", "set", "ordered", "count"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The single value that a query returns; placeholders unexpanded."""

    query: str
    column: str | None


@dataclass(frozen=True, slots=True)
class Stated:
    """How many rows break a statement about nulls: conditions on the row, in the contract's own SQL.

    Attributes:
        when: the conditions.
        null: a value may be null only when one of them holds; otherwise it must be null when one holds.
        reasons: what each condition means, in words.
    """

    target: Target
    when: tuple[str, ...]
    null: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time by the calendar: a month is as long as it happens to be.

    Attributes:
        stated: as the contract writes it, for example ``3 y``.
    """

    months: int = 0
    seconds: float = 0
    stated: str = ""


@dataclass(frozen=True, slots=True)
class Aged:
    """How old values are: the newest one (``newest``), or all of them. It depends on when one looks."""

    target: Target
    span: Span
    newest: bool


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest value; it must be at ``least`` this.

    Attributes:
        now: when one looks.
        least: a value of the target's type.
    """

    target: Target
    span: Span
    now: datetime
    least: Any


@dataclass(frozen=True, slots=True)
class Steps:
    """How far apart consecutive distinct values are, cut to the unit of the span."""

    target: Target
    span: Span
    unit: str


@dataclass(frozen=True, slots=True)
class Promised:
    """A service level that no column shows: releases, runs or the calendar tell.

    Attributes:
        kind: the standard's name of it.
        share: in percent.
        moment: aware.
        time: of the day, as ``HH:MM±HH:MM``.
    """

    kind: str
    span: Span | None = None
    share: Decimal | None = None
    moment: datetime | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """Values that the contract itself writes down, tried by the tests that hold for data.

    Attributes:
        values: as YAML gave them.
        tests: clause and test.
    """

    target: Target
    values: tuple[Any, ...]
    tests: tuple[tuple[str, ValueTest], ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing to measure: the type alone settles it, it is left to a person, or it does not apply.

    Attributes:
        status: ``PASSED``, ``FAILED`` (by the contract alone), ``MANUAL`` or ``NOT_APPLICABLE``.
        words: why, or what the person shall judge.
    """

    status: CheckStatus
    words: str


@dataclass(frozen=True, slots=True)
class Broken:
    """It cannot be verified.

    Attributes:
        code: kind of problem.
        what: one sentence that names the clause and what is wrong with it.
        fix: what the owner can do.
    """

    code: Code
    what: str
    fix: str | None = None


Measure = (
    Typed
    | Rows
    | Violations
    | Duplicates
    | References
    | Aggregate
    | Columns
    | Answer
    | Stated
    | Aged
    | Newest
    | Steps
    | Promised
    | Tried
    | Settled
    | Broken
)


@dataclass(frozen=True, slots=True)
class Check:
    """One clause of a contract, ready to be verified.

    Attributes:
        id: stable within the table: the same clause has the same id in every run, whatever else the contract says.
        kind: ODCS's key for it: ``required``, ``minimum``, ``nullValues``, ``sql`` …
        clause: the clause in words, for example ``unique(order_id)``.
        measure: what is measured.
        conditions: what must hold of the measured number; empty: nothing may break the clause.
        unit: of the measured number; ``percent`` is of all rows of the table, or, inside lists and maps, of all values.
        column: top-level column concerned, None for the table.
        name: the author's name for a rule.
        location: place in the contract's file.
    """

    id: str
    kind: str
    clause: str
    measure: Measure
    conditions: tuple[Condition, ...] = ()
    unit: Literal["rows", "percent"] = "rows"
    severity: Severity = Severity.ERROR
    dimension: str | None = None
    column: str | None = None
    name: str | None = None
    description: str | None = None
    location: Location | None = None

    def as_document(self) -> Mapping[str, Any]:
        """Return the check as a JSON document."""
        return {
            "id": self.id,
            "kind": self.kind,
            "clause": self.clause,
            "column": self.column,
            "severity": self.severity.value,
            "dimension": self.dimension,
            "name": self.name,
            "description": self.description,
            "where": str(self.location) if self.location else None,
        }
