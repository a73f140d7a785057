"""Floor 4: SQL as trees. Pure functions: parse, dependencies, projections."""
