"""Data products (Bitol ODPS v1), their pipelines (ours), and the transforms beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hanse.base import Location, ProductName
from hanse.spec.contract import Contract, Table
from hanse.spec.retention import Retention
from hanse.spec.text_style import TextStyle
from hanse.spec.types import DataType
from hanse.spec.urls import redact
from hanse.spec.windows import Window

Lifecycle = Literal["proposed", "draft", "active", "deprecated", "retired"]


@dataclass(frozen=True, slots=True)
class OutputPort:
    """Where a product serves.

    Attributes:
        name: name of the port, unique with its major.
        kind: ``tables`` now; other kinds later. Do not assume tables where a port is meant.
        contract: the promise, or None when the port declares none (such a port serves nothing).
    """

    name: str
    version: str
    contract: Contract | None
    kind: str = "tables"
    description: str | None = None
    where: Location | None = None

    @property
    def major(self) -> int:
        """Major version that consumers address."""
        return self.contract.major if self.contract else 1


@dataclass(frozen=True, slots=True)
class InputPort:
    """Where a product reads another product.

    Written either in ``product.yaml`` (``contractId``: any tool understands it) or in ``pipeline.yaml`` (``port``).

    Attributes:
        name: name by which transforms may call it.
        contract_id: id of the contract read, when written in ODPS.
        port: ``domain.product.port``, when written in ``pipeline.yaml``.
        major: pinned major, or None for the newest.
    """

    name: str
    contract_id: str | None = None
    port: str | None = None
    major: int | None = None
    where: Location | None = None


Compression = Literal["none", "gzip", "zip", "bz2", "zstd"]
Drift = Literal["fail", "ignore", "evolve"]
Format = Literal["csv", "ndjson", "json", "parquet", "xlsx", "avro"]


@dataclass(frozen=True, slots=True)
class FileInput:
    """A file that a pipeline reads.

    Attributes:
        name: relation name in transforms.
        path: path or pattern, relative to the product's folder, or absolute; or an address; references are expanded.
        format: guessed from the name when not written.
        compression: ``zip`` has one member; guessed from the name; CSV and JSON only.
        columns: name → SQL type, pinning what is otherwise inferred from the whole file; CSV and JSON only.
        delimiter, quote, encoding, null_values: CSV dialect, None or empty: sniffed.
        header: whether the first line names the columns, None: it does; CSV and Excel.
        style: how numbers and dates are written in a CSV file.
        bad_rows: so many lines of a CSV file that are no rows of it are left aside with a warning; more fail the run.
        sheet: of an Excel workbook, None: the first one.
        only_new: of a pattern: a run reads only files whose content was not taken in before.
        drift: what becomes of columns that a file has too many or too few. ``fail``: the run fails. ``ignore``: they
            are left out, or null, with a warning. ``evolve``: likewise, and the warning says how the contract could
            follow.
        written: the path as written, references unexpanded; None: as ``path``.
    """

    name: str
    path: str
    format: Format
    compression: Compression = "none"
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    encoding: str | None = None
    null_values: tuple[str, ...] = ()
    style: TextStyle = field(default_factory=TextStyle)
    bad_rows: int = 0
    sheet: str | None = None
    only_new: bool = False
    drift: Drift = "fail"
    where: Location | None = None
    written: str | None = None

    @property
    def shown(self) -> str:
        """The path for messages and records: without the values of variables, and without signatures."""
        return redact(self.path if self.written is None else self.written)


@dataclass(frozen=True, slots=True)
class DatabaseInput:
    """A table or view of a database that a pipeline reads, all of it, in every run.

    Attributes:
        name: relation name in transforms.
        table: the table's own name; references are expanded.
        schema: the schema it is in; None: SQLite, which has none.
        connection: name of a connection of ``mesh.yaml``; None: ``sqlite`` is given.
        sqlite: path of an SQLite file, relative to the product's folder, or absolute; references are expanded.
        columns: name → type, pinning what the database's own types leave open.
        drift: as of a file.
        shown: the table for messages and records: without the values of variables.
    """

    name: str
    table: str
    schema: str | None = None
    connection: str | None = None
    sqlite: str | None = None
    columns: Mapping[str, DataType] = field(default_factory=dict)
    drift: Drift = "fail"
    where: Location | None = None
    shown: str = ""


Source = FileInput | DatabaseInput
Materialization = Literal["replace", "append", "merge", "partition", "snapshot"]


@dataclass(frozen=True, slots=True)
class TableSettings:
    """What a run's result means for a table.

    Attributes:
        materialize: ``replace``: the result is the whole table. ``append``: its rows are added. ``merge``: they replace
            those of equal primary key and add the others. ``partition``: they replace all rows of the partitions that
            they are in. ``snapshot``: they are the present state, of which the table keeps the history (a slowly
            changing dimension of type 2).
        deleted: ``merge``: boolean column of the result that is true for rows to be deleted; no column of the table.
        by: ``partition``: the columns that make a partition; empty: the contract's partition keys.
        since: ``snapshot``: column of the table that tells from when a row holds.
        until: ``snapshot``: column of the table that tells until when it held, null while it holds.
        missing: ``snapshot``: what becomes of a row whose key is not in the result: it is closed, or kept.
        window: ``replace``: the table is built range by range, and a result stands for its range only.
    """

    materialize: Materialization = "replace"
    deleted: str | None = None
    by: tuple[str, ...] = ()
    since: str = "valid_from"
    until: str = "valid_to"
    missing: Literal["close", "keep"] = "close"
    window: Window | None = None
    where: Location | None = None

    @property
    def grows(self) -> bool:
        """Whether the table is what earlier runs made it, and a run's result only a part of it."""
        return self.materialize != "replace" or self.window is not None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``pipeline.yaml``, or what stands for it when there is none."""

    files: tuple[FileInput, ...] = ()
    ports: tuple[InputPort, ...] = ()
    tables: Mapping[str, TableSettings] = field(default_factory=dict)
    path: str | None = None
    retention: Retention | None = None
    databases: tuple[DatabaseInput, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Everything read from outside the mesh."""
        return (*self.files, *self.databases)


@dataclass(frozen=True, slots=True)
class Transform:
    """One file of SQL or Python: its name is its table's name.

    Attributes:
        name: table built, as the file is called (``orders`` or ``orders_v2``).
        path: file, relative to the mesh.
        text: text, as it stands.
        language: what it is written in.
    """

    name: str
    path: str
    text: str
    language: Literal["sql", "python"] = "sql"


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One file of ``queries/``: a predefined query of the product."""

    name: str
    path: str
    sql: str


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A member of the owning team, as the descriptor names them."""

    username: str
    role: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A data product: everything that a domain team wrote about it.

    Attributes:
        name: address, from the folders' names.
        id: ODPS ``id``.
        folder: the product's folder, absolute.
        path: ``product.yaml``, relative to the mesh.
        text: ``product.yaml`` as it stands.
        digest: SHA-256 over all files of the product as they stand; values of variables are not in it.
    """

    name: ProductName
    id: str
    version: str
    status: Lifecycle
    folder: str
    path: str
    text: str
    digest: str
    title: str | None = None
    purpose: str | None = None
    usage: str | None = None
    limitations: str | None = None
    tags: tuple[str, ...] = ()
    team: str | None = None
    members: tuple[TeamMember, ...] = ()
    support: tuple[Mapping[str, Any], ...] = ()
    outputs: tuple[OutputPort, ...] = ()
    inputs: tuple[InputPort, ...] = ()
    pipeline: Pipeline = field(default_factory=Pipeline)
    transforms: tuple[Transform, ...] = ()
    queries: tuple[SavedQuery, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tables(self) -> tuple[tuple[OutputPort, Table], ...]:
        """Every table of every output port that has a contract, in the order written."""
        return tuple((port, table) for port in self.outputs if port.contract for table in port.contract.tables)

    @property
    def input_ports(self) -> tuple[InputPort, ...]:
        """Input ports of the descriptor and of the pipeline; the pipeline's win on equal names."""
        mine = {p.name: p for p in self.inputs} | {p.name: p for p in self.pipeline.ports}
        return tuple(mine.values())
