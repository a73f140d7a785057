"""Reading the registry. A reader never writes and never waits for a writer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, FromClause, Select, func, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from hanse.base import ProductName, TableName
from hanse.base.versions import Version
from hanse.registry import history, rows, schema
from hanse.registry.database import Database
from hanse.registry.records import (
    AppliedDomain,
    AppliedPort,
    AppliedProduct,
    AppliedTable,
    CheckResult,
    Event,
    FailedRow,
    Pause,
    Release,
    ReleasedTable,
    Run,
    RunStatus,
    Step,
)

_FEW = 200
"""Up to so many products are named in the statement; of more, all are read and the others left out here."""

_Key = tuple[str, str]


class Reader:
    """Read side of the registry. Each call sees one consistent state. May be used by several threads at once.

    Every method raises :class:`~hanse.base.RegistryError` (HNS-G002 to HNS-G008, HNS-G016) when the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def domains(self) -> Mapping[str, AppliedDomain]:
        """Return all applied domains by name."""
        with self._database.reading() as connection:
            found = connection.execute(select(schema.domain).order_by(schema.domain.c.name))
            return {row.name: rows.domain_of(row) for row in found}

    def digests(self) -> Mapping[ProductName, str]:
        """Return the applied digest of every product, in one cheap query."""
        table = schema.product
        with self._database.reading() as connection:
            found = connection.execute(select(table.c.domain, table.c.name, table.c.digest)).all()
        return {ProductName(domain, name): digest for domain, name, digest in found}

    def product(self, name: ProductName) -> AppliedProduct | None:
        """Return one applied product with its ports and tables, or None."""
        return next(iter(self.products([name])), None)

    def products(self, names: Iterable[ProductName] | None = None) -> Sequence[AppliedProduct]:
        """Return applied products with ports and tables, all or those named, by name, in a fixed number of queries."""
        wanted = _Wanted(names)
        if wanted.nothing:
            return ()
        with self._database.reading() as connection:
            ports = _ports(connection, wanted)
            tables = _tables(connection, wanted)
            order = (schema.product.c.domain, schema.product.c.name)
            found = connection.execute(wanted.narrow(select(schema.product), schema.product, "name").order_by(*order))
            return tuple(
                rows.product_of(row, tuple(ports.get(key, ())), tuple(tables.get(key, ())))
                for row in found
                if (key := (row.domain, row.name)) in wanted
            )

    def sources(self) -> Mapping[ProductName, tuple[ProductName, ...]]:
        """Return which products each applied product reads through its input ports, in one cheap query."""
        table = schema.port
        chosen = select(table.c.domain, table.c.product, table.c.source)
        chosen = chosen.where(table.c.direction == "input", table.c.source.is_not(None)).order_by(table.c.position)
        found: dict[ProductName, dict[ProductName, None]] = defaultdict(dict)
        with self._database.reading() as connection:
            for domain, product, source in connection.execute(chosen):
                found[ProductName(domain, product)][ProductName.parse(source.rpartition(".")[0])] = None
        return {name: tuple(read) for name, read in found.items()}

    def release(self, product: ProductName) -> Release | None:
        """Return the visible release of a product, or None before its first."""
        return self.visible([product]).get(product)

    def visible(self, products: Iterable[ProductName] | None = None) -> Mapping[ProductName, Release]:
        """Return the visible releases, all or of the products named, in a fixed number of queries."""
        wanted = _Wanted(products)
        if wanted.nothing:
            return {}
        chosen = wanted.narrow(select(schema.release), schema.release, "product")
        chosen = chosen.where(schema.release.c.visible == 1)
        with self._database.reading() as connection:
            found = _releases(connection, chosen.order_by(schema.release.c.domain, schema.release.c.product))
        return {r.product: r for r in found if (r.product.domain, r.product.product) in wanted}

    def visible_ids(self, products: Iterable[ProductName]) -> Mapping[ProductName, str]:
        """Return only the ids of the visible releases of the products named, in one cheap query."""
        wanted = _Wanted(products)
        if wanted.nothing:
            return {}
        table = schema.release
        chosen = wanted.narrow(select(table.c.domain, table.c.product, table.c.id), table, "product")
        with self._database.reading() as connection:
            found = connection.execute(chosen.where(table.c.visible == 1)).all()
        return {ProductName(domain, name): id_ for domain, name, id_ in found if (domain, name) in wanted}

    def released(self) -> frozenset[ProductName]:
        """Return the products that have a visible release, in one cheap query."""
        table = schema.release
        chosen = select(table.c.domain, table.c.product).where(table.c.visible == 1)
        with self._database.reading() as connection:
            return frozenset(ProductName(domain, product) for domain, product in connection.execute(chosen))

    def releases(self, product: ProductName | None = None, *, limit: int | None = None) -> Sequence[Release]:
        """Return releases, newest first."""
        chosen = select(schema.release).where(*_of_product(schema.release, product))
        chosen = _newest(chosen, schema.release, limit)
        with self._database.reading() as connection:
            return _releases(connection, chosen)

    def as_of(
        self, wanted: Iterable[tuple[ProductName, Version]]
    ) -> Mapping[tuple[ProductName, Version], Release | None]:
        """Return the releases that versions of products mean, all in one state of the registry, expired ones too.

        Args:
            wanted: products with a time, a sequence number, or as text the id of a release or of a snapshot.
        """
        found: dict[tuple[ProductName, Version], Release | None] = {}
        with self._database.reading() as connection:
            for product, version in wanted:
                releases = _releases(connection, history.chosen(product, version))
                snapshot = history.snapshot_of(version)
                if not releases and snapshot is not None:
                    releases = _releases(connection, history.naming(product, snapshot))
                found[product, version] = releases[0] if releases else None
        return found

    def first_release(self, product: ProductName) -> Release | None:
        """Return the first release of a product, expired or not, or None."""
        return self.as_of([(product, 1)])[product, 1]

    def pauses(self) -> Mapping[ProductName, Pause]:
        """Return the products that a rollback has paused, in one cheap query."""
        with self._database.reading() as connection:
            return history.pauses(connection)

    def read_by_runs(self) -> frozenset[str]:
        """Return the ids of the releases that runs under way read through input ports."""
        with self._database.reading() as connection:
            return history.read_by_runs(connection)

    def deliveries(self, table: TableName, snapshot_id: int) -> frozenset[str]:
        """Return the digests of all deliveries that a table took in up to a snapshot.

        Deliveries that were rolled back are not among them: they are no ancestors of the snapshot.
        """
        with self._database.reading() as connection:
            return history.deliveries(connection, table, snapshot_id)

    def taken_files(self, table: TableName, snapshot_id: int) -> Mapping[str, frozenset[str]]:
        """Return the hashes of the files, by input name, that the runs behind a snapshot and its ancestors read.

        Only inputs whose path is a pattern are told. Files of deliveries that were rolled back are not among them.
        """
        with self._database.reading() as connection:
            return history.taken_files(connection, table, snapshot_id)

    def run(self, run_id: str) -> Run | None:
        """Return one run, or None."""
        with self._database.reading() as connection:
            row = connection.execute(select(schema.run).where(schema.run.c.id == run_id)).one_or_none()
            return rows.run_of(row) if row else None

    def runs(
        self, product: ProductName | None = None, *, status: RunStatus | None = None, limit: int | None = None
    ) -> Sequence[Run]:
        """Return runs, newest first."""
        chosen = select(schema.run).where(*_of_product(schema.run, product))
        if status is not None:
            chosen = chosen.where(schema.run.c.status == status.value)
        chosen = _newest(chosen, schema.run, limit)
        with self._database.reading() as connection:
            return tuple(rows.run_of(row) for row in connection.execute(chosen))

    def steps(self, run_id: str) -> Sequence[Step]:
        """Return the recorded steps of a run, in the order they were recorded."""
        table = schema.step
        with self._database.reading() as connection:
            found = connection.execute(select(table).where(table.c.run_id == run_id).order_by(table.c.number))
            return tuple(rows.step_of(row) for row in found)

    def checks(
        self, run_id: str | None = None, *, table: TableName | None = None, limit: int | None = None
    ) -> Sequence[CheckResult]:
        """Return check results, of one run or the newest first over all."""
        chosen = _verdicts(schema.check_result, run_id, table, limit)
        with self._database.reading() as connection:
            return tuple(rows.check_of(row) for row in connection.execute(chosen))

    def failed_rows(self, run_id: str | None = None, *, limit: int | None = None) -> Sequence[FailedRow]:
        """Return kept failing rows, of one run or the newest first over all."""
        chosen = _verdicts(schema.failed_row, run_id, None, limit)
        with self._database.reading() as connection:
            return tuple(rows.failed_row_of(row) for row in connection.execute(chosen))

    def events(
        self, *, after: int = 0, subject: str | None = None, type_prefix: str | None = None, limit: int | None = None
    ) -> Sequence[Event]:
        """Return events in order, from the one after sequence number ``after``."""
        table = schema.event
        chosen = select(table).where(table.c.sequence > after).order_by(table.c.sequence)
        if subject is not None:
            chosen = chosen.where(table.c.subject == subject)
        if type_prefix:
            # Not LIKE: SQLite's knows no case, and the prefix may hold its wildcards.
            chosen = chosen.where(func.substr(table.c.type, 1, len(type_prefix)) == type_prefix)
        chosen = _limited(chosen, limit)
        with self._database.reading() as connection:
            return tuple(rows.event_of(row, json.loads(row.data)) for row in connection.execute(chosen))

    def faults(self) -> tuple[str, ...]:
        """Look at every page of the database and return what is wrong, in the database's words."""
        with self._database.reading() as connection:
            found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
            orphans = {row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
        pages = [] if found == ["ok"] else found
        return (*pages, *(f"rows of {name} name others that are gone" for name in sorted(orphans)))

    @contextmanager
    def raw_events(self, *, page: int = 1_000) -> Iterator[Iterator[Mapping[str, Any]]]:
        """Open all events in order, exactly as stored, for verification: nothing is decoded, so nothing can fail.

        Args:
            page: entries held in memory at a time.
        """
        chosen = select(schema.event).order_by(schema.event.c.sequence).execution_options(yield_per=page)
        with self._database.reading() as connection:
            yield (dict(row) for row in connection.execute(chosen).mappings())


class _Wanted:
    """The products that a call asks for; None for all."""

    def __init__(self, names: Iterable[ProductName] | None) -> None:
        self._keys = None if names is None else {(n.domain, n.product) for n in names}

    @property
    def nothing(self) -> bool:
        return self._keys is not None and not self._keys

    def __contains__(self, key: _Key) -> bool:
        return self._keys is None or key in self._keys

    def narrow(self, chosen: Select[Any], table: FromClause, product: str) -> Select[Any]:
        """Let the database choose when few are wanted; the caller still leaves out the others."""
        if self._keys is None or len(self._keys) > _FEW:
            return chosen
        return chosen.where(tuple_(table.c.domain, table.c[product]).in_(sorted(self._keys)))


def _ports(connection: Connection, wanted: _Wanted) -> Mapping[_Key, list[AppliedPort]]:
    contracts = {
        (row.domain, row.product, row.direction, row.port, row.port_major): rows.contract_of(row)
        for row in connection.execute(wanted.narrow(select(schema.contract), schema.contract, "product"))
    }
    found: dict[_Key, list[AppliedPort]] = defaultdict(list)
    chosen = wanted.narrow(select(schema.port), schema.port, "product").order_by(schema.port.c.position)
    for row in connection.execute(chosen):
        contract = contracts.get((row.domain, row.product, row.direction, row.name, row.major))
        found[row.domain, row.product].append(rows.port_of(row, contract))
    return found


def _tables(connection: Connection, wanted: _Wanted) -> Mapping[_Key, list[AppliedTable]]:
    found: dict[_Key, list[AppliedTable]] = defaultdict(list)
    table = schema.data_table
    for row in connection.execute(wanted.narrow(select(table), table, "product").order_by(table.c.position)):
        found[row.domain, row.product].append(rows.table_of(row))
    return found


def _releases(connection: Connection, chosen: Select[Any]) -> tuple[Release, ...]:
    """Read releases and, in a second query, their tables."""
    found = connection.execute(chosen).all()
    products = {row.id: rows.owner_of(row) for row in found}
    tables: dict[str, list[ReleasedTable]] = defaultdict(list)
    ids = chosen.with_only_columns(schema.release.c.id).subquery()
    named = select(schema.release_table).join(ids, ids.c.id == schema.release_table.c.release_id)
    for row in connection.execute(named.order_by(schema.release_table.c.position)):
        tables[row.release_id].append(rows.released_of(products[row.release_id], row))
    return tuple(rows.release_of(row, tuple(tables[row.id])) for row in found)


def _of_product(table: FromClause, product: ProductName | None) -> tuple[ColumnElement[bool], ...]:
    if product is None:
        return ()
    return (table.c.domain == product.domain, table.c.product == product.product)


def _verdicts(table: FromClause, run_id: str | None, of: TableName | None, limit: int | None) -> Select[Any]:
    """Choose verdicts or failing rows: of a run in the order recorded, else the newest first."""
    chosen = select(table)
    if of is not None:
        chosen = chosen.where(*_of_product(table, of.owner), table.c.table_name == of.table, table.c.major == of.major)
    if run_id is None:
        return _newest(chosen, table, limit)
    return _limited(chosen.where(table.c.run_id == run_id).order_by(table.c.number), limit)


def _newest(chosen: Select[Any], table: FromClause, limit: int | None) -> Select[Any]:
    return _limited(chosen.order_by(table.c.number.desc()), limit)


def _limited(chosen: Select[Any], limit: int | None) -> Select[Any]:
    if limit is None:
        return chosen
    if limit < 0:
        raise ValueError(f"a limit is at least 0, not {limit}")
    return chosen.limit(limit)
