"""MySQL and MariaDB through PyMySQL: read only, one consistent snapshot."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from hanse.base import Code, EngineError, IngestError
from hanse.drivers.dbapi.codes import CLIENT_MISSING
from hanse.drivers.dbapi.staging import BATCH, write
from hanse.interfaces import MySqlDatabase, SourceTable, StagedFile
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
)
from hanse.interfaces.hosted import Family, HostedColumn

T = TypeVar("T")
CONNECT_SECONDS = 15
_TIMES = frozenset({7, 10, 11, 12, 14})  # field types of dates and times: `0000-00-00` is one, and none of Python's
_COLUMNS = (
    "SELECT column_name, column_type, data_type, numeric_precision, numeric_scale, character_set_name"
    " FROM information_schema.columns WHERE table_schema = {} AND table_name = {} ORDER BY ordinal_position"
)
_TYPES: dict[str, tuple[Family, str]] = {
    "tinyint": ("integer", "TINYINT"), "smallint": ("integer", "SMALLINT"), "mediumint": ("integer", "INTEGER"),
    "int": ("integer", "INTEGER"), "bigint": ("integer", "BIGINT"), "year": ("integer", "INTEGER"),
    "float": ("float", "FLOAT"), "double": ("double", "DOUBLE"), "date": ("date", "DATE"),
    "datetime": ("timestamp", "TIMESTAMP"), "timestamp": ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
    "time": ("time", "TIME"), "char": ("text", "VARCHAR"), "varchar": ("text", "VARCHAR"),
    "tinytext": ("text", "VARCHAR"), "text": ("text", "VARCHAR"), "mediumtext": ("text", "VARCHAR"),
    "longtext": ("text", "VARCHAR"), "enum": ("other", "VARCHAR"), "set": ("other", "VARCHAR"),
    "binary": ("binary", "BLOB"), "varbinary": ("binary", "BLOB"), "tinyblob": ("binary", "BLOB"),
    "blob": ("binary", "BLOB"), "mediumblob": ("binary", "BLOB"), "longblob": ("binary", "BLOB"),
}  # fmt: skip
_WIDER = {"TINYINT": "UTINYINT", "SMALLINT": "USMALLINT", "INTEGER": "UINTEGER", "BIGINT": "UBIGINT"}
# Every character of these is a character of utf8mb4, and nothing of them is undefined.
_CHARSETS = frozenset({"utf8mb4", "utf8mb3", "utf8", "ascii", "latin1"})
_ERRORS: dict[int, tuple[Code, str, str]] = {
    1040: (DATABASE_BUSY, "the server has no connection to spare", "run again later"),
    1044: (LOGIN_REFUSED, "the server refuses the login", "look at the user, and at the variable with the password"),
    1045: (LOGIN_REFUSED, "the server refuses the login", "look at the user, and at the variable with the password"),
    1049: (NO_SUCH_DATABASE, "the server has no such database", "correct its name"),
    1054: (NO_SUCH_SOURCE_TABLE, "the database has no such column", "correct the name"),
    1142: (NOT_PERMITTED, "the database's user may not read it", "have SELECT granted on it"),
    1143: (NOT_PERMITTED, "the database's user may not read it", "have SELECT granted on it"),
    1146: (NO_SUCH_SOURCE_TABLE, "the database has no such table or view", "correct the name"),
    1205: (READ_TOO_SLOW, "a lock was waited for longer than the server allows", "run again"),
    1317: (READ_TOO_SLOW, "the statement was ended", "allow it more time"),
    1969: (READ_TOO_SLOW, "reading took longer than allowed", "allow more time, or read a smaller table or view"),
    2006: (CONNECTION_LOST, "the connection to the database ended", "run again"),
    2013: (CONNECTION_LOST, "the connection to the database ended", "run again"),
    2026: (NOT_ENCRYPTED, "the connection cannot be encrypted as asked", "set TLS up there, or allow to go without"),
    3024: (READ_TOO_SLOW, "reading took longer than allowed", "allow more time, or read a smaller table or view"),
}


class MySqlHosted:
    """See :class:`hanse.interfaces.HostedDatabase`."""

    def __init__(self, database: MySqlDatabase) -> None:
        try:
            import pymysql
        except ImportError as error:
            raise EngineError(
                CLIENT_MISSING, "to read MySQL or MariaDB, a package is needed that is not installed",
                fix="pip install 'hanse[mysql]'",
            ) from error  # fmt: skip
        self._pymysql = pymysql
        self._database = database
        self._connection: Any | None = None
        self._process = 0
        self._run(lambda: self._ask("SELECT 1"))

    @property
    def dialect(self) -> Literal["postgres", "mysql", "sqlite"]:
        """The SQL that it understands."""
        return "mysql"

    def columns(self, table: SourceTable) -> tuple[HostedColumn, ...]:
        """Return the columns of a table or view, in order.

        Raises:
            IngestError: HNS-I024: there is none of this name.
        """
        names = [_hex(table.schema or self._database.database), _hex(table.name)]
        rows = self._run(lambda: self._ask(_COLUMNS.format(*names)))
        if not rows:
            raise IngestError(NO_SUCH_SOURCE_TABLE, "the database has no such table or view", fix="correct its name")
        return tuple(_column(row) for row in rows)

    def fetch(self, select: str) -> list[tuple[Any, ...]]:
        """Run a SELECT that returns few rows."""
        return self._run(lambda: self._ask(select))

    def stage(self, select: str, columns: Sequence[str], path: str, *, binary: Collection[str] = ()) -> StagedFile:
        """Run a SELECT and write its rows to one Parquet file: whole, or not at all."""

        def batches() -> Iterator[Sequence[tuple[Any, ...]]]:
            with self._open().cursor(self._pymysql.cursors.SSCursor) as cursor:
                cursor.execute(select)
                while rows := cursor.fetchmany(BATCH):
                    yield rows

        return self._run(lambda: write(batches(), columns, path, binary))

    def reads(self, select: str) -> frozenset[tuple[str, ...]]:
        """Return what the server's plan of a SELECT reads: tables by their aliases, without what it makes itself."""
        rows = self._run(lambda: self._ask(f"EXPLAIN {select}"))
        found = {row[2] for row in rows if row[2]}
        return frozenset((str(name),) for name in found if not str(name).startswith("<"))

    def interrupt(self) -> None:
        """End whatever runs, in the server too; it raises."""
        running = self._connection
        if running is not None and running.open:
            with suppress(self._pymysql.MySQLError), self._connect() as other, other.cursor() as cursor:
                cursor.execute(f"KILL QUERY {self._process}")

    def close(self) -> None:
        """Give everything back. Closing twice is harmless."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._pymysql.MySQLError, OSError):
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        with self._open().cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def _open(self) -> Any:
        """Return the connection, made anew after it was lost."""
        if self._connection is None:
            self._connection = self._connect()
            self._begin(self._connection)
        return self._connection

    def _connect(self) -> Any:
        from pymysql.converters import conversions

        found = self._database
        plain = {k: v for k, v in conversions.items() if k not in _TIMES}
        return self._pymysql.connect(
            host=found.host,
            port=found.port,
            user=found.user,
            password=found.password or "",
            database=found.database,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            local_infile=False,
            autocommit=True,
            conv=plain,
            **({"ssl_disabled": True} if found.tls == "disable" else {"ssl": _context(found)}),
        )

    def _begin(self, connection: Any) -> None:
        """Fix how values are written, how long a statement may take, and the moment that is read."""
        milliseconds = int(self._database.seconds * 1000)
        with connection.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID(), VERSION()")
            process, version = cursor.fetchone() or (0, "")
            self._process = int(process)
            maria = f"max_statement_time = {milliseconds / 1000}"
            limit = maria if "MariaDB" in version else f"max_execution_time = {milliseconds}"
            for statement in (
                "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO', time_zone = '+00:00'",
                f"SET SESSION {limit}, lock_wait_timeout = {max(int(self._database.seconds), 1)}",
                "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ):
                cursor.execute(statement)

    def _run(self, work: Callable[[], T]) -> T:
        """Do something there; whatever is raised says nothing that is secret."""
        try:
            return work()
        except self._pymysql.MySQLError as error:
            raised = self._explain(error)
        except (OSError, ValueError) as error:
            raised = IngestError(CONNECTION_LOST, "the connection to the database ended", why=str(error))
        if raised.code in (CONNECTION_LOST, DATABASE_UNREACHABLE):
            self.close()
        raise raised from None

    def _explain(self, error: Exception) -> IngestError:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        words = " ".join(str(error.args[1] if len(error.args) > 1 else error).split())
        found = self._database
        for value in (found.password, found.user, found.host, found.database):
            if value:
                words = words.replace(value if value == found.password else f"'{value}'", "…")
        if number in (2002, 2003, 2005):
            return IngestError(
                DATABASE_UNREACHABLE,
                "the server cannot be reached",
                fix="look at `host` and `port`, and whether the server runs",
            )
        if number in _ERRORS:
            code, what, fix = _ERRORS[number]
            return IngestError(code, what, why=words, fix=fix)
        if re.search(r"SSL|TLS|certificate", words):
            code, what, fix = _ERRORS[2026]
            return IngestError(code, what, why=words, fix=fix)
        fix = "look at the table or view in the database"
        return IngestError(DATABASE_FAILED, "the database reports an error", why=words, fix=fix)


def _context(database: MySqlDatabase) -> Any:
    """Return how a connection is encrypted: given one, PyMySQL refuses a server that offers none."""
    import ssl

    context = ssl.create_default_context(cafile=database.ca)
    context.check_hostname = database.tls == "verify-full"
    if database.tls == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _column(row: Sequence[Any]) -> HostedColumn:
    name, declared, kind, precision, scale, charset = row
    declared, kind = str(declared), str(kind).lower()
    if kind == "decimal":
        holds = f"DECIMAL({precision},{scale})" if int(precision) <= 38 else None
        return HostedColumn(name, declared, "decimal", holds)
    if declared.lower() in ("tinyint(1)", "bit(1)"):
        return HostedColumn(name, declared, "boolean", None)
    if kind == "bit":
        return HostedColumn(name, declared, "integer", "UBIGINT")
    if kind == "json":
        return HostedColumn(name, declared, "json", None)
    family, holds = _TYPES.get(kind, ("other", "VARCHAR"))
    if "unsigned" in declared.lower():
        holds = _WIDER.get(holds, holds)
    return HostedColumn(name, declared, family, holds, charset in _CHARSETS)


def _hex(text: str) -> str:
    """Return a text as a literal that means the same whatever the server's mode."""
    return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"
