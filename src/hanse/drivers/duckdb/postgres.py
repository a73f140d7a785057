"""PostgreSQL as DuckDB's extension reaches it.

The extension reads ``numeric`` without precision as floating point, NaN as 0.00, and timestamps beyond its own range as
others. So everything that is not exactly the same on both sides comes as the text that PostgreSQL itself writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hanse.base import Code, IngestError
from hanse.drivers.duckdb.quoting import identifier, text
from hanse.interfaces import PostgresDatabase, SourceColumn, SourceTable
from hanse.interfaces.codes import (
    CONNECTION_LOST,
    DATABASE_BUSY,
    DATABASE_FAILED,
    DATABASE_UNREACHABLE,
    LOGIN_REFUSED,
    NO_SUCH_DATABASE,
    NO_SUCH_SOURCE_TABLE,
    NOT_ENCRYPTED,
    NOT_PERMITTED,
    READ_TOO_SLOW,
    VALUE_UNREADABLE,
)
from hanse.spec.types import DataType, Decimal, Scalar

CONNECT_SECONDS = 15
SILENT_SECONDS = 60
"""How long a network may stay silent before a connection counts as lost."""

# Binary on both sides, value for value.
_SAME_ITEMS = frozenset({"bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar"})
_SAME = _SAME_ITEMS | {"bytea", "uuid"}
# Text here, and what it is meant to be.
_MEANT: dict[str, Scalar] = {
    "date": Scalar.DATE, "time": Scalar.TIME, "timestamp": Scalar.TIMESTAMP, "timestamptz": Scalar.TIMESTAMPTZ,
}  # fmt: skip

# Vectors are arrays that are never called so. A precision is stored with a header's length added.
_VECTORS = frozenset({"int2vector", "oidvector"})
_HEADER = 4
_WAYS = {
    "same": "{}",
    "array": "{}",
    "text": "CAST({} AS pg_catalog.text)",
    "texts": "CAST({} AS pg_catalog.text[])",
    "money": "CAST(CAST({} AS pg_catalog.numeric) AS pg_catalog.text)",
}

# Domains are what they are made of. `attndims` is only what was once written: PostgreSQL keeps no promise about it.
_COLUMNS = """
WITH RECURSIVE named AS (
  SELECT a.attnum, a.attname, a.atttypid AS type, a.atttypmod AS modifier
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = {schema} AND c.relname = {table} AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
    AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT named.attnum, named.attname, t.typbasetype, t.typtypmod
  FROM named JOIN pg_catalog.pg_type t ON t.oid = named.type WHERE t.typtype = 'd'
)
SELECT named.attnum::int4 AS position, named.attname::text AS name,
  pg_catalog.format_type(named.type, named.modifier) AS declared, named.modifier::int4 AS modifier,
  CASE WHEN s.nspname = 'pg_catalog' THEN t.typname::text ELSE '' END AS type, t.typtype::text AS kind,
  CASE WHEN t.typcategory = 'A' THEN coalesce(i.typname::text, '') ELSE '' END AS item,
  coalesce(i.typtype::text, '') AS item_kind
FROM named JOIN pg_catalog.pg_type t ON t.oid = named.type
JOIN pg_catalog.pg_namespace s ON s.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type i ON i.oid = t.typelem
WHERE t.typtype <> 'd' ORDER BY 1
"""

_CONNECTING = re.compile(r"Unable to connect to Postgres at .*?\": (.*)", re.DOTALL)
_WHERE = re.compile(r"connection to server (?:at|on) .*? failed: ", re.DOTALL)
_STATEMENT = re.compile(r"Failed to \w+ (?:query|COPY) \".*\": ", re.DOTALL)
_SEVERITY = re.compile(r".*(?:ERROR|FATAL|PANIC):\s+", re.DOTALL)
_REFUSALS: tuple[tuple[str, Code, str, str], ...] = (
    (
        r"authentication failed|no password supplied|role .* does not exist|no pg_hba\.conf entry|not permitted to log",
        LOGIN_REFUSED,
        "the server refuses the login",
        "look at the connection's `user`, and at the variable that `password` names",
    ),
    (
        r"SSL|TLS|certificate",
        NOT_ENCRYPTED,
        "the connection would not be as safe as `tls` asks for",
        "set up TLS at the server and `ca` here; or `tls: disable`, if the network in between is trusted",
    ),
    (
        r"database .* does not exist",
        NO_SUCH_DATABASE,
        "the server has no such database",
        "correct the connection's `database`",
    ),
    (
        r"too many (?:clients|connections)|connection slots|starting up|shutting down|in recovery",
        DATABASE_BUSY,
        "the server takes no connection now",
        "run again later",
    ),
)
_ANSWERS: tuple[tuple[str, Code, str, str], ...] = (
    (
        r"permission denied",
        NOT_PERMITTED,
        "the database's user may not read it",
        "have SELECT granted on it, and USAGE on its schema",
    ),
    (
        r"(?:relation|schema|column) .* does not exist",
        NO_SUCH_SOURCE_TABLE,
        "the database has no such table or view any more",
        "correct `table` in `pipeline.yaml`; small and capital letters count",
    ),
    (
        r"statement timeout|lock timeout|idle-in-transaction timeout",
        READ_TOO_SLOW,
        "reading took longer than the connection's `timeout` allows",
        "raise `timeout` in `mesh.yaml`, or read a smaller table or view",
    ),
    (
        (
            r"terminating connection|server closed the connection|connection to server was lost|no connection"
            r" to the server|could not receive data|SSL SYSCALL|Connection reset|Connection timed out|Broken pipe"
        ),
        CONNECTION_LOST,
        "the connection to the database ended",
        "run again",
    ),
)


class Postgres:
    """See :class:`hanse.drivers.duckdb.databases.Dialect`."""

    extension = "postgres"
    loaded_as = "postgres_scanner"
    query = "postgres_query"

    def __init__(self, database: PostgresDatabase, attached: str) -> None:
        self._database = database
        self._attached = attached
        self._process: int | None = None
        self._arrays: list[str] = []

    def attach(self) -> Sequence[str]:
        """Return the statements that connect; only the password goes by a secret, in memory."""
        found = self._database
        parts = {
            "host": found.host,
            "port": str(found.port),
            "dbname": found.database,
            "user": found.user,
            "sslmode": found.tls,
            **({"sslrootcert": found.ca} if found.ca else {}),
            "application_name": "hanse",
            "connect_timeout": str(CONNECT_SECONDS),
            "keepalives_idle": str(SILENT_SECONDS),
            "tcp_user_timeout": str(SILENT_SECONDS * 1000),
        }
        told = text(" ".join(f"{key}={_conninfo(value)}" for key, value in parts.items()))
        login = f", PASSWORD {text(found.password)}" if found.password else ""
        secret = f"CREATE SECRET __login (TYPE postgres{login})"
        # Without a password, too: the extension would look for a secret of its own, where no session may look.
        return [secret, f"ATTACH {told} AS {identifier(self._attached)} (TYPE postgres, READ_ONLY, SECRET __login)"]

    def begin(self) -> str:
        """Return the query that fixes how values are written, and how long one statement may take."""
        milliseconds = str(int(self._database.seconds * 1000))
        settings = {
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "TimeZone": "UTC",
            "DateStyle": "ISO, YMD",
            "IntervalStyle": "iso_8601",
            "bytea_output": "hex",
            "extra_float_digits": "1",
            "standard_conforming_strings": "on",
        }
        # `true`: for this transaction only, which poolers between here and there respect.
        calls = [f"pg_catalog.set_config({text(k)}, {text(v)}, true) AS {identifier(k)}" for k, v in settings.items()]
        return f"SELECT pg_catalog.pg_backend_pid() AS process, {', '.join(calls)}"

    def began(self, row: Sequence[Any]) -> None:
        """Take note of who serves the transaction."""
        self._process = int(row[0])

    def columns(self, table: SourceTable) -> str:
        """Return the query for a table's columns."""
        return _COLUMNS.format(schema=text(table.schema or "public"), table=text(table.name))

    def column(self, row: Sequence[Any]) -> SourceColumn:
        """Return a column from a row of that query."""
        _, name, declared, modifier, type_, kind, item, item_kind = row
        if item and type_ not in _VECTORS:
            how = "array" if item in _SAME_ITEMS else "texts"
            return SourceColumn(name, declared, None, item_kind in "ber", how)
        how = "same" if type_ in _SAME else "money" if type_ == "money" else "text"
        return SourceColumn(name, declared, _meant(type_, modifier), kind in "bemr", how)

    def read(self, table: SourceTable, columns: Sequence[SourceColumn]) -> tuple[str, Sequence[str]]:
        """Return the query for a table's rows."""
        self._arrays = [c.name for c in columns if c.how in ("array", "texts")]
        chosen = [f"{_expression(c)} AS c{n}" for n, c in enumerate(columns)]
        source = f"{identifier(table.schema or 'public')}.{identifier(table.name)}"
        names = [f"c{n} AS {identifier(c.name)}" for n, c in enumerate(columns)]
        return f"SELECT {', '.join(chosen)} FROM {source}", names  # noqa: S608 - every name is quoted

    def cancel(self) -> str | None:
        """Return the query that ends what this user's reading runs."""
        return None if self._process is None else f"SELECT pg_catalog.pg_cancel_backend({self._process}) AS done"

    def explain(self, raw: str) -> IngestError | None:
        """Return what DuckDB's, libpq's or the server's words mean."""
        connecting = _CONNECTING.search(raw)
        if connecting:
            words = self._without_values(_WHERE.sub("", connecting.group(1)))
            return _found(_REFUSALS, words) or IngestError(
                DATABASE_UNREACHABLE,
                "the server cannot be reached",
                why=words,
                fix="look at the connection's `host` and `port`, and whether the server runs",
            )
        words = self._without_values(_SEVERITY.sub("", _STATEMENT.sub("", raw)))
        if "Expected an array with" in words:
            what = f"an array in {' or '.join(f'`{name}`' for name in self._arrays)} has more dimensions than one"
            return IngestError(VALUE_UNREADABLE, what, fix="offer a view that casts such a column to `jsonb`")
        known = _found(_ANSWERS, words)
        if known is None and _SEVERITY.match(raw):
            fix = "look at the table or view in the database"
            return IngestError(DATABASE_FAILED, "the database reports an error", why=words, fix=fix)
        return known

    def _without_values(self, words: str) -> str:
        """Return words in one line, without what came from `mesh.yaml`: it may be a variable's value."""
        found = self._database
        for value in (found.password, found.user, found.database, found.host):
            if value:
                words = words.replace(value if value == found.password else f'"{value}"', "…")
        return " ".join(words.split())


def _found(known: Sequence[tuple[str, Code, str, str]], words: str) -> IngestError | None:
    for pattern, code, what, fix in known:
        if re.search(pattern, words):
            return IngestError(code, what, why=words, fix=fix)
    return None


def _conninfo(value: str) -> str:
    """Return a value as libpq's connection strings quote it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _meant(type_: str, modifier: int) -> DataType | None:
    if type_ != "numeric" or modifier < _HEADER:  # without precision: any number of digits
        return _MEANT.get(type_)
    precision, scale = (modifier - _HEADER) >> 16, (modifier - _HEADER) & 0x7FF
    return Decimal(precision, scale) if precision <= 38 and scale <= precision else None


def _expression(column: SourceColumn) -> str:
    return _WAYS[column.how].format(identifier(column.name))
