"""Tables in databases: each database is opened once, at one moment, for all the tables of a contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from hanse.app.contract.scratch import scratch_folder
from hanse.base import HanseError, Problem, TableName
from hanse.drivers.duckdb import DuckDBEngine
from hanse.interfaces import HostedDatabase, PostgresDatabase, QueriedDatabase, SessionLimits

if TYPE_CHECKING:
    from hanse.app.contract.options import Options
    from hanse.app.contract.places import Place
    from hanse.quality.hosted.staging import Host
    from hanse.quality.verdict import Verdict
    from hanse.spec.contract import Contract, Table

T = TypeVar("T")
Found = tuple["Verdict", tuple[str, ...]]
"""A table's verdict, and its columns that the contract does not name."""


def verify_databases(
    contract: Contract, tables: Sequence[Table], located: Mapping[str, Place], options: Options
) -> dict[str, Found | Problem]:
    """Verify the tables that are in databases.

    Args:
        contract: the contract.
        tables: those to verify.
        located: name of a table → its place, all of them in databases; of others than ``tables``, too.
        options: with what means.

    Returns:
        By the name of a table its verdict, or why it cannot be read.
    """
    from hanse.quality.hosted.run import verify_hosted

    def verify(host: Host, table: Table) -> Found:
        name = TableName("", "", table.name)
        verdict = verify_hosted(host, contract, table, table_name=name, limit=options.rows)
        return verdict, host.dialect.tables[table.name].extra

    return _each(contract, tables, located, options, verify)


def explain_databases(
    contract: Contract, tables: Sequence[Table], located: Mapping[str, Place], options: Options
) -> dict[str, list[dict[str, Any]] | Problem]:
    """Return, for tables in databases, how each check would be answered; see :func:`verify_databases`."""
    from hanse.quality.hosted.explain import explain_hosted

    return _each(contract, tables, located, options, lambda host, table: explain_hosted(host, contract, table))


def _each(
    contract: Contract,
    tables: Sequence[Table],
    located: Mapping[str, Place],
    options: Options,
    work: Callable[[Host, Table], T],
) -> dict[str, T | Problem]:
    """Do something with every table, all those of one database at one moment."""
    found: dict[str, T | Problem] = {}
    for database in dict.fromkeys(place.database for place in located.values()):
        assert database is not None
        here = {name: place for name, place in located.items() if place.database == database}
        wanted = [table for table in tables if table.name in here]
        try:
            with opened_database(contract, here, database, options) as (host, problems):
                for table in wanted:
                    found[table.name] = problems.get(table.name) or work(host, table)
        except HanseError as error:
            found |= {table.name: error.problem for table in wanted if table.name not in found}
    return found


@contextmanager
def opened_database(
    contract: Contract, located: Mapping[str, Place], database: QueriedDatabase, options: Options
) -> Iterator[tuple[Host, dict[str, Problem]]]:
    """Open a database, and the engine beside it; return the tables that cannot be read, too, each with the reason.

    Raises:
        IngestError: the database cannot be opened.
        EngineError: the engine cannot be started, or a package is missing.
    """
    from hanse.quality.hosted.dialects import Dialect
    from hanse.quality.hosted.staging import Host
    from hanse.quality.hosted.tables import HostedTable, look

    limits = SessionLimits(memory=options.memory, seconds=options.seconds)
    with (
        scratch_folder() as scratch,
        _open(database, scratch, options.seconds) as opened,
        DuckDBEngine(temp_directory=scratch).open(readable=[scratch], writable=[scratch], limits=limits) as session,
    ):
        found: dict[str, HostedTable] = {}
        problems: dict[str, Problem] = {}
        for table in contract.tables:
            if table.name in located:
                try:
                    found[table.name] = look(opened, table, located[table.name].schema)
                except HanseError as error:
                    problems[table.name] = error.problem
        yield Host(opened, Dialect(opened.dialect, found), session, scratch), problems


def _open(database: QueriedDatabase, scratch: str, seconds: float | None) -> HostedDatabase:
    if isinstance(database, PostgresDatabase):
        from hanse.drivers.duckdb import DuckDBDatabases

        limited = replace(database, seconds=seconds) if seconds else database
        return DuckDBDatabases(temp_directory=scratch).open_hosted(limited, writable=[scratch])
    from hanse.drivers.dbapi import open_hosted

    return open_hosted(database, seconds=seconds)
