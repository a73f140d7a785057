"""Floor 8: sources to staged files."""

from hanse.ingest.files import FileScan, FileState, HashStore, locate, observe, relation, unchanged

__all__ = ["FileScan", "FileState", "HashStore", "locate", "observe", "relation", "unchanged"]
