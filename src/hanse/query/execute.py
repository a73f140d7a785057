"""The one road for reads: parse → resolve to releases → bind → second reading → engine → rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hanse import sql as sql_room
from hanse.base import EngineError, ProductName
from hanse.base.versions import Version
from hanse.query.failures import explain_failure
from hanse.query.relations import MetadataRelations, Relation, Relations
from hanse.query.resolve import Resolution, products_of, resolve
from hanse.query.result import Result

if TYPE_CHECKING:
    from hanse.interfaces import Engine, Session, SessionLimits, TableStore
    from hanse.registry import Reader, Registry
    from hanse.sql import Bound, Statement

_PLANS = 512
_LONGEST_KEPT = 20_000
_RELATIONS = 512
_BATCH_ROWS = 65_536


@dataclass
class _Plan:
    """What is known of a statement's text. Replaced values are whole tuples, so threads may race to replace them.

    Attributes:
        resolved: ids of the visible releases, and what the names meant with them; nothing that names a version.
        bound: internal names in the order of the statement's names, and the text over them, read twice.
    """

    statement: Statement
    products: tuple[ProductName, ...]
    resolved: tuple[Mapping[ProductName, str], Resolution] | None = None
    bound: tuple[tuple[str, ...], Bound] | None = None


@dataclass(frozen=True)
class _Engine:
    """The session and what is bound in it."""

    session: Session
    relations: Relations
    metadata: MetadataRelations


class Road:
    """Answers statements over released tables and the mesh's metadata. Safe for use by several threads.

    Nothing is opened before the first statement. A release made by anybody is seen by the very next statement: only
    what a release holds is remembered, never which one is visible.

    Args:
        registry: knows the releases.
        engine: runs SQL.
        store: knows the files of a snapshot.
        warehouse: folder of all tables, absolute.
        limits: what all statements together may use, and how long each may take.
        relations: how many snapshots stay bound.
    """

    def __init__(
        self,
        registry: Registry,
        engine: Engine,
        store: TableStore,
        *,
        warehouse: str,
        limits: SessionLimits | None = None,
        relations: int = _RELATIONS,
    ) -> None:
        self._registry = registry
        self._engine = engine
        self._store = store
        self._warehouse = str(Path(warehouse).resolve())
        self._limits = limits
        self._capacity = relations
        self._opened: _Engine | None = None
        self._plans: OrderedDict[str, _Plan] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, sql: str, *, max_rows: int | None = None, at: Version | None = None) -> Result:
        """Answer one statement.

        Args:
            sql: one query over ``domain.product.table`` and ``mesh.catalog.<name>``.
            max_rows: stop after so many rows; :attr:`Result.truncated` says whether there were more.
            at: read tables that have no clause of their own in this version: as of a time, in the release with a number
                (of the one product that is read), or with an id (other products as of the moment it became visible).

        Returns:
            Rows that stream.

        Raises:
            Denied: HNS-D…: it may not be answered.
            QueryError: HNS-Q… or the engine's HNS-E…: it cannot be answered.
            RegistryError: HNS-G…: the control database failed.
            StorageError: HNS-T…: files of a released table are missing.
        """
        plan = self._plan(sql)
        reader = self._registry.reader()
        resolution = self._resolve(plan, reader, at)
        opened = self._open()
        with opened.relations.using([r.table for r in resolution.tables.values()]) as relations:
            metadata = opened.metadata.bind(dict.fromkeys(resolution.metadata.values()), reader)
            try:
                bound = self._bind(plan, resolution, relations, metadata)
                explain = _explainer(plan.statement, resolution, relations)
                try:
                    source = opened.session.stream(bound.sql, batch_rows=_BATCH_ROWS)
                except EngineError as error:
                    raise explain(error) from error
            except BaseException:
                opened.metadata.release(metadata.values())
                raise
        return Result(
            source,
            resolution.releases,
            max_rows=max_rows,
            explain=explain,
            on_close=lambda: opened.metadata.release(metadata.values()),
        )

    def explain(self, sql: str, *, at: Version | None = None) -> dict[str, Any]:
        """Say how a statement would be answered, without running it. For the owner's eyes: it shows generated SQL.

        Returns:
            ``sql`` as generated; ``columns`` (name, type); ``tables`` and ``metadata`` read, with release and
            snapshot; ``volatile``.

        Raises:
            HanseError: as :meth:`run`.
        """
        plan = self._plan(sql)
        reader = self._registry.reader()
        resolution = self._resolve(plan, reader, at)
        opened = self._open()
        with opened.relations.using([r.table for r in resolution.tables.values()]) as relations:
            metadata = opened.metadata.bind(dict.fromkeys(resolution.metadata.values()), reader)
            try:
                bound = self._bind(plan, resolution, relations, metadata)
                columns = opened.session.describe(bound.sql)
            except EngineError as error:
                raise _explainer(plan.statement, resolution, relations)(error) from error
            finally:
                opened.metadata.release(metadata.values())
        return {
            "sql": bound.sql,
            "volatile": plan.statement.is_volatile,
            "columns": [{"name": name, "type": kind} for name, kind in columns],
            "tables": [
                {
                    "name": ".".join(parts),
                    "at": None if version is None else str(version),
                    "table": str(found.table.table),
                    "relation": relation.name,
                    "port": found.table.port,
                    "release": found.release.id,
                    "sequence": found.release.sequence,
                    "snapshot": found.table.snapshot_id,
                    "contract": f"{found.table.contract_id}@{found.table.contract_version}",
                    "rows": found.table.rows,
                }
                for ((parts, version), found), relation in zip(resolution.tables.items(), relations, strict=True)
            ],
            "metadata": [{"name": f"mesh.catalog.{name}", "relation": metadata[name]} for name in metadata],
        }

    def close(self) -> None:
        """Give everything back; results that are still being read end with an error. Closing twice is harmless."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.session.close()

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _open(self) -> _Engine:
        with self._lock:
            if self._opened is None:
                session = self._engine.open(readable=(self._warehouse,), limits=self._limits)
                self._opened = _Engine(
                    session, Relations(session, self._store, self._capacity), MetadataRelations(session)
                )
            return self._opened

    def _plan(self, text: str) -> _Plan:
        with self._lock:
            plan = self._plans.get(text)
            if plan is not None:
                self._plans.move_to_end(text)
                return plan
        statement = sql_room.parse_select(text, times=True)
        plan = _Plan(statement, products_of(ref.key for ref in statement.relations if ref.at is None))
        if len(text) <= _LONGEST_KEPT:
            with self._lock:
                self._plans[text] = plan
                if len(self._plans) > _PLANS:
                    self._plans.popitem(last=False)
        return plan

    @staticmethod
    def _resolve(plan: _Plan, reader: Reader, at: Version | None) -> Resolution:
        if plan.resolved is not None and at is None:
            ids, resolution = plan.resolved
            if reader.visible_ids(plan.products) == ids:
                return resolution
        resolution = resolve(plan.statement, reader, at)
        if not resolution.timed:  # a version may expire, and one of the future may come
            plan.resolved = ({name: release.id for name, release in resolution.visible.items()}, resolution)
        return resolution

    def _bind(
        self, plan: _Plan, resolution: Resolution, relations: tuple[Relation, ...], metadata: Mapping[str, str]
    ) -> Bound:
        tables = {key: relation.name for key, relation in zip(resolution.tables, relations, strict=True)}
        names = {parts: metadata[table] for parts, table in resolution.metadata.items()}
        key = (*tables.values(), *names.values())
        if plan.bound is not None and plan.bound[0] == key:
            return plan.bound[1]
        bound = plan.statement.bind(names, tables)
        session = self._open().session
        try:
            references = session.references(bound.sql)
        except EngineError as error:
            raise _explainer(plan.statement, resolution, relations)(error) from error
        sql_room.second_reading(bound, references)
        plan.bound = (key, bound)
        return bound


class _explainer:  # noqa: N801 - called like the function that it stands for
    """Turns what the engine raises into an error of the statement; anything else passes as it is."""

    def __init__(self, statement: Statement, resolution: Resolution, relations: tuple[Relation, ...]) -> None:
        self._statement = statement
        self._columns = [column for relation in relations for column in relation.columns]
        self._names = {
            relation.name: ".".join(parts) for (parts, _), relation in zip(resolution.tables, relations, strict=True)
        }

    def __call__(self, error: BaseException) -> BaseException:
        if not isinstance(error, EngineError):
            return error
        return explain_failure(error, self._statement, self._columns, self._names)
