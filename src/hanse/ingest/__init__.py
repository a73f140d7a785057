"""Floor 8: sources to staged files."""

from hanse.ingest.files import FileScan, FileState, HashStore, locate, observe, relation, unchanged
from hanse.ingest.inputs import InputState, observe_input
from hanse.ingest.remote import RemoteFiles

__all__ = [
    "FileScan",
    "FileState",
    "HashStore",
    "InputState",
    "RemoteFiles",
    "locate",
    "observe",
    "observe_input",
    "relation",
    "unchanged",
]
