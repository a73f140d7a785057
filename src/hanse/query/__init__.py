"""Floor 6: the one road for reads."""
