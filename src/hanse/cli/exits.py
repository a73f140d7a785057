"""Exit codes, the same for every command."""

from __future__ import annotations

from enum import IntEnum

from hanse.base import Blocked, Conflict, Denied, HanseError


class Exit(IntEnum):
    """What a command's end means to a script."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BLOCKED = 3
    CONFLICT = 4
    DENIED = 5
    BREAKING = 6
    INTERRUPTED = 130
    UNREAD = 141

    @property
    def meaning(self) -> str:
        """One sentence for the reference page."""
        return _MEANINGS[self]


_MEANINGS = {
    Exit.OK: "done, or nothing to do",
    Exit.FAILED: "problems were found, or the command failed",
    Exit.USAGE: "the command line is wrong",
    Exit.BLOCKED: "the data broke its contract: nothing was published, consumers keep the last release",
    Exit.CONFLICT: "somebody else holds what the command needs; try again later",
    Exit.DENIED: "the statement may not be run",
    Exit.BREAKING: "a contract breaks its readers, and its version does not say so",
    Exit.INTERRUPTED: "stopped by the user",
    Exit.UNREAD: "whoever read the output, `head` for example, stopped reading",
}


def exit_of(error: HanseError) -> Exit:
    """Return the exit code that an error ends a command with."""
    match error:
        case Blocked():
            return Exit.BLOCKED
        case Conflict():
            return Exit.CONFLICT
        case Denied():
            return Exit.DENIED
        case _:
            return Exit.FAILED
