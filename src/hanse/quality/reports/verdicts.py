"""What every report reads off a document: one word per check, titles, rows, values as text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanse.base.visible import visible

Document = Mapping[str, Any]

FAILED, ERROR, WARNED = "failed", "error", "warned"
FOR_A_PERSON, NOT_APPLICABLE, PASSED = "for a person", "not applicable", "passed"
WORDS = (FAILED, ERROR, WARNED, FOR_A_PERSON, NOT_APPLICABLE, PASSED)
"""Verdicts, what needs a look first; ``failed`` and ``error`` block, ``warned`` is either at the severity warning."""
SIGNS = {FAILED: "✗", ERROR: "✗", WARNED: "!", FOR_A_PERSON: "?", NOT_APPLICABLE: "-", PASSED: "✓"}
BLOCKING = (FAILED, ERROR)
WHOLE_CONTRACT = "the whole contract"
_SPOKEN = {"manual": FOR_A_PERSON, "not_applicable": NOT_APPLICABLE}
_LONGEST_VALUE = 200


def word(check: Document) -> str:
    """Return the verdict of a check as a reader knows it."""
    verdict = str(check["verdict"])
    return _SPOKEN.get(verdict, verdict)


@dataclass(frozen=True, slots=True)
class Group:
    """The checks of one table, or those of the contract as a whole."""

    name: str
    checks: tuple[Document, ...]

    @property
    def words(self) -> Counter[str]:
        """How often each verdict was given."""
        return Counter(map(word, self.checks))


def groups(document: Document) -> list[Group]:
    """Return the checks of a report by table, in its order, those of the whole contract first.

    Args:
        document: of one contract, as :func:`hanse.quality.report` returns it; or of several under ``contracts``, each
            with ``problems`` that keep it from being used.
    """
    several = document.get("contracts")
    if several is None:
        return list(_of_contract(document, ""))
    prefixes = [f"{_name(one)}: " if len(several) > 1 else "" for one in several]
    return [group for one, prefix in zip(several, prefixes, strict=True) for group in _of_contract(one, prefix)]


def _of_contract(document: Document, prefix: str) -> Iterator[Group]:
    contract = document.get("contract")
    whole = list((contract.get("checks") if isinstance(contract, Mapping) else None) or ())
    whole = [*map(_of_problem, document.get("problems") or ()), *whole]
    if whole:
        yield Group(f"{prefix}{WHOLE_CONTRACT}", tuple(whole))
    for table in document.get("tables") or ():
        yield Group(f"{prefix}{table['table']}", tuple(table["checks"]))


def _of_problem(problem: Document) -> Document:
    """Return a problem of a contract's file as a check that could not run: nothing else says so in a report."""
    how = [str(problem[key]) for key in ("what", "why", "fix") if problem.get(key)]
    verdict = "warned" if problem["severity"] == "warning" else "error"
    clause = f"{problem['code']}: {problem['title']}"
    return {"id": clause, "clause": clause, "verdict": verdict, "error": "; ".join(how), **problem}


def _name(document: Document) -> str:
    contract = document.get("contract")
    if isinstance(contract, Mapping):
        contract = contract.get("name") or contract.get("id")
    return str(contract or document.get("path") or "Contract")


def tally(found: Sequence[Group]) -> Counter[str]:
    """Count verdicts over all groups."""
    return sum((g.words for g in found), Counter())


def title(document: Document) -> str:
    """Return what was tested: name or id of the contract and its version, as far as the document says."""
    several = document.get("contracts")
    if several is not None and len(several) != 1:
        return f"{len(several):,} contracts"
    one = several[0] if several else document
    contract = one.get("contract")
    version = contract.get("version") if isinstance(contract, Mapping) else one.get("version")
    return " ".join(str(part) for part in (_name(one), version) if part)


def place(document: Document) -> str:
    """Return the file of the one contract, if there is one and the document names it."""
    several = list(document.get("contracts") or [])
    return str(several[0].get("path") or "") if len(several) == 1 else ""


def headline(counted: Mapping[str, int]) -> str:
    """Return the verdict over everything in a few words."""
    checks = sum(counted.values())
    of = f"{checks:,} check" if checks == 1 else f"{checks:,} checks"
    failed, errors = counted.get(FAILED, 0), counted.get(ERROR, 0)
    if failed and errors:
        return f"{failed:,} failed and {errors:,} could not run, of {of}"
    if failed or errors:
        return f"{failed:,} of {of} failed" if failed else f"{errors:,} of {of} could not run"
    if not checks:
        return "nothing was checked"
    return f"{of} passed" if counted.get(PASSED, 0) == checks else f"nothing failed in {of}"


def figures(counted: Mapping[str, int]) -> list[str]:
    """Return the counts that are not zero, as ``2 failed``; errors in their plural."""
    return [f"{counted[w]:,} {'errors' if w == ERROR and counted[w] != 1 else w}" for w in WORDS if counted.get(w)]


def extent(check: Document) -> str:
    """Return how much of a table broke a check, as ``3 of 10 rows``, or what was measured; empty if neither is told."""
    failed, total = check.get("failed_rows"), check.get("total_rows")
    if failed and total is not None:
        return f"{failed:,} of {total:,} {'row' if total == 1 else 'rows'}"
    measured = check.get("measured")
    if isinstance(measured, str) and word(check) == PASSED:
        return ""  # a type, which the clause itself names
    return "" if measured is None else f"measured {value_text(measured)}"


def reason(check: Document) -> str:
    """Return why a check has its verdict, in words: the error, the message, or the extent."""
    return str(check.get("error") or check.get("message") or extent(check))


def further(check: Document) -> str:
    """Return why a check has its verdict if that says more than how many rows break it."""
    how_much, why = extent(check), reason(check)
    return "" if why in (how_much, f"{how_much} break it") else why


def told(check: Document) -> list[str]:
    """Return how much of a table broke a check and why, without saying one thing twice."""
    how_much, why = extent(check), reason(check)
    return [part for part in (("" if how_much in why else how_much), why) if part]


def value_text(value: Any, longest: int = _LONGEST_VALUE) -> str:
    """Return a value as text: control characters visible, long ones cut with a mark that says so."""
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(shown) > longest:
        shown = f"{shown[:longest]}… ({len(shown):,} characters)"
    return visible(shown)


def told_apart(rows: Sequence[Document]) -> list[tuple[Document, int]]:
    """Return sample rows without those that look the same, and how often each was there."""
    times = Counter(json.dumps(row, sort_keys=True, default=str) for row in rows)
    first = {json.dumps(row, sort_keys=True, default=str): row for row in reversed(rows)}
    return [(first[key], number) for key, number in times.items()]


def columns_of(rows: Sequence[Document]) -> list[str]:
    """Return the columns that sample rows have, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row["row"]))


def numbered(found: Sequence[Group]) -> Iterator[tuple[Group, Document, str]]:
    """Yield every check with its group and its verdict, what needs a look first."""
    entries = [(group, check, word(check)) for group in found for check in group.checks]
    yield from sorted(entries, key=lambda entry: _rank(entry[2]))


def worst_first(found: Sequence[Group]) -> list[Group]:
    """Return the groups in which something needs a look before the others; otherwise the order is kept."""
    return sorted(found, key=lambda group: min((_rank(w) for w in group.words), default=len(WORDS)))


def _rank(verdict: str) -> int:
    return WORDS.index(verdict) if verdict in WORDS else len(WORDS)
