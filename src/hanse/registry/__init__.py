"""Floor 5: what the mesh knows, and its event log."""
