"""What became of contracts, as Markdown for a pull request or a changelog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hanse.quality.reports.escape import code, words

_TITLES = (
    ("breaking", "Breaks readers"),
    ("additive", "Promises more"),
    ("cosmetic", "Words and order"),
)


def to_markdown(document: dict[str, Any]) -> str:
    """Return the document of ``hanse contract diff`` as Markdown."""
    return "\n".join(line for contract in document["contracts"] for line in _contract(contract)) + "\n"


def _contract(contract: dict[str, Any]) -> Iterator[str]:
    new, old = contract["new"], contract["old"]
    if old is None:
        yield from (f"### ✓ {code(contract['contract'])} {words(new['version'])} is new", "")
        return
    sign = "✗" if contract["status"] == "breaking" else "✓"
    yield f"### {sign} {code(contract['contract'])} {words(old['version'])} → {words(new['version'])}"
    yield ""
    yield from (_verdict(contract), "")
    for kind, title in _TITLES:
        changes = [change for change in contract["changes"] if change["kind"] == kind]
        if changes:
            yield from (f"**{title}**", "")
            yield from (f"- {code(c['subject'])}: {words(c['what'])}; {words(c['why'])}" for c in changes)
            yield ""


def _verdict(contract: dict[str, Any]) -> str:
    version = contract["version"]
    if not contract["changes"]:
        return "Nothing has changed that a reader could notice."
    if not contract["promised"]:
        return "It was a draft, which may change freely."
    if version["enough"]:
        return "The version says so."
    return f"This calls for version {code(version['suggested'])}."
