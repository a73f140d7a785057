"""Columns of a database's tables, brought to the engine: only those that a check needs, each at most once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hanse.base import new_id
from hanse.interfaces import ArrowScan, ParquetScan
from hanse.quality.hosted.dialects import Dialect
from hanse.quality.hosted.documents import documents
from hanse.quality.texts import Texts, read_texts
from hanse.spec.types import List, Map, Struct

if TYPE_CHECKING:
    from hanse.interfaces import HostedDatabase, Session


@dataclass
class Host:
    """A database under test, and the engine that answers what it cannot.

    Attributes:
        database: where the tables are.
        dialect: how to ask it; its tables are those of the contract that are in the database.
        session: the engine's; may read and write ``folder``.
        folder: for what is brought over; whoever made it removes it.
    """

    database: HostedDatabase
    dialect: Dialect
    session: Session
    folder: str
    _texts: dict[tuple[str, tuple[str, ...]], Texts] = field(default_factory=dict)

    def texts(self, relation: str, names: Iterable[str]) -> Texts:
        """Bring columns of all rows of a table, and read them as the contract's types.

        Raises:
            IngestError: the database refuses.
            EngineError: they cannot be kept here.
        """
        table = self.dialect.tables[relation]
        chosen = [name for name in table.columns if name in set(names)] or list(table.columns)[:1]
        key = (relation, tuple(chosen))
        if key not in self._texts:
            self._texts[key] = self.rows(relation, self.dialect.staged(relation, chosen), chosen)
        return self._texts[key]

    def nothing(self, relation: str) -> Texts:
        """Bind no rows of a table, for checks that ask nothing of the data."""
        import pyarrow as pa

        table = self.dialect.tables[relation]
        raw = f"brought_{new_id().lower()}"
        names = list(table.columns) or [column.name for column in table.table.columns]
        self.session.bind(raw, ArrowScan(pa.table({name: pa.array([], pa.string()) for name in names})))
        return read_texts(self.session, table.table, raw, f"{raw}_values", hold=False)

    def rows(self, relation: str, select: str, names: Sequence[str], extra: Mapping[str, bool] | None = None) -> Texts:
        """Bring what a query returns: columns of a table in the form that the engine reads, and others as they are.

        Args:
            relation: the table.
            select: the query.
            names: its first columns, as the contract has them.
            extra: names for its other columns → whether they are bytes.
        """
        others = extra or {}
        table = self.dialect.tables[relation]
        raw = f"brought_{new_id().lower()}"
        path = os.path.join(self.folder, f"{raw}.parquet")
        binary = [name for name in names if table.columns[name].family == "binary"]
        binary += [name for name, is_binary in others.items() if is_binary]
        self.database.stage(select, [*names, *others], path, binary=binary)
        self.session.bind(raw, ParquetScan((path,)))
        nested = {
            c.name: c.type for c in table.table.columns if c.name in names and isinstance(c.type, Struct | List | Map)
        }
        if nested:
            self.session.derive(f"{raw}_nested", documents(raw, [*names, *others], nested))
            raw = f"{raw}_nested"
        return read_texts(self.session, table.table, raw, f"{raw}_values", hold=False)
