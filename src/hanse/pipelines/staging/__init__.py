"""Building nodes of the graph: each becomes files that nobody sees yet."""
