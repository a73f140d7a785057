"""What a person may write for a product, a table or a version, read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from hanse import spec
from hanse.app.codes import NO_SUCH_ADDRESS
from hanse.base import Problem, Problems, ProductName, QueryError, Severity
from hanse.base.names import split_major
from hanse.base.suggest import did_you_mean
from hanse.base.versions import Version, parse_version

Document = dict[str, Any]


def parse(address: str, mesh: str) -> tuple[ProductName, str | None]:
    """Return the product, and perhaps the table, that an address names.

    Args:
        address: ``domain.product`` or ``domain.product.table``, or either as ``hanse://mesh/domain/product/…``.
        mesh: this mesh's name.

    Raises:
        QueryError: HNS-A001: it is no address, another mesh's, or that of the mesh's own metadata.
    """
    parts = _parts_of(address, mesh)
    if len(parts) not in {2, 3}:
        raise QueryError(
            NO_SUCH_ADDRESS,
            f"`{address}` is no address of a product or a table",
            fix="write `domain.product` or `domain.product.table`; `hanse list` shows all products",
        )
    if parts[:2] == ["mesh", "catalog"]:
        table = ".".join(parts) if len(parts) == 3 else "mesh.catalog.products"
        raise QueryError(
            NO_SUCH_ADDRESS,
            f"`{address}` is what the mesh knows about itself, and no product",
            fix=f'query it: `hanse query "SELECT * FROM {table}"`',  # noqa: S608 - a hint to read
        )
    return ProductName.parse(".".join(parts[:2])), parts[2] if len(parts) == 3 else None


def parse_column(address: str, mesh: str) -> tuple[ProductName, str | None, str | None]:
    """Return the product, and perhaps the table and the column, that an address names; see :func:`parse`.

    Args:
        address: as of :func:`parse`, or ``domain.product.table.column``; a column's name may hold dots.
        mesh: this mesh's name.
    """
    table, column = address, None
    if not address.startswith("hanse://") and address.count(".") > 2:
        *parts, column = address.split(".", 3)
        table = ".".join(parts)
    return (*parse(table, mesh), column)


def only_table(document: Document, product: ProductName, table: str) -> Document:
    """Return a product's document with one of its tables.

    Raises:
        QueryError: HNS-A001: it has no such table.
    """
    wanted = [t for t in document["tables"] if t["table"].rpartition(".")[2] == table]
    if not wanted:
        tables = [t["table"].rpartition(".")[2] for t in document["tables"]]
        raise QueryError(
            NO_SUCH_ADDRESS,
            f"{product} has no table `{split_major(table)[0]}`",
            fix=did_you_mean(table, tables),
        )
    return document | {"tables": wanted}


def products_of(workspace: spec.Workspace, products: Iterable[str] | None) -> tuple[ProductName, ...]:
    """Return the products that addresses name, each once; all of the folder if None.

    Raises:
        QueryError: HNS-A001: the folder has no such product.
        Problems: it has one, whose files cannot be read.
    """
    if products is None:
        return tuple(workspace.entries)
    names = tuple(dict.fromkeys(ProductName.parse(p) for p in products))
    for name in names:
        if name not in workspace.entries:
            faults = _faults_of(workspace, name)
            if faults:
                raise Problems(faults)
            raise QueryError(
                NO_SUCH_ADDRESS,
                f"there is no product {name} in this mesh",
                fix=did_you_mean(str(name), map(str, workspace.entries)),
            )
    return names


def _faults_of(workspace: spec.Workspace, name: ProductName) -> tuple[Problem, ...]:
    """Return what keeps a product's files from being read; nothing if it has none."""
    folder = f"domains/{name.domain}/{name.product}/"
    return tuple(
        p for p in workspace.problems if p.severity is Severity.ERROR and p.where and p.where.path.startswith(folder)
    )


def read_version(given: Version | None) -> Version | None:
    """Return a version as the rooms below want it: texts read, times aware."""
    if isinstance(given, str):
        return parse_version(given)
    if isinstance(given, datetime) and given.tzinfo is None:
        return given.replace(tzinfo=UTC)
    return given


def _parts_of(address: str, mesh: str) -> list[str]:
    """Return domain, product and perhaps table of an address; nothing if it is another mesh's."""
    if not address.startswith("hanse://"):
        return address.split(".")
    name, *parts = address.removeprefix("hanse://").split("/")
    if len(parts) == 4:
        del parts[2]  # the port: a table's name is unique within its product
    if len(parts) == 3:
        table, _, major = parts[2].partition("@")
        parts[2] = table if major in {"", "1"} else f"{table}_v{major}"
    return parts if name == mesh else []
