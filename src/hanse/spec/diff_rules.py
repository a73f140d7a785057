"""What became of quality rules and service levels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import time
from typing import Any, TypeVar

from hanse.base import Location, Severity
from hanse.spec.change import Change, ChangeKind
from hanse.spec.contract import Condition, Rule, ServiceLevel
from hanse.spec.diff_values import comparable, frozen

_T = TypeVar("_T")

_SMALLER_IS_BETTER = {
    "latency", "frequency", "interval", "errorrate", "timetodetect", "timetonotify", "timetorepair",
    "timeofavailability", "responsetime", "freshness",
}  # fmt: skip
_LARGER_IS_BETTER = {"retention", "availability", "throughput", "endofsupport", "endoflife"}
_SECONDS = {
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600, "d": 86400,
    "day": 86400, "w": 604800, "week": 604800, "mo": 2629746, "month": 2629746, "y": 31556952, "yr": 31556952,
    "year": 31556952,
}  # fmt: skip


def diff_rules(
    old: Sequence[Rule], new: Sequence[Rule], *, table: str, column: str | None, gone: Location | None
) -> Iterator[Change]:
    """Yield what became of a list of quality rules.

    Rules of equal name are the same rule, and unnamed or renamed ones are when they measure the same thing.

    Args:
        old: rules of one table or column, as they were.
        new: the same, as they shall be.
        table: the table.
        column: the column they are about, None for the table as a whole.
        gone: place that a removed rule is reported at.
    """
    pairs, removed, added = _pair(old, new)
    for before, after in pairs:
        for kind, clause, what, why in _compare_rules(before, after):
            yield Change(kind, clause, what, why, table, column, after.where or gone)
    for rule in removed:
        kind, why = _removal(rule)
        yield Change(kind, "rule", f"quality rule {rule_words(rule)} removed", why, table, column, gone)
    for rule in added:
        why = "readers may rely on one thing more, and lose nothing"
        what = f"quality rule {rule_words(rule)} added"
        yield Change(ChangeKind.ADDITIVE, "rule", what, why, table, column, rule.where)


def diff_service_levels(old: Sequence[ServiceLevel], new: Sequence[ServiceLevel], gone: Location) -> Iterator[Change]:
    """Yield what became of the service levels; ``gone`` is where a removed one is reported."""
    for key, before, after in _align(old, new, lambda s: (s.property, s.element or "")):
        name = f"service level `{key[0]}`" + (f" of {key[1]}" if key[1] else "")
        where = after.where or gone if after else gone
        if before is None:
            why = "readers may rely on one thing more, and lose nothing"
            yield Change(ChangeKind.ADDITIVE, "service level", f"{name} added", why, where=where)
        elif after is None:
            why = "readers planned with it, and nothing is promised any more"
            yield Change(ChangeKind.BREAKING, "service level", f"{name} removed", why, where=where)
        elif (before.value, before.unit) != (after.value, after.unit):
            kind, why = _compare_levels(before, after)
            what = f"{name} changed from {_level_words(before)} to {_level_words(after)}"
            yield Change(kind, "service level", what, why, where=where)
        elif before.description != after.description:
            yield Change(ChangeKind.COSMETIC, "service level", f"{name} described anew", "words only", where=where)


def rule_words(rule: Rule) -> str:
    """Return how a rule is called in a sentence: its name, its metric, or the beginning of its text."""
    if rule.name:
        return f"`{rule.name}`"
    if rule.metric:
        return f"`{rule.metric}`"
    text = " ".join(str(rule.query or rule.implementation or rule.description or rule.kind).split())
    return f"`{text[:57]}…`" if len(text) > 60 else f"`{text}`"


def _pair(old: Sequence[Rule], new: Sequence[Rule]) -> tuple[list[tuple[Rule, Rule]], list[Rule], list[Rule]]:
    pairs: list[tuple[Rule, Rule]] = []
    left, right = list(old), list(new)
    keys: tuple[Callable[[Rule], Hashable | None], ...] = (
        rule_key,
        lambda r: r.name,
        lambda r: (_measure(r), _conditions(r.conditions)),
        _measure,
    )
    for key in keys:
        waiting: dict[Hashable, list[Rule]] = defaultdict(list)
        for rule in right:
            waiting[key(rule)].append(rule)
        kept = []
        for rule in left:
            mark = key(rule)
            if mark is not None and waiting[mark]:
                pairs.append((rule, waiting[mark].pop(0)))
            else:
                kept.append(rule)
        taken = {id(r) for _, r in pairs}
        left, right = kept, [r for r in right if id(r) not in taken]
    return pairs, left, right


def rule_key(rule: Rule) -> Hashable:
    """Return a value that is equal for equal rules, wherever they are written."""
    return rule.query, measured(rule), _words_of(rule)


def measured(rule: Rule) -> Hashable:
    """Return a value that is equal for rules that ask the same, whatever words they have for it."""
    return _measure(rule), tuple(_conditions(rule.conditions)), rule.severity


def _measure(rule: Rule) -> Hashable:
    query = " ".join(rule.query.split()) if rule.query else None
    return (
        rule.kind,
        rule.metric,
        query,
        frozen(rule.arguments),
        rule.unit,
        rule.engine,
        frozen(rule.implementation),
    )


def _conditions(conditions: Iterable[Condition]) -> tuple[str, ...]:
    return tuple(sorted(f"{c.operator}{list(c.values)!r}" for c in conditions))


def _removal(rule: Rule) -> tuple[ChangeKind, str]:
    if rule.kind == "text":
        return ChangeKind.COSMETIC, "it is words for a person: nothing that was checked before is unchecked now"
    if rule.severity is Severity.WARNING:
        return ChangeKind.COSMETIC, "a warning never kept data back, so readers could not rely on it"
    return ChangeKind.BREAKING, "data that it kept back is published from now on"


def _compare_rules(old: Rule, new: Rule) -> Iterator[tuple[ChangeKind, str, str, str]]:
    """Yield kind, clause, what and why of everything that differs between two states of one rule."""
    name = f"quality rule {rule_words(new)}"
    if old.severity is not new.severity:
        if new.severity is Severity.ERROR:
            why = "data that breaks it was published and is kept back from now on"
            yield ChangeKind.ADDITIVE, "severity", f"{name} blocks now", why
        else:
            why = "data that it kept back is published from now on"
            yield ChangeKind.BREAKING, "severity", f"{name} only warns now", why
    promised = Severity.ERROR in (old.severity, new.severity) and old.kind != "text"
    if _measure(old) != _measure(new):
        if promised:
            why = "nobody can tell whether the new text lets more pass; add it as a further rule beside the old one"
            yield ChangeKind.BREAKING, "rule", f"{name} measures something else", why
        else:
            yield ChangeKind.COSMETIC, "rule", f"{name} says something else", "it never kept data back"
    elif _conditions(old.conditions) != _conditions(new.conditions):
        yield _compare_thresholds(old, new, name, promised=promised)
    elif rule_key(old) != rule_key(new) and _words_of(old) == _words_of(new) and old.severity is new.severity:
        yield ChangeKind.COSMETIC, "rule", f"{name} is written differently", "it measures the same"
    if _words_of(old) != _words_of(new):
        yield ChangeKind.COSMETIC, "rule", f"{name} described anew", "words only"


def _words_of(rule: Rule) -> tuple[str | None, ...]:
    return rule.name, rule.dimension, rule.description, rule.business_impact


def _compare_thresholds(old: Rule, new: Rule, name: str, *, promised: bool) -> tuple[ChangeKind, str, str, str]:
    before, after = _thresholds(old.conditions), _thresholds(new.conditions)
    what = f"{name} holds from {before or 'nothing'} to {after or 'nothing'}"
    if not promised:
        return ChangeKind.COSMETIC, "threshold", what, "a warning never kept data back, so readers could not rely on it"
    if all(any(_implies(n, o) for n in new.conditions) for o in old.conditions):
        return ChangeKind.ADDITIVE, "threshold", what, "whatever passes now also passed before"
    return ChangeKind.BREAKING, "threshold", what, "data may pass now that was kept back before"


def _thresholds(conditions: Sequence[Condition]) -> str:
    return " and ".join(f"{c.operator} {', '.join(str(v) for v in c.values)}" for c in conditions)


def _implies(new: Condition, old: Condition) -> bool:
    """Say whether everything that meets ``new`` meets ``old``; False when it cannot be told."""
    if (new.operator, list(new.values)) == (old.operator, list(old.values)):
        return True
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in (*new.values, *old.values)):
        return False
    inner, outer = _interval(new), _interval(old)
    if inner is None or outer is None:
        return False
    return inner[0] >= outer[0] and inner[1] <= outer[1]


def _interval(condition: Condition) -> tuple[tuple[float, int], tuple[float, int]] | None:
    """Return the ends of what a condition lets pass; the second number moves an end that is excluded inwards."""
    low: tuple[float, int] = (float("-inf"), 0)
    high: tuple[float, int] = (float("inf"), 0)
    values = condition.values
    match condition.operator:
        case "mustBe":
            return (values[0], 0), (values[0], 0)
        case "mustBeGreaterThan":
            return (values[0], 1), high
        case "mustBeGreaterOrEqualTo":
            return (values[0], 0), high
        case "mustBeLessThan":
            return low, (values[0], -1)
        case "mustBeLessOrEqualTo":
            return low, (values[0], 0)
        case "mustBeBetween":
            return (values[0], 0), (values[1], 0)
        case _:
            return None


def _align(
    old: Sequence[_T], new: Sequence[_T], key: Callable[[_T], tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], _T | None, _T | None]]:
    """Pair two lists by key; entries of one key are paired in the order written."""
    left: dict[tuple[str, str], list[_T]] = defaultdict(list)
    right: dict[tuple[str, str], list[_T]] = defaultdict(list)
    for entries, into in ((old, left), (new, right)):
        for entry in entries:
            into[key(entry)].append(entry)
    for mark in dict.fromkeys([*left, *right]):
        before, after = left.get(mark, []), right.get(mark, [])
        for i in range(max(len(before), len(after))):
            yield mark, before[i] if i < len(before) else None, after[i] if i < len(after) else None


def _compare_levels(old: ServiceLevel, new: ServiceLevel) -> tuple[ChangeKind, str]:
    name = old.property.casefold().replace("_", "").replace(" ", "")
    before, after = _measure_level(old), _measure_level(new)
    known = name in _SMALLER_IS_BETTER or name in _LARGER_IS_BETTER
    if not known or before is None or after is None or before[0] != after[0]:
        return ChangeKind.ADDITIVE, "nobody can tell which of the two asks more: read it"
    if before == after:
        return ChangeKind.COSMETIC, "the same, in another unit"
    if (after[1] < before[1]) == (name in _SMALLER_IS_BETTER):
        return ChangeKind.ADDITIVE, "more is promised than before"
    return ChangeKind.BREAKING, "less is promised than before, and readers planned with it"


def _measure_level(level: ServiceLevel) -> tuple[str, Any] | None:
    """Return the scale that a level's value belongs to and its place on it; None when it has none."""
    value, unit = level.value, (level.unit or "").strip().casefold()
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        seconds = _SECONDS.get(unit) or _SECONDS.get(unit.removesuffix("s"))
        return ("seconds", value * seconds) if seconds else (unit, value)
    text = str(value).strip()
    if text.endswith("%"):
        try:
            return "percent", float(text[:-1])
        except ValueError:
            return None
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        place = comparable(text)
        return place if place and not place[0].startswith("text") else None
    return ("time of day with offset" if clock.tzinfo else "time of day"), clock


def _level_words(level: ServiceLevel) -> str:
    return f"`{level.value}{' ' + level.unit if level.unit else ''}`"
