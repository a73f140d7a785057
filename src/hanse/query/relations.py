"""Released tables and metadata, bound in one long-lived session under generated names."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from hanse.base import EngineError, TableName
from hanse.interfaces import ArrowScan, Session, TableStore
from hanse.query.failures import explain_unbound
from hanse.query.metadata import build
from hanse.registry import Reader
from hanse.registry.records import ReleasedTable

Key = tuple[TableName, int]


@dataclass
class Relation:
    """A snapshot that can be read in the session.

    Attributes:
        name: internal name.
        columns: names of its columns.
        pins: statements that are being started over it; it stays bound while there are any.
    """

    name: str
    key: Key
    columns: tuple[str, ...]
    pins: int = 0


class Relations:
    """Snapshots bound once each; those not used for longest are forgotten. Safe for use by several threads.

    Args:
        session: where they are bound.
        store: where their files are looked up.
        capacity: how many stay bound.
    """

    def __init__(self, session: Session, store: TableStore, capacity: int) -> None:
        self._session = session
        self._store = store
        self._capacity = capacity
        self._bound: OrderedDict[Key, Relation] = OrderedDict()
        self._lock = threading.Lock()
        self._made = 0

    @contextmanager
    def using(self, tables: Sequence[ReleasedTable]) -> Iterator[tuple[Relation, ...]]:
        """Keep snapshots bound while a statement over them is started, and yield them in the order given.

        A statement that has started reads what it was started with, whatever is forgotten afterwards.
        """
        pinned: list[Relation] = []
        try:
            for table in tables:
                pinned.append(self._pin((table.table, table.snapshot_id)))  # noqa: PERF401 - what is pinned when one fails
            yield tuple(pinned)
        finally:
            with self._lock:
                for relation in pinned:
                    relation.pins -= 1
                self._forget()

    def _pin(self, key: Key) -> Relation:
        with self._lock:
            relation = self._bound.get(key)
            if relation is None:
                scan = self._store.scan(*key)
                self._made += 1
                relation = Relation(f"__t_{self._made}", key, tuple(c.name for c in scan.columns))
                try:
                    self._session.bind(relation.name, scan)
                except EngineError as error:
                    raise explain_unbound(error, str(key[0])) from error
                self._bound[key] = relation
            else:
                self._bound.move_to_end(key)
            relation.pins += 1
            return relation

    def _forget(self) -> None:
        surplus = len(self._bound) - self._capacity
        for key in [k for k, r in self._bound.items() if not r.pins][: max(surplus, 0)]:
            self._session.unbind(self._bound.pop(key).name)


class MetadataRelations:
    """Metadata tables, built anew for every statement that names them.

    Names are used again once the statement's rows were read, so that a repeated statement keeps its generated text.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._taken: set[str] = set()
        self._lock = threading.Lock()

    def bind(self, tables: Iterable[str], reader: Reader) -> dict[str, str]:
        """Build and bind tables; return table → internal name. Hand the names back with :meth:`release`."""
        bound: dict[str, str] = {}
        try:
            for table in tables:
                rows = build(table, reader)
                bound[table] = self._take(table)
                self._session.bind(bound[table], ArrowScan(rows))
        except BaseException:
            self.release(bound.values())
            raise
        return bound

    def release(self, names: Iterable[str]) -> None:
        """Forget relations. They may be read to the end by statements that have started."""
        for name in names:
            with suppress(EngineError):  # a session that was closed meanwhile has forgotten them already
                self._session.unbind(name)
            with self._lock:
                self._taken.discard(name)

    def _take(self, table: str) -> str:
        with self._lock:
            number = 1
            while f"__m_{table}_{number}" in self._taken:
                number += 1
            name = f"__m_{table}_{number}"
            self._taken.add(name)
            return name
