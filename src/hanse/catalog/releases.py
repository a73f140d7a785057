"""Releases for people: which there are, which one is visible, and what going back to one would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hanse.base import ProductName, QueryError, RegistryError, TableName
from hanse.base.suggest import did_you_mean
from hanse.base.versions import Version
from hanse.catalog.codes import NO_SUCH_PRODUCT
from hanse.catalog.runs import Document, release_document
from hanse.registry import Reader, Release, ReleasedTable
from hanse.registry.codes import ALREADY_VISIBLE

if TYPE_CHECKING:
    from hanse.interfaces import StoredColumn, TableStore


def known_product(reader: Reader, address: str) -> ProductName:
    """Return a product that was applied, or that was and has releases still.

    Raises:
        QueryError: HNS-K001: there is none of this name.
    """
    name = ProductName.parse(address)
    applied = reader.digests()
    if name not in applied and not reader.releases(name, limit=1):
        fix = did_you_mean(str(name), map(str, applied)) or "`hanse list` shows all"
        raise QueryError(NO_SUCH_PRODUCT, f"there is no applied product {name}", fix=fix)
    return name


def list_releases(reader: Reader, name: ProductName | None = None, *, limit: int | None = None) -> Document:
    """Return releases, newest first, each with its ``state``: ``visible``, ``kept`` or ``expired``."""
    releases = reader.releases(name, limit=limit)
    seen = set(reader.visible_ids({r.product for r in releases}).values())
    return {
        "releases": [release_document(r) | {"state": _state(r, seen)} for r in releases],
        "paused": {
            str(product): {"since": pause.since.isoformat(), "release": pause.release_id}
            for product, pause in sorted(reader.pauses().items())
            if name in (None, product)
        },
    }


def _state(release: Release, seen: set[str]) -> str:
    if release.id in seen:
        return "visible"
    return "kept" if release.expired_at is None else "expired"


def before(reader: Reader, name: ProductName, visible: Release) -> Release:
    """Return the release that a rollback goes to when none is named: the one before the visible one.

    What a rollback restored stands where the original stood: going back once more goes further back, never forth.

    Raises:
        RegistryError: HNS-G021: there is none that is kept.
    """
    at = visible
    for release in reader.releases(name):
        if at.kind == "rollback" and release.sequence < at.sequence and release.tables == at.tables:
            at = release
        elif at.kind != "rollback" and release.sequence < at.sequence and release.expired_at is None:
            return release
    raise RegistryError(
        ALREADY_VISIBLE,
        f"there is no release of {name} to go back to",
        fix=f"`hanse releases {name}` lists what there is",
        subject=str(name),
    )


def rollback_preview(
    reader: Reader, store: TableStore, name: ProductName, to: Version | None
) -> tuple[Release, Document]:
    """Return the release to go back to, and what would change, table by table.

    Args:
        reader: the registry.
        store: knows the columns of snapshots.
        name: the product.
        to: the release to go back to; None: the one before the visible one.

    Raises:
        RegistryError: HNS-G019: no such release. HNS-G020: it has expired. HNS-G021: there is nothing to go back to.
    """
    from hanse.registry.history import require, require_unchanged

    visible = require(name, reader.release(name), 1)
    found = before(reader, name, visible) if to is None else reader.as_of([(name, to)])[name, to]
    wanted = require(name, found, visible.sequence if to is None else to)
    require_unchanged(name, visible, None, wanted)
    now, then = {t.table: t for t in visible.tables}, {t.table: t for t in wanted.tables}
    tables = dict.fromkeys([*now, *then])
    document = {
        "product": str(name),
        "from": release_document(visible),
        "to": release_document(wanted),
        "tables": [_difference(store, t, now.get(t), then.get(t)) for t in tables],
    }
    return wanted, document


def _difference(store: TableStore, table: TableName, now: ReleasedTable | None, then: ReleasedTable | None) -> Document:
    change = "same"
    if now is None or then is None:
        change = "appears" if now is None else "disappears"
    elif now.snapshot_id != then.snapshot_id:
        change = "changes"
    columns: list[str] = []
    if change == "changes" and now and then and now.schema_id != then.schema_id:
        columns = _columns_changed(*(store.scan(table, t.snapshot_id).columns for t in (now, then)))
    return {"table": str(table), "change": change, "from": _facts(now), "to": _facts(then), "columns": columns}


def _facts(table: ReleasedTable | None) -> dict[str, Any] | None:
    if table is None:
        return None
    contract = f"{table.contract_id}@{table.contract_version}"
    return {"snapshot": str(table.snapshot_id), "rows": table.rows, "bytes": table.bytes, "contract": contract}


def _columns_changed(now: Sequence[StoredColumn], then: Sequence[StoredColumn]) -> list[str]:
    old, new = {c.field_id: c for c in now}, {c.field_id: c for c in then}
    words = [f"- {c.name} {c.type}" for i, c in old.items() if i not in new]
    words += [f"+ {c.name} {c.type}" for i, c in new.items() if i not in old]
    words += [
        f"~ {old[i].name} {old[i].type} → {c.name} {c.type}"
        for i, c in new.items()
        if i in old and (old[i].name, old[i].type) != (c.name, c.type)
    ]
    return words
