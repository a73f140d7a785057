"""JUnit XML, as GitHub actions, GitLab and Jenkins read it.

The format knows passed, failed, error and skipped, and no warnings. What blocks is a failure or an error. A warning
must not turn a job red, and must be seen: GitLab shows the text of nothing that passed, so a warning is ``skipped``
with a message that begins with ``warned:``; so are checks for a person and those that do not apply, with their reason.

Source: https://github.com/testmoapp/junitxml (the common ground of readers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hanse.base.visible import visible
from hanse.quality.reports.verdicts import (
    ERROR,
    FAILED,
    PASSED,
    Document,
    Group,
    groups,
    reason,
    tally,
    title,
    told,
    told_apart,
    value_text,
    word,
)

# What XML 1.0 cannot hold even as a reference, beside the characters that are made visible anyway.
_NO_XML = re.compile("[\ufffe\uffff]")
_PLACE = re.compile(r"(?P<file>.*?):(?P<line>\d+)(?::\d+)?")


def to_junit(document: Document) -> str:
    """Return a report as JUnit XML: one ``testsuite`` per table, one ``testcase`` per check."""
    found = groups(document)
    counted = tally(found)
    root = Element("testsuites", {"name": _text(title(document)), **_counts(counted)})
    for group in found:
        root.append(_suite(group))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(counted: dict[str, int]) -> dict[str, str]:
    total = sum(counted.values())
    failures, errors = counted.get(FAILED, 0), counted.get(ERROR, 0)
    skipped = total - failures - errors - counted.get(PASSED, 0)
    numbers = {"tests": total, "failures": failures, "errors": errors, "skipped": skipped}
    return {name: str(number) for name, number in numbers.items()}


def _suite(group: Group) -> Element:
    suite = Element("testsuite", {"name": _text(group.name), **_counts(group.words)})
    for check in group.checks:
        case = SubElement(suite, "testcase", {"name": _text(str(check["id"])), "classname": _text(group.name)})
        place = _PLACE.fullmatch(str(check.get("where") or ""))
        if place:
            case.set("file", _text(place["file"]))
            case.set("line", place["line"])
        _outcome(case, check)
    return suite


def _outcome(case: Element, check: Document) -> None:
    verdict = word(check)
    why = _text(reason(check) or str(check["clause"]))
    if verdict in (FAILED, ERROR):
        tag = "failure" if verdict == FAILED else "error"
        outcome = SubElement(case, tag, {"message": why, "type": _text(str(check.get("dimension") or verdict))})
        outcome.text = "\n".join(_details(check))
    elif verdict != PASSED:
        SubElement(case, "skipped", {"message": f"{verdict}: {why}"})
        if check.get("rows"):
            SubElement(case, "system-out").text = "\n".join(_details(check))


def _details(check: Document) -> Iterator[str]:
    yield _text(str(check["clause"]))
    yield from map(_text, told(check))
    if check.get("where"):
        yield _text(f"at {check['where']}")
    for sample, times in told_apart(check.get("rows") or ()):
        values = ", ".join(f"{name}={value_text(value)}" for name, value in sample["row"].items())
        yield _text(f"- {sample['reason']}" + (f" ({values})" if values else "") + _times(times))


def _times(number: int) -> str:
    return f" ({number} rows)" if number > 1 else ""


def _text(text: str) -> str:
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", visible(text))
