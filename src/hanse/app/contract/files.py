"""Files and folders, bound in one locked session of the embedded engine, where they are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hanse import sql
from hanse.app.contract.columns import Matched, match
from hanse.app.contract.dialect import with_dialect
from hanse.app.contract.options import Options
from hanse.app.contract.places import Place
from hanse.app.contract.remote import bring
from hanse.app.contract.scratch import scratch_folder
from hanse.base import EngineError
from hanse.drivers.duckdb import DuckDBEngine
from hanse.interfaces import (
    ArrowScan,
    CsvScan,
    DuckDBScan,
    JsonScan,
    ParquetScan,
    RejectedLine,
    Session,
    SessionLimits,
    StoredColumn,
)
from hanse.quality.evidence import Shape
from hanse.quality.texts import Texts, read_texts
from hanse.spec.contract import Table
from hanse.spec.types import DataType, List, Map, Struct

if TYPE_CHECKING:
    from hanse.ingest import FileScan

TEXTUAL = frozenset({"csv", "ndjson", "json", "xlsx"})
HELD_BYTES = 256_000_000
"""Texts of up to so many bytes are kept in the session's memory once read; larger ones are read where they are."""

SHARED_BYTES = 4_000_000
"""Data up to which one thread reads it: about two row groups."""
MAX_REJECTED = 1_000_000
"""Lines of one file that are no rows, up to which they are counted."""
# The engine seam's codes for a malformed row and for bytes that are no text.
_BAD_LINES = frozenset({"HNS-E013", "HNS-E014"})


@dataclass(frozen=True, slots=True)
class Bound:
    """A table's data, ready to be looked at.

    Attributes:
        relation: bound name, columns named as in the contract.
        files: its Parquet files, if it is Parquet.
        columns: if they are those of an Iceberg table: its columns.
        matched: which columns are the contract's.
        texts: how its values were read, if they came as texts.
        rejected: lines of CSV files that are no rows.
        types: name → engine type of the relation's columns, if they were asked for.
    """

    relation: str
    matched: Matched
    files: tuple[str, ...] = ()
    columns: tuple[StoredColumn, ...] | None = None
    texts: Texts | None = None
    rejected: tuple[RejectedLine, ...] = ()
    types: Mapping[str, str] | None = None

    @property
    def shape(self) -> Shape:
        """What is known of it."""
        rows = self.texts.rows if self.texts else None
        return Shape(rows, self.matched.renamed, typed=self.texts is None, columns=self.types)


@dataclass
class FileData:
    """Binds tables in its session, each under a name of its own."""

    session: Session
    scratch: str
    _tables: int = 0

    def bind(self, table: Table, place: Place) -> Bound:
        """Make a table's data readable.

        Raises:
            HanseError: it cannot be read.
        """
        name = f"__t{self._tables}"
        self._tables += 1
        if place.reach:
            place = bring(place, os.path.join(self.scratch, name))
        if place.kind == "iceberg":
            return self._bind_iceberg(name, table, place.paths[0])
        if place.kind != "csv":
            return self._bind_files(name, table, place)
        try:
            return self._bind_files(name, table, place)
        except EngineError as error:
            if error.code.id not in _BAD_LINES:
                raise
            sound, rejected = self._sift(name, place)
            return replace(self._bind_files(name, table, sound), rejected=rejected)

    def _bind_files(self, name: str, table: Table, place: Place) -> Bound:
        raw = f"{name}_files"
        if place.kind == "duckdb":
            self._bind_duckdb(raw, table, place)
        elif place.kind == "parquet":
            self.session.bind(raw, ParquetScan(place.paths))
        else:
            self._bind_each(raw, place, table)
        have = dict(self.session.describe(sql.select_star(raw)))
        matched = match(table, list(have))
        self.session.derive(name, sql.project(raw, matched.projection))
        if place.kind not in TEXTUAL:
            types = {named: have[column] for column, named in matched.projection}
            return Bound(name, matched, files=place.paths if place.kind == "parquet" else (), types=types)
        hold = sum(map(os.path.getsize, place.paths)) <= HELD_BYTES
        texts = read_texts(self.session, table, name, f"{name}_values", hold=hold)
        return Bound(texts.relation, matched, texts=texts)

    def _sift(self, name: str, place: Place) -> tuple[Place, tuple[RejectedLine, ...]]:
        """Copy the lines that are rows, so that the others are one verdict and not the end of all."""
        copies, rejected = [], list[RejectedLine]()
        for number, path in enumerate(place.paths):
            copies.append(os.path.join(self.scratch, f"{name}-{number}.csv"))
            scan = _scan(place, path, self.scratch)
            assert isinstance(scan, CsvScan)
            rejected += self.session.sift(scan, copies[-1], at_most=MAX_REJECTED)
        return replace(place, paths=tuple(copies), compression="none", encoding=None), tuple(rejected)

    def _bind_iceberg(self, name: str, table: Table, folder: str) -> Bound:
        from hanse.drivers.iceberg import scan_folder

        scan = scan_folder(folder)
        self.session.bind(f"{name}_files", scan)
        matched = match(table, [column.name for column in scan.columns])
        self.session.derive(name, sql.project(f"{name}_files", matched.projection))
        return Bound(name, matched, files=scan.files, columns=scan.columns)

    def _bind_duckdb(self, raw: str, table: Table, place: Place) -> None:
        name = table.physical_name or table.name
        schema, point, last = name.partition(".")
        inside = DuckDBScan(place.paths[0], last if point else name, schema if point else place.schema or "main")
        self.session.bind(raw, inside)

    def _bind_each(self, raw: str, place: Place, table: Table) -> None:
        parts = []
        for number, path in enumerate(place.paths):
            name = raw if len(place.paths) == 1 else f"{raw}_{number}"
            empty = place.kind in ("ndjson", "json") and _holds_nothing(path)
            scan = _scan(place, path, self.scratch)
            if isinstance(scan, JsonScan):
                scan = replace(scan, nested=_nested(table))
            self.session.bind(name, _no_rows(table) if empty else scan)
            parts.append(name)
        if len(parts) > 1:
            self.session.derive(raw, _union(self.session, parts))


@contextmanager
def opened_files(places: Iterable[Place], options: Options) -> Iterator[FileData]:
    """Open a session that can read these places and nothing else.

    Raises:
        EngineError: the engine cannot be started with these limits.
    """
    places = tuple(places)
    with scratch_folder() as scratch:
        readable = [path for place in places if not place.reach for path in place.paths]
        # A database that somebody writes to has a log beside it.
        readable += [f"{path}.wal" for place in places if place.kind == "duckdb" for path in place.paths]
        formats = {place.kind for place in places} & {"xlsx", "avro"}
        limits = SessionLimits(_threads(places), options.memory, options.seconds)
        engine = DuckDBEngine(temp_directory=scratch)
        with engine.open(readable=readable, writable=[scratch], limits=limits, formats=formats) as session:
            yield FileData(session, scratch)


def _threads(places: Sequence[Place]) -> int | None:
    """Return 1 where there is too little to share: several threads would use a third more CPU, and be no faster."""
    if any(place.reach or place.kind == "iceberg" for place in places):
        return None
    return 1 if sum(os.path.getsize(path) for place in places for path in place.paths) <= SHARED_BYTES else None


def _scan(place: Place, path: str, scratch: str) -> FileScan:
    from hanse.ingest import relation
    from hanse.spec.product import FileInput

    kind = place.kind if place.kind != "json" or _is_array(path) else "ndjson"
    assert kind != "iceberg"
    assert kind != "duckdb"
    assert kind
    source = FileInput(
        "data",
        path,
        kind,
        compression=place.compression,
        encoding=place.encoding,
        written=os.path.basename(path),
    )
    scan = relation(source, path, text=True, scratch=scratch)
    return with_dialect(scan) if isinstance(scan, CsvScan) else scan


def _nested(table: Table) -> dict[str, DataType]:
    """Return the lists, maps and objects of a table, by every name that they may have in the data."""
    found = [column for column in table.columns if isinstance(column.type, List | Map | Struct)]
    outside = {column.physical_name: column.type for column in found if column.physical_name}
    return outside | {column.name: column.type for column in found}


def _holds_nothing(path: str) -> bool:
    """Say whether a JSON file holds no object, so that nothing in it could name a column."""
    with open(path, "rb") as file:
        return file.read(64).strip() in (b"", b"[]", b"[ ]")


def _is_array(path: str) -> bool:
    """Say whether a file called JSON is one array; many are one object per line."""
    with open(path, "rb") as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    return not start.startswith(b"{")


def _no_rows(table: Table) -> ArrowScan:
    import pyarrow as pa

    return ArrowScan(pa.table({column.name: pa.array([], pa.string()) for column in table.columns}))


def _union(session: Session, parts: Sequence[str]) -> str:
    """Return the rows of several relations; a column that one lacks is null in it."""
    types: dict[str, str] = {}
    have: dict[str, Mapping[str, str]] = {}
    for part in parts:
        have[part] = {name.casefold(): name for name, _ in session.describe(sql.select_star(part))}
        for name, kind in session.describe(sql.select_star(part)):
            types.setdefault(name, kind) if name.casefold() not in map(str.casefold, types) else None
    return sql.union_all(
        [sql.align(p, [(have[p].get(name.casefold()), name, kind) for name, kind in types.items()]) for p in parts]
    )
