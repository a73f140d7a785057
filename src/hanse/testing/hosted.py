"""The law of databases under test: the same rows give the same verdicts, counts and failing rows as in the engine.

Whoever writes a driver for :class:`hanse.interfaces.HostedDatabase` seeds a database with :func:`seed`, verifies a
contract in it and in the engine, and compares both with :func:`disagreements`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal as Number
from typing import Any, Literal

from hanse.quality import Verdict
from hanse.spec.contract import Table
from hanse.spec.types import DataType, Decimal, Scalar

Dialect = Literal["postgres", "mysql", "sqlite"]
_POSTGRES: dict[DataType, str] = {Scalar.DOUBLE: "double precision", Scalar.VARCHAR: "text", Scalar.BLOB: "bytea"}
# The collation of texts is MySQL's default, which takes capital letters, accents and trailing blanks for nothing.
_MYSQL: dict[DataType, str] = {
    Scalar.BOOLEAN: "tinyint(1)", Scalar.VARCHAR: "varchar(400) CHARACTER SET utf8mb4", Scalar.BLOB: "varbinary(400)",
    Scalar.TIME: "time(6)", Scalar.TIMESTAMP: "datetime(6)", Scalar.TIMESTAMPTZ: "timestamp(6) NULL",
}  # fmt: skip
_SQLITE: dict[DataType, str] = {Scalar.VARCHAR: "TEXT COLLATE NOCASE", Scalar.TIMESTAMPTZ: "TIMESTAMP"}
_TYPES = {"postgres": _POSTGRES, "mysql": _MYSQL, "sqlite": _SQLITE}
_QUOTES = {"postgres": '"', "mysql": "`", "sqlite": '"'}


def seed(dialect: Dialect, table: Table, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the statements that make a table of a contract, and fill it with rows of Python's values."""
    name = quoted(dialect, table.name)
    columns = ", ".join(f"{quoted(dialect, c.name)} {_declared(dialect, c.type)}" for c in table.columns)
    statements = [f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} ({columns})"]
    values = [", ".join(_literal(dialect, row.get(c.name)) for c in table.columns) for row in rows]
    if values:
        statements.append(f"INSERT INTO {name} VALUES {', '.join(f'({v})' for v in values)}")  # noqa: S608 - for tests
    return ";\n".join(statements)


def disagreements(engine: Verdict, database: Verdict, *, rows: bool = True) -> list[str]:
    """Return, in words, where two verdicts about the same rows differ; empty if they do not.

    Args:
        engine: verdict of the engine over a file.
        database: verdict of a database.
        rows: compare failing rows, too: then neither verdict may have been cut.
    """
    found = []
    if [r.check_id for r in engine.results] != [r.check_id for r in database.results]:
        found.append("the checks are not the same")
    for ours, theirs in zip(engine.results, database.results, strict=False):
        ours_told = (ours.status.value, ours.failed_rows, ours.total_rows)
        told = (theirs.status.value, theirs.failed_rows, theirs.total_rows)
        if not ours.check_id.startswith("type(") and ours.measured != theirs.measured:
            found.append(f"{ours.check_id}: measured {ours.measured!r}, the database says {theirs.measured!r}")
        if ours_told != told:
            found.append(f"{ours.check_id}: {ours_told}, the database says {told} ({theirs.error or theirs.message})")
    if rows:
        for check in {r.check_id for r in engine.results}:
            wanted, given = _samples(engine, check, database), _samples(database, check, database)
            if wanted != given:
                found.append(f"{check}: rows {wanted}, the database has {given}")
    return found


def quoted(dialect: Dialect, name: str) -> str:
    """Return a name as the dialect quotes it."""
    mark = _QUOTES[dialect]
    return mark + name.replace(mark, mark * 2) + mark


def _samples(verdict: Verdict, check: str, narrow: Verdict) -> list[tuple[str, str]]:
    """Return the failing rows of a check, of the columns that the database shows."""
    shown = next((set(f.row) for f in narrow.failed_rows if f.check_id == check), set())
    rows = [
        (f.reason, {k: v for k, v in f.row.items() if k in shown}) for f in verdict.failed_rows if f.check_id == check
    ]
    return sorted((reason, json.dumps(row, sort_keys=True, default=str)) for reason, row in rows)


def _declared(dialect: Dialect, kind: DataType) -> str:
    if not isinstance(kind, Scalar | Decimal):
        return "jsonb" if dialect == "postgres" else "JSON"
    return _TYPES[dialect].get(kind) or str(kind)


def _literal(dialect: Dialect, value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case int() | Number():
            return f"'{value}'" if dialect == "sqlite" and isinstance(value, Number) else str(value)
        case float():
            return f"CAST('{value!r}' AS double precision)" if dialect == "postgres" else repr(value)
        case bytes():
            return f"'\\x{value.hex()}'::bytea" if dialect == "postgres" else f"X'{value.hex()}'"
        case datetime():
            shown = value.replace(tzinfo=None).isoformat(sep=" ")
            return f"'{shown}{'+00:00' if value.tzinfo and dialect != 'mysql' else ''}'"
        case date() | time():
            return f"'{value.isoformat()}'"
        case str():
            if dialect == "mysql":
                return f"CONVERT(X'{value.encode().hex()}' USING utf8mb4)"
            return "'" + value.replace("'", "''") + "'"
        case _:
            return _literal(dialect, json.dumps(value))
