"""Floor 9: graph, run, publish.

Only light modules are imported here; building loads the rest when there is something to build.
"""

from hanse.pipelines.due.situation import Surroundings, order, require_windows
from hanse.pipelines.mend import needed_snapshots
from hanse.pipelines.rollback import pause_problem, roll_back
from hanse.pipelines.run import Outcome, execute
from hanse.pipelines.transforms.windows import Asked
from hanse.pipelines.upkeep.retention import expired_releases

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
