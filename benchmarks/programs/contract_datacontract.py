"""datacontract-cli: ``CONTRACT …``. Prints check → whether it holds, as JSON; null for what it did not verify.

Several contracts are verified one after the other in this process; checks of all of them are merged under their names.
"""

import json
import sys
from itertools import cycle

from datacontract.data_contract import DataContract  # type: ignore[import-not-found]  # of another environment

NAMES = {
    "field_required": "not_null {}",
    "field_invalid_values": "enum {}",
    "field_minimum": "range {}",
    "field_maximum": "range {}",
    "field_regex": "pattern {}",
    "field_max_length": "length",
    "field_null_values": "null_fraction",
    "row_count": "row_count",
    "model_duplicate_values": "unique",
    "field_relationships": "reference",
}
QUERIES = cycle(("freshness", "sql received_before_shipped", "sql returned_late", "sql open_early"))
holds: dict[str, bool | None] = {}
for contract in sys.argv[1:]:
    for check in DataContract(data_contract_file=contract, server="local").test().checks:
        name = next(QUERIES) if check.type == "model_quality_sql" else NAMES.get(check.type, "{} of {}")
        name = name.format(check.field) if check.type in NAMES else name.format(check.type, check.field or check.name)
        passed = {"passed": True, "failed": False}.get(check.result.value)
        before = holds.get(name, True)
        holds[name] = None if passed is None or before is None else passed and before
print(json.dumps(holds))
