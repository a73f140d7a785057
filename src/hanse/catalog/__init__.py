"""Floor 12: what people read about products."""
