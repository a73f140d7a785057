"""SQLite as DuckDB's extension reaches it.

A column of SQLite holds values of any type, whatever it is declared as. So every value comes as text, and what the
column is declared as is only what the values are meant to be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from hanse.base import IngestError
from hanse.drivers.duckdb.quoting import identifier, text
from hanse.interfaces import SourceColumn, SourceTable, SqliteDatabase
from hanse.interfaces.codes import (
    DATABASE_BUSY,
    DATABASE_FAILED,
    NO_DATABASE_FILE,
    NO_SUCH_DATABASE,
    NO_SUCH_SOURCE_TABLE,
    VALUE_UNREADABLE,
)
from hanse.spec.types import DataType, Scalar, parse_type

# SQLite's own rules of affinity, after the names that people mean something by.
_MEANT: tuple[tuple[str, DataType | None], ...] = (
    (r"BOOL", Scalar.BOOLEAN),
    (r"DATETIME|TIMESTAMP", Scalar.TIMESTAMP),
    (r"DATE", Scalar.DATE),
    (r"INT", Scalar.BIGINT),
    (r"CHAR|CLOB|TEXT", None),
    (r"REAL|FLOA|DOUB", Scalar.DOUBLE),
)
# Seventeen digits tell every number; fifteen are what somebody wrote, where they tell it as well.
_VALUE = (
    "CASE typeof({0}) WHEN 'blob' THEN NULL WHEN 'real' THEN"
    " CASE WHEN CAST(printf('%!.15g', {0}) AS REAL) = {0} THEN printf('%!.15g', {0}) ELSE printf('%!.17g', {0}) END"
    " ELSE CAST({0} AS TEXT) END"
)
_BINARY = "binary value in column "


class Sqlite:
    """See :class:`hanse.drivers.duckdb.databases.Dialect`."""

    extension = "sqlite"
    loaded_as = "sqlite_scanner"
    query = "sqlite_query"

    def __init__(self, database: SqliteDatabase, attached: str) -> None:
        self._path = database.path
        self._attached = attached

    def attach(self) -> Sequence[str]:
        """Return the statement that opens the file.

        Raises:
            IngestError: HNS-I022: there is no file.
        """
        if not os.path.isfile(self._path):
            raise IngestError(NO_SUCH_DATABASE, "there is no such file", fix="correct the path under `sqlite`")
        return [f"ATTACH {text(self._path)} AS {identifier(self._attached)} (TYPE sqlite, READ_ONLY)"]

    def begin(self) -> str:
        """Return a query that takes hold of this moment."""
        return "SELECT count(*) AS tables FROM sqlite_master"

    def began(self, row: Sequence[Any]) -> None:
        """Nothing to take note of."""

    def columns(self, table: SourceTable) -> str:
        """Return the query for a table's columns, without those that a virtual table hides."""
        return (
            'SELECT name, "type" AS declared FROM pragma_table_xinfo('  # noqa: S608 - quoted
            f"{text(table.name)}) WHERE hidden <> 1 ORDER BY cid"
        )

    def column(self, row: Sequence[Any]) -> SourceColumn:
        """Return a column from a row of that query."""
        name, declared = row
        if "BLOB" in (declared or "").upper():
            return SourceColumn(name, declared, None, how="blob")
        return SourceColumn(name, declared or "", _meant(declared or ""), how="text")

    def read(self, table: SourceTable, columns: Sequence[SourceColumn]) -> tuple[str, Sequence[str]]:
        """Return the query for a table's rows; a binary value among texts makes it fail, and names the column."""
        chosen, names = [], []
        for n, column in enumerate(columns):
            name = identifier(column.name)
            if column.how == "blob":
                chosen.append(f"CASE WHEN {name} IS NOT NULL THEN hex({name}) END AS c{n}")
                names.append(f"unhex(c{n}) AS {name}")
            else:
                chosen.append(f"{_VALUE.format(name)} AS c{n}")
                chosen.append(f"typeof({name}) = 'blob' AS b{n}")
                binary = text(f"{_BINARY}{column.name}")
                names.append(f"CASE WHEN b{n} = '1' THEN CAST(error({binary}) AS VARCHAR) ELSE c{n} END AS {name}")
        return f"SELECT {', '.join(chosen)} FROM {identifier(table.name)}", names  # noqa: S608 - quoted

    def cancel(self) -> str | None:
        """Return None: the extension asks DuckDB between rows."""
        return None

    def explain(self, raw: str) -> IngestError | None:
        """Return what DuckDB's or SQLite's words mean."""
        words = " ".join(raw.replace(self._path, "…").split())
        binary = re.search(f"{_BINARY}(.*)", raw)
        if binary:
            what = f"column `{binary.group(1)}` holds binary values, and is not declared as BLOB"
            return IngestError(VALUE_UNREADABLE, what, fix="offer a view that casts it, or leaves it out")
        if re.search(r"unicode|UTF-?8", raw, re.IGNORECASE):
            return IngestError(VALUE_UNREADABLE, "a text is not in UTF-8", why=words, fix="mend the text")
        if re.search(r"not a database|malformed|disk image|corrupt", raw):
            return IngestError(
                NO_DATABASE_FILE, "the file is no SQLite database, or is damaged", why=words, fix="restore it"
            )
        if re.search(r"is locked|is busy", raw):
            return IngestError(
                DATABASE_BUSY, "somebody is writing to the database", why=words, fix="run again, or write with WAL"
            )
        if re.search(r"no such table|no such column", raw):
            return IngestError(NO_SUCH_SOURCE_TABLE, "the database cannot read it", why=words, fix="correct the view")
        if re.search(r"sqlite|Failed to (?:prepare|execute|step)|unable to open", raw, re.IGNORECASE):
            fix = "look at the table or view in the database"
            return IngestError(DATABASE_FAILED, "the database reports an error", why=words, fix=fix)
        return None


def _meant(declared: str) -> DataType | None:
    exact = parse_type(declared)
    if exact is not None:
        return None if exact is Scalar.VARCHAR else exact
    return next((kind for pattern, kind in _MEANT if re.search(pattern, declared.upper())), None)
