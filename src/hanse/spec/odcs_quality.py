"""From the entries of an ODCS ``quality`` list to rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from hanse.base import Problem, Severity, SpecError
from hanse.base.suggest import did_you_mean
from hanse.spec import codes
from hanse.spec.contract import Condition, Rule
from hanse.spec.document import Document, Map, plain, read_document

METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
# Names that ODCS 3.0 used under `rule`; all of them count offending rows, so that none is what passes.
_OLD_RULES = {
    "nullCheck": "nullValues",
    "nullCount": "nullValues",
    "missingCount": "missingValues",
    "missingValues": "missingValues",
    "validValues": "invalidValues",
    "validCheck": "invalidValues",
    "invalidCount": "invalidValues",
    "duplicateCount": "duplicateValues",
    "duplicateCheck": "duplicateValues",
    "dupCheck": "duplicateValues",
    "uniqueCheck": "duplicateValues",
    "unique": "duplicateValues",
    "rowCount": "rowCount",
}
_ARGUMENTS = ("validValues", "missingValues", "pattern", "properties")
_SEVERITIES = {
    "error": Severity.ERROR,
    "critical": Severity.ERROR,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
    "info": Severity.WARNING,
}
_UNITS: Mapping[str, Literal["rows", "percent"]] = {"rows": "rows", "row": "rows", "percent": "percent", "%": "percent"}


def read_rules(document: Document, entries: Any, problems: list[Problem], *, of: str) -> tuple[Rule, ...]:
    """Read a ``quality`` list that keeps to its standard.

    Args:
        document: where it stands.
        entries: the list, or None.
        problems: what is wrong is added here.
        of: the table or column that the rules belong to, for messages.
    """
    return tuple(_Reader(document, entry, problems, of).rule() for entry in entries or () if isinstance(entry, Map))


def _implementation(written: Any) -> Any:
    """Return another tool's rule: of text that is YAML, what it says; else the text itself."""
    if not isinstance(written, str):
        return written
    text = "rule:\n" + "\n".join(f"  {line}" for line in written.splitlines())
    try:
        read = read_document(text.encode(), "implementation")
    except SpecError:
        return written
    return written if read.problems else plain(read.root.get("rule"))


class _Reader:
    def __init__(self, document: Document, entry: Map, problems: list[Problem], of: str) -> None:
        self._document = document
        self._entry = entry
        self._problems = problems
        self._label = f"`{entry['name']}`" if entry.get("name") else "a quality rule"
        self._of = of

    def rule(self) -> Rule:
        entry = self._entry
        kind: Literal["library", "sql", "text", "custom"] = entry.get("type") or "library"
        metric = self._metric() if kind == "library" else None
        conditions = self._conditions()
        if kind == "library" and not conditions and metric not in (None, "rowCount") and entry.get("rule"):
            # ODCS 3.0's `nullCheck`, `validValues` and their like say by themselves that nothing may offend.
            conditions = (Condition("mustBe", (0,)),)
        if not conditions and (metric is not None or kind == "sql"):
            self._report(
                codes.MISSING_KEY,
                f"{self._label} of {self._of} says nothing that must hold",
                fix="add `mustBe: 0` or another `mustBe…` condition",
            )
        return Rule(
            kind=kind,
            name=entry.get("name"),
            metric=metric,
            query=entry.get("query") if kind == "sql" else entry.get("description") if kind == "text" else None,
            arguments=self._arguments() if kind == "library" else {},
            conditions=conditions,
            unit=self._unit(kind),
            severity=self._severity(),
            dimension=entry.get("dimension"),
            description=entry.get("description"),
            business_impact=entry.get("businessImpact"),
            engine=entry.get("engine"),
            implementation=_implementation(plain(entry.get("implementation"))),
            schedule=entry.get("schedule"),
            scheduler=entry.get("scheduler"),
            where=self._document.at(entry),
        )

    def _report(self, code: Any, what: str, key: str | None = None, **more: Any) -> None:
        where = self._document.at(self._entry, key) if key in self._entry else self._document.at(self._entry)
        self._problems.append(Problem(code, what, where, **more))

    def _metric(self) -> str | None:
        entry = self._entry
        if entry.get("metric"):
            return str(entry["metric"]) if entry["metric"] in METRICS else None  # the shape has reported others
        old = entry.get("rule")
        if not old:
            self._report(
                codes.UNKNOWN_METRIC,
                f"{self._label} of {self._of} has no `metric`",
                why="without a `type` a rule asks for a metric of the library",
                fix="add `metric:`, or say `type: sql`, `type: text` or `type: custom`",
            )
            return None
        metric = _OLD_RULES.get(str(old)) or (str(old) if old in METRICS else None)
        if metric is None:
            self._report(
                codes.UNKNOWN_METRIC,
                f"{self._label} of {self._of} asks for `{old}`, which is no metric of the library",
                "rule",
                fix=did_you_mean(str(old), METRICS) or "use a metric of the library",
            )
        return metric

    def _arguments(self) -> Mapping[str, Any]:
        found = dict(plain(self._entry.get("arguments") or {}))
        for key in _ARGUMENTS:  # ODCS 3.0 wrote them beside the rule
            if key in self._entry:
                found.setdefault(key, plain(self._entry[key]))
        return found

    def _conditions(self) -> tuple[Condition, ...]:
        found = []
        for operator in OPERATORS:
            if operator not in self._entry:
                continue
            value = plain(self._entry[operator])
            if operator.endswith("Between"):
                if not isinstance(value, list) or len(value) != 2:
                    continue  # the shape has reported it
                if value[0] > value[1]:
                    self._report(
                        codes.BAD_VALUE,
                        f"`{operator}` of {self._label} has its bounds the wrong way round",
                        operator,
                        fix="write the smaller number first",
                    )
                found.append(Condition(operator, tuple(value)))
            else:
                found.append(Condition(operator, (value,)))
        return tuple(found)

    def _unit(self, kind: str) -> Literal["rows", "percent"]:
        unit = self._entry.get("unit")
        if unit is None or kind != "library":
            return "rows"
        known = _UNITS.get(str(unit).lower())
        if known is None:
            self._report(
                codes.BAD_VALUE,
                f"{self._label} of {self._of} counts in `{unit}`",
                "unit",
                fix="use `rows` or `percent`",
            )
        return known or "rows"

    def _severity(self) -> Severity:
        text = self._entry.get("severity")
        if text is None:
            return Severity.ERROR
        known = _SEVERITIES.get(str(text).lower())
        if known is None:
            self._report(
                codes.NOT_CHECKED,
                f"{self._label} of {self._of} has the severity `{text}`, which blocks like `error`",
                "severity",
                fix="use `error`, `warning` or `info`",
                severity=Severity.WARNING,
            )
        return known or Severity.ERROR
