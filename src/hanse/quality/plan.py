"""From checks to as few passes over the data as they need.

In order of price: the shape of the relation, facts in the footers of Parquet files, one pass over the distinct values
of a column that has few, one scan for all other row-wise checks, one pass per key, one anti-join
per reference, and each ``sql`` rule on its own.
Planning is a pure function of the checks and the :class:`Evidence`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never

from hanse.base.suggest import did_you_mean
from hanse.interfaces import ColumnStatistics
from hanse.quality.codes import COLUMN_MISSING
from hanse.quality.records import (
    Aged,
    Aggregate,
    AllOf,
    Answer,
    Bound,
    Broken,
    Check,
    Columns,
    Duplicates,
    Each,
    Newest,
    NotMissing,
    Promised,
    References,
    Required,
    Rows,
    Settled,
    Stated,
    Steps,
    Target,
    Tried,
    Typed,
    ValueTest,
    Violations,
)
from hanse.spec.types import Decimal, Scalar

BIG = 100_000  # rows from which looking at a sample first pays for itself
SAMPLE = 20_000  # rows of that sample
FEW = 1_000  # distinct values in the sample up to which a column is grouped before its values are looked at


class Method(StrEnum):
    """How a check is answered."""

    NONE = "none"  # nothing is measured
    CONTRACT = "contract"  # from the contract's own values
    RECORDS = "records"  # from the releases and runs that the registry knows
    SCHEMA = "schema"  # from the relation's shape
    STATISTICS = "statistics"  # from the footers of its files
    DISTINCT = "distinct"  # over the distinct values of one column
    SCAN = "scan"  # in the one scan for everything row-wise
    ORDER = "order"  # a key that rises from row to row repeats nowhere; grouped after all if it does not
    GROUP = "group"  # rows grouped by a key
    REFERENCE = "reference"  # keys looked up in another table: one anti-join
    SQL = "sql"  # the contract's own query


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known before planning.

    Attributes:
        columns: name → engine type of the relation's columns, in order.
        statistics: exact facts from file footers; empty when there are none.
        rows: rows of the relation, None when only counting would tell.
        few: columns whose sample has few distinct values.
        rising: keys whose sample rises strictly from row to row.
    """

    columns: Mapping[str, str]
    statistics: Mapping[str, ColumnStatistics] = field(default_factory=dict)
    rows: int | None = None
    few: frozenset[str] = frozenset()
    rising: frozenset[tuple[Target, ...]] = frozenset()


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at the data that answers several checks."""

    method: Method
    checks: tuple[Check, ...]

    @property
    def column(self) -> str | None:
        """The one column that is looked at, if it is one."""
        return self.checks[0].column if self.method is Method.DISTINCT else None


def plan(checks: Sequence[Check], evidence: Evidence) -> tuple[Pass, ...]:
    """Group checks into passes, cheapest first; every check is in exactly one.

    Args:
        checks: of one table, see :func:`hanse.quality.checks.checks_of`.
        evidence: what is known of the table under test.
    """
    groups: dict[tuple[Method, Any], list[Check]] = {}
    for check in present(checks, evidence):
        method = _method(check, evidence)
        key: Any = None
        if method is Method.DISTINCT:
            key = check.column
        elif method in (Method.ORDER, Method.GROUP):
            assert isinstance(check.measure, Duplicates)
            key = check.measure.targets
        elif method in (Method.SQL, Method.REFERENCE):
            key = check.id
        groups.setdefault((method, key), []).append(check)
    order = list(Method)
    passes = [Pass(method, tuple(members)) for (method, _), members in groups.items()]
    return tuple(sorted(passes, key=lambda p: order.index(p.method)))


def present(checks: Iterable[Check], evidence: Evidence) -> tuple[Check, ...]:
    """Return the checks, those about columns that the relation lacks turned into errors."""
    return tuple(_present(check, evidence.columns) for check in checks)


def undecided(checks: Sequence[Check], evidence: Evidence) -> tuple[tuple[str, ...], tuple[tuple[Target, ...], ...]]:
    """Return the columns and keys of which a sample would help to plan."""
    columns: dict[str, None] = {}
    keys: dict[tuple[Target, ...], None] = {}
    for check in present(checks, evidence):
        method = _method(check, evidence)
        if method is Method.GROUP and isinstance(check.measure, Duplicates) and _is_ordered(check.measure):
            keys[check.measure.targets] = None
        elif method is Method.SCAN and isinstance(check.measure, Violations) and _is_dear(check.measure):
            columns[check.measure.target.column] = None
    return tuple(columns), tuple(keys)


def from_statistics(measure: Violations, statistics: Mapping[str, ColumnStatistics]) -> int | None:
    """Return the exact number of rows that break a test, if file footers tell; else None."""
    facts = statistics.get(measure.target.column)
    if facts is None or measure.target.path:
        return None
    return _breaking(measure.test, measure.target, facts)


def _present(check: Check, columns: Mapping[str, str]) -> Check:
    measure = check.measure
    targets: tuple[Target, ...] = ()
    if isinstance(measure, Typed | Violations | Aggregate | Stated | Newest | Steps):
        targets = (measure.target,)
    elif isinstance(measure, Duplicates | References):
        targets = measure.targets
    missing = next((t.column for t in targets if t.column not in columns), None)
    if missing is None:
        return check
    what = f"{check.clause}: the table has no column `{missing}`"
    return replace(check, measure=Broken(COLUMN_MISSING, what, did_you_mean(missing, columns)))


def _method(check: Check, evidence: Evidence) -> Method:
    measure = check.measure
    match measure:
        case Broken() | Settled():
            return Method.NONE
        case Typed() | Columns():
            return Method.SCHEMA
        case Rows():
            return Method.SCAN if evidence.rows is None else Method.STATISTICS
        case Violations():
            return _counted(measure, evidence)
        case Duplicates(targets):
            return Method.ORDER if targets in evidence.rising else Method.GROUP
        case References():
            return Method.REFERENCE
        case Answer() | Steps():
            return Method.SQL
        case Stated():
            from hanse.quality.null_reasons import reads_others

            return Method.SQL if reads_others(measure) else Method.SCAN
        case Newest() | Aggregate():
            return _of_all(measure, evidence)
        case Tried():
            return Method.CONTRACT
        case Aged() | Promised():
            raise AssertionError("what depends on the time, or on no table, is settled before planning")
        case _:
            assert_never(measure)


def _of_all(measure: Newest | Aggregate, evidence: Evidence) -> Method:
    facts = None if measure.target.path else evidence.statistics.get(measure.target.column)
    known = isinstance(measure, Newest) and facts is not None and facts.maximum is not None
    return Method.STATISTICS if known else Method.SCAN


def _is_ordered(measure: Duplicates) -> bool:
    """Tell whether a key may rise from row to row: nested values, and those inside lists, are only grouped."""
    return all(
        isinstance(t.type, Scalar | Decimal) and not any(isinstance(step, Each) for step in t.path)
        for t in measure.targets
    )


def _counted(measure: Violations, evidence: Evidence) -> Method:
    if from_statistics(measure, evidence.statistics) is not None:
        return Method.STATISTICS
    is_few = _is_plain(measure.target) and measure.target.column in evidence.few
    return Method.DISTINCT if is_few else Method.SCAN


def _is_dear(measure: Violations) -> bool:
    """Tell whether a test costs more than grouping by its column would, if that has few values."""
    return _is_plain(measure.target) and not isinstance(measure.test, Required | Bound)


def _is_plain(target: Target) -> bool:
    return not target.path and isinstance(target.type, Scalar | Decimal)


def _breaking(test: ValueTest, target: Target, facts: ColumnStatistics) -> int | None:
    if isinstance(test, Required) or (isinstance(test, NotMissing) and test.null and not test.values):
        return facts.nulls
    if isinstance(test, AllOf):
        return 0 if all(_breaking(t, target, facts) == 0 for t in test.tests) else None
    if isinstance(test, NotMissing) and test.null:
        return None
    if facts.rows == 0 or facts.nulls == facts.rows:
        return 0
    if isinstance(test, Bound):
        return 0 if _keeps(test, facts) else None
    return None


def _keeps(test: Bound, facts: ColumnStatistics) -> bool:
    extreme = facts.minimum if test.operator in (">=", ">") else facts.maximum
    if extreme is None:
        return False
    try:
        inside = {
            ">=": lambda: extreme >= test.value,
            ">": lambda: extreme > test.value,
            "<=": lambda: extreme <= test.value,
            "<": lambda: extreme < test.value,
        }[test.operator]()
    except TypeError:  # the file's type is not the contract's: the scan will tell
        return False
    return bool(inside)
