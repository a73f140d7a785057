"""Service levels of a contract, as checks: of a table where a column shows them, else of the contract as a whole.

Source: ODCS 3.2, service-level agreement; its names are those of the Data QoS periodic table, letter case ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal as Number
from decimal import InvalidOperation
from typing import Any

from hanse.base.suggest import did_you_mean
from hanse.quality.codes import BAD_SERVICE_LEVEL
from hanse.quality.notation.spans import span_of
from hanse.quality.records import Aged, Broken, Check, Measure, Member, Promised, Required, Settled, Steps, Target
from hanse.quality.records import Violations as _Violations
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Condition, Contract, ServiceLevel, Table
from hanse.spec.types import Scalar, Struct

_SYNONYMS = {
    "av": "availability",
    "th": "throughput",
    "er": "errorRate",
    "ga": "generalAvailability",
    "es": "endOfSupport",
    "el": "endOfLife",
    "re": "retention",
    "fy": "frequency",
    "ly": "latency",
    "td": "timeToDetect",
    "tn": "timeToNotify",
    "tr": "timeToRepair",
}
KINDS = (*_SYNONYMS.values(), "freshness", "completeness", "timeOfAvailability")
_OF_COLUMNS = ("latency", "freshness", "retention", "frequency", "completeness")
_SPANS = ("latency", "freshness", "retention", "frequency", "timeToDetect", "timeToNotify", "timeToRepair")
_SHARES = ("availability", "errorRate", "completeness")
_MOMENTS = ("generalAvailability", "endOfSupport", "endOfLife")
_BY_NAME = {name.lower(): name for name in KINDS} | _SYNONYMS
_TIMES = (Scalar.DATE, Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ)
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(Z|[+-]\d{2}:\d{2})?")
_DIMENSIONS = {"completeness": "completeness", "retention": "coverage"}


class _Unclear(Exception):
    """A service level cannot be verified as it is written."""

    def __init__(self, what: str, fix: str | None = None) -> None:
        self.fix = fix
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class _Element:
    table: Table
    target: Target


def kind_of(level: ServiceLevel) -> str | None:
    """Return the standard's name of a service level, None for one that it does not know."""
    return _BY_NAME.get(level.property.strip().lower())


def level_checks(contract: Contract, table: Table) -> Iterator[Check]:
    """Yield the service levels that a column of this table shows."""
    for level in contract.service_levels:
        kind = kind_of(level)
        if kind not in _OF_COLUMNS:
            continue
        try:
            elements = _elements(contract, level)
        except _Unclear:
            continue  # told of the contract
        for element in elements:
            if element.table is table:
                yield _of_column(kind, level, element.target, of=str(element.target))


def contract_levels(contract: Contract) -> Iterator[Check]:
    """Yield the service levels that no column shows, and those that are not clear."""
    for level in contract.service_levels:
        kind = kind_of(level)
        try:
            if kind in _OF_COLUMNS and _elements(contract, level):
                continue
            measure = _of_contract(kind, level)
        except _Unclear as problem:
            measure = Broken(BAD_SERVICE_LEVEL, f"SLA property `{level.property}`: {problem}", problem.fix)
        yield _check(kind or "serviceLevel", level, measure, None if kind else level.property)


def _elements(contract: Contract, level: ServiceLevel) -> list[_Element]:
    stated = level.element or contract.default_element
    if not stated:
        return []
    return [found for part in stated.split(",") if (found := _element(contract, part.strip())) is not None]


def _element(contract: Contract, path: str) -> _Element | None:
    """Return the column that a path leads to; None for a whole table."""
    names = path.split(".")
    table = contract.table(names[0])
    if table is not None and len(names) == 1:
        return None
    if table is not None:
        names = names[1:]
    elif len(contract.tables) == 1:
        table = contract.tables[0]
    else:
        fix = did_you_mean(names[0], [t.name for t in contract.tables])
        raise _Unclear(f"the element `{path}` names no table of the contract", fix)
    column = table.column(names[0])
    if column is None:
        fix = did_you_mean(names[0], [c.name for c in table.columns])
        raise _Unclear(f"the element `{path}` names no column of `{table.name}`", fix)
    steps: list[Member] = []
    for name in names[1:]:
        children = column.children if isinstance(column.type, Struct) else ()
        child = next((c for c in children if c.name == name), None)
        if child is None:
            fix = did_you_mean(name, [c.name for c in children])
            raise _Unclear(f"the element `{path}` leads to nothing: no member `{name}`", fix)
        column = child
        steps.append(Member(name))
    return _Element(table, Target(names[0], column.type, tuple(steps)))


def _of_column(kind: str, level: ServiceLevel, target: Target, of: str) -> Check:
    try:
        return _check(kind, level, _column_measure(kind, level, target), of, target)
    except _Unclear as problem:
        broken = Broken(BAD_SERVICE_LEVEL, f"SLA property `{level.property}` of `{of}`: {problem}", problem.fix)
        return _check(kind, level, broken, of, target)


def _column_measure(kind: str, level: ServiceLevel, target: Target) -> Measure:
    if kind == "completeness":
        return _Violations(target, Required())
    if target.type not in _TIMES:
        raise _Unclear(f"a {target.type} tells no time", "name a column of dates or timestamps as its `element`")
    span = _stated(level, span_of)
    if _is_extended(level):
        return _extended(level)
    if kind == "frequency":
        return Steps(target, span, next((u for s, u in _UNITS if span.months or span.seconds >= s), "second"))
    return Aged(target, span, newest=kind in ("latency", "freshness"))


def _of_contract(kind: str | None, level: ServiceLevel) -> Measure:
    if kind is None:
        words = level.description or f"{level.property} is {level.value} {level.unit or ''}".strip()
        return Settled(CheckStatus.MANUAL, f"Hanse knows no service level of this name: {words}")
    if level.value is None:
        raise _Unclear("it has no value", "add `value:`")
    if kind == "throughput":
        return Settled(CheckStatus.NOT_APPLICABLE, "what doors deliver in a time is not recorded yet")
    if _is_extended(level):
        return _extended(level)
    if kind == "completeness":
        _share(level)
        return Settled(CheckStatus.NOT_APPLICABLE, "no column is named; name those that must be complete as `element`")
    if kind in _SPANS:
        return Promised(kind, span=_stated(level, span_of))
    if kind in _SHARES:
        return Promised(kind, share=_share(level))
    return Promised(kind, moment=_moment(level)) if kind in _MOMENTS else Promised(kind, time=_time(level))


def _stated(level: ServiceLevel, reading: Any) -> Any:
    try:
        return reading(level.value, level.unit)
    except ValueError as problem:
        raise _Unclear(str(problem), "write a number above 0 and its unit, for example `value: 2`, `unit: d`") from None


def _is_extended(level: ServiceLevel) -> bool:
    return level.value_ext is not None and level.value_ext != level.value


def _extended(level: ServiceLevel) -> Settled:
    words = f"{level.value}, {level.value_ext} {level.unit or ''}".strip()
    return Settled(CheckStatus.MANUAL, f"the standard leaves open what `valueExt` adds here: {words}")


def _share(level: ServiceLevel) -> Number:
    text = str(level.value).strip()
    if (level.unit or "").strip().lower() not in ("percent", "%", "") or (not level.unit and not text.endswith("%")):
        raise _Unclear(f"`{text} {level.unit or ''}`".replace(" `", "`") + " is no share", "write `unit: percent`")
    try:
        share = Number(text.rstrip("% "))
    except InvalidOperation:
        share = Number(-1)
    if not (share.is_finite() and 0 <= share <= 100):
        raise _Unclear(f"`{text}` is not between 0 and 100 percent", "write for example `99.9` with `unit: percent`")
    return share


def _moment(level: ServiceLevel) -> datetime:
    try:
        found = datetime.fromisoformat(str(level.value))
    except ValueError:
        fix = "write it like `2032-05-12` or `2032-05-12T09:30:10-08:00`"
        raise _Unclear(f"`{level.value}` is no moment", fix) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _time(level: ServiceLevel) -> str:
    found = _TIME.fullmatch(str(level.value).strip())
    if found is None:
        raise _Unclear(f"`{level.value}` is no time of day", "write it like `09:00-08:00` or `06:30Z`")
    return f"{found.group(1)}:{found.group(2)}{(found.group(3) or 'Z').replace('Z', '+00:00')}"


def _check(kind: str, level: ServiceLevel, measure: Measure, of: str | None, target: Target | None = None) -> Check:
    label = f"{kind}({of})" if of else kind
    stated = " ".join(str(part) for part in (level.value, level.unit) if part is not None)
    conditions: tuple[Condition, ...] = ()
    if kind == "completeness" and target is not None and not isinstance(measure, Broken):
        conditions = (Condition("mustBeLessOrEqualTo", (100 - _share(level),)),)
    return Check(
        f"{label}:{level.driver}" if level.driver else label,
        kind,
        f"{label}: {stated}",
        measure,
        conditions=conditions,
        unit="percent" if conditions else "rows",
        severity=level.severity,
        dimension=_DIMENSIONS.get(kind, "timeliness"),
        column=target.column if target else None,
        description=level.description,
        location=level.where,
    )
