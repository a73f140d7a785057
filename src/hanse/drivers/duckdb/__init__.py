"""DuckDB as an engine. Importing this package does not import duckdb: opening a session does."""

from hanse.drivers.duckdb.engine import DuckDBEngine

__all__ = ["DuckDBEngine"]
