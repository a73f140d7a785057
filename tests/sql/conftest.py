"""A locked session with one granted relation, and things that must never be seen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from hanse.base import HanseError
from hanse.drivers.duckdb import DuckDBEngine
from hanse.interfaces import ParquetScan, Session, SessionLimits
from hanse.sql import Bound, parse_select, second_reading

GRANTED = ("sales", "shop", "orders")
INTERNAL = "__t_1"


@dataclass
class Guarded:
    """The road without the registry: what `query` does, over one granted table.

    Attributes:
        denials: who refused the last statement: ``first`` or ``second`` reading, ``engine``, or None.
    """

    session: Session
    root: Path

    def answer(self, sql: str) -> tuple[str, str]:
        """Return who ended the statement (``denied``, ``engine`` or ``ran``) and all that a reader would see."""
        try:
            statement = parse_select(sql, times=True)
            bound = statement.bind({GRANTED: INTERNAL}, {(GRANTED, 1): INTERNAL})
            second_reading(bound, self.session.references(bound.sql))
        except HanseError as error:
            return "denied", str(error)
        return self.run(bound.sql)

    def answer_unread(self, sql: str) -> tuple[str, str]:
        """The same without the first reading: the author's own text, names replaced in it."""
        text = sql.replace("sales.shop.orders", INTERNAL)
        try:
            second_reading(Bound(text, frozenset({INTERNAL}), frozenset()), self.session.references(text))
        except HanseError as error:
            return "denied", str(error)
        return self.run(text)

    def run(self, sql: str) -> tuple[str, str]:
        """Run generated text."""
        try:
            return "ran", str(self.session.fetch(sql).slice(0, 200).to_pylist())
        except HanseError as error:
            return "engine", str(error)


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    root = tmp_path_factory.mktemp("guarded")
    for folder in ("inside", "outside"):
        (root / folder).mkdir()
    (root / "outside" / "secret.txt").write_text("CANARY-FILE\n")
    (root / "outside" / "secret.csv").write_text("a,b\nCANARY-FILE,2\n")
    with duckdb.connect() as connection:
        for name, select in {
            "orders": "SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'US' ELSE 'EU' END AS region, 'note ' || i AS note, "
            "'c' || i || '@example.com' AS email, 100 + i AS amount, i + 5000 AS ssn, {'a': i, 'b': 'x' || i} AS st, "
            "['l' || i] AS li FROM range(30) t(i)",
            "vault": "SELECT 'CANARY-VAULT' AS x",
            "payroll": "SELECT 'CANARY-PAYROLL' AS name, 1 AS salary",
        }.items():
            connection.sql(select).write_parquet(str(root / "inside" / f"{name}.parquet"))
    os.environ["HANSE_CANARY"] = "CANARY-ENV"
    engine = DuckDBEngine(threads=2, memory=300_000_000, temp_directory=root / "spill")
    try:
        with engine.open(readable=[str(root / "inside")], limits=SessionLimits(seconds=1.0)) as session:
            session.bind(INTERNAL, ParquetScan((str(root / "inside" / "orders.parquet"),)))
            for name in ("vault", "payroll"):
                session.bind(name, ParquetScan((str(root / "inside" / f"{name}.parquet"),)))
            yield Guarded(session, root)
    finally:
        del os.environ["HANSE_CANARY"]
