"""Iceberg tables in a local warehouse, in the on-disk formats that PyIceberg's SqlCatalog reads and writes."""

from typing import TYPE_CHECKING, Any

from hanse.drivers.iceberg.folder import scan_folder

if TYPE_CHECKING:
    from hanse.drivers.iceberg.store import IcebergTables

__all__ = ["IcebergTables", "scan_folder"]


def __getattr__(name: str) -> Any:
    # Reading one folder needs no catalog.
    if name != "IcebergTables":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hanse.drivers.iceberg import store

    return store.IcebergTables
