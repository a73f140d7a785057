"""Codes of what goes wrong on this machine while a database's rows are written down."""

from hanse.base import Code

STAGING_FAILED = Code(
    "HNS-E028",
    "staged file cannot be written",
    "The disk is full, or the folder for staged files is not writable. Nothing was kept; make room and run again.",
)
CLIENT_MISSING = Code(
    "HNS-E029",
    "package for a database is missing",
    "A database of this kind is read through a Python package that is not installed. Install the extra that the "
    "message names.",
)
