"""Whether a table can be materialised as ``pipeline.yaml`` says."""

from __future__ import annotations

from collections.abc import Iterator

from hanse.base import Problem
from hanse.base.suggest import did_you_mean
from hanse.spec import codes
from hanse.spec.contract import Table
from hanse.spec.product import Product, TableSettings
from hanse.spec.types import Scalar
from hanse.spec.window_file import window_faults

_MOMENTS = (Scalar.TIMESTAMPTZ, Scalar.TIMESTAMP)
# Which settings belong to which way; the others would be ignored, so they are errors.
_BELONGS = {"deleted": "merge", "by": "partition", "since": "snapshot", "until": "snapshot", "missing": "snapshot"}


def check_materializations(product: Product) -> Iterator[Problem]:
    """Yield what keeps tables from being materialised as their settings say."""
    for port, table in product.tables:
        local = table.name if port.major == 1 else f"{table.name}_v{port.major}"
        settings = product.pipeline.tables.get(local) or product.pipeline.tables.get(table.name)
        if settings is not None:
            for what, fix in (*_misplaced(settings), *_faults(table, settings)):
                yield Problem(codes.CANNOT_MATERIALIZE, f"table `{table.name}` {what}", settings.where, fix=fix)


def _misplaced(settings: TableSettings) -> Iterator[tuple[str, str]]:
    usual = TableSettings()
    for key, way in _BELONGS.items():
        if settings.materialize != way and getattr(settings, key) != getattr(usual, key):
            yield f"has the setting `{key}`, which belongs to `materialize: {way}`", f"remove `{key}`"


def _faults(table: Table, settings: TableSettings) -> Iterator[tuple[str, str]]:
    way = settings.materialize
    if settings.window is not None:
        if way != "replace":
            fix = f"remove `materialize: {way}`: with a window, a result replaces the range that it is of"
            yield f"has a window, which does not go with `{way}`", fix
        yield from window_faults(settings.window, {c.name: c.type for c in table.columns})
    if way in ("merge", "snapshot") and not table.primary_key:
        yield f"cannot be built with `{way}` without a primary key", "give its key columns `primaryKey: true`"
    if way == "merge" and settings.deleted is not None and table.column(settings.deleted):
        yield (
            f"has a column `{settings.deleted}`, so it cannot mark deleted rows",
            "deliver the mark in a column that the contract does not have",
        )
    if way == "partition":
        yield from _partition_faults(table, settings)
    if way == "snapshot":
        yield from _history_faults(table, settings)


def _partition_faults(table: Table, settings: TableSettings) -> Iterator[tuple[str, str]]:
    if not settings.by and not any(c.partition_key_position for c in table.columns):
        yield "has no partition keys", "name them: `by: [day]`, or mark columns `partitioned: true` in the contract"
    for name in settings.by:
        if table.column(name) is None:
            fix = did_you_mean(name, [c.name for c in table.columns]) or "name columns of the contract"
            yield f"has no column `{name}` to be partitioned by", fix


def _history_faults(table: Table, settings: TableSettings) -> Iterator[tuple[str, str]]:
    for key, name in (("since", settings.since), ("until", settings.until)):
        column = table.column(name)
        if column is None or column.type not in _MOMENTS:
            yield (
                f"has no timestamp column `{name}` to keep its history in",
                f"add `{name}` to the contract with `logicalType: timestamp`, or name another one with `{key}`",
            )
        elif name in table.primary_key and key == "until":
            yield f"has `{name}` in its primary key, which is null while a row holds", "take it out of the key"
        elif key == "until" and column.required:
            yield f"requires `{name}`, which is null while a row holds", "remove `required` from it"
    if settings.since not in table.primary_key and table.column(settings.since):
        yield (
            f"keeps several rows per key, so its primary key must hold `{settings.since}` as well",
            f"add `{settings.since}` to the primary key, as its last column",
        )
