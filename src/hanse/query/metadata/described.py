"""Tables about what was applied: products, ports, tables, columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hanse.query.metadata.table import (
    OF_PRODUCT,
    OF_TABLE,
    MetadataTable,
    Row,
    document,
    flag,
    number,
    product_key,
    table_key,
    text,
    time,
)

if TYPE_CHECKING:
    from hanse.registry import Reader


def _products(reader: Reader) -> Iterator[Row]:
    visible, pauses = reader.visible(), reader.pauses()
    for product in reader.products():
        release = visible.get(product.name)
        known = product.document
        yield (
            *product_key(product.name),
            str(product.name),
            known.get("title"),
            known.get("purpose"),
            known.get("usage"),
            known.get("limitations"),
            product.version,
            product.status,
            known.get("team"),
            known.get("tags") or [],
            product.applied_at,
            release.id if release else None,
            release.created_at if release else None,
            pauses[product.name].since if product.name in pauses else None,
            known,
        )


def _ports(reader: Reader) -> Iterator[Row]:
    for product in reader.products():
        for port in product.ports:
            contract = port.contract
            yield (
                *product_key(product.name),
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
                *table_key(table.name),
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
                    *table_key(table.name),
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


DESCRIBED = (
    MetadataTable(
        "products",
        "One row per applied data product.",
        (
            *OF_PRODUCT,
            text("address", "`domain.product`."),
            text("title", "Title for people."),
            text("purpose", "What it is for."),
            text("usage", "How it is meant to be used."),
            text("limitations", "What it is not good for."),
            text("version", "Semantic version as applied."),
            text("status", "Lifecycle: proposed, draft, active, deprecated or retired."),
            text("team", "Team that owns it."),
            document("tags", "Tags"),
            time("applied_at", "When it was last applied."),
            text("release_id", "Visible release; null before the first."),
            time("released_at", "When the visible release was made."),
            time("paused_at", "Since when a rollback pauses its runs; null if it is not paused."),
            document("document", "Everything known of it beside ports and tables"),
        ),
        _products,
    ),
    MetadataTable(
        "ports",
        "One row per port of an applied product, input and output.",
        (
            *OF_PRODUCT,
            text("port", "Name of the port."),
            text("direction", "`input` or `output`."),
            text("kind", "What it serves; `tables` now."),
            number("major", "Major served, or read."),
            text("description", "Description."),
            text("source", "Of an input port: `domain.product.port` that it reads."),
            text("contract_id", "Contract's id."),
            text("contract_version", "Contract's version as applied."),
            text("contract_status", "Contract's status."),
            text("contract_path", "File of the contract within the mesh."),
        ),
        _ports,
    ),
    MetadataTable(
        "tables",
        "One row per table of an applied product's output ports, released or not.",
        (
            *OF_TABLE,
            text("address", "Name in SQL."),
            text("port", "Output port that serves it."),
            text("description", "Description."),
            text("granularity", "What one row stands for."),
            number("columns", "Number of columns as applied."),
            number("rows", "Rows in the visible release; null before the first."),
            number("bytes", "Bytes of data files in the visible release."),
            text("contract_id", "Contract that the visible rows were checked against."),
            text("contract_version", "Its version."),
            number("snapshot_id", "Snapshot in the table format."),
            text("release_id", "Visible release that holds it."),
            time("released_at", "When that release was made."),
        ),
        _tables,
    ),
    MetadataTable(
        "columns",
        "One row per column of an applied table.",
        (
            *OF_TABLE,
            number("position", "From 1."),
            text("column_name", "Name in SQL."),
            text("data_type", "SQL type."),
            flag("required", "Never null."),
            flag("is_unique", "No value twice."),
            number("primary_key", "Position in the primary key from 1; null if not part of it."),
            text("description", "What it means."),
            text("business_name", "Name for people."),
            text("classification", "Classification, for example `pii`."),
            text("null_meaning", "What a null means."),
            flag("deprecated", "Is to be removed."),
            document("enum", "Allowed values, empty for any"),
            document("examples", "Examples from the contract"),
        ),
        _columns,
    ),
)
