"""Contracts against tables of databases: in the database's own SQL where that is exact, elsewhere in the engine."""
