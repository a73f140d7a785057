"""What people read about products: the list, and one product with everything that explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hanse.base import HanseError, ProductName, QueryError
from hanse.base.suggest import did_you_mean
from hanse.catalog.codes import NO_SUCH_PRODUCT
from hanse.catalog.runs import Document, check_report, coverage_document, release_document, run_document
from hanse.registry import AppliedProduct, AppliedTable, CheckResult, Reader, Release, ReleasedTable

if TYPE_CHECKING:
    from hanse.query import Road

SAMPLE_ROWS = 5
# How many releases of unchanged data are looked through for the run that checked it.
_RELEASES = 50


def list_products(reader: Reader) -> list[Document]:
    """Return all applied products, one short document each, by name."""
    visible = reader.visible()
    domains = reader.domains()
    return [_summary(p, visible.get(p.name), domains[p.name.domain].team) for p in reader.products()]


def show_product(reader: Reader, road: Road, mesh: str, name: ProductName, *, sample: bool = True) -> Document:
    """Return a product as its consumers need to know it.

    Args:
        reader: the registry.
        road: the way by which sample rows are read: the same that any consumer uses.
        mesh: the mesh's name.
        name: the product.
        sample: read sample rows.

    Raises:
        QueryError: HNS-K001: no such product has been applied.
    """
    product = reader.product(name)
    if product is None:
        raise QueryError(
            NO_SUCH_PRODUCT,
            f"there is no applied product {name}",
            fix=did_you_mean(str(name), map(str, reader.digests())) or "`hanse list` shows all; `hanse apply` adds one",
        )
    releases = reader.releases(name, limit=_RELEASES)
    release = releases[0] if releases else None
    runs = reader.runs(name, limit=1)
    domain = reader.domains().get(name.domain)
    document = _summary(product, release, domain.team if domain else None)
    document |= {
        "address": f"hanse://{mesh}/{name.domain}/{name.product}",
        "domain": {"name": name.domain, "title": domain.title if domain else None},
        **{key: product.document.get(key) for key in ("purpose", "usage", "limitations", "support", "members")},
        "applied_at": product.applied_at.isoformat(),
        "release": release_document(release) if release else None,
        "last_run": run_document(runs[0]) if runs else None,
        "ports": [_port(p) for p in product.ports],
        "tables": [_table(reader, road, t, releases, sample=sample) for t in product.tables],
        "lineage": _lineage(reader, product),
        "queries": list(product.document.get("queries") or []),
    }
    return document


def _summary(product: AppliedProduct, release: Release | None, team: str | None) -> Document:
    return {
        "product": str(product.name),
        "title": product.document.get("title"),
        "status": product.status,
        "version": product.version,
        "owner": product.document.get("team") or team,
        "description": product.document.get("purpose"),
        "tags": list(product.document.get("tags") or []),
        "tables_count": len(product.tables),
        "rows": sum(t.rows for t in release.tables) if release else None,
        "released_at": release.created_at.isoformat() if release else None,
        "release_sequence": release.sequence if release else None,
        "warnings": release.warnings if release else None,
    }


def _port(port: Any) -> Document:
    return {
        "name": port.name,
        "direction": port.direction,
        "kind": port.kind,
        "major": port.major,
        "description": port.description,
        "contract": f"{port.contract.contract_id}@{port.contract.version}" if port.contract else None,
        "standard": f"ODCS {port.contract.api_version}" if port.contract else None,
        "source": port.source,
    }


def _table(reader: Reader, road: Road, table: AppliedTable, releases: Sequence[Release], *, sample: bool) -> Document:
    released = _released(table, releases[0]) if releases else None
    results = _promises_kept(reader, table, releases)
    return {
        "table": str(table.name),
        "port": table.port,
        "description": table.description,
        "granularity": table.granularity,
        "rows": released.rows if released else None,
        "bytes": released.bytes if released else None,
        "coverage": coverage_document(released) if released else None,
        "columns": [dict(c) for c in table.columns],
        "checks": check_report(results),
        "sample": _sample(road, table) if sample and released else None,
        "how_to_query": {
            "cli": f'hanse query "{_first_rows(table, 10)}"',
            "python": f'hanse.open_mesh(".").query("{_first_rows(table, 10)}").to_arrow()',
        },
    }


def _released(table: AppliedTable, release: Release) -> ReleasedTable | None:
    return next((t for t in release.tables if t.table == table.name), None)


def _promises_kept(reader: Reader, table: AppliedTable, releases: Sequence[Release]) -> Sequence[CheckResult]:
    """Return the checks of the run that built the table as it is now visible; later releases only reused it."""
    snapshot = None
    for release in releases:
        released = _released(table, release)
        if released is None or (snapshot is not None and released.snapshot_id != snapshot):
            continue  # after a rollback, the run that checked this snapshot lies behind others
        snapshot = released.snapshot_id
        results = reader.checks(release.run_id, table=table.name) if release.run_id else ()
        if results:
            return results
    return ()


def _sample(road: Road, table: AppliedTable) -> Document:
    from hanse.query import rows_of

    try:
        with road.run(_first_rows(table, SAMPLE_ROWS)) as result:
            columns, rows, _ = rows_of(result, SAMPLE_ROWS)
    except HanseError as error:
        # A page with everything but the sample is worth more than none; it says why the sample is missing.
        return {"columns": [], "rows": [], "error": error.problem.as_document()}
    return {"columns": columns, "rows": rows, "error": None}


def _first_rows(table: AppliedTable, count: int) -> str:
    return f"SELECT * FROM {table.name} LIMIT {count}"  # noqa: S608 - names of tables are checked before they are applied


def _lineage(reader: Reader, product: AppliedProduct) -> Document:
    """Return one level up and one level down."""
    tables: Mapping[str, Sequence[str]] = product.document.get("reads") or {}
    files = sorted({r.removeprefix("file:") for reads in tables.values() for r in reads if r.startswith("file:")})
    mine = str(product.name)
    readers = sorted(
        {
            str(other.name)
            for other in reader.products()
            for port in other.ports
            if port.direction == "input" and port.source and port.source.rpartition(".")[0] == mine
        }
    )
    return {
        "reads": sorted({p.source for p in product.ports if p.direction == "input" and p.source}),
        "files": files,
        "read_by": readers,
        "tables": {table: list(reads) for table, reads in tables.items()},
    }
