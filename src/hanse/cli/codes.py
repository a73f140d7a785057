"""Codes of the command line (letter X)."""

from hanse.base import Code

CANNOT_WRITE = Code(
    "HNS-X002",
    "the operating system refused",
    "A file that the command line names, or its output, cannot be read or written. The message says what the operating "
    "system says.",
)
NOBODY_TO_ASK = Code(
    "HNS-X001",
    "nobody to ask",
    "`hanse apply` shows its plan and asks before it does anything. Without a terminal, and with `--json`, there is "
    "nobody to ask: read `hanse plan` first, then run `hanse apply --yes`.",
)
