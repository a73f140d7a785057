"""Who answers each check of a table in a database: the database, or the engine, and then why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hanse.quality import compile as statements
from hanse.quality.checks import checks_of
from hanse.quality.hosted.dialects import Untranslatable
from hanse.quality.hosted.physical import declared
from hanse.quality.hosted.placing import doubtful, refusal
from hanse.quality.hosted.staging import Host
from hanse.quality.hosted.tables import HostedTable
from hanse.quality.orphans import orphans
from hanse.quality.plan import Evidence, present
from hanse.quality.records import (
    Aged,
    Aggregate,
    Check,
    Duplicates,
    Newest,
    Promised,
    References,
    Stated,
    Steps,
    Tried,
    Typed,
    Violations,
)
from hanse.quality.references import among, located
from hanse.quality.texts import columns_of
from hanse.spec.contract import Contract, Table

_LACKS = {
    "nan": "NaN is no {type}",
    "no date": "0000-00-00 is no date",
    "no time": "a time is longer than a day",
    "no integer": "values are there that are no whole numbers",
    "no real": "values are there that are no floating-point numbers",
    "no text": "values are there that are no plain texts",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A check, and who answers it.

    Attributes:
        why: why the engine does; None: the database does, or there is nothing to ask.
    """

    check: Check
    why: str | None = None


def place(host: Host, contract: Contract, table: Table, checks: Sequence[Check] | None = None) -> tuple[Placed, ...]:
    """Decide, for each clause about a table, whether the database can answer it exactly.

    Raises:
        IngestError: the database cannot be asked.
    """
    relation, tables = table.name, host.dialect.tables
    hosted = tables[relation]
    bound = located(
        checks_of(contract, table) if checks is None else checks,
        among(contract, table, relation, {name: name for name in tables}),
    )
    known = present(bound, Evidence({name: column.declared for name, column in hosted.columns.items()}))
    known = tuple(declared(check, hosted, host.dialect.name) for check in known)
    placed = [Placed(check, refusal(check, hosted, tables, host.dialect.name)) for check in known]
    placed = [one if one.why else replace(one, why=_unwritten(host, one.check, relation)) for one in placed]
    doubts = _doubts(host, relation, placed)
    return tuple(one if one.why else replace(one, why=_doubted(one.check, relation, doubts)) for one in placed)


def _unwritten(host: Host, check: Check, relation: str) -> str | None:
    """Say what of a check's tree has no counterpart in the database's dialect."""
    write = host.dialect.write
    try:
        match check.measure:
            case Violations():
                statements.scan((check,), relation, write=write)
            case Duplicates(targets):
                statements.groups(targets, relation, write=write)
            case References():
                orphans(check.measure, relation, write=write)
    except Untranslatable as reason:
        return str(reason)
    return None


def _doubts(host: Host, relation: str, placed: Iterable[Placed]) -> dict[tuple[str, str], str]:
    """Count the values that the engine's types do not have, in one look per table; return what is wrong by column."""
    wanted: dict[str, dict[str, Any]] = {}
    for one in placed:
        if one.why is None:
            for where, name in _looked_at(one.check, relation):
                column = host.dialect.tables[where].columns.get(name)
                doubt = doubtful(column, host.dialect.name) if column is not None else None
                if doubt is not None:
                    wanted.setdefault(where, {})[name] = doubt
    found = {}
    for where, doubts in wanted.items():
        counts = host.database.fetch(host.dialect.doubts(where, doubts))[0]
        for (name, doubt), count in zip(doubts.items(), counts, strict=True):
            if int(count):
                declared = host.dialect.tables[where].columns[name].declared
                found[where, name] = _LACKS[doubt].format(type=declared)
    return found


def _doubted(check: Check, relation: str, doubts: Mapping[tuple[str, str], str]) -> str | None:
    return next((doubts[place] for place in _looked_at(check, relation) if place in doubts), None)


def _looked_at(check: Check, relation: str) -> list[tuple[str, str]]:
    """Return the columns whose values a check compares, each with its table."""
    match check.measure:
        case Typed(target) | Violations(target):
            return [(relation, target.column)]
        case Duplicates(targets):
            return [(relation, t.column) for t in targets]
        case References(targets, _, to, other):
            return [*((relation, t.column) for t in targets), *((other or relation, t.column) for t in to)]
        case _:
            return []


def needed(hosted: HostedTable, checks: Iterable[Check]) -> list[str]:
    """Return the columns that the engine needs to answer checks; none, if they ask nothing of the data."""
    names: set[str] = set()
    for check in checks:
        match check.measure:
            case Promised() | Tried():
                continue
            case Stated(target, when):
                words = set(re.findall(r"\w+", " ".join(when).lower()))
                names |= {target.column, *(n for n in hosted.columns if words & set(re.findall(r"\w+", n.lower())))}
            case Typed(target) | Newest(target) | Steps(target) | Aged(target) | Aggregate(target=target):
                names.add(target.column)
            case Violations() | Duplicates() | References():
                names |= columns_of(check)
            case _:
                names |= set(hosted.columns)
        if isinstance(check.measure, References) and check.measure.relation == hosted.table.name:
            names |= {t.column for t in check.measure.to}
    return [name for name in hosted.columns if name in names | set(hosted.table.primary_key)] if names else []
