"""A bounded sample of the rows that break a check, fetched from the database: the key, and what the check looks at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hanse import sql
from hanse.quality import compile as statements
from hanse.quality.masking import curtained, hidden_columns
from hanse.quality.notation.values import as_json
from hanse.quality.orphans import orphan_rows
from hanse.quality.records import Check, Duplicates, References, Target, Violations
from hanse.quality.rows import Sample, failing_rows, orphaned, python_rows, repeated, without_key
from hanse.quality.texts import columns_of

if TYPE_CHECKING:
    from hanse.quality.hosted.staging import Host

_TIMES = "__times"


def shown_columns(host: Host, relation: str, check: Check) -> list[str]:
    """Return the columns that tell of a check's failing row which it is and what is wrong with it."""
    table = host.dialect.tables[relation]
    wanted = {*table.table.primary_key, *columns_of(check)}
    return [name for name in table.columns if name in wanted]


def broken_rows(host: Host, check: Check, relation: str, limit: int) -> list[Sample]:
    """Fetch at most ``limit`` rows that break a check which the database answered.

    Raises:
        IngestError: the database refuses.
        EngineError: the engine does.
    """
    if limit <= 0:
        return []
    names = shown_columns(host, relation, check)
    table = host.dialect.tables[relation].table
    hidden = hidden_columns(table)
    match check.measure:
        case Violations():
            found = _violating(host, check, relation, names, limit, hidden)
        case Duplicates():
            found = _repeated(host, check.measure, relation, names, limit, hidden)
        case References():
            found = _orphans(host, check.measure, relation, names, limit, hidden)
        case _:
            return []
    wrong = sorted(columns_of(check))
    return [(curtained(row, table, wrong, hidden), reason) for row, reason in found]


def _violating(
    host: Host, check: Check, relation: str, names: Sequence[str], limit: int, hidden: Collection[str]
) -> list[Sample]:
    select = statements.violating_rows(check, relation, names, (), limit, write=host.dialect.write)
    texts = host.rows(relation, select, names)
    # The engine looks at these rows again: it says which of several tests each breaks, and would find fewer of them if
    # it did not agree with the database.
    return failing_rows(host.session, check, texts.relation, names, limit, hidden)


def _repeated(
    host: Host, measure: Duplicates, relation: str, names: Sequence[str], limit: int, hidden: Collection[str]
) -> list[Sample]:
    samples: list[Sample] = []
    write = host.dialect.write
    if measure.nulls:
        select = statements.null_key_rows(measure, relation, names, limit, write=write)
        samples = [(row, without_key(measure, row)) for row in _brought(host, relation, select, names)]
    if len(samples) < limit:
        select = statements.repeated_rows(measure, relation, names, limit - len(samples), write=write)
        extra = {**_keys(host, relation, measure.targets), _TIMES: False}
        for row in _brought(host, relation, select, names, extra):
            times = int(row[_TIMES])
            shown = {name: row[name] for name in names}
            samples.append((shown, repeated(measure, [shown[t.column] for t in measure.targets], times, hidden)))
    return samples


def _orphans(
    host: Host, measure: References, relation: str, names: Sequence[str], limit: int, hidden: Collection[str]
) -> list[Sample]:
    select = orphan_rows(measure, relation, names, limit, write=host.dialect.write)
    samples = []
    for row in _brought(host, relation, select, names, _keys(host, relation, measure.targets)):
        shown = {name: row[name] for name in names}
        samples.append((shown, orphaned(measure, [shown[t.column] for t in measure.targets], hidden)))
    return samples


def _keys(host: Host, relation: str, targets: Sequence[Target]) -> dict[str, bool]:
    """Return names for a key as the database compares it, and whether those are bytes: MySQL's texts are, too."""
    columns = host.dialect.tables[relation].columns
    binary = {"binary", "text"} if host.dialect.name == "mysql" else {"binary"}
    bytewise = [columns[t.column].family in binary for t in targets]
    return {f"__key_{number}": is_binary for number, is_binary in enumerate(bytewise)}


def _brought(
    host: Host, relation: str, select: str, names: Sequence[str], extra: Mapping[str, bool] | None = None
) -> list[dict[str, Any]]:
    texts = host.rows(relation, select, names, extra)
    found = host.session.fetch(sql.select_star(texts.relation))
    named = list(found.column_names)
    return [dict(zip(named, map(as_json, row), strict=True)) for row in python_rows(found)]
