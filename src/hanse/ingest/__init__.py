"""Floor 8: sources to staged files."""
