"""What the readings of a statement hand to each other."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.base.versions import Version


@dataclass(frozen=True, slots=True)
class RelationRef:
    """A base relation that a statement names.

    Attributes:
        parts: the name's parts as written, outermost first.
        line, column: where it stands in the statement's text, from 1.
        at: which release of it is meant; None: the visible one.
    """

    parts: tuple[str, ...]
    line: int
    column: int
    at: Version | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The parts as names compare: without regard to case."""
        return tuple(part.lower() for part in self.parts)

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Value:
    """What a parameter stands for.

    Attributes:
        text: the value, as the engine reads it.
        type: its SQL type.
    """

    text: str
    type: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement over internal relations: the only text that an engine may see.

    Attributes:
        sql: generated text, identifiers quoted, comments dropped.
        relations: internal names in it.
        ctes: generated names of its common table expressions.
    """

    sql: str
    relations: frozenset[str]
    ctes: frozenset[str]
