"""A table under test, as a run has it: staged by the real engine into Parquet, then bound in a locked session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.base import TableName
from hanse.drivers.duckdb import DuckDBEngine
from hanse.interfaces import ArrowScan, ParquetScan, Session
from hanse.quality import Verdict, checks_of, explain, verify
from hanse.registry.records import CheckResult
from hanse.spec.contract import Column, Contract, Limits, Rule, Table
from hanse.spec.types import DataType, Decimal, List, Map, Scalar, Struct

_ARROW: dict[Scalar, pa.DataType] = {
    Scalar.BOOLEAN: pa.bool_(),
    Scalar.BIGINT: pa.int64(),
    Scalar.DOUBLE: pa.float64(),
    Scalar.VARCHAR: pa.string(),
    Scalar.BLOB: pa.binary(),
    Scalar.DATE: pa.date32(),
    Scalar.TIME: pa.time64("us"),
    Scalar.TIMESTAMP: pa.timestamp("us"),
    Scalar.TIMESTAMPTZ: pa.timestamp("us", "UTC"),
}


def arrow_type(type_: DataType) -> pa.DataType:
    match type_:
        case Decimal(precision, scale):
            return pa.decimal128(precision, scale)
        case Struct(fields):
            return pa.struct([(f.name, arrow_type(f.type)) for f in fields])
        case List(item):
            return pa.list_(arrow_type(item))
        case Map(key, value):
            return pa.map_(arrow_type(key), arrow_type(value))
        case _:
            return _ARROW[type_]


@dataclass
class Laboratory:
    """Verifies rows of Python values against a contract's table."""

    session: Session
    folder: Path
    numbers: Iterator[int]

    def bind(self, table: Table, rows: Sequence[Mapping[str, Any]], *, parquet: bool = True) -> tuple[str, list[str]]:
        schema = pa.schema([(c.name, arrow_type(c.type)) for c in table.columns])
        data = pa.Table.from_pylist([dict(r) for r in rows], schema=schema)
        number = next(self.numbers)
        self.session.bind(f"__rows_{number}", ArrowScan(data))
        if not parquet:
            return f"__rows_{number}", []
        path = str(self.folder / f"{number}.parquet")
        self.session.stage(f'SELECT * FROM "__rows_{number}"', path)
        self.session.unbind(f"__rows_{number}")
        self.session.bind(f"__staged_{number}", ParquetScan((path,)))
        return f"__staged_{number}", [path]

    def verify(
        self,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        *,
        parquet: bool = True,
        relations: Mapping[str, str] | None = None,
        limit: int = 20,
    ) -> Verdict:
        relation, files = self.bind(table, rows, parquet=parquet)
        return verify(
            self.session,
            table,
            contract(table),
            relation,
            files,
            run_id="run",
            table_name=TableName("sales", "orders", "orders"),
            relations=relations or {},
            limit=limit,
        )

    def verify_contract(
        self,
        contract: Contract,
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        storage: str = "statistics",
        limit: int = 20,
    ) -> Verdict:
        """Verify a contract's first table; the others are there for its relationships.

        Args:
            contract: the contract.
            tables: rows of all its tables.
            storage: ``memory``, or Parquet: with ``statistics``, with ``no statistics``, or in ``many files``.
            limit: greatest number of failing rows kept per check.
        """
        bound = {t.name: self.stored(t, tables[t.name], storage) for t in contract.tables}
        first = contract.tables[0]
        relation, files = bound[first.name]
        try:
            return verify(
                self.session,
                first,
                contract,
                relation,
                files,
                run_id="run",
                table_name=TableName("sales", "orders", first.name),
                relations={name: found for name, (found, _) in bound.items()},
                limit=limit,
            )
        finally:
            for found, _ in bound.values():
                self.session.unbind(found)

    def stored(self, table: Table, rows: Sequence[Mapping[str, Any]], storage: str) -> tuple[str, list[str]]:
        """Store rows, bind them, and return the relation's name and its Parquet files."""
        schema = pa.schema([(c.name, arrow_type(c.type)) for c in table.columns])
        name = f"__stored_{next(self.numbers)}"
        parts = [rows] if storage != "many files" or len(rows) < 2 else [rows[: len(rows) // 3], rows[len(rows) // 3 :]]
        data = [pa.Table.from_pylist([dict(r) for r in part], schema=schema) for part in parts]
        if storage == "memory":
            self.session.bind(name, ArrowScan(data[0]))
            return name, []
        files = []
        for number, part in enumerate(data):
            files.append(str(self.folder / f"{name}_{number}.parquet"))
            pq.write_table(part, files[-1], write_statistics=storage != "no statistics", row_group_size=5)
        self.session.bind(name, ParquetScan(tuple(files)))
        return name, files

    def verdict(self, table: Table, rows: Sequence[Mapping[str, Any]], check_id: str, **options: Any) -> CheckResult:
        return by_id(self.verify(table, rows, **options))[check_id]

    def methods(self, table: Table, rows: Sequence[Mapping[str, Any]], *, parquet: bool = True) -> dict[str, str]:
        relation, files = self.bind(table, rows, parquet=parquet)
        passes = explain(self.session, table, contract(table), relation, files)
        return {clause.split(":")[0]: p["method"] for p in passes for clause in p["checks"]}


def contract(table: Table) -> Contract:
    return Contract("orders", "1.0.0", "v3.1.0", "active", (table,), "contracts/orders.odcs.yaml", "")


def by_id(verdict: Verdict) -> dict[str, CheckResult]:
    return {r.check_id: r for r in verdict.results}


def column(name: str, type_: DataType, *, limits: Mapping[str, Any] | None = None, **facts: Any) -> Column:
    return Column(name, type_, "any", limits=Limits(**(limits or {})), **facts)


def table(*columns: Column, rules: Sequence[Rule] = ()) -> Table:
    return Table("orders", columns, rules=tuple(rules))


@dataclass(frozen=True)
class Words:
    """How tests write contracts; handed over as a fixture, because test folders are no packages."""

    column = staticmethod(column)
    table = staticmethod(table)
    contract = staticmethod(contract)
    by_id = staticmethod(by_id)

    @staticmethod
    def ids(subject: Table) -> list[str]:
        return [check.id for check in checks_of(contract(subject), subject)]


@pytest.fixture(scope="session")
def words() -> Words:
    return Words()


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("staged")
    with DuckDBEngine(threads=2).open(readable=[str(folder)], writable=[str(folder)]) as session:
        yield Laboratory(session, folder, count())


@pytest.fixture
def any_size_is_big(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the planner look at samples of small tables too."""
    monkeypatch.setattr("hanse.quality.evidence.BIG", 0)
