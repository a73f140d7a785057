"""Floor 3: one small Protocol per seam, and the values that cross it."""

from hanse.interfaces.engine import (
    ArrowScan,
    ColumnStatistics,
    CsvScan,
    Engine,
    ParquetScan,
    References,
    Relation,
    Session,
    SessionLimits,
)
from hanse.interfaces.tables import (
    ColumnDraft,
    DataFile,
    Replacement,
    Snapshot,
    StagedFile,
    StoredColumn,
    TableScan,
    TableSchema,
    TableStore,
)

__all__ = [
    "ArrowScan",
    "ColumnDraft",
    "ColumnStatistics",
    "CsvScan",
    "DataFile",
    "Engine",
    "ParquetScan",
    "References",
    "Relation",
    "Replacement",
    "Session",
    "SessionLimits",
    "Snapshot",
    "StagedFile",
    "StoredColumn",
    "TableScan",
    "TableSchema",
    "TableStore",
]
