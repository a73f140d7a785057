"""The error tree. Every failure that a person can meet is a :class:`HanseError` with a stable code.

::

    HanseError                 anything below
    ├── Problems               several findings of one look at many files, reported together
    ├── SpecError              a descriptor cannot be read or means nothing
    ├── BlueprintError         a folder cannot be written for the user
    ├── PlanError              the desired state cannot be reached from the actual one
    ├── RegistryError          the control database cannot be used
    │   └── Conflict           somebody else holds what this operation needs
    ├── RunError               a run could not finish
    │   ├── IngestError        a source could not be read
    │   ├── TransformError     a domain's transform failed: their code, not ours
    │   └── Blocked            the run worked, the data broke its contract: nothing was published
    ├── QueryError             a consumer's statement cannot be answered
    │   └── Denied             a consumer's statement may not be answered
    ├── EngineError            the engine refused or failed
    └── StorageError           tables or files cannot be read or written

Errors carry one :class:`Problem`: what, where, why, fix, code. Doors render it; rooms never print.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How grave a problem or a failed check is. ``error`` blocks, ``warning`` is recorded and shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """A stable error code.

    Attributes:
        id: ``HNS-<room letter><three digits>``; never reused for another meaning.
        title: what happened, in a few words.
        meaning: when it happens and what to do, for the reference page.
    """

    id: str
    title: str
    meaning: str

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file. Lines and columns count from 1; 0 means the file as a whole.

    Attributes:
        path: path as the user would type it: relative to the mesh where possible.
        line: line, from 1.
        column: column, from 1.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}" if self.column else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: what, where, why, how to mend it, and a code.

    Attributes:
        code: the stable code.
        what: one sentence that names the thing and what is wrong with it.
        where: place in a file, if there is one.
        why: the reason or the rule behind it, if ``what`` does not say it.
        fix: what the user can do.
        severity: warnings do not stop anything.
        subject: the thing concerned: ``domain.product`` or ``domain.product.table``, if known.
    """

    code: Code
    what: str
    where: Location | None = None
    why: str | None = None
    fix: str | None = None
    severity: Severity = Severity.ERROR
    subject: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the one JSON shape of an error, the same on every door."""
        return {
            "code": self.code.id,
            "title": self.code.title,
            "severity": self.severity.value,
            "what": self.what,
            "where": str(self.where) if self.where else None,
            "why": self.why,
            "fix": self.fix,
            "subject": self.subject,
        }

    def __str__(self) -> str:
        lines = [f"{self.severity.value}[{self.code.id}] {self.what}"]
        if self.where:
            lines.append(f"  at   {self.where}")
        if self.why:
            lines.append(f"  why  {self.why}")
        if self.fix:
            lines.append(f"  fix  {self.fix}")
        return "\n".join(lines)


class HanseError(Exception):
    """Root of all errors that Hanse raises on purpose."""

    def __init__(
        self,
        code: Code,
        what: str,
        *,
        where: Location | None = None,
        why: str | None = None,
        fix: str | None = None,
        subject: str | None = None,
    ) -> None:
        self.problem = Problem(code, what, where, why, fix, Severity.ERROR, subject)
        super().__init__(str(self.problem))

    @property
    def code(self) -> Code:
        """The stable code."""
        return self.problem.code

    @property
    def problems(self) -> Sequence[Problem]:
        """Everything found; one entry except for :class:`Problems`."""
        return (self.problem,)


class Problems(HanseError):
    """Several problems found in one go, for example by a look at all files of a mesh."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._problems = tuple(problems)
        if not self._problems:
            raise ValueError("Problems needs at least one problem")
        first = self._problems[0]
        super().__init__(first.code, first.what, where=first.where, why=first.why, fix=first.fix, subject=first.subject)
        self.args = ("\n".join(str(p) for p in self._problems),)

    @property
    def problems(self) -> Sequence[Problem]:
        """All of them, in the order found."""
        return self._problems


class SpecError(HanseError):
    """A descriptor cannot be read, or means nothing."""


class BlueprintError(HanseError):
    """A new mesh or an example cannot be written into the folder asked for."""


class PlanError(HanseError):
    """The desired state cannot be reached from the actual one."""


class RegistryError(HanseError):
    """The control database cannot be used."""


class Conflict(RegistryError):
    """Somebody else holds what this operation needs."""


class RunError(HanseError):
    """A run could not finish; consumers keep the last release."""


class IngestError(RunError):
    """A source could not be read."""


class TransformError(RunError):
    """A domain's transform failed: their code, not ours."""


class Blocked(RunError):
    """The run worked and the data broke its contract: nothing was published."""


class QueryError(HanseError):
    """A statement cannot be answered."""


class Denied(QueryError):
    """A statement may not be answered."""


class EngineError(HanseError):
    """The engine refused or failed."""


class StorageError(HanseError):
    """Tables or files cannot be read or written."""
