"""Floor 2: descriptors from YAML, with line numbers."""
