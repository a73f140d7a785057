"""Soda: checks of SodaCL, and its contract language's ``type: …`` with ``must_be_…``.

Missing are nulls, and what ``missing values`` lists; invalid is what is neither missing nor valid; Soda's
``duplicate_count`` counts the values that occur more than once, not their rows.

Source: https://docs.soda.io/soda-cl/metrics-and-checks.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from hanse.base import Severity
from hanse.quality.foreign.meant import Function, Meant, NoEquivalent, Place, aggregate, tests_of, values_of
from hanse.quality.notation.formats import together
from hanse.quality.records import Columns, Duplicates, Measure, NotMissing, Required, Rows, Settled, Violations
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Condition

Unit = Literal["rows", "percent"]
_NUMBER = r"(-?[0-9][0-9_]*(?:\.[0-9]+)?)\s*%?"
_CHECK = re.compile(r"\s*([a-z_]+)\s*(?:\(([^()]*)\))?\s*(.*?)\s*", re.DOTALL)
_COMPARES = re.compile(rf"(!=|<>|>=|<=|=|>|<)\s*{_NUMBER}")
_BETWEEN = re.compile(rf"(not\s+)?between\s*([(\[]?)\s*{_NUMBER}\s+and\s+{_NUMBER}\s*([)\]]?)")
_OPERATORS = {
    "=": "mustBe",
    "!=": "mustNotBe",
    "<>": "mustNotBe",
    ">": "mustBeGreaterThan",
    ">=": "mustBeGreaterOrEqualTo",
    "<": "mustBeLessThan",
    "<=": "mustBeLessOrEqualTo",
}
_OPPOSITES = {"=": "!=", "!=": "=", "<>": "=", ">": "<=", ">=": "<", "<": ">=", "<=": ">"}
_MUST = {
    "must_be": "mustBe",
    "must_not_be": "mustNotBe",
    "must_be_greater_than": "mustBeGreaterThan",
    "must_be_greater_than_or_equal_to": "mustBeGreaterOrEqualTo",
    "must_be_greater_than_or_equal": "mustBeGreaterOrEqualTo",
    "must_be_less_than": "mustBeLessThan",
    "must_be_less_than_or_equal_to": "mustBeLessOrEqualTo",
    "must_be_less_than_or_equal": "mustBeLessOrEqualTo",
    "must_be_between": "mustBeBetween",
    "must_not_be_between": "mustNotBeBetween",
}
_VALID = {
    "valid values": "enum",
    "valid regex": "pattern",
    "valid length": "length",
    "valid min length": "minLength",
    "valid max length": "maxLength",
    "valid min": "minimum",
    "valid max": "maximum",
}
_AGGREGATES: dict[str, tuple[Function, Literal["value", "length"]]] = {
    "min": ("min", "value"),
    "max": ("max", "value"),
    "avg": ("avg", "value"),
    "sum": ("sum", "value"),
    "stddev": ("stddev", "value"),
    "stddev_samp": ("stddev", "value"),
    "min_length": ("min", "length"),
    "max_length": ("max", "length"),
    "avg_length": ("avg", "length"),
    "distinct_count": ("distinct", "value"),
}
_SILENT = frozenset({"name", "attributes", "identity", "title"})


def read_soda(implementation: object, place: Place) -> Sequence[Meant]:
    """Return the checks of a rule for Soda.

    Args:
        implementation: a check, a list of them, ``checks for …`` with such a list, or ``type: …``.
        place: where the rule stands.

    Raises:
        NoEquivalent: nothing of it can be read.
    """
    found = [meant for check in _listed(implementation) for meant in _safely(check, place)]
    if not found:
        raise NoEquivalent("", "no check can be found in it")
    return found


def _listed(implementation: object) -> Iterator[Any]:
    if isinstance(implementation, list | tuple):
        for inner in implementation:
            yield from _listed(inner)
    elif isinstance(implementation, Mapping) and all(
        str(k).startswith(("checks for", "checks")) for k in implementation
    ):
        for inner in implementation.values():
            yield from _listed(inner)
    elif implementation is not None:
        yield implementation


def _safely(check: Any, place: Place) -> Sequence[Meant]:
    try:
        if isinstance(check, Mapping) and "type" in check:
            return [_typed(check, place)]
        text: Any = check
        options: Any = {}
        if isinstance(check, Mapping) and len(check) == 1:
            ((text, options),) = check.items()
        return _check(str(text), options if isinstance(options, Mapping) else {}, place)
    except NoEquivalent as problem:
        return [problem.meant()]


def _check(text: str, options: Mapping[Any, Any], place: Place) -> Sequence[Meant]:
    match = _CHECK.fullmatch(text)
    if match is None:
        raise NoEquivalent(text, "it is no metric that is compared with a number")
    metric, arguments, threshold = match.groups()
    if metric == "schema":
        return _schema(options)
    names = [a.strip().strip('"') for a in (arguments or "").split(",") if a.strip()]
    config = {str(k): v for k, v in options.items() if str(k) not in _SILENT}
    alerts = {word: config.pop(word) for word in ("warn", "fail") if word in config}
    measure, unit = _measure(metric, names, config, place, text)
    if threshold:
        return [Meant(text, measure, (_condition(threshold, text),), unit)]
    if not alerts:
        raise NoEquivalent(text, "it says nothing that must hold")
    return [
        Meant(
            f"{text} {word} {when}",
            measure,
            (_condition(str(when).removeprefix("when").strip(), text, opposite=True),),
            unit,
            Severity.WARNING if word == "warn" else None,
        )
        for word, when in alerts.items()
    ]


def _typed(check: Mapping[Any, Any], place: Place) -> Meant:
    """Read ``type: duplicate_percent, columns: [a], must_be_less_than: 1``."""
    words = str(check["type"])
    rest = {str(k).replace(" ", "_"): v for k, v in check.items() if k != "type" and str(k) not in _SILENT}
    stated = {k: rest.pop(k) for k in tuple(rest) if k in _MUST}
    names = rest.pop("columns", None) or ([rest.pop("column")] if "column" in rest else [])
    config = {key.replace("_", " "): value for key, value in rest.items()}
    measure, unit = _measure(words, [str(n) for n in names], config, place, words)
    if not stated:
        raise NoEquivalent(words, "it says nothing that must hold")
    conditions = tuple(
        Condition(_MUST[key], tuple(value) if isinstance(value, list | tuple) else (value,))
        for key, value in stated.items()
    )
    return Meant(words, measure, conditions, unit)


def _measure(
    metric: str, names: Sequence[str], config: dict[str, Any], place: Place, words: str
) -> tuple[Measure, Unit]:
    unit: Unit = "percent" if metric.endswith("_percent") else "rows"
    subject = metric.removesuffix("_percent").removesuffix("_count") if metric != "distinct_count" else metric
    if metric in ("row_count", "rows"):
        _require_no(config, words)
        return Rows(), "rows"
    if metric.startswith("freshness"):
        raise NoEquivalent(words, "freshness depends on the moment", "state it under `slaProperties`")
    if subject in ("missing", "no_missing"):
        return _missing(place.target_of(names[0] if names else None, words), config, words), unit
    if subject in ("invalid", "no_invalid"):
        return _invalid(place.target_of(names[0] if names else None, words), config, words), unit
    if subject in ("duplicate", "no_duplicate"):
        _require_no(config, words)
        targets = tuple(place.target_of(n, words) for n in names) or (place.target_of(None, words),)
        return Duplicates(targets, counts="keys"), unit
    if metric in _AGGREGATES:
        _require_no(config, words)
        function, of = _AGGREGATES[metric]
        return aggregate(function, place.target_of(names[0] if names else None, words), words, of), "rows"
    raise NoEquivalent(words, f"`{metric}` has no exact equivalent")


def _missing(target: Any, config: dict[str, Any], words: str) -> Measure:
    values = values_of(config.pop("missing values", ()), target, words)
    _require_no(config, words)
    return Violations(target, NotMissing(values, null=True) if values else Required())


def _invalid(target: Any, config: dict[str, Any], words: str) -> Measure:
    stated = {_VALID[key]: config.pop(key) for key in tuple(config) if key in _VALID}
    _require_no(config, words)
    if not stated:
        raise NoEquivalent(words, "nothing says which values are valid")
    if "length" in stated:
        length = stated.pop("length")
        stated |= {"minLength": length, "maxLength": length}
    tests = tests_of(stated, target, words)
    if not tests:
        return Settled(CheckStatus.PASSED, f"every {target.type} is valid")
    return Violations(target, together(tests))


def _schema(options: Mapping[Any, Any]) -> Sequence[Meant]:
    found = []
    for word, severity in (("fail", None), ("warn", Severity.WARNING)):
        stated = options.get(word)
        for when, names in stated.items() if isinstance(stated, Mapping) else ():
            words = f"schema {word} {when}"
            if when in ("when required column missing", "when forbidden column present"):
                if not isinstance(names, list | tuple):
                    raise NoEquivalent(words, "the columns are no list")
                how: Literal["has", "lacks"] = "has" if "required" in when else "lacks"
                if how == "lacks" and any(set(str(n)) & set("*%") for n in names):
                    raise NoEquivalent(words, "patterns of names have no exact equivalent")
                found.append(Meant(words, Columns(tuple(map(str, names)), how), severity=severity))
            else:
                found.append(NoEquivalent(words, "it has no exact equivalent").meant())
    if not found:
        raise NoEquivalent("schema", "it says nothing that must hold")
    return found


def _condition(text: str, words: str, *, opposite: bool = False) -> Condition:
    compared = _COMPARES.fullmatch(text)
    if compared:
        operator, number = compared.groups()
        return Condition(_OPERATORS[_OPPOSITES[operator] if opposite else operator], (_number(number),))
    between = _BETWEEN.fullmatch(text)
    if between is None:
        raise NoEquivalent(words, f"`{text}` is no comparison with a number")
    negated, opened, low, high, closed = between.groups()
    if "(" in opened or ")" in closed:
        raise NoEquivalent(words, "bounds that are left out have no exact equivalent", "write two checks")
    operator = "mustNotBeBetween" if bool(negated) is not opposite else "mustBeBetween"
    return Condition(operator, (_number(low), _number(high)))


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    return float(plain) if "." in plain else int(plain)


def _require_no(config: Mapping[str, Any], words: str) -> None:
    if config:
        raise NoEquivalent(words, f"its `{next(iter(config))}` has no exact equivalent")
