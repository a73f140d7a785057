"""What becomes of a field of ODCS: verified, checked when the file is read, steering something, shown, or kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """What becomes of a field, in the words of the documentation."""

    VERIFIED = "verified"
    READ = "checked when read"
    STEERS = "steers"
    SHOWN = "shown"
    KEPT = "kept"
    NOT_APPLICABLE = "not applicable"

    @property
    def meaning(self) -> str:
        """The same in a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    How.VERIFIED: "Checks are made of it, with verdicts: from data, from releases, or from the contract's own values.",
    How.READ: "Looked at when the contract is read, before any data: a problem with its place and a code.",
    How.STEERS: "It decides how something else is done.",
    How.SHOWN: "People and programs see it.",
    How.KEPT: "In the contract's text, which is kept word for word with every apply; nothing reads it.",
    How.NOT_APPLICABLE: "There can be no evidence of it yet; the sentence says why.",
}


@dataclass(frozen=True, slots=True)
class Treatment:
    """What becomes of one field.

    Attributes:
        how: in one word.
        words: how, where or why, in one sentence; Markdown.
        checks: kinds of checks (:attr:`hanse.quality.records.Check.kind`) that come of it.
    """

    how: How
    words: str
    checks: tuple[str, ...] = ()


Treatments = Mapping[str, Treatment]


def verified(checks: str, words: str) -> Treatment:
    """Return the treatment of a field that checks are made of; their kinds stand in one text."""
    return Treatment(How.VERIFIED, words, tuple(checks.split()))


def read(words: str) -> Treatment:
    """Return the treatment of a field that is looked at when the contract is read."""
    return Treatment(How.READ, words)


def steers(words: str) -> Treatment:
    """Return the treatment of a field that decides how something else is done."""
    return Treatment(How.STEERS, words)


def shown(words: str) -> Treatment:
    """Return the treatment of a field that people see."""
    return Treatment(How.SHOWN, words)


def kept(words: str = "For people and other tools.") -> Treatment:
    """Return the treatment of a field that stands in the kept text, and nothing more."""
    return Treatment(How.KEPT, words)


def not_applicable(words: str) -> Treatment:
    """Return the treatment of a field for which there is no evidence yet."""
    return Treatment(How.NOT_APPLICABLE, words)


def each(prefix: str, fields: Mapping[str, Treatment]) -> dict[str, Treatment]:
    """Return fields of one definition under its name."""
    return {f"{prefix}.{field}": treatment for field, treatment in fields.items()}
