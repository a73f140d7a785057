"""Hanse's own files as pydantic models: ``mesh.yaml``, ``domain.yaml``, ``pipeline.yaml``.

Editors read them as JSON Schemas (:func:`json_schemas`), so every key says what it is for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from hanse.spec.connections import SECRET
from hanse.spec.models import Strictly, Text
from hanse.spec.sizes import parse_size
from hanse.spec.urls import is_remote, parse_url

API_VERSION = "hanse/v1"
_PORT = re.compile(r"[^.\s]+\.[^.\s]+\.[^.\s]+")

ApiVersion = Annotated[Literal["hanse/v1"], Field(description="Version of this file's format: `hanse/v1`.")]


def _check_size(text: str) -> str:
    parse_size(text)
    return text


def _check_port(text: str) -> str:
    if not _PORT.fullmatch(text):
        raise ValueError("write the port's address as `domain.product.port`")
    return text


def _check_secret(text: str) -> str:
    if not SECRET.fullmatch(text):
        raise ValueError("write the name of a variable, as `${NAME}`, and keep the password out of this file")
    return text


def _check_filled(text: str) -> str:
    if not text.strip():
        raise ValueError("give it a value")
    return text


Filled = Annotated[Text, AfterValidator(_check_filled), Field(json_schema_extra={"minLength": 1})]


class RegistryFile(Strictly):
    """Where the mesh remembers what it knows."""

    model_config = ConfigDict(title="`registry`")

    url: Filled = Field(
        description="SQLAlchemy URL of the control database. Relative SQLite paths start at the mesh's folder. "
        "Default: `sqlite:///.hanse/registry.db`."
    )


class StorageFile(Strictly):
    """Where tables are kept."""

    model_config = ConfigDict(title="`storage`")

    warehouse: Filled = Field(
        description="Folder of the tables, absolute or relative to the mesh's folder. Default: `.hanse/warehouse`."
    )


class EngineFile(Strictly):
    """Which engine runs SQL, and what it may use."""

    model_config = ConfigDict(title="`engine`")

    driver: Literal["duckdb"] = Field("duckdb", description="The engine: `duckdb`.")
    threads: Annotated[int, Field(ge=1)] | None = Field(None, description="Worker threads. Default: one per processor.")
    memory_limit: Annotated[Text, AfterValidator(_check_size)] | None = Field(
        None, description="Memory it may use, such as `4 GB` or `512 MiB`. Default: 80 % of the machine's."
    )
    python_seconds: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Seconds that a Python transform may take before it is ended. Default: 3600."
    )


class RetentionFile(Strictly):
    """Which releases are kept: what neither number keeps expires when `hanse maintain` runs."""

    model_config = ConfigDict(title="`retention`")

    releases: Annotated[int, Field(ge=1)] | None = Field(None, description="So many of the newest releases.")
    days: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Every release that was visible within so many days: any time since can be queried.",
    )


class MeshRetentionFile(RetentionFile):
    """Which releases are kept, where a domain or product says nothing else."""

    limit: RetentionFile | None = Field(
        None, description="The most that a domain or product may ask for; it also holds where nobody asks."
    )


class ConnectionFile(Strictly):
    """A database that products may read."""

    model_config = ConfigDict(title="a connection")

    type: Literal["postgres"] = Field(description="`postgres`.")
    host: Filled = Field(description="Name or address of the server, or the folder of its socket.")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(None, description="Port of the server. Default: 5432.")
    database: Filled = Field(description="The database.")
    user: Filled = Field(description="Who logs in. Give it the right to read the tables, and no other.")
    password: Annotated[Text, AfterValidator(_check_secret)] | None = Field(
        None,
        description="The variable that holds the password, as `${NAME}`; nothing else may stand here. It is read when "
        "the connection is made, and kept nowhere. Default: what libpq finds, such as `~/.pgpass`.",
    )
    tls: Literal["disable", "require", "verify-ca", "verify-full"] | None = Field(
        None,
        description="`require` (default): encrypted. `verify-ca`, `verify-full`: the server's certificate must be "
        "signed by a known authority, or be that of `host`, too. `disable`: neither.",
    )
    ca: Filled | None = Field(
        None, description="File of the authorities' certificates, absolute or relative to the mesh's folder."
    )
    timeout: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Seconds that reading one table may take. Default: 3600."
    )
    domains: Annotated[list[Filled], Field(min_length=1)] = Field(
        description="The domains whose products may read through it."
    )


def _check_prefix(text: str) -> str:
    if is_remote(text):
        url = parse_url(text)
        if url.query or set(url.path) & set("*?["):
            raise ValueError("write a prefix, without a pattern and without `?`")
    return text


def _check_network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("write a network such as `10.0.0.0/8`, or one address") from None
    return text


class SourcesFile(Strictly):
    """Where file inputs may come from."""

    model_config = ConfigDict(title="`sources`")

    allow: list[Annotated[Filled, AfterValidator(_check_prefix)]] | None = Field(
        None,
        description="What inputs may read beside the mesh's own folder: prefixes of addresses "
        "(`https://data.example.org/`, `s3://bucket/prefix/`) and local folders (`/srv/deliveries`). Default: local "
        "files of any folder, and nothing elsewhere.",
    )
    networks: list[Annotated[Text, AfterValidator(_check_network)]] | None = Field(
        None,
        description="Networks that are not public, such as `10.0.0.0/8`, in which hosts of allowed addresses may lie. "
        "Default: none, but an address or `localhost` that `allow` itself names.",
    )
    max_size: Annotated[Text, AfterValidator(_check_size)] | None = Field(
        None, description="The largest file that is fetched. Default: `10 GB`."
    )
    cache_size: Annotated[Text, AfterValidator(_check_size)] | None = Field(
        None, description="How much of what was fetched is kept, so that it is not fetched again. Default: `20 GB`."
    )


class MeshFile(Strictly):
    """A mesh: one control plane."""

    model_config = ConfigDict(title="`mesh.yaml`")

    apiVersion: ApiVersion  # noqa: N815  # the key as it is written
    kind: Literal["Mesh"] = Field(description="`Mesh`.")
    name: Filled = Field(description="Name of the mesh: the authority of its addresses.")
    description: Text | None = Field(None, description="What the mesh is for.")
    registry: RegistryFile | None = Field(None, description="Control database.")
    storage: StorageFile | None = Field(None, description="Storage of tables.")
    engine: EngineFile | None = Field(None, description="SQL engine.")
    retention: MeshRetentionFile | None = Field(None, description="How long releases are kept. Default: for ever.")
    connections: dict[str, ConnectionFile] | None = Field(
        None, description="Databases that products may read, by the name that their inputs use."
    )
    sources: SourcesFile | None = Field(None, description="Where file inputs may come from.")


class MemberFile(Strictly):
    """A member of a domain's team."""

    model_config = ConfigDict(title="a member")

    username: Filled = Field(description="User name or e-mail address.")
    role: Text | None = Field(None, description="Role in the team, for example `owner` or `engineer`.")
    name: Text | None = Field(None, description="Full name.")


class DomainFile(Strictly):
    """A domain: a business area with an owning team."""

    model_config = ConfigDict(title="`domain.yaml`")

    apiVersion: ApiVersion  # noqa: N815  # the key as it is written
    kind: Literal["Domain"] = Field(description="`Domain`.")
    name: Text | None = Field(None, description="Name of the domain; it must be the folder's name.")
    title: Text | None = Field(None, description="Name for people.")
    description: Text | None = Field(None, description="What the domain is about.")
    team: Text | None = Field(None, description="Name of the owning team.")
    contact: Text | None = Field(None, description="How to reach the team.")
    members: list[MemberFile] | None = Field(None, description="The team's members.")
    retention: RetentionFile | None = Field(
        None, description="How long releases of the domain's products are kept, where it shall not be as in the mesh."
    )


def _check_dates(value: str) -> str:
    return _check_style(value, {"year", "month", "day"})


def _check_times(value: str) -> str:
    return _check_style(value, {"year", "month", "day", "hour"})


def _check_style(value: str, needed: set[str]) -> str:
    found = [_DIRECTIVES.get(d) for d in re.findall("%(.)", value.replace("%%", ""))]
    if None in found:
        raise ValueError("use only the directives " + ", ".join(f"%{d}" for d in _DIRECTIVES))
    if missing := sorted(needed - {str(f) for f in found}):
        raise ValueError(f"it must tell the {missing[0]} too, for example `%d.%m.%Y %H:%M:%S`")
    return value


# What DuckDB's strptime reads.
_DIRECTIVES = {
    "d": "day", "m": "month", "b": "month", "B": "month", "y": "year", "Y": "year", "H": "hour",
    "I": "hour", "p": "half", "M": "minute", "S": "second", "f": "fraction", "g": "fraction", "z": "zone", "Z": "zone",
    "a": "weekday", "A": "weekday",
}  # fmt: skip
DateStyle = Annotated[Text, AfterValidator(_check_dates)]
TimeStyle = Annotated[Text, AfterValidator(_check_times)]


class CsvFile(Strictly):
    """Dialect of a CSV file. What is left out is found by looking at the file."""

    model_config = ConfigDict(title="`csv`")

    delimiter: Text | None = Field(None, description="Character between values, for example `;`.")
    quote: Text | None = Field(None, description="Character around values, for example `'\"'`.")
    header: bool | None = Field(None, description="Whether the first line holds the columns' names (default: true).")
    encoding: Filled | None = Field(None, description="Encoding of the text, for example `utf-8` or `latin-1`.")
    null_values: list[Text] | None = Field(None, description="Texts that mean null, for example `[NA, '']`.")
    decimal: Literal[".", ","] | None = Field(
        None, description="Character before the fraction of numbers (default: `.`)."
    )
    thousands: Literal[".", ",", "'", " ", "\u00a0", "\u202f", "_"] | None = Field(
        None, description="Character that may stand between groups of three digits, for example `.` in `1.234,50`."
    )
    dates: DateStyle | None = Field(
        None,
        description="How dates are written, with the directives of `strptime`, for example `%d.%m.%Y` (default: ISO).",
    )
    timestamps: TimeStyle | None = Field(
        None, description="How timestamps are written, for example `%d.%m.%Y %H:%M:%S` (default: ISO 8601)."
    )
    bad_rows: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        None,
        description="So many lines of a file that are no rows of it (too many or too few values, a stray quote) are "
        "left aside and reported with a warning; more fail the run (default: 0).",
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise ValueError("write `thousands` and `decimal` with different characters")
        return self


class ExcelFile(Strictly):
    """Where the rows stand in an Excel workbook."""

    model_config = ConfigDict(title="`excel`")

    sheet: Filled | None = Field(None, description="Name of the sheet (default: the first one).")
    header: bool | None = Field(None, description="Whether the first row holds the columns' names (default: true).")


class FileInputFile(Strictly):
    """A file that transforms may read."""

    model_config = ConfigDict(title="a file input")

    file: Filled = Field(
        description="Path of the file, relative to the product's folder, or absolute; or its address, such as "
        "`https://…` or `s3://…`, where `sources.allow` of `mesh.yaml` lets it be read. With `*`, `?`, `[…]` or `**` "
        "(any folders) it is a pattern: all files that match are read as one, in the order of their paths."
    )
    headers: dict[str, Filled] | None = Field(
        None,
        description="HTTP headers to ask with, for example `Authorization: Bearer ${TOKEN}`. Values that are keys to "
        "something are variables.",
    )
    format: Literal["csv", "ndjson", "json", "parquet", "xlsx", "avro"] | None = Field(
        None,
        description="`csv`, `ndjson` (one JSON object per line), `json` (an array of objects), `parquet`, `xlsx` or "
        "`avro`. Default: what the file's name says.",
    )
    compression: Literal["none", "gzip", "zip", "bz2", "zstd"] | None = Field(
        None,
        description="`none`, `gzip`, `bz2`, `zstd` or `zip` (one member), of CSV and JSON files. Default: what the "
        "file's name says.",
    )
    columns: dict[str, Filled] | None = Field(
        None, description="SQL types of columns, where they shall not be inferred from the file. CSV and JSON only."
    )
    csv: CsvFile | None = Field(None, description="Dialect of a CSV file.")
    only_new: bool | None = Field(
        None,
        description="Of a pattern: a run reads only files whose content was not taken in before. For tables that grow "
        "(`materialize` other than `replace`). Default: false.",
    )
    drift: Literal["fail", "ignore", "evolve"] | None = Field(
        None,
        description="What becomes of columns that a file has too many or too few. `fail` (default): the run fails. "
        "`ignore`: additional ones are left out, missing ones that the contract does not require are null, with a "
        "warning. `evolve`: likewise, and the warning says how the contract could follow.",
    )
    excel: ExcelFile | None = Field(None, description="Where the rows stand in an Excel workbook.")


class TableInputFile(Strictly):
    """A table or view of a database that transforms may read: all of it, in every run."""

    model_config = ConfigDict(title="a table input", populate_by_name=True)

    table: Filled = Field(
        description="Through a connection: `schema.table`, or a table of the schema `public`. Of SQLite: the table."
    )
    connection: Filled | None = Field(None, description="Name of a connection of `mesh.yaml`.")
    sqlite: Filled | None = Field(
        None, description="Path of an SQLite file, relative to the product's folder, or absolute."
    )
    schema_: Filled | None = Field(
        None, alias="schema", description="Schema of the table, if its name or the table's has a dot in it."
    )
    columns: dict[str, Filled] | None = Field(
        None,
        description="SQL types of columns for transforms, where the database's own leave them open (`numeric` without "
        "precision, columns of SQLite). A table that is built straight takes the contract's.",
    )
    drift: Literal["fail", "ignore", "evolve"] | None = Field(
        None,
        description="What becomes of columns that the table has too many or too few. `fail` (default): the run fails. "
        "`ignore`: additional ones are not read, missing ones that the contract does not require are null, with a "
        "warning. `evolve`: likewise, and the warning says how the contract could follow.",
    )


class PortInputFile(Strictly):
    """An output port of another product that transforms may read."""

    model_config = ConfigDict(title="a port input")

    port: Annotated[Text, AfterValidator(_check_port)] = Field(description="Its address: `domain.product.port`.")
    major: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Major version to read. Default: the newest when the product is first applied."
    )


def _which(value: Any) -> str | None:
    if isinstance(value, Mapping):
        kinds = [kind for kind in ("file", "table", "port") if kind in value]
        return f"as {kinds[0]}" if len(kinds) == 1 else None
    return "as file"


class WindowFile(Strictly):
    """The ranges of a column that a table is built by."""

    model_config = ConfigDict(title="`window`")

    column: Filled = Field(
        description="Column of the table, of the type date, timestamp or integer, whose ranges are built one by one."
    )
    start: Filled = Field(
        description="Where the first range begins: a date, a time in UTC, or a key, such as `2024-01-01` or `0`."
    )
    size: Filled = Field(
        description="Length of a range: a number of minutes, hours, days, weeks, months or years, such as `1 day`; or "
        "a number of keys."
    )
    lookback: Filled | None = Field(
        None, description="How far before the end of what is built late rows are looked for (default: not at all)."
    )
    until: Filled | None = Field(
        None,
        description="For keys: `input.column`; the greatest value of this column of what the transform reads is the "
        "last key. Windows over time end with the last range that has passed.",
    )


class TableFile(Strictly):
    """How a table is built."""

    model_config = ConfigDict(title="the settings of a table")

    materialize: Literal["replace", "append", "merge", "partition", "snapshot"] = Field(
        "replace",
        description="What a run's result means: `replace`: it is the whole table. `append`: its rows are added. "
        "`merge`: they replace those of equal primary key and add the others. `partition`: they replace all rows of "
        "the partitions that they are in. `snapshot`: they are the present state, of which the table keeps the "
        "history.",
    )
    deleted: str | None = Field(
        None, description="For `merge`: boolean column of the result that is true for rows to be deleted."
    )
    by: list[str] | None = Field(
        None, description="For `partition`: columns that make a partition (default: the contract's partition keys)."
    )
    since: str | None = Field(
        None, description="For `snapshot`: the table's column that tells from when a row holds (default: `valid_from`)."
    )
    until: str | None = Field(
        None, description="For `snapshot`: the table's column that tells until when it held (default: `valid_to`)."
    )
    missing: Literal["close", "keep"] | None = Field(
        None, description="For `snapshot`: what becomes of a row whose key is not delivered (default: `close`)."
    )
    window: WindowFile | None = Field(
        None,
        description="For `replace`: the table is built range by range, and a result replaces only the range that it "
        "is of. The transform asks for `$window_start` (included) and `$window_end` (excluded).",
    )


class PipelineFile(Strictly):
    """A product's pipeline: what it reads, and how its tables are built."""

    model_config = ConfigDict(title="`pipeline.yaml`")

    apiVersion: ApiVersion  # noqa: N815  # the key as it is written
    kind: Literal["Pipeline"] = Field(description="`Pipeline`.")
    inputs: (
        dict[
            str,
            Annotated[
                Annotated[FileInputFile, Tag("as file")]
                | Annotated[TableInputFile, Tag("as table")]
                | Annotated[PortInputFile, Tag("as port")],
                Discriminator(_which),
            ],
        ]
        | None
    ) = Field(
        None,
        description="What transforms may read, by the name that they call it. Default: every file "
        "`data/<name>.(csv|ndjson|jsonl|json|parquet|xlsx|avro)`, the first four also with `.gz` or `.zip`, is an "
        "input called `<name>`.",
    )
    tables: dict[str, TableFile] | None = Field(None, description="Settings per table.")
    retention: RetentionFile | None = Field(
        None, description="How long releases of the product are kept, where it shall not be as in its domain."
    )


def json_schemas() -> Mapping[str, dict[str, Any]]:
    """Return the JSON Schemas (draft 2020-12) of our own files by kind: ``mesh``, ``domain``, ``pipeline``."""
    models: dict[str, type[Strictly]] = {"mesh": MeshFile, "domain": DomainFile, "pipeline": PipelineFile}
    return {
        kind: {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
        for kind, model in models.items()
    }
