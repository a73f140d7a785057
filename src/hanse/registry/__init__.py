"""Floor 5: what the mesh knows, and its event log.

Records import nothing heavy. Whatever talks to the database is imported when it is first named, because SQLAlchemy
costs more to import than most commands cost to run.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hanse.registry.records import (
    AppliedContract,
    AppliedDomain,
    AppliedPort,
    AppliedProduct,
    AppliedTable,
    CheckResult,
    CheckStatus,
    CheckVerdict,
    Event,
    FailedRow,
    Pause,
    Release,
    ReleasedTable,
    Run,
    RunStatus,
    Step,
    StepStatus,
)

if TYPE_CHECKING:
    from hanse.registry.events import Break, BrokenLink, EventsVerdict, verify_events
    from hanse.registry.integrity import verify_registry
    from hanse.registry.reader import Reader
    from hanse.registry.registry import Registry
    from hanse.registry.writer import Writer

__all__ = [
    "AppliedContract",
    "AppliedDomain",
    "AppliedPort",
    "AppliedProduct",
    "AppliedTable",
    "Break",
    "BrokenLink",
    "CheckResult",
    "CheckStatus",
    "CheckVerdict",
    "Event",
    "EventsVerdict",
    "FailedRow",
    "Pause",
    "Reader",
    "Registry",
    "Release",
    "ReleasedTable",
    "Run",
    "RunStatus",
    "Step",
    "StepStatus",
    "Writer",
    "verify_events",
    "verify_registry",
]

_LAZY = {
    "Break": "hanse.registry.events",
    "BrokenLink": "hanse.registry.events",
    "EventsVerdict": "hanse.registry.events",
    "Reader": "hanse.registry.reader",
    "Registry": "hanse.registry.registry",
    "Writer": "hanse.registry.writer",
    "verify_events": "hanse.registry.events",
    "verify_registry": "hanse.registry.integrity",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
