"""Codes of the opened mesh (letter A)."""

from hanse.base import Code

NO_SUCH_ADDRESS = Code(
    "HNS-A001",
    "no such address",
    "The address names nothing in this mesh. `hanse list` shows all products; tables are `domain.product.table`.",
)
UNKNOWN_DRIVER = Code(
    "HNS-A002",
    "unknown driver",
    "`mesh.yaml` asks for a driver that this version of Hanse does not have.",
)
RUNS_UNDER_WAY = Code(
    "HNS-A003",
    "not while runs are under way",
    "`hanse doctor --repair` sets what tables point to, and a run beside it could commit to what is being replaced. "
    "Nothing was changed. Wait for the run, or end it; a run whose process died does not count.",
)
BAD_RANGE = Code(
    "HNS-A004",
    "no such range to build",
    "`hanse run --from … --to …` takes two times in UTC or two keys, and products by name; it does not go with "
    "`--force`, which builds everything.",
)
