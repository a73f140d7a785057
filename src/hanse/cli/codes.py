"""Codes of the command line (letter X)."""

from hanse.base import Code

CANNOT_WRITE = Code(
    "HNS-X002",
    "the operating system refused",
    "A file that the command line names, or its output, cannot be read or written. The message says what the operating "
    "system says.",
)
UNFORESEEN = Code(
    "HNS-X003",
    "an error that Hanse did not foresee",
    "This is a defect of Hanse, not of your files. Report it with the lines printed above it. Readers of your products "
    "are not touched: what was released stays released.",
)
NOBODY_TO_ASK = Code(
    "HNS-X001",
    "nobody to ask",
    "`hanse apply` shows its plan and asks before it does anything. Without a terminal, and with `--json`, there is "
    "nobody to ask: read `hanse plan` first, then run `hanse apply --yes`.",
)
