"""Descriptors and a table store in memory, for tests of plans."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

from hanse.base import Location, Problem, ProductName, StorageError, TableName, digest
from hanse.base.codes import ILLEGAL_NAME
from hanse.interfaces import ColumnDraft, StoredColumn, TableSchema, TableStore
from hanse.registry import Registry, Release, ReleasedTable
from hanse.spec import parse_contract
from hanse.spec.mesh import Domain, MeshConfig
from hanse.spec.product import InputPort, OutputPort, Product
from hanse.spec.workspace import Entry, InputSummary, PortSummary, Workspace

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
Columns = Mapping[str, str | Mapping[str, Any]]


def contract_document(
    port: str, tables: Mapping[str, Columns], *, version: str = "1.0.0", status: str = "active"
) -> dict[str, Any]:
    """An ODCS document; a column is a logical type or a mapping of clauses."""
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": f"{port}_contract",
        "version": version,
        "status": status,
        "schema": [
            {
                "name": table,
                "properties": [
                    {"name": name, **({"logicalType": what} if isinstance(what, str) else what)}
                    for name, what in columns.items()
                ],
            }
            for table, columns in tables.items()
        ],
    }


@dataclass
class Folder:
    """Descriptors of a mesh, as if they had been read from files."""

    products: dict[ProductName, Product] = field(default_factory=dict)
    domains: dict[str, Domain] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    parsed: list[ProductName] = field(default_factory=list)

    def domain(self, name: str, title: str | None = None) -> None:
        self.domains[name] = Domain(name, f"domains/{name}/domain.yaml", digest([name, title]), title, team="a team")

    def product(
        self,
        name: str,
        tables: Mapping[str, Columns] | None = None,
        *,
        version: str = "1.0.0",
        status: str = "active",
        inputs: Mapping[str, str | tuple[str, int]] | None = None,
        contracts: Sequence[Mapping[str, Any]] | None = None,
        **more: Any,
    ) -> None:
        """Put a product whose one port is called as itself, in one contract or several majors of it."""
        address = ProductName.parse(name)
        if address.domain not in self.domains:
            self.domain(address.domain)
        if contracts is None:
            contracts = [contract_document(address.product, tables or {}, version=version, status=status)]
        outputs = []
        for document in contracts:
            major = document["version"].split(".")[0]
            path = f"domains/{address.domain}/{address.product}/contracts/{address.product}.v{major}.odcs.yaml"
            contract = parse_contract(json.dumps(document, indent=1), path)
            outputs.append(OutputPort(address.product, contract.version, contract))
        ports = []
        for local, source in (inputs or {}).items():
            target, major_read = (source, None) if isinstance(source, str) else source
            ports.append(InputPort(local, port=target, major=major_read, where=Location(f"{name}.yaml", 7, 3)))
        plain: dict[str, Any] = {
            "name": address,
            "id": name,
            "version": "1.0.0",
            "status": "active",
            "folder": "/nowhere",
            "path": f"domains/{address.domain}/{address.product}/product.yaml",
            "text": f"id: {name}",
            "digest": "",
            "outputs": tuple(outputs),
            "inputs": tuple(ports),
            **more,
        }
        product = Product(**plain)
        self.products[address] = replace(product, digest=digest(repr(product)))

    def broken(self, name: str) -> None:
        """Make a product's files unreadable."""
        address = ProductName.parse(name)
        self.products.pop(address, None)
        path = f"domains/{address.domain}/{address.product}/product.yaml"
        self.problems.append(Problem(ILLEGAL_NAME, "unreadable", Location(path, 1, 1), subject=name))

    def workspace(self) -> Workspace:
        def parse(name: ProductName) -> Product:
            self.parsed.append(name)
            return self.products[name]

        config = MeshConfig("test", "/nowhere", "sqlite://", "warehouse", "/nowhere/.hanse")
        entries = {name: _entry(product) for name, product in self.products.items()}
        return Workspace(config, dict(self.domains), entries, tuple(self.problems), parse)


def _entry(product: Product) -> Entry:
    outputs = tuple(
        PortSummary(p.name, p.major, p.version, p.contract.id, tuple(t.name for t in p.contract.tables), "")
        for p in product.outputs
        if p.contract
    )
    inputs = tuple(
        InputSummary(p.name, p.contract_id, p.port, p.major, p.where or Location(product.path))
        for p in product.input_ports
    )
    return Entry(
        name=product.name,
        path=product.path,
        digest=product.digest,
        settings=product.digest,
        version=product.version,
        status=product.status,
        outputs=outputs,
        inputs=inputs,
    )


@dataclass
class Tables:
    """A table store that keeps schemas and nothing else; what plans need of a :class:`TableStore`."""

    schemas: dict[TableName, TableSchema] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def create(self, table: TableName, columns: Sequence[ColumnDraft]) -> TableSchema:
        self.calls.append(f"create {table}")
        there = self.schemas.get(table)
        if there is None:
            there = self.schemas[table] = TableSchema(0, _stored(columns, 1))
        elif _drafts(there) != _plain(columns):
            raise StorageError(ILLEGAL_NAME, f"{table} has other columns")
        return there

    def alter(self, table: TableName, columns: Sequence[ColumnDraft], *, since: int | None = None) -> TableSchema:
        self.calls.append(f"alter {table}")
        there = self.schemas[table]
        assert since is None or since <= there.schema_id, "a schema that was recorded is one that the table had"
        if _drafts(there) != _plain(columns):
            there = self.schemas[table] = TableSchema(there.schema_id + 1, _stored(columns, 100 * there.schema_id))
        return there

    def schema(self, table: TableName) -> TableSchema | None:
        return self.schemas.get(table)

    def shape(self) -> dict[str, list[tuple[str, str, bool]]]:
        return {str(name): _drafts(schema) for name, schema in sorted(self.schemas.items())}


def as_store(tables: Tables) -> TableStore:
    """Hand in a store that has only what applying needs."""
    return cast("TableStore", tables)


def _stored(columns: Sequence[ColumnDraft], first: int) -> tuple[StoredColumn, ...]:
    return tuple(StoredColumn(first + i, c.name, c.type, c.required) for i, c in enumerate(columns))


def _drafts(schema: TableSchema) -> list[tuple[str, str, bool]]:
    return [(c.name, str(c.type), c.required) for c in schema.columns]


def _plain(columns: Sequence[ColumnDraft]) -> list[tuple[str, str, bool]]:
    return [(c.name, str(c.type), c.required) for c in columns]


def release(registry: Registry, name: str) -> None:
    """Make what is applied of a product visible, as a run would."""
    address = ProductName.parse(name)
    product = registry.reader().product(address)
    assert product is not None
    tables = tuple(
        ReleasedTable(t.name, t.port, 1, t.schema_id, f"{t.port}_contract", "1.0.0", 1, 1, "k") for t in product.tables
    )
    with registry.write() as writer:
        writer.release(Release(f"r-{name}", address, 0, None, "metadata", "k", "1.0.0", NOW, tables), 0)
