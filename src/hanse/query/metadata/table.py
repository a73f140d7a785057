"""What a metadata table is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanse.base import ProductName, TableName
from hanse.spec.types import DataType, Scalar

if TYPE_CHECKING:
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


def text(name: str, description: str) -> MetadataColumn:
    """Return a column of text."""
    return MetadataColumn(name, Scalar.VARCHAR, description)


def number(name: str, description: str) -> MetadataColumn:
    """Return a column of whole numbers."""
    return MetadataColumn(name, Scalar.BIGINT, description)


def flag(name: str, description: str) -> MetadataColumn:
    """Return a column of true and false."""
    return MetadataColumn(name, Scalar.BOOLEAN, description)


def time(name: str, description: str) -> MetadataColumn:
    """Return a column of moments."""
    return MetadataColumn(name, Scalar.TIMESTAMPTZ, description)


def document(name: str, description: str) -> MetadataColumn:
    """Return a column of JSON documents."""
    return MetadataColumn(name, Scalar.VARCHAR, f"{description}, as JSON", is_json=True)


OF_PRODUCT = (text("domain", "Domain that owns it."), text("product", "Name of the product in its domain."))
OF_TABLE = (
    *OF_PRODUCT,
    text("table_name", "Name of the table in its product, without `_v<n>`."),
    number("major", "Major version of its contract."),
)


def product_key(name: ProductName) -> Row:
    """Return the values of :data:`OF_PRODUCT`."""
    return (name.domain, name.product)


def table_key(name: TableName) -> Row:
    """Return the values of :data:`OF_TABLE`."""
    return (name.domain, name.product, name.table, name.major)
