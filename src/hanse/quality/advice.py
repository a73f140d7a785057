"""What a contract that can be read and verified still gets wrong.

Clauses that exclude each other, clauses that say nothing, and what a reader would have to ask somebody for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from hanse.base import Location, Problem, Severity
from hanse.quality.codes import CONTRADICTION, POINTLESS_CLAUSE, UNCLASSIFIED, UNDESCRIBED, UNOWNED
from hanse.spec import personal
from hanse.spec.contract import Column, Contract, Limits, Rule, Table
from hanse.spec.diff_rules import measured
from hanse.spec.diff_values import comparable
from hanse.spec.types import Scalar

_TODO = re.compile(r"\b(?:TODO|FIXME|TBD|XXX)\b")
_NAMED = 5
_OPEN = frozenset({"proposed", "draft"})


def advise(contract: Contract) -> tuple[Problem, ...]:
    """Return what is doubtful in a contract, in the order of its lines.

    Args:
        contract: one that can be read. What cannot be verified of it is :func:`hanse.quality.lint`'s.

    Returns:
        Errors where no value can keep the contract; warnings for the rest.
    """
    problems = [*_head(contract), *(p for table in contract.tables for p in _table(table))]
    return tuple(sorted(problems, key=lambda p: p.where.line if p.where else 0))


def _head(contract: Contract) -> Iterator[Problem]:
    whole = Location(contract.path, 1)
    if not contract.purpose:
        fix = "add `description:` with `purpose:`"
        yield _warning(UNDESCRIBED, "the contract does not say what its data is for", whole, fix)
    for word in ("purpose", "usage", "limitations"):
        if _is_todo(getattr(contract, word)):
            yield _warning(UNDESCRIBED, f"the contract's {word} still says TODO", whole, "write it, or take it out")
    if contract.status not in _OPEN and not _has_owner(contract):
        what = "the contract names nobody who answers for it"
        yield _warning(UNOWNED, what, whole, "add `team:` with its members, or `support:` with a channel")


def _has_owner(contract: Contract) -> bool:
    from hanse.spec.document import read_document  # YAML is loaded when needed only

    root = read_document(contract.text.encode(), contract.path).root
    return any(root.get(key) for key in ("team", "support"))


def _table(table: Table) -> Iterator[Problem]:
    yield from _described_table(table)
    yield from _doubled(table.rules, f"table `{table.name}`")
    key = table.primary_key
    for column in table.columns:
        label = f"`{table.name}`.`{column.name}`"
        yield from _column(column, label)
        yield from _of_people(column, label)
        if column.name in key and not column.required:
            what = f"{label} is part of the primary key and may be null"
            yield _warning(POINTLESS_CLAUSE, what, column.where, "add `required: true`: a key has no gaps")
        if column.unique and key == (column.name,):
            what = f"{label} is `unique`, and the primary key already says so"
            yield _warning(POINTLESS_CLAUSE, what, column.where, "remove `unique`: it is verified twice")


def _column(column: Column, label: str) -> Iterator[Problem]:
    yield from _enum(column, label)
    yield from _doubled(column.rules, f"column {label}")
    for child in column.children:
        if child.name:
            yield from _column(child, f"{label}.`{child.name}`")


def _described_table(table: Table) -> Iterator[Problem]:
    """Yield what a reader of a table would have to ask for: once for each kind, at the first place of many."""
    if not (table.description or "").strip():
        what, fix = f"table `{table.name}` has no description", "say in `description` what one row stands for"
        yield _warning(UNDESCRIBED, what, table.where, fix)
    elif _is_todo(table.description):
        what = f"the description of table `{table.name}` still says TODO"
        yield _warning(UNDESCRIBED, what, table.where, "say what one row stands for")
    columns = [(label, column) for column in table.columns for label, column in _inside(column, column.name)]
    bare = [found for found in columns if not (found[1].description or "").strip()]
    todo = [found for found in columns if _is_todo(found[1].description)]
    nulls = [found for found in columns if _is_todo(found[1].custom.get("nullMeaning"))]
    for found, what, fix in (
        (bare, "no description", "say what they mean in `description`"),
        (todo, "a description that still says TODO", "say what they mean"),
        (nulls, "a null meaning that still says TODO", "say why a value may be missing"),
    ):
        if found:
            named = ", ".join(f"`{label}`" for label, _ in found[:_NAMED])
            more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
            have = "has" if len(found) == 1 else "have"
            yield _warning(UNDESCRIBED, f"{named}{more} of `{table.name}` {have} {what}", found[0][1].where, fix)


def _inside(column: Column, label: str) -> Iterator[tuple[str, Column]]:
    """Yield a column and its members at any depth; items of lists have no name and no words of their own."""
    yield label, column
    for child in column.children:
        if child.name:
            yield from _inside(child, f"{label}.{child.name}")


def _of_people(column: Column, label: str) -> Iterator[Problem]:
    found = personal.by_name(column.name)
    flat = column.type not in (Scalar.BOOLEAN, Scalar.DOUBLE) and not column.children
    if found and flat and not column.classification:
        what = f"{label} may hold {found[1]}, by its name, and has no classification"
        yield _warning(
            UNCLASSIFIED, what, column.where, "add `classification:`, for example `confidential` or `public`"
        )


# Clauses that exclude each other


def _enum(column: Column, label: str) -> Iterator[Problem]:
    """Yield a problem if nothing at all is allowed; single entries are tried as the contract's own values."""
    values = column.enum
    excluded = {at: why for at, value in enumerate(values) if (why := _excluded(value, column.limits))}
    if excluded and len(excluded) == len(values):
        what = f"no value of the enum of {label} keeps its limits: {next(iter(excluded.values()))}"
        yield _error(what, column.where, "correct one of the two")


def _excluded(value: Any, limits: Limits) -> str | None:
    """Return which limit excludes a value, in words; None if none does or nobody can tell."""
    if isinstance(value, str) and limits.min_length is not None and len(value) < limits.min_length:
        return f"it is shorter than {limits.min_length}"
    if isinstance(value, str) and limits.max_length is not None and len(value) > limits.max_length:
        return f"it is longer than {limits.max_length}"
    place = comparable(value)
    for name, limit, sign, strict in (
        ("minimum", limits.minimum, 1, 0),
        ("exclusiveMinimum", limits.exclusive_minimum, 1, 1),
        ("maximum", limits.maximum, -1, 0),
        ("exclusiveMaximum", limits.exclusive_maximum, -1, 1),
    ):
        other = comparable(limit)
        if place is None or other is None or place[0] != other[0] or place[0].startswith("text"):
            continue
        beyond = place[1] < other[1] if sign > 0 else place[1] > other[1]
        if beyond or (strict and place[1] == other[1]):
            return f"{name} `{limit}`"
    if limits.pattern is not None and isinstance(value, str) and not _matches(value, limits.pattern):
        return f"pattern `{limits.pattern}`"
    return None


def _matches(value: str, pattern: str) -> bool:
    """Say whether a text matches, by an engine of linear time: the pattern may be anybody's."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from hanse.quality.notation.patterns import PatternError, translate

    try:
        return bool(pc.match_substring_regex(pa.array([value]), translate(pattern))[0].as_py())
    except (PatternError, pa.ArrowInvalid):
        return True  # a pattern that cannot be used is a problem of its own


# Quality rules


def _doubled(rules: Sequence[Rule], of: str) -> Iterator[Problem]:
    seen: dict[Any, Rule] = {}
    names: dict[str, Rule] = {}
    for rule in rules:
        first = seen.setdefault(measured(rule), rule)
        if first is not rule:
            line = first.where.line if first.where else 0
            what = f"a quality rule of {of} is there twice, first on line {line}"
            yield _warning(POINTLESS_CLAUSE, what, rule.where, "remove one of the two")
        elif rule.name and names.setdefault(rule.name, rule) is not rule:
            what = f"two quality rules of {of} are called `{rule.name}`"
            yield _warning(POINTLESS_CLAUSE, what, rule.where, "give each its own name: reports and histories go by it")


def _is_todo(text: Any) -> bool:
    return isinstance(text, str) and bool(_TODO.search(text))


def _warning(code: Any, what: str, where: Location | None, fix: str) -> Problem:
    return Problem(code, what, where, fix=fix, severity=Severity.WARNING)


def _error(what: str, where: Location | None, fix: str) -> Problem:
    return Problem(CONTRADICTION, what, where, fix=fix)
