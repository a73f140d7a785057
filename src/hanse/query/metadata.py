"""The mesh's own metadata as tables: ``mesh.catalog.<name>``.

One definition per table says its columns, their types and meanings, and how a row is made of the registry's records;
documentation, ``schema`` output and the Arrow tables all come from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanse.base import ProductName, TableName
from hanse.spec.types import DataType, Scalar

if TYPE_CHECKING:
    import pyarrow as pa

    from hanse.registry import Reader

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class MetadataColumn:
    """A column of a metadata table. ``is_json``: JSON as text."""

    name: str
    type: DataType
    description: str
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class MetadataTable:
    """A table about the mesh.

    Attributes:
        name: ``mesh.catalog.<name>`` in SQL.
        rows: makes the rows from the registry's records, values in the order of ``columns``.
    """

    name: str
    description: str
    columns: tuple[MetadataColumn, ...]
    rows: Callable[[Reader], Iterable[Row]]


_ARROW = {
    Scalar.BOOLEAN: "bool",
    Scalar.BIGINT: "int64",
    Scalar.DOUBLE: "float64",
    Scalar.VARCHAR: "string",
}


def build(name: str, reader: Reader) -> pa.Table:
    """Return a metadata table as it stands now.

    Args:
        name: a key of :data:`TABLES`.
        reader: the registry's read side; each of its calls sees one state.
    """
    import pyarrow as pa

    table = TABLES[name]
    columns: list[list[Any]] = [[] for _ in table.columns]
    for row in table.rows(reader):
        for values, value in zip(columns, row, strict=True):
            values.append(value)
    fields = []
    arrays = []
    for column, values in zip(table.columns, columns, strict=True):
        kind = pa.timestamp("us", tz="UTC") if column.type is Scalar.TIMESTAMPTZ else _ARROW[_scalar(column.type)]
        texts = [None if v is None else _json(v) for v in values] if column.is_json else values
        arrays.append(pa.array(texts, pa.type_for_alias(kind) if isinstance(kind, str) else kind))
        fields.append(pa.field(column.name, arrays[-1].type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def describe() -> list[dict[str, Any]]:
    """Return all metadata tables with their columns as a JSON-ready document."""
    return [
        {
            "name": f"mesh.catalog.{table.name}",
            "description": table.description,
            "columns": [{"name": c.name, "type": str(c.type), "description": c.description} for c in table.columns],
        }
        for table in TABLES.values()
    ]


def _scalar(kind: DataType) -> Scalar:
    assert isinstance(kind, Scalar)
    return kind


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _text(name: str, description: str) -> MetadataColumn:
    return MetadataColumn(name, Scalar.VARCHAR, description)


def _number(name: str, description: str) -> MetadataColumn:
    return MetadataColumn(name, Scalar.BIGINT, description)


def _flag(name: str, description: str) -> MetadataColumn:
    return MetadataColumn(name, Scalar.BOOLEAN, description)


def _time(name: str, description: str) -> MetadataColumn:
    return MetadataColumn(name, Scalar.TIMESTAMPTZ, description)


def _document(name: str, description: str) -> MetadataColumn:
    return MetadataColumn(name, Scalar.VARCHAR, f"{description}, as JSON", is_json=True)


_OF_PRODUCT = (_text("domain", "Domain that owns it."), _text("product", "Name of the product in its domain."))
_OF_TABLE = (
    *_OF_PRODUCT,
    _text("table_name", "Name of the table in its product, without `_v<n>`."),
    _number("major", "Major version of its contract."),
)


def _product_key(name: ProductName) -> Row:
    return (name.domain, name.product)


def _table_key(name: TableName) -> Row:
    return (name.domain, name.product, name.table, name.major)


def _products(reader: Reader) -> Iterator[Row]:
    visible, pauses = reader.visible(), reader.pauses()
    for product in reader.products():
        release = visible.get(product.name)
        document = product.document
        yield (
            *_product_key(product.name),
            str(product.name),
            document.get("title"),
            document.get("purpose"),
            document.get("usage"),
            document.get("limitations"),
            product.version,
            product.status,
            document.get("team"),
            document.get("tags") or [],
            product.applied_at,
            release.id if release else None,
            release.created_at if release else None,
            pauses[product.name].since if product.name in pauses else None,
            document,
        )


def _ports(reader: Reader) -> Iterator[Row]:
    for product in reader.products():
        for port in product.ports:
            contract = port.contract
            yield (
                *_product_key(product.name),
                port.name,
                port.direction,
                port.kind,
                port.major,
                port.description,
                port.source,
                contract.contract_id if contract else None,
                contract.version if contract else None,
                contract.status if contract else None,
                contract.path if contract else None,
            )


def _tables(reader: Reader) -> Iterator[Row]:
    visible = reader.visible()
    for product in reader.products():
        release = visible.get(product.name)
        released = {t.table: t for t in release.tables} if release else {}
        for table in product.tables:
            now = released.get(table.name)
            yield (
                *_table_key(table.name),
                str(table.name),
                table.port,
                table.description,
                table.granularity,
                len(table.columns),
                now.rows if now else None,
                now.bytes if now else None,
                now.contract_id if now else None,
                now.contract_version if now else None,
                now.snapshot_id if now else None,
                release.id if release and now else None,
                release.created_at if release and now else None,
            )


def _columns(reader: Reader) -> Iterator[Row]:
    for product in reader.products():
        for table in product.tables:
            for position, column in enumerate(table.columns, 1):
                yield (
                    *_table_key(table.name),
                    position,
                    column.get("name"),
                    column.get("type"),
                    column.get("required"),
                    column.get("unique"),
                    column.get("primary_key"),
                    column.get("description"),
                    column.get("business_name"),
                    column.get("classification"),
                    column.get("null_meaning"),
                    column.get("deprecated"),
                    column.get("enum") or [],
                    column.get("examples") or [],
                )


def _runs(reader: Reader) -> Iterator[Row]:
    for run in reader.runs():
        finished = run.finished_at
        yield (
            run.id,
            *_product_key(run.product),
            run.status.value,
            run.trigger,
            run.started_at,
            finished,
            (finished - run.started_at).total_seconds() if finished else None,
            run.release_id,
            (run.error or {}).get("code"),
            (run.error or {}).get("what"),
            [dict(entry) for entry in run.inputs],
            run.error,
        )


def _checks(reader: Reader) -> Iterator[Row]:
    for check in reader.checks():
        yield (
            check.run_id,
            *_table_key(check.table),
            check.check_id,
            check.clause,
            check.column,
            check.status.value,
            check.severity.value,
            check.failed_rows,
            check.total_rows,
            check.measured,
            check.method,
            check.dimension,
            check.message,
            check.error,
            check.path,
            check.line,
        )


def _failed_rows(reader: Reader) -> Iterator[Row]:
    for failed in reader.failed_rows():
        yield (failed.run_id, *_table_key(failed.table), failed.check_id, failed.reason, dict(failed.row))


def _releases(reader: Reader) -> Iterator[Row]:
    releases = reader.releases()
    newest: Mapping[ProductName, str] = {n: r.id for n, r in reader.visible().items()}
    for release in releases:
        yield (
            release.id,
            *_product_key(release.product),
            release.sequence,
            release.kind,
            release.version,
            release.run_id,
            release.created_at,
            newest.get(release.product) == release.id,
            len(release.tables),
            sum(t.rows for t in release.tables),
            sum(t.bytes for t in release.tables),
            release.checks_passed,
            release.warnings,
            release.expired_at,
        )


def _events(reader: Reader) -> Iterator[Row]:
    for event in reader.events():
        yield (
            event.sequence,
            event.id,
            event.type,
            event.source,
            event.subject,
            event.time,
            dict(event.data),
            event.previous,
            event.hash,
        )


_DEFINITIONS = (
    MetadataTable(
        "products",
        "One row per applied data product.",
        (
            *_OF_PRODUCT,
            _text("address", "`domain.product`."),
            _text("title", "Title for people."),
            _text("purpose", "What it is for."),
            _text("usage", "How it is meant to be used."),
            _text("limitations", "What it is not good for."),
            _text("version", "Semantic version as applied."),
            _text("status", "Lifecycle: proposed, draft, active, deprecated or retired."),
            _text("team", "Team that owns it."),
            _document("tags", "Tags"),
            _time("applied_at", "When it was last applied."),
            _text("release_id", "Visible release; null before the first."),
            _time("released_at", "When the visible release was made."),
            _time("paused_at", "Since when a rollback pauses its runs; null if it is not paused."),
            _document("document", "Everything known of it beside ports and tables"),
        ),
        _products,
    ),
    MetadataTable(
        "ports",
        "One row per port of an applied product, input and output.",
        (
            *_OF_PRODUCT,
            _text("port", "Name of the port."),
            _text("direction", "`input` or `output`."),
            _text("kind", "What it serves; `tables` now."),
            _number("major", "Major served, or read."),
            _text("description", "Description."),
            _text("source", "Of an input port: `domain.product.port` that it reads."),
            _text("contract_id", "Contract's id."),
            _text("contract_version", "Contract's version as applied."),
            _text("contract_status", "Contract's status."),
            _text("contract_path", "File of the contract within the mesh."),
        ),
        _ports,
    ),
    MetadataTable(
        "tables",
        "One row per table of an applied product's output ports, released or not.",
        (
            *_OF_TABLE,
            _text("address", "Name in SQL."),
            _text("port", "Output port that serves it."),
            _text("description", "Description."),
            _text("granularity", "What one row stands for."),
            _number("columns", "Number of columns as applied."),
            _number("rows", "Rows in the visible release; null before the first."),
            _number("bytes", "Bytes of data files in the visible release."),
            _text("contract_id", "Contract that the visible rows were checked against."),
            _text("contract_version", "Its version."),
            _number("snapshot_id", "Snapshot in the table format."),
            _text("release_id", "Visible release that holds it."),
            _time("released_at", "When that release was made."),
        ),
        _tables,
    ),
    MetadataTable(
        "columns",
        "One row per column of an applied table.",
        (
            *_OF_TABLE,
            _number("position", "From 1."),
            _text("column_name", "Name in SQL."),
            _text("data_type", "SQL type."),
            _flag("required", "Never null."),
            _flag("is_unique", "No value twice."),
            _number("primary_key", "Position in the primary key from 1; null if not part of it."),
            _text("description", "What it means."),
            _text("business_name", "Name for people."),
            _text("classification", "Classification, for example `pii`."),
            _text("null_meaning", "What a null means."),
            _flag("deprecated", "Is to be removed."),
            _document("enum", "Allowed values, empty for any"),
            _document("examples", "Examples from the contract"),
        ),
        _columns,
    ),
    MetadataTable(
        "runs",
        "One row per run of a product's pipeline, newest first.",
        (
            _text("run_id", "Id; ids sort by time."),
            *_OF_PRODUCT,
            _text("status", "running, succeeded, unchanged, blocked, failed or abandoned."),
            _text("trigger", "Who or what started it."),
            _time("started_at", "Start."),
            _time("finished_at", "End; null while it runs."),
            MetadataColumn("seconds", Scalar.DOUBLE, "Wall-clock seconds; null while it runs."),
            _text("release_id", "Release that it made."),
            _text("error_code", "Code of what stopped it."),
            _text("error_message", "What stopped it."),
            _document("inputs", "Inputs with their content hash or release"),
            _document("error", "What stopped it"),
        ),
        _runs,
    ),
    MetadataTable(
        "checks",
        "One row per check and run, newest first.",
        (
            _text("run_id", "Run that checked."),
            *_OF_TABLE,
            _text("check_id", "Stable within the table: the same clause has the same id in every run."),
            _text("clause", "The contract's clause in words."),
            _text("column_name", "Column concerned; null for the table."),
            _text("status", "passed, failed, error (could not run) or manual (words for a person)."),
            _text("severity", "`error` blocks, `warning` is recorded."),
            _number("failed_rows", "Rows that break it; null where rows are not counted."),
            _number("total_rows", "Rows looked at."),
            _document("measured", "What was measured"),
            _text("method", "How it was verified: statistics, scan, group, sql …"),
            _text("dimension", "Quality dimension."),
            _text("message", "Verdict in words."),
            _text("error", "Why it could not run."),
            _text("path", "File that the clause stands in."),
            _number("line", "Line in that file."),
        ),
        _checks,
    ),
    MetadataTable(
        "failed_rows",
        "Kept rows that broke a check: a bounded sample per run.",
        (
            _text("run_id", "Run that checked."),
            *_OF_TABLE,
            _text("check_id", "Check that it broke."),
            _text("reason", "Why, in words."),
            _document("row", "The row"),
        ),
        _failed_rows,
    ),
    MetadataTable(
        "releases",
        "One row per release, newest first.",
        (
            _text("release_id", "Id; ids sort by time."),
            *_OF_PRODUCT,
            _number("sequence", "1, 2, 3 … within the product."),
            _text("kind", "run, metadata (same data, new descriptors) or rollback."),
            _text("version", "Product's version."),
            _text("run_id", "Run that made it."),
            _time("created_at", "When it became visible."),
            _flag("visible", "Is what readers see now."),
            _number("tables", "Tables in it."),
            _number("rows", "Rows in all its tables."),
            _number("bytes", "Bytes of all its tables."),
            _number("checks_passed", "Checks passed."),
            _number("warnings", "Failed checks of severity warning."),
            _time("expired_at", "When it expired: it can be read no more; null while it is kept."),
        ),
        _releases,
    ),
    MetadataTable(
        "events",
        "The event log, oldest first: CloudEvents chained by SHA-256.",
        (
            _number("sequence", "Position from 1, without gaps."),
            _text("event_id", "Id."),
            _text("type", "Type, for example `hanse.release.created`."),
            _text("source", "`hanse://<mesh>`."),
            _text("subject", "Address of what it is about."),
            _time("time", "When it happened."),
            _document("data", "Data"),
            _text("previous_hash", "Hash of the entry before."),
            _text("hash", "SHA-256 of this entry's other attributes."),
        ),
        _events,
    ),
)

TABLES: Mapping[str, MetadataTable] = {table.name: table for table in _DEFINITIONS}
"""All metadata tables by name."""
