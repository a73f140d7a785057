"""Records to rows and back. Column names are attribute names, except where a name means something to SQL."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from sqlalchemy import Row

from hanse.base import ProductName, Severity, TableName
from hanse.registry.records import (
    AppliedContract,
    AppliedDomain,
    AppliedPort,
    AppliedProduct,
    AppliedTable,
    CheckResult,
    CheckStatus,
    Event,
    FailedRow,
    Release,
    ReleasedTable,
    Run,
    RunStatus,
    Step,
    StepStatus,
)
from hanse.registry.schema import moment_of

AnyRow = Row[*tuple[Any, ...]]
Values = dict[str, Any]


class _Fields:
    """Attributes that a record and its row have in common."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._get = attrgetter(*names)

    def of(self, thing: object) -> Values:
        """Return the common attributes of a record or a row, by name."""
        return dict(zip(self._names, self._get(thing), strict=True))


_DOMAIN = _Fields("name", "digest", "title", "description", "team", "contact")
_PRODUCT = _Fields("digest", "version", "status", "text", "document", "applied_at")
_PORT = _Fields("direction", "name", "major", "kind", "description", "source")
_CONTRACT = _Fields("contract_id", "version", "major", "api_version", "status", "text", "path")
_TABLE = _Fields("port", "description", "schema_id", "granularity")
_RUN = _Fields("id", "key", "trigger", "started_at", "finished_at", "fence", "owner", "error", "release_id")
_STEP = _Fields("run_id", "name", "kind", "started_at", "seconds", "rows", "bytes", "output", "error")
_CHECK = _Fields(
    "run_id", "check_id", "clause", "failed_rows", "total_rows", "measured", "method", "dimension", "message", "error",
    "path", "line",
)  # fmt: skip
_FAILED = _Fields("run_id", "check_id", "reason")
_RELEASE = _Fields(
    "id", "run_id", "kind", "key", "version", "created_at", "checks_passed", "warnings", "expired_at"
)  # fmt: skip
_RELEASED = _Fields(
    "port", "snapshot_id", "schema_id", "contract_id", "contract_version", "rows", "bytes", "key", "rows_key",
    "delivery", "parent_id", "coverage",
)  # fmt: skip


def owner_values(name: ProductName) -> Values:
    """Return the columns that say which product something belongs to."""
    return {"domain": name.domain, "product": name.product}


def owner_of(row: AnyRow) -> ProductName:
    """Read them back."""
    return ProductName(row.domain, row.product)


def _table_of(row: AnyRow) -> TableName:
    return TableName(row.domain, row.product, row.table_name, row.major)


def _table_values(table: TableName) -> Values:
    return owner_values(table.owner) | {"table_name": table.table, "major": table.major}


def domain_values(domain: AppliedDomain) -> Values:
    """Return the row of a domain."""
    return _DOMAIN.of(domain)


def domain_of(row: AnyRow) -> AppliedDomain:
    """Read a domain."""
    return AppliedDomain(**_DOMAIN.of(row))


def product_values(product: AppliedProduct) -> Values:
    """Return the row of a product without its ports and tables."""
    return {"domain": product.name.domain, "name": product.name.product} | _PRODUCT.of(product)


def product_of(row: AnyRow, ports: tuple[AppliedPort, ...], tables: tuple[AppliedTable, ...]) -> AppliedProduct:
    """Read a product."""
    return AppliedProduct(name=ProductName(row.domain, row.name), ports=ports, tables=tables, **_PRODUCT.of(row))


def port_values(product: ProductName, port: AppliedPort, position: int) -> Values:
    """Return the row of a port."""
    return owner_values(product) | _PORT.of(port) | {"position": position}


def port_of(row: AnyRow, contract: AppliedContract | None) -> AppliedPort:
    """Read a port."""
    return AppliedPort(contract=contract, **_PORT.of(row))


def contract_values(product: ProductName, port: AppliedPort, contract: AppliedContract) -> Values:
    """Return the row of a port's contract."""
    place = {"direction": port.direction, "port": port.name, "port_major": port.major}
    return owner_values(product) | place | _CONTRACT.of(contract)


def contract_of(row: AnyRow) -> AppliedContract:
    """Read a contract."""
    return AppliedContract(**_CONTRACT.of(row))


def table_values(table: AppliedTable, position: int) -> Values:
    """Return the row of a table."""
    name = {"name": table.name.table, "major": table.name.major, "position": position, "columns": table.columns}
    return owner_values(table.name.owner) | name | _TABLE.of(table)


def table_of(row: AnyRow) -> AppliedTable:
    """Read a table."""
    name = TableName(row.domain, row.product, row.name, row.major)
    return AppliedTable(name=name, columns=tuple(row.columns), **_TABLE.of(row))


def run_values(run: Run) -> Values:
    """Return the row of a run."""
    return owner_values(run.product) | {"status": run.status.value, "inputs": run.inputs} | _RUN.of(run)


def run_of(row: AnyRow) -> Run:
    """Read a run."""
    return Run(product=owner_of(row), status=RunStatus(row.status), inputs=tuple(row.inputs), **_RUN.of(row))


def step_values(step: Step) -> Values:
    """Return the row of a step."""
    return {"status": step.status.value} | _STEP.of(step)


def step_of(row: AnyRow) -> Step:
    """Read a step."""
    return Step(status=StepStatus(row.status), **_STEP.of(row))


def check_values(check: CheckResult) -> Values:
    """Return the row of a check's verdict."""
    own = {"status": check.status.value, "severity": check.severity.value, "column_name": check.column}
    return _table_values(check.table) | own | _CHECK.of(check)


def check_of(row: AnyRow) -> CheckResult:
    """Read a check's verdict."""
    return CheckResult(
        table=_table_of(row),
        status=CheckStatus(row.status),
        severity=Severity(row.severity),
        column=row.column_name,
        **_CHECK.of(row),
    )


def failed_row_values(failed: FailedRow) -> Values:
    """Return the row that keeps a failing row."""
    return _table_values(failed.table) | {"document": failed.row} | _FAILED.of(failed)


def failed_row_of(row: AnyRow) -> FailedRow:
    """Read a failing row."""
    return FailedRow(table=_table_of(row), row=row.document, **_FAILED.of(row))


def release_values(release: Release) -> Values:
    """Return the row of a visible release without its tables."""
    return owner_values(release.product) | {"sequence": release.sequence, "visible": 1} | _RELEASE.of(release)


def release_of(row: AnyRow, tables: tuple[ReleasedTable, ...]) -> Release:
    """Read a release."""
    return Release(product=owner_of(row), sequence=row.sequence, tables=tables, **_RELEASE.of(row))


def released_values(release: Release, table: ReleasedTable, position: int) -> Values:
    """Return the row of one table of a release."""
    name = {"name": table.table.table, "major": table.table.major}
    return {"release_id": release.id, "position": position} | name | _RELEASED.of(table)


def released_of(product: ProductName, row: AnyRow) -> ReleasedTable:
    """Read one table of a release."""
    name = TableName(product.domain, product.product, row.name, row.major)
    return ReleasedTable(table=name, **_RELEASED.of(row))


def event_of(row: AnyRow, data: Mapping[str, Any]) -> Event:
    """Read an event; its data come decoded."""
    return Event(
        row.sequence, row.id, row.type, row.source, row.subject, moment_of(row.time), data, row.previous, row.hash
    )
