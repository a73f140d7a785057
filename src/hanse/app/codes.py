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
