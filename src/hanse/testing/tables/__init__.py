"""What every table store must do: a suite to subclass.

::

    class TestMyTables(TablesConformance):
        def open_store(self, folder: Path) -> TableStore:
            return MyTables(folder)

It needs pytest and hypothesis.
"""

from __future__ import annotations

try:
    import hypothesis  # noqa: F401 - said here, so that the parts of the suite may just import it
    import pytest  # noqa: F401
except ImportError as error:
    raise ImportError("hanse.testing.tables needs pytest and hypothesis: pip install pytest hypothesis") from error

from hanse.testing.tables.columns import ColumnSuite
from hanse.testing.tables.concurrency import ConcurrencySuite
from hanse.testing.tables.evolution import EvolutionSuite
from hanse.testing.tables.files import FileSuite
from hanse.testing.tables.keeping import KeepSuite
from hanse.testing.tables.lifecycle import LifecycleSuite
from hanse.testing.tables.maintenance import MaintenanceSuite
from hanse.testing.tables.mixed import MixedFilesSuite
from hanse.testing.tables.snapshots import SnapshotSuite

__all__ = ["TablesConformance"]


class TablesConformance(
    LifecycleSuite,
    ColumnSuite,
    EvolutionSuite,
    MixedFilesSuite,
    SnapshotSuite,
    KeepSuite,
    FileSuite,
    ConcurrencySuite,
    MaintenanceSuite,
):
    """Subclass it with a name that pytest collects, and override :meth:`open_store`."""
