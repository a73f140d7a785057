"""Which checks a database can answer exactly, and why the engine answers the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, assert_never

from hanse.interfaces import HostedColumn
from hanse.quality.hosted.regexes import portable
from hanse.quality.hosted.tables import HostedTable
from hanse.quality.records import (
    AllOf,
    Answer,
    Bound,
    Broken,
    Check,
    Columns,
    Duplicates,
    Length,
    MultipleOf,
    NotMissing,
    OneOf,
    Pattern,
    Promised,
    References,
    Required,
    Rows,
    Settled,
    Target,
    Tried,
    Typed,
    UniqueItems,
    UnitLength,
    ValueTest,
    Violations,
)
from hanse.spec.types import DataType, Decimal, List, Map, Scalar, Struct

# The contract's type → families whose values compare in the database as they do in the engine.
_EXACT: Mapping[str, Mapping[DataType | str, frozenset[str]]] = {
    "postgres": {
        Scalar.BOOLEAN: frozenset({"boolean"}),
        Scalar.BIGINT: frozenset({"integer"}),
        "decimal": frozenset({"integer", "decimal"}),
        Scalar.DOUBLE: frozenset({"double"}),
        Scalar.VARCHAR: frozenset({"text"}),
        Scalar.BLOB: frozenset({"binary"}),
        Scalar.DATE: frozenset({"date"}),
        Scalar.TIMESTAMP: frozenset({"timestamp"}),
        Scalar.TIMESTAMPTZ: frozenset({"timestamptz"}),
    },
    "mysql": {
        Scalar.BIGINT: frozenset({"integer"}),
        "decimal": frozenset({"integer", "decimal"}),
        Scalar.DOUBLE: frozenset({"double"}),
        Scalar.VARCHAR: frozenset({"text"}),
        Scalar.BLOB: frozenset({"binary"}),
    },
    # Columns of SQLite hold values of any type: see `doubtful`.
    "sqlite": {
        Scalar.BIGINT: frozenset({"integer"}),
        Scalar.DOUBLE: frozenset({"double"}),
        Scalar.VARCHAR: frozenset({"text"}),
    },
}
Doubt = Literal["nan", "no date", "no time", "no integer", "no real", "no text"]
_MYSQL_DOUBTS: Mapping[str, Doubt] = {
    "date": "no date",
    "timestamp": "no date",
    "timestamptz": "no date",
    "time": "no time",
}
_SQLITE_DOUBTS: Mapping[str, Doubt] = {"integer": "no integer", "double": "no real", "text": "no text"}
_NAMES = {"postgres": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite"}


def refusal(check: Check, table: HostedTable, others: Mapping[str, HostedTable], dialect: str) -> str | None:
    """Say why the database cannot answer a check exactly; None if it can, or if there is nothing to ask.

    Args:
        check: its columns are there, and its reference is bound.
        table: the table under test.
        others: relation → table of the same database.
        dialect: the database's.
    """
    measure = check.measure
    match measure:
        case Rows() | Columns() | Broken() | Settled() | Answer():
            return None
        case Promised() | Tried():
            return "it asks nothing of the data"
        case Typed(target):
            if is_document(target.type, table.columns[target.column]):
                return "only the values tell whether a document has the contract's members"
            if table.columns[target.column].holds is None and _incomparable(target, table, dialect) is not None:
                return f"only the values of a column declared as `{_declared(table, target)}` tell whether they fit"
            return None
        case Violations(target, test):
            return _violation(target, test, table, dialect)
        case Duplicates(targets):
            return _keys(targets, table, dialect)
        case References(targets, _, to, relation):
            other = others.get(relation or "")
            if other is None:
                return "the other table is elsewhere"
            return _keys(targets, table, dialect) or _keys(to, other, dialect)
        case _:
            return "it is a question of its own, which the engine answers"


def is_document(kind: DataType, column: HostedColumn) -> bool:
    """Say whether a column holds nested values as JSON; MariaDB does not tell such columns from texts."""
    return isinstance(kind, Struct | List | Map) and column.family in ("json", "text")


def doubtful(column: HostedColumn, dialect: str) -> Doubt | None:
    """Return which values of a column the engine's type may not have, None if it has them all.

    Returns:
        ``nan``: PostgreSQL's numeric has it; ``no date``, ``no time``: MySQL's 0000-00-00 and 838:59:59; SQLite's
        values of other types than a column's.
    """
    if dialect == "postgres" and column.family == "decimal":
        return "nan"
    if dialect == "mysql":
        return _MYSQL_DOUBTS.get(column.family)
    if dialect == "sqlite":
        return _SQLITE_DOUBTS.get(column.family)
    return None


def _violation(target: Target, test: ValueTest, table: HostedTable, dialect: str) -> str | None:
    if target.path:
        return "it looks inside a nested value"
    if isinstance(test, Required) or (isinstance(test, NotMissing) and not test.values):
        return None
    return _incomparable(target, table, dialect) or _test(test, target, table, dialect)


def _keys(targets: tuple[Target, ...], table: HostedTable, dialect: str) -> str | None:
    for target in targets:
        if target.path:
            return "it looks inside a nested value"
        if target.type is Scalar.DOUBLE:
            return "floating-point keys are compared by the engine"
        reason = _incomparable(target, table, dialect)
        if reason is not None:
            return reason
    return None


def _incomparable(target: Target, table: HostedTable, dialect: str) -> str | None:
    column = table.columns[target.column]
    kind = "decimal" if isinstance(target.type, Decimal) else target.type
    families = _EXACT[dialect].get(kind) if isinstance(kind, str | Scalar) else None
    if families is None or column.family not in families:
        return f"{_NAMES[dialect]} does not compare `{column.declared}` as the engine compares {target.type}"
    if dialect == "postgres" and column.holds is None:
        return f"`{column.declared}` holds numbers of any size"
    if column.family == "text" and not column.bytewise:
        return "the texts are in an encoding that is not all Unicode's"
    return None


def _test(test: ValueTest, target: Target, table: HostedTable, dialect: str) -> str | None:
    match test:
        case Required() | OneOf() | NotMissing():
            return "it lists values of such a type" if target.type is Scalar.BLOB else None
        case Bound():
            return "texts are put in order by the engine" if target.type is Scalar.VARCHAR else None
        case Length():
            return None
        case Pattern(regex):
            if dialect != "postgres":
                return f"{_NAMES[dialect]} has no patterns of the contract's kind"
            return None if portable(regex) is not None else "the pattern may mean something else in PostgreSQL"
        case MultipleOf():
            return "multiples of floating-point numbers are found by the engine" if _floats(target) else None
        case AllOf(tests):
            return next((r for t in tests if (r := _test(t, target, table, dialect)) is not None), None)
        case UniqueItems() | UnitLength():
            return "it looks inside a nested value"
        case _:
            assert_never(test)


def _floats(target: Target) -> bool:
    return target.type is Scalar.DOUBLE


def _declared(table: HostedTable, target: Target) -> str:
    return table.columns[target.column].declared or "nothing"
