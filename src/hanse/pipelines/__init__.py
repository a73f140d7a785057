"""Floor 9: graph, run, publish."""
