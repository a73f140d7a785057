"""Floor 8: sources to staged files."""

from hanse.ingest.databases import by_database, database_of, reading, server_of, table_of
from hanse.ingest.files import FileScan, FileState, HashStore, locate, observe, relation, staged_state, unchanged
from hanse.ingest.inputs import InputState, observe_input
from hanse.ingest.remote import RemoteFiles

__all__ = [
    "FileScan",
    "FileState",
    "HashStore",
    "InputState",
    "RemoteFiles",
    "by_database",
    "database_of",
    "locate",
    "observe",
    "observe_input",
    "reading",
    "relation",
    "server_of",
    "staged_state",
    "table_of",
    "unchanged",
]
