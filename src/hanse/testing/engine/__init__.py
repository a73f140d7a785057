"""What every engine must do: a suite to subclass.

::

    class TestMyEngine(EngineConformance):
        @pytest.fixture
        def engine(self):
            return MyEngine()

The SQL in it is what Hanse itself generates: DuckDB's spelling of standard SQL. It needs pytest and hypothesis.
"""

from __future__ import annotations

try:
    import hypothesis  # noqa: F401 - said here, so that the parts of the suite may just import it
    import pytest  # noqa: F401
except ImportError as error:
    raise ImportError("hanse.testing.engine needs pytest and hypothesis: pip install pytest hypothesis") from error

from hanse.interfaces import Engine
from hanse.testing.engine.documents import DocumentSuite
from hanse.testing.engine.relations import RelationSuite
from hanse.testing.engine.running import RunningSuite
from hanse.testing.engine.staging import StagingSuite
from hanse.testing.engine.statements import StatementSuite

__all__ = ["EngineConformance"]


class EngineConformance(RelationSuite, DocumentSuite, StagingSuite, StatementSuite, RunningSuite):
    """Subclass it with a name that pytest collects, and override the fixture ``engine``."""

    def test_engine_says_who_it_is(self, engine: Engine) -> None:
        """Name and version decide whether tables are built again: they are stable texts."""
        assert engine.name
        assert engine.name == engine.name.lower()
        assert engine.version
        assert engine.version == engine.version
