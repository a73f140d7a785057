"""A small mesh with real parts: registry on SQLite, Iceberg tables, DuckDB; products are published by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hanse.base import ProductName, Severity, TableName, new_id
from hanse.base.names import split_major
from hanse.drivers.duckdb import DuckDBEngine
from hanse.drivers.iceberg import IcebergTables
from hanse.interfaces import ColumnDraft, Replacement, SessionLimits
from hanse.query import Road
from hanse.registry import (
    AppliedContract,
    AppliedDomain,
    AppliedPort,
    AppliedProduct,
    AppliedTable,
    CheckResult,
    CheckStatus,
    FailedRow,
    Registry,
    Release,
    ReleasedTable,
    Run,
    RunStatus,
)
from hanse.spec.types import DataType, Scalar

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Columns = Mapping[str, DataType]


@dataclass
class Place:
    """A mesh's folder and what is open of it."""

    root: Path
    registry: Registry
    store: IcebergTables
    engine: DuckDBEngine
    columns: dict[TableName, Columns] = field(default_factory=dict)

    def road(self, *, limits: SessionLimits | None = None, relations: int = 64) -> Road:
        return Road(
            self.registry,
            self.engine,
            self.store,
            warehouse=str(self.root / "warehouse"),
            limits=limits,
            relations=relations,
        )

    def apply(self, product: str, tables: Mapping[str, Columns], digest: str = "d1") -> None:
        """Apply a product whose one port offers tables; names may end in `_v<n>`."""
        name = ProductName.parse(product)
        applied = []
        for local, columns in tables.items():
            table = _table(name, local)
            self.columns[table] = columns
            schema = self.store.create(table, [ColumnDraft(c, t) for c, t in columns.items()])
            documents = tuple({"name": c, "type": str(t), "required": False} for c, t in columns.items())
            applied.append(AppliedTable(table, "main", f"Table {local}", documents, schema.schema_id))
        contract = AppliedContract(f"{name.product}-id", "1.0.0", 1, "v3.1.0", "active", "id: x\n", "c.odcs.yaml")
        ports = (AppliedPort("main", "output", "tables", 1, None, contract),)
        with self.registry.write() as writer:
            writer.put_domain(AppliedDomain(name.domain, "d", title=name.domain.title()))
            writer.put_product(
                AppliedProduct(
                    name,
                    digest,
                    "1.0.0",
                    "active",
                    "kind: DataProduct\n",
                    {"title": product, "team": "the team", "tags": ["t"]},
                    NOON,
                    ports,
                    tuple(applied),
                )
            )

    def publish(self, product: str, rows: Mapping[str, str], *, at: datetime = NOON) -> Release:
        """Make one release whose tables hold the rows that SELECTs give."""
        name = ProductName.parse(product)
        run_id = new_id()
        previous = self.registry.reader().release(name)
        parents = {t.table: t.snapshot_id for t in previous.tables} if previous else {}
        released = []
        with self.registry.write() as writer:
            writer.begin_run(Run(run_id, name, RunStatus.RUNNING, "k", "test", NOON), lease_seconds=60)
        for local, select in rows.items():
            table = _table(name, local)
            schema = self.store.schema(table)
            assert schema is not None
            path = self.store.staging(table, run_id)
            with self.engine.open(writable=[str(self.root / "warehouse")]) as session:
                cast = ", ".join(f'CAST("{c}" AS {t}) AS "{c}"' for c, t in self.columns[table].items())
                staged = session.stage(f"SELECT {cast} FROM ({select})", path, schema.columns)
            snapshot = self.store.commit([Replacement(table, (staged,), parents.get(table))], run_id=run_id)[0]
            released.append(
                ReleasedTable(
                    table,
                    "main",
                    snapshot.snapshot_id,
                    snapshot.schema_id,
                    f"{name.product}-id",
                    "1.0.0",
                    snapshot.rows,
                    snapshot.bytes,
                    "k",
                )
            )
        with self.registry.write() as writer:
            first = released[0].table
            check = CheckResult(run_id, first, "c1", "rowCount", CheckStatus.FAILED, Severity.WARNING, None, 1, 3, 1.5)
            writer.record_checks([check], [FailedRow(run_id, first, "c1", "too few", {"id": 1})], 1)
            return writer.release(Release(new_id(), name, 0, run_id, "run", "k", "1.0.0", at, tuple(released), 1, 1), 1)


def _table(product: ProductName, local: str) -> TableName:
    plain, major = split_major(local)
    return TableName(product.domain, product.product, plain, major or 1)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    store = IcebergTables(str(tmp_path / "warehouse"), f"sqlite:///{tmp_path / 'tables.db'}")
    with Registry.open(f"sqlite:///{tmp_path / 'state' / 'registry.db'}", mesh_name="demo") as registry:
        yield Place(tmp_path, registry, store, DuckDBEngine(threads=2, temp_directory=tmp_path / "spill"))


@pytest.fixture
def shop(place: Place) -> Place:
    """`sales.orders` with `orders` and `lines`, released; `crm.people` applied, never released."""
    place.apply(
        "sales.orders",
        {
            "orders": {"id": Scalar.BIGINT, "customer": Scalar.VARCHAR, "placed": Scalar.TIMESTAMPTZ},
            "lines": {"order_id": Scalar.BIGINT, "price": Scalar.DOUBLE},
        },
    )
    place.apply("crm.people", {"people": {"name": Scalar.VARCHAR}})
    place.publish(
        "sales.orders",
        {
            "orders": "SELECT i AS id, 'c' || i AS customer, "
            "TIMESTAMPTZ '2026-01-01 00:00:00+00:00' + INTERVAL (i) HOUR AS placed FROM range(3) t(i)",
            "lines": "SELECT i % 3 AS order_id, i * 0.5 AS price FROM range(9) t(i)",
        },
    )
    return place


@pytest.fixture
def road(shop: Place) -> Iterator[Road]:
    with shop.road() as opened:
        yield opened
