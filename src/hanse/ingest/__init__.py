"""Floor 8: sources to staged files."""

from hanse.ingest.files import FileState, HashStore, locate, observe, relation, unchanged

__all__ = ["FileState", "HashStore", "locate", "observe", "relation", "unchanged"]
