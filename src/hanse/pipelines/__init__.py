"""Floor 9: graph, run, publish.

Only light modules are imported here; building loads the rest when there is something to build.
"""

from hanse.pipelines.mend import needed_snapshots
from hanse.pipelines.retention import expired_releases
from hanse.pipelines.rollback import pause_problem, roll_back
from hanse.pipelines.run import Outcome, execute
from hanse.pipelines.situation import Surroundings, order, require_windows
from hanse.pipelines.windows import Asked

__all__ = [
    "Asked",
    "Outcome",
    "Surroundings",
    "execute",
    "expired_releases",
    "needed_snapshots",
    "order",
    "pause_problem",
    "require_windows",
    "roll_back",
]
