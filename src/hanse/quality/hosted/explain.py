"""How each check of a table in a database would be answered: by whom, why, and with what SQL."""

from __future__ import annotations

from typing import Any

from hanse.quality import compile as statements
from hanse.quality.hosted.place import needed, place
from hanse.quality.hosted.rules import confined
from hanse.quality.hosted.staging import Host
from hanse.quality.orphans import orphans
from hanse.quality.plan import Evidence, Method, Pass, plan
from hanse.quality.records import (
    Answer,
    Check,
    Duplicates,
    References,
)
from hanse.quality.statement import QueryFault
from hanse.spec.contract import Contract, Table


def explain_hosted(host: Host, contract: Contract, table: Table) -> list[dict[str, Any]]:
    """Return, as a document, how each check of a table would be answered: by whom, why, and with what SQL.

    Raises:
        IngestError: the database cannot be asked.
    """
    placed = place(host, contract, table)
    hosted = host.dialect.tables[table.name]
    here = [one.check for one in placed if one.why is None]
    passes = plan(here, Evidence({name: c.declared for name, c in hosted.columns.items()}))
    documents = [
        {
            "method": one.method.value,
            "column": one.column,
            "where": "database" if one.method not in (Method.NONE, Method.SCHEMA) else "",
            "why": None,
            "sql": _sql(host, table.name, one),
            "checks": [check.clause for check in one.checks],
        }
        for one in passes
    ]
    reasons: dict[str, list[Check]] = {}
    for one in placed:
        if one.why is not None:
            reasons.setdefault(one.why, []).append(one.check)
    for why, members in reasons.items():
        names = needed(hosted, members)
        documents.append(
            {
                "method": Method.SCAN.value,
                "column": None,
                "where": "engine" if names else "",
                "why": why,
                "sql": host.dialect.staged(table.name, names) if names else None,
                "checks": [check.clause for check in members],
            }
        )
    return documents


def _sql(host: Host, relation: str, one: Pass) -> str | None:
    write, measure = host.dialect.write, one.checks[0].measure
    if one.method is Method.SCAN:
        return statements.scan(one.checks, relation, write=write).sql
    if isinstance(measure, Duplicates):
        return statements.groups(measure.targets, relation, write=write)
    if isinstance(measure, References):
        return orphans(measure, relation, write=write)
    if isinstance(measure, Answer):
        try:
            return confined(measure, host.dialect.tables[relation], host.dialect)
        except QueryFault as fault:
            return f"-- {fault.broken.what}"
    return None
