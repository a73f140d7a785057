"""What becomes of releases after they were made: rolled back to, expired; and pauses of the products concerned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from hanse.base import Conflict, ProductName, RegistryError, TableName
from hanse.base.versions import Version
from hanse.registry import rows, schema
from hanse.registry.codes import ALREADY_VISIBLE, NO_SUCH_RELEASE, RELEASE_EXPIRED, RELEASED_MEANWHILE
from hanse.registry.records import Pause, Release, ReleasedTable, RunStatus
from hanse.registry.schema import moment_text

_LARGEST = 2**63 - 1


def chosen(product: ProductName, version: Version) -> Select[Any]:
    """Return the statement that finds the release which a version means; see :data:`hanse.base.versions.Version`."""
    table = schema.release
    mine = select(table).where(table.c.domain == product.domain, table.c.product == product.product)
    if isinstance(version, datetime):
        # The clock may have been set back between two releases: what was made last is what was visible.
        return mine.where(table.c.created_at <= version).order_by(table.c.sequence.desc()).limit(1)
    if isinstance(version, int):
        return mine.where(table.c.sequence == min(version, _LARGEST))
    return mine.where(table.c.id == version)


def visible(product: ProductName) -> Select[Any]:
    """Return the statement that finds the visible release."""
    table = schema.release
    mine = (table.c.domain == product.domain, table.c.product == product.product)
    return select(table).where(*mine, table.c.visible == 1)


def naming(product: ProductName, snapshot_id: int) -> Select[Any]:
    """Return the statement that finds the newest release that names a snapshot, one that did not expire if any."""
    release, table = schema.release, schema.release_table
    return (
        select(release)
        .join(table, table.c.release_id == release.c.id)
        .where(
            release.c.domain == product.domain,
            release.c.product == product.product,
            table.c.snapshot_id == snapshot_id,
        )
        .order_by(release.c.expired_at.is_not(None), release.c.sequence.desc())
        .limit(1)
    )


def snapshot_of(version: Version) -> int | None:
    """Return the snapshot's id that a text may be; None if it is none."""
    if isinstance(version, str) and version.isascii() and version.isdigit() and len(version) < 20:
        number = int(version)
        return number if number <= _LARGEST else None
    return None


def require(product: ProductName, release: Release | None, asked: Version) -> Release:
    """Return a release that can be read.

    Raises:
        RegistryError: HNS-G019: there is none. HNS-G020: it has expired.
    """
    if release is None:
        raise RegistryError(
            NO_SUCH_RELEASE,
            f"{product} has no release {spelled(asked)}",
            fix=f"`hanse releases {product}` lists them",
            subject=str(product),
        )
    if release.expired_at is not None:
        raise RegistryError(
            RELEASE_EXPIRED,
            f"release {release.sequence} of {product} has expired",
            why=f"it was marked on {moment_text(release.expired_at)[:19]}Z, and its data may be gone",
            fix=f"`hanse releases {product}` lists those that are kept",
            subject=str(product),
        )
    return release


def spelled(version: Version) -> str:
    """Return a version in words: `of <time>`, a number, or an id in backticks."""
    if isinstance(version, datetime):
        return f"of {moment_text(version)[:19]}Z"
    return str(version) if isinstance(version, int) else f"`{version}`"


def require_unchanged(product: ProductName, visible: Release | None, following: str | None, to: Release) -> Release:
    """Return the visible release if it is the one that the caller saw, and not what it wants already.

    Raises:
        Conflict: HNS-G022: another one is visible. RegistryError: HNS-G021: the wanted one is visible already.
    """
    assert visible is not None  # a product with a release has a visible one
    if following is not None and visible.id != following:
        raise Conflict(
            RELEASED_MEANWHILE,
            f"{product} was released meanwhile: release {visible.sequence} is visible now",
            fix="look again, and decide again",
            subject=str(product),
        )
    if visible.id == to.id:
        raise RegistryError(
            ALREADY_VISIBLE,
            f"release {to.sequence} of {product} is what readers see now",
            fix=f"choose an earlier one of `hanse releases {product}`",
            subject=str(product),
        )
    return visible


def deliveries(connection: Connection, table: TableName, snapshot_id: int) -> frozenset[str]:
    """Return the digests of the deliveries in a snapshot and its ancestors."""
    named = schema.release_table
    return frozenset(row.delivery for row in _ancestry(connection, table, snapshot_id, named.c.delivery))


def taken_files(connection: Connection, table: TableName, snapshot_id: int) -> Mapping[str, frozenset[str]]:
    """Return the hashes of the files behind a snapshot and its ancestors, by input name."""
    found: dict[str, set[str]] = {}
    for row in _ancestry(connection, table, snapshot_id, schema.run.c.inputs):
        for entry in row.inputs or ():
            files = entry.get("files", ()) if entry.get("kind") == "file" else ()
            found.setdefault(str(entry.get("name")), set()).update(str(f["sha256"]) for f in files)
    return {name: frozenset(hashes) for name, hashes in found.items() if hashes}


def _ancestry(
    connection: Connection, table: TableName, snapshot_id: int, fact: ColumnElement[Any]
) -> Iterator[Row[int, int | None, Any]]:
    """Yield one fact of each delivery in a snapshot and its ancestors: of the release that published it first."""
    named, release, run = schema.release_table, schema.release, schema.run
    rows_ = connection.execute(
        select(named.c.snapshot_id, named.c.parent_id, fact)
        .join(release, release.c.id == named.c.release_id)
        .outerjoin(run, run.c.id == release.c.run_id)
        .where(
            release.c.domain == table.domain,
            release.c.product == table.product,
            named.c.name == table.table,
            named.c.major == table.major,
            named.c.delivery.is_not(None),
        )
        .order_by(release.c.sequence.desc())
    )
    first = {row.snapshot_id: row for row in rows_}
    at: int | None = snapshot_id
    while at in first:
        row = first.pop(at)
        yield row
        at = row.parent_id


def tables_of(connection: Connection, release: Release) -> tuple[ReleasedTable, ...]:
    """Return the tables that a release names."""
    table = schema.release_table
    found = connection.execute(select(table).where(table.c.release_id == release.id).order_by(table.c.position))
    return tuple(rows.released_of(release.product, row) for row in found)


def read_by_runs(connection: Connection) -> frozenset[str]:
    """Return the ids of the releases that runs under way read through input ports."""
    found = connection.execute(select(schema.run.c.inputs).where(schema.run.c.status == RunStatus.RUNNING.value))
    return frozenset(str(i["release"]) for inputs in found.scalars() for i in inputs if i.get("kind") == "port")


def expirable(connection: Connection, product: ProductName, wanted: Collection[str]) -> list[Release]:
    """Return those of some releases that may expire now, oldest first."""
    table = schema.release
    in_use = read_by_runs(connection)
    mine = select(table).where(
        table.c.domain == product.domain,
        table.c.product == product.product,
        table.c.visible.is_(None),
        table.c.expired_at.is_(None),
    )
    found = connection.execute(mine.order_by(table.c.sequence))
    return [rows.release_of(row, ()) for row in found if row.id in wanted and row.id not in in_use]


def expire(connection: Connection, releases: Iterable[Release], now: datetime) -> None:
    """Mark releases as expired."""
    table = schema.release
    for release in releases:
        connection.execute(update(table).where(table.c.id == release.id).values(expired_at=now))


def pause(connection: Connection, product: ProductName, since: datetime, release_id: str) -> None:
    """Pause a product's triggers; a pause that stands already begins anew."""
    resume(connection, product)
    values = {"since": since, "release_id": release_id}
    connection.execute(insert(schema.pause).values(rows.owner_values(product) | values))


def resume(connection: Connection, product: ProductName) -> bool:
    """End a product's pause; say whether there was one."""
    table = schema.pause
    mine = (table.c.domain == product.domain, table.c.product == product.product)
    return connection.execute(delete(table).where(*mine)).rowcount > 0


def pauses(connection: Connection) -> Mapping[ProductName, Pause]:
    """Return all pauses by product."""
    found = connection.execute(select(schema.pause))
    return {(name := rows.owner_of(row)): Pause(name, row.since, row.release_id) for row in found}


def last_sequence(connection: Connection, product: ProductName) -> int:
    """Return a product's last sequence number, 0 before its first release."""
    table = schema.release
    mine = (table.c.domain == product.domain, table.c.product == product.product)
    last: int | None = connection.execute(select(func.max(table.c.sequence)).where(*mine)).scalar()
    return last or 0
