"""DuckDB as an engine. Importing this package does not import duckdb: opening a session does."""

from hanse.drivers.duckdb.engine import DuckDBDatabases, DuckDBEngine

__all__ = ["DuckDBDatabases", "DuckDBEngine"]
