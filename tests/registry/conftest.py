"""A registry on a file, a clock that stands still, and plausible records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hanse.base import ProductName, SetClock, Severity, TableName
from hanse.registry import (
    AppliedContract,
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
    Step,
    StepStatus,
)

ORDERS = ProductName("sales", "orders")
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass
class Maker:
    """Makes records of one product."""

    name: ProductName = ORDERS
    at: datetime = NOON

    @property
    def table(self) -> TableName:
        return TableName(self.name.domain, self.name.product, "orders")

    def product(self, digest: str = "d1") -> AppliedProduct:
        contract = AppliedContract("orders-id", "1.2.0", 1, "v3.1.0", "active", "id: orders-id\n", "a/b.odcs.yaml")
        return AppliedProduct(
            self.name,
            digest,
            "1.0.0",
            "active",
            "kind: DataProduct\n",
            {"title": "Orders", "members": ["anna@example.com"]},
            self.at,
            ports=(
                AppliedPort("orders", "output", "tables", 1, "All orders", contract),
                AppliedPort("customers", "input", "tables", 2, source="crm.customers.customers"),
            ),
            tables=(AppliedTable(self.table, "orders", "One row per order", ({"name": "id", "type": "BIGINT"},), 1),),
        )

    def run(self, run_id: str = "r1", owner: str = "host:1:0") -> Run:
        return Run(run_id, self.name, RunStatus.RUNNING, "key", "manual", self.at, owner=owner)

    def step(self, name: str = "stage:orders", run_id: str = "r1", rows: int = 3) -> Step:
        return Step(run_id, name, "stage", StepStatus.DONE, self.at, 0.25, rows, 100, {"path": "x"})

    def check(self, check_id: str = "c1", run_id: str = "r1", status: CheckStatus = CheckStatus.PASSED) -> CheckResult:
        return CheckResult(run_id, self.table, check_id, "unique(id)", status, Severity.ERROR, "id", 0, 3)

    def failed_row(self, check_id: str = "c1", run_id: str = "r1") -> FailedRow:
        return FailedRow(run_id, self.table, check_id, "id is not unique", {"id": 1, "mail": "anna@example.com"})

    def release(self, release_id: str = "rel1", run_id: str | None = "r1", snapshot_id: int = 2**62) -> Release:
        table = ReleasedTable(self.table, "orders", snapshot_id, 1, "orders-id", "1.2.0", 3, 100, "tablekey")
        kind = "run" if run_id else "metadata"
        return Release(release_id, self.name, 0, run_id, kind, "key", "1.0.0", self.at, (table,), 1, 0)


@pytest.fixture
def make() -> Maker:
    return Maker()


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".hanse" / "registry.db"


@pytest.fixture
def registry(path: Path, clock: SetClock) -> Iterator[Registry]:
    with Registry.open(f"sqlite:///{path}", mesh_name="demo", clock=clock) as opened:
        yield opened
