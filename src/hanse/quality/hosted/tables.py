"""Tables of a contract as a database has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hanse.interfaces import HostedColumn, HostedDatabase, SourceTable
from hanse.spec.contract import Table


@dataclass(frozen=True, slots=True)
class HostedTable:
    """A contract's table in a database.

    Attributes:
        table: what the contract says of it.
        source: what the database calls it.
        columns: the contract's name of a column → the database's column; those that both have.
        extra: the database's columns that the contract does not name.
        order: all its columns in the database's order, by the contract's names where it has one.
        shown: how people call it.
    """

    table: Table
    source: SourceTable
    columns: Mapping[str, HostedColumn] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    order: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The name that people know it by."""
        return f"{self.source.schema}.{self.source.name}" if self.source.schema else self.source.name


def look(database: HostedDatabase, table: Table, schema: str | None = None) -> HostedTable:
    """Find a contract's table and its columns.

    Args:
        database: where it is.
        table: the contract's table. ``physicalName`` may begin with a schema: ``sales.orders``.
        schema: the server's; None: the database's own default.

    Raises:
        IngestError: HNS-I024: there is none of its names.
    """
    source = source_of(database, table, schema)
    found = database.columns(source)
    matched = _matched(table, found)
    taken = {column.name: name for name, column in matched.items()}
    extra = tuple(c.name for c in found if c.name not in taken)
    return HostedTable(table, source, matched, extra, tuple(taken.get(c.name, c.name) for c in found))


def source_of(database: HostedDatabase, table: Table, schema: str | None = None) -> SourceTable:
    """Return what the database calls a contract's table, as far as the contract tells."""
    name = table.physical_name or table.name
    before, point, after = name.partition(".")
    if database.dialect == "sqlite":
        return SourceTable(after if point and before == "main" else name)
    if point and "." not in after:
        return SourceTable(after, before)
    return SourceTable(name, schema or ("public" if database.dialect == "postgres" else None))


def _matched(table: Table, found: Sequence[HostedColumn]) -> dict[str, HostedColumn]:
    """Match names exactly, and where nothing has that very name, by the only one that differs in its case."""
    exact = {column.name: column for column in found}
    folded: dict[str, list[HostedColumn]] = {}
    for column in found:
        folded.setdefault(column.name.lower(), []).append(column)
    matched = {}
    for wanted in table.columns:
        for name in (wanted.physical_name, wanted.name):
            alike = folded.get((name or "").lower(), [])
            here = exact.get(name or "") or (alike[0] if len(alike) == 1 else None)
            if here is not None:
                matched[wanted.name] = here
                break
    return matched
