"""Clauses that say which release of a table is read: FOR SYSTEM_TIME AS OF … and AT (… => …).

They never reach the engine. Each is read here from the tree, where only a literal may stand in it, and taken out; from
then on the tree is that of a statement without it, and everything else that looks like such a clause is refused as any
unknown construct is.
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from hanse.base import Denied, QueryError
from hanse.base.versions import Version, parse_moment
from hanse.sql import codes
from hanse.sql.lex import Text
from hanse.sql.scope import AT, mentions

_WHOLE = re.compile(r"[0-9]{1,19}")
_MOMENTS = frozenset(
    {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ, exp.DType.DATETIME}
)
_FIX = (
    "write `FOR SYSTEM_TIME AS OF TIMESTAMP '2026-11-01 12:00'` (UTC), `AT (TIMESTAMP => '2026-11-01 12:00')`, "
    "`AT (VERSION => 3)` for release 3, or `AT (VERSION => '…')` with the id of a release or snapshot"
)


def version_of(table: exp.Table) -> Version | None:
    """Return which release of a relation is meant; None for the visible one."""
    found: Version | None = table.meta.get(AT)
    return found


def take_versions(tree: exp.Expr, source: Text, *, allowed: bool) -> None:
    """Read the clauses of a tree, note what they mean at their relations, and take them out.

    Args:
        tree: as parsed, before anything was restored in it.
        source: its text.
        allowed: whether the statement may have such clauses.

    Raises:
        QueryError: HNS-Q007: a clause that says no time and no version.
        Denied: HNS-D010: clauses are not allowed here.
    """
    timed = [t for t in tree.find_all(exp.Table) if t.args.get("version") or t.args.get("when")]
    for table in timed:
        if not allowed:
            raise Denied(
                codes.TIME_DENIED,
                "a table cannot be read as of another time here",
                where=source.where(_start(table)),
                fix="leave out the clause: what is read is the release that is visible when the run starts",
            )
        version = _read(table)
        if version is None:
            raise _unclear(table, source, "the clause after `{}` says neither a time nor a version")
        table.meta[AT] = version
        table.set("version", None)
        table.set("when", None)
    if timed:
        for table, cte in mentions(tree):
            if cte is not None and version_of(table) is not None:
                raise _unclear(table, source, "`{}` is defined in this statement, so it has no history")


def _unclear(table: exp.Table, source: Text, what: str) -> QueryError:
    name = ".".join(part.name for part in table.parts)
    return QueryError(codes.UNCLEAR_VERSION, what.format(name), where=source.where(_start(table)), fix=_FIX)


def _start(table: exp.Table) -> int:
    starts = (node.meta.get("start") for node in table.find_all(exp.Identifier))
    return min((start for start in starts if isinstance(start, int)), default=0)


def _read(table: exp.Table) -> Version | None:
    """Return what the one clause of a named relation says, or None."""
    version, when = table.args.get("version"), table.args.get("when")
    if not isinstance(table.this, exp.Identifier) or (version and when):
        return None
    clause: exp.Expr = version or when or exp.Null()
    if version and type(version) is exp.Version and version.args.get("kind") == "AS OF":
        kind = version.args.get("this")
    elif when and type(when) is exp.HistoricalData and when.args.get("this") == "AT":
        kind = when.args.get("kind")
    else:
        return None
    value = clause.args.get("expression")
    if any(part for key, part in clause.args.items() if key not in ("this", "kind", "expression")):
        return None
    if kind == "TIMESTAMP":
        text = _text(_uncast(value))
        return None if text is None else parse_moment(text)
    return _number_or_id(value) if kind == "VERSION" else None


def _uncast(value: Any) -> Any:
    """Return the text in ``TIMESTAMP '…'``; anything else as it is."""
    if type(value) is not exp.Cast or any(v for k, v in value.args.items() if k not in ("this", "to", "_type")):
        return value
    to = value.args["to"]
    plain = type(to) is exp.DataType and to.this in _MOMENTS and not to.expressions
    return value.this if plain else value


def _text(value: Any) -> str | None:
    return value.name if type(value) is exp.Literal and value.is_string else None


def _number_or_id(value: Any) -> Version | None:
    if type(value) is not exp.Literal:
        return None
    if value.is_string:
        return value.name or None
    return int(value.name) if _WHOLE.fullmatch(value.name) else None
