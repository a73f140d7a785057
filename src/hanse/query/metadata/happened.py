"""Tables about what happened: runs, checks, releases, events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hanse.base import ProductName, TableName
from hanse.query.metadata.table import (
    OF_PRODUCT,
    OF_TABLE,
    MetadataColumn,
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
from hanse.spec.types import Scalar

if TYPE_CHECKING:
    from hanse.registry import Reader


def _runs(reader: Reader) -> Iterator[Row]:
    for run in reader.runs():
        finished = run.finished_at
        yield (
            run.id,
            *product_key(run.product),
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


def _place(name: TableName) -> Row:
    """Return the values of a table's key; without a table for checks of a whole contract."""
    domain, product, table, major = table_key(name)
    return (domain, product, table or None, major)


def _checks(reader: Reader) -> Iterator[Row]:
    for check in reader.checks():
        yield (
            check.run_id,
            *_place(check.table),
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
        yield (failed.run_id, *table_key(failed.table), failed.check_id, failed.reason, dict(failed.row))


def _releases(reader: Reader) -> Iterator[Row]:
    releases = reader.releases()
    newest: Mapping[ProductName, str] = {n: r.id for n, r in reader.visible().items()}
    for release in releases:
        yield (
            release.id,
            *product_key(release.product),
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


HAPPENED = (
    MetadataTable(
        "runs",
        "One row per run of a product's pipeline, newest first.",
        (
            text("run_id", "Id; ids sort by time."),
            *OF_PRODUCT,
            text("status", "running, succeeded, unchanged, blocked, failed or abandoned."),
            text("trigger", "Who or what started it."),
            time("started_at", "Start."),
            time("finished_at", "End; null while it runs."),
            MetadataColumn("seconds", Scalar.DOUBLE, "Wall-clock seconds; null while it runs."),
            text("release_id", "Release that it made."),
            text("error_code", "Code of what stopped it."),
            text("error_message", "What stopped it."),
            document("inputs", "Inputs with their content hash or release"),
            document("error", "What stopped it"),
        ),
        _runs,
    ),
    MetadataTable(
        "checks",
        "One row per check and run, newest first.",
        (
            text("run_id", "Run that checked."),
            *OF_TABLE,
            text("check_id", "Stable within the table: the same clause has the same id in every run."),
            text("clause", "The contract's clause in words."),
            text("column_name", "Column concerned; null for the table."),
            text("status", "passed, failed, error (could not run), manual (words for a person) or not_applicable."),
            text("severity", "`error` blocks, `warning` is recorded."),
            number("failed_rows", "Rows that break it; null where rows are not counted."),
            number("total_rows", "Rows looked at."),
            document("measured", "What was measured"),
            text("method", "How it was verified: statistics, scan, group, sql …"),
            text("dimension", "Quality dimension."),
            text("message", "Verdict in words."),
            text("error", "Why it could not run."),
            text("path", "File that the clause stands in."),
            number("line", "Line in that file."),
        ),
        _checks,
    ),
    MetadataTable(
        "failed_rows",
        "Kept rows that broke a check: a bounded sample per run.",
        (
            text("run_id", "Run that checked."),
            *OF_TABLE,
            text("check_id", "Check that it broke."),
            text("reason", "Why, in words."),
            document("row", "The row"),
        ),
        _failed_rows,
    ),
    MetadataTable(
        "releases",
        "One row per release, newest first.",
        (
            text("release_id", "Id; ids sort by time."),
            *OF_PRODUCT,
            number("sequence", "1, 2, 3 … within the product."),
            text("kind", "run, metadata (same data, new descriptors) or rollback."),
            text("version", "Product's version."),
            text("run_id", "Run that made it."),
            time("created_at", "When it became visible."),
            flag("visible", "Is what readers see now."),
            number("tables", "Tables in it."),
            number("rows", "Rows in all its tables."),
            number("bytes", "Bytes of all its tables."),
            number("checks_passed", "Checks passed."),
            number("warnings", "Failed checks of severity warning."),
            time("expired_at", "When it expired: it can be read no more; null while it is kept."),
        ),
        _releases,
    ),
    MetadataTable(
        "events",
        "The event log, oldest first: CloudEvents chained by SHA-256.",
        (
            number("sequence", "Position from 1, without gaps."),
            text("event_id", "Id."),
            text("type", "Type, for example `hanse.release.created`."),
            text("source", "`hanse://<mesh>`."),
            text("subject", "Address of what it is about."),
            time("time", "When it happened."),
            document("data", "Data"),
            text("previous_hash", "Hash of the entry before."),
            text("hash", "SHA-256 of this entry's other attributes."),
        ),
        _events,
    ),
)
