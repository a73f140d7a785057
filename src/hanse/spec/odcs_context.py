"""From ODCS's ``context`` to what it states."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hanse.base import Problem
from hanse.spec.contract import Constraint, Context, Rule, VerifiedStatement
from hanse.spec.document import Document, Map
from hanse.spec.odcs_quality import OPERATORS, read_rules


def read_context(document: Document, entry: Any, problems: list[Problem]) -> Context:
    """Read a ``context`` that keeps to its standard: a text, or an object.

    Args:
        document: where it stands.
        entry: its value, or None.
        problems: what is wrong is added here.
    """
    if isinstance(entry, str):
        return Context(entry)
    if not isinstance(entry, Map):
        return Context()
    return Context(
        entry.get("instructions"),
        tuple(_statement(document, e, problems) for e in entry.get("verifiedStatements") or () if isinstance(e, Map)),
        tuple(Constraint(e["constraint"], document.at(e)) for e in entry.get("constraints") or ()),
    )


def _statement(document: Document, entry: Map, problems: list[Problem]) -> VerifiedStatement:
    question = entry["question"]
    given = {e["property"]: e.get("value") for e in entry.get("customProperties") or () if e.get("property")}
    rule: Rule | None = None
    if "query" in given:
        as_rule = Map({key: value for key, value in given.items() if key in {"query", "severity", *OPERATORS}})
        as_rule |= {"type": "sql", "name": entry.get("id")}
        as_rule.node = entry.node
        (found,) = read_rules(document, [as_rule], problems, of=f"the verified statement `{question}`")
        rule = replace(found, description=question)
    return VerifiedStatement(question, entry.get("answer"), rule, document.at(entry))
