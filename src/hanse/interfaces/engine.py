"""The seam to whatever runs SQL. Text that crosses it was generated from a checked tree, not written by a consumer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from hanse.interfaces.tables import StagedFile, StoredColumn, TableScan
from hanse.spec import TextStyle
from hanse.spec.types import DataType

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ParquetScan:
    """Parquet files as they are, columns by name."""

    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CsvScan:
    """One CSV file, plain or gzip.

    Attributes:
        text: read every column as text.
        columns: name → SQL type; pins what is otherwise inferred from the whole file.
        delimiter, quote, escape, header, encoding, null_values: dialect; None or empty: sniffed.
        style: how numbers and dates are written; values that are read as text stay as they are.
    """

    path: str
    text: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    header: bool | None = None
    encoding: str | None = None
    null_values: tuple[str, ...] = ()
    compression: str = "none"
    style: TextStyle = field(default_factory=TextStyle)


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line of a CSV file that is no row of it: too many values or too few, a stray quote, bytes that are no text.

    Attributes:
        number: from 1, as editors count.
        text: the line as it stands.
        reason: in the engine's words.
    """

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class JsonScan:
    """One file of JSON objects, plain or gzip.

    Attributes:
        lines: one object per line (NDJSON); otherwise one array of objects.
        text: read every value that is no object or array as text, numbers as they are written, at every depth.
        columns: name → SQL type; pins what is otherwise inferred from the whole file.
        nested: with ``text``: name in any case of its letters → the list, map or object that somebody expects there.
            Where some value has another shape, or where a map is expected, which JSON does not tell from an object, the
            column comes as JSON, with its numbers as texts.
    """

    path: str
    lines: bool
    text: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    compression: str = "none"
    nested: Mapping[str, DataType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExcelScan:
    """One sheet of an Excel workbook (``.xlsx``).

    Attributes:
        text: read every cell as text, dates and times in ISO 8601.
        sheet: the sheet's name, None: the first one.
        header: whether the first row names the columns.
    """

    path: str
    text: bool = False
    sheet: str | None = None
    header: bool = True


@dataclass(frozen=True, slots=True)
class AvroScan:
    """One Avro file as it is."""

    path: str


@dataclass(frozen=True, slots=True)
class DuckDBScan:
    """A table or view in the file of a DuckDB database, which is opened read only."""

    path: str
    name: str
    schema: str = "main"


@dataclass(frozen=True, slots=True)
class ArrowScan:
    """Rows held in memory."""

    table: pa.Table


Relation = TableScan | ParquetScan | CsvScan | JsonScan | ExcelScan | AvroScan | DuckDBScan | ArrowScan


@dataclass(frozen=True, slots=True)
class References:
    """What a statement names, as the engine's own parser reads it.

    Attributes:
        relations: base relations (not CTEs), each as its dotted parts.
        ctes: names of common table expressions.
        functions: scalar and aggregate functions, lower case.
        table_functions: functions in FROM, lower case.
        statement: ``select`` or another kind of statement, lower case.
    """

    relations: frozenset[tuple[str, ...]]
    ctes: frozenset[str]
    functions: frozenset[str]
    table_functions: frozenset[str]
    statement: str


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """Exact facts about a column, read from file footers without scanning. None: the footers do not say exactly.

    ``minimum`` and ``maximum`` are Python values of the column's type; of floating point there are none where a NaN may
    hide, which is on no side of anything.
    """

    rows: int
    nulls: int | None
    minimum: Any = None
    maximum: Any = None


@dataclass(frozen=True, slots=True)
class FileSizes:
    """How large the files of a table are to be. Few files read fast; small ones are quickly written anew.

    Attributes:
        least: bytes below which it is not worth cutting.
        number: so many files are enough, while they are not larger than ``greatest``.
        greatest: bytes.
    """

    least: int
    number: int
    greatest: int

    def wanted(self, total: int) -> int:
        """Return the bytes that each file should have when all have ``total``."""
        return max(self.least, min(total // self.number, self.greatest))


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What a session may use. None: the engine's default.

    Attributes:
        threads: worker threads.
        memory: bytes.
        seconds: wall-clock seconds for one statement.
    """

    threads: int | None = None
    memory: int | None = None
    seconds: float | None = None


class Session(Protocol):
    """A locked room in the engine: only bound relations, no files, settings or functions that reach outside.

    Every method raises :class:`~hanse.base.EngineError` (codes HNS-E…) for the engine's own errors.
    A session may be used by several threads at once.
    """

    def bind(self, name: str, relation: Relation) -> None:
        """Make a relation readable under a one-part name, replacing an earlier one. Names are never a consumer's."""
        ...

    def unbind(self, name: str) -> None:
        """Forget a relation; unknown names are ignored."""
        ...

    def references(self, sql: str) -> References:
        """Parse with the engine's own parser and return what the statement names."""
        ...

    def describe(self, select: str) -> tuple[tuple[str, str], ...]:
        """Return (column name, type name) of a SELECT without running it."""
        ...

    def stream(self, select: str, *, batch_rows: int = 65_536) -> pa.RecordBatchReader:
        """Run a SELECT and return its rows in batches as they come."""
        ...

    def fetch(self, select: str) -> pa.Table:
        """Run a SELECT that returns few rows, and return them all."""
        ...

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """Run a SELECT of few rows of numbers, texts and truth values, and return them without loading Arrow."""
        ...

    def derive(self, name: str, select: str) -> None:
        """Bind a SELECT over bound relations under a name; nothing is kept, so it runs whenever it is read."""
        ...

    def hold(self, name: str, select: str) -> int:
        """Run a SELECT, keep its rows in the session's own memory (which may spill) and bind them under a name.

        Returns:
            The number of rows.
        """
        ...

    def stage(self, select: str, path: str, columns: Sequence[StoredColumn] | None = None) -> StagedFile:
        """Run a SELECT and write its rows to one Parquet file, with field ids when ``columns`` are given.

        The file exists whole or not at all.
        """
        ...

    def sift(self, scan: CsvScan, path: str, *, at_most: int) -> tuple[RejectedLine, ...]:
        """Copy the sound lines of a CSV file, and return the others in their order.

        The copy is UTF-8, not compressed, its values apart by ``,`` and within ``"``, with the same header or none; all
        that was null or empty is empty. It exists whole or not at all.

        Args:
            scan: the file; types and styles mean nothing here.
            path: where the copy goes.
            at_most: lines to return; one more if there are more.
        """
        ...

    def stage_several(
        self,
        select: str,
        path_of: Callable[[int], str],
        columns: Sequence[StoredColumn] | None = None,
        *,
        sizes: FileSizes,
    ) -> tuple[StagedFile, ...]:
        """Do what :meth:`stage` does, with several files if the rows are many; one after the other, in their order.

        Args:
            select: the SELECT.
            path_of: path of each file by its number, from 0; all in one folder.
            columns: the table's columns, for their ids.
            sizes: how large they are to be, about; each has at least half of it.
        """
        ...

    def statistics(
        self, files: Sequence[str], columns: Sequence[StoredColumn] | None = None
    ) -> Mapping[str, ColumnStatistics]:
        """Return, per top-level column, what the footers of Parquet files say exactly over all the files.

        Args:
            files: the files.
            columns: those of the table that the files belong to. Then columns are found by field id and told by their
                present names, whatever a file calls them; otherwise by the name that they have in every file.
        """
        ...

    def interrupt(self) -> None:
        """End whatever runs in this session; it raises."""
        ...

    def close(self) -> None:
        """Give everything back. Closing twice is harmless."""
        ...

    def __enter__(self) -> Self:
        """Return self."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        ...


class Engine(Protocol):
    """Something that runs SQL over files."""

    @property
    def name(self) -> str:
        """Driver name, as in ``mesh.yaml``."""
        ...

    @property
    def version(self) -> str:
        """Version that influences results; part of what decides whether a table must be built again."""
        ...

    def open(
        self,
        *,
        readable: Sequence[str] = (),
        writable: Sequence[str] = (),
        limits: SessionLimits | None = None,
        formats: Collection[str] = (),
    ) -> Session:
        """Open a locked session.

        Args:
            readable: folders and files that relations may live in.
            writable: folders that :meth:`Session.stage` may write to.
            limits: what it may use.
            formats: formats of the relations to be bound that the engine may need a package for: ``xlsx``, ``avro``.

        Raises:
            EngineError: a package for one of the formats is not installed.
        """
        ...
