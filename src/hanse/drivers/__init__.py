"""Floor 16: the only room that knows vendors."""
