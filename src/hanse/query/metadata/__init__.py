"""The mesh's own metadata as tables: ``mesh.catalog.<name>``.

One definition per table says its columns, their types and meanings, and how a row is made of the registry's records;
documentation, ``schema`` output and the Arrow tables all come from it.
"""

from hanse.query.metadata.build import TABLES, build, describe
from hanse.query.metadata.table import MetadataColumn, MetadataTable

__all__ = ["TABLES", "MetadataColumn", "MetadataTable", "build", "describe"]
