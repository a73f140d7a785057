"""Iceberg tables in a local warehouse, in the on-disk formats that PyIceberg's SqlCatalog reads and writes."""

from hanse.drivers.iceberg.store import IcebergTables

__all__ = ["IcebergTables"]
