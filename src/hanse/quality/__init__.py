"""Floor 8: contract to checks to verdicts."""
