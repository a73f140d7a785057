"""The engine's errors in the words of whoever asked: without values of the data, and with places in their own text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hanse.base import EngineError, QueryError
from hanse.base.suggest import did_you_mean
from hanse.query import codes
from hanse.sql import Statement

_UNKNOWN_NAME = "HNS-E003"
_CONVERSION = "HNS-E004"
_LOST = "`hanse doctor` says what is lost or damaged, and what brings it back"
_FIXES = {
    "HNS-E011": _LOST,
    "HNS-E012": _LOST,
    _CONVERSION: "`TRY_CAST(value AS type)` gives null for what cannot be converted; or leave such rows out before",
    "HNS-E005": "convert to a wider type before calculating, or leave out the rows that do not fit",
}
# Only these words of the engine's reason are repeated: the rest may be values.
_TYPES = r"BOOL(?:EAN)?|U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?\d*|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|DATE|TIME|TIMESTAMP"
_TARGET = re.compile(rf" to '?({_TYPES})'?$")
# DuckDB's words for one thing. Quotes within a name are not doubled there.
_COLUMN = re.compile(
    r'Referenced column "(.+?)" (?:not found in FROM|was not found because)'
    r'|does not have a column named "(.+?)"$'
    r'|[Cc]olumn "(.+?)" does not exist',
    re.MULTILINE,
)


def explain_failure(
    error: EngineError, statement: Statement, columns: Sequence[str], names: Mapping[str, str]
) -> QueryError:
    """Return an engine's error as one of the statement.

    The reason given by the engine is left out where it may hold values of rows that the reader did not ask to see.

    Args:
        error: what the engine raised.
        statement: what was asked.
        columns: names of all columns of the relations read, for suggestions.
        names: internal name → name in the statement.
    """
    problem = error.problem
    if problem.code.id != _UNKNOWN_NAME:
        return QueryError(
            problem.code,
            f"{problem.what}{_target(problem.why)}",
            fix=problem.fix or _FIXES.get(problem.code.id),
        )
    said = _plain(problem.what, names)
    match = _COLUMN.search(said)
    if match is None:
        why = _plain(problem.why, names) if problem.why else None
        return QueryError(problem.code, said, why=why, fix=problem.fix)
    column = next(name for name in match.groups() if name is not None)
    return QueryError(
        codes.UNKNOWN_COLUMN,
        f"there is no column `{column}`",
        where=statement.find_name(column),
        fix=did_you_mean(column, columns) or "`hanse show domain.product` lists the columns",
    )


def explain_unbound(error: EngineError, table: str) -> QueryError:
    """Return an engine's error about the files of a released table as one about the table."""
    problem = error.problem
    fix = problem.fix or _FIXES.get(problem.code.id)
    return QueryError(problem.code, f"{table}: {problem.what}", why=problem.why, fix=fix, subject=table)


def _target(why: str | None) -> str:
    """Return to what type a value could not be converted, if the engine says so; in words to be appended."""
    found = _TARGET.search(why.splitlines()[0].rstrip(".")) if why else None
    return f": {found[1]}" if found else ""


def _plain(text: str, names: Mapping[str, str]) -> str:
    for internal, name in names.items():
        text = re.sub(rf"\b{re.escape(internal)}\b", name, text)
    return text
