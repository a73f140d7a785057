"""Soda: ``CONTRACT DATA_SOURCE``. Prints check → whether it holds, as JSON; what was not evaluated is left out."""

import json
import sys

from soda_core.contracts import verify_contract_locally  # type: ignore[import-not-found]  # of another environment

found = verify_contract_locally(contract_file_path=sys.argv[1], data_source_file_path=sys.argv[2])
print(
    json.dumps(
        {
            check.check.name: check.outcome.name == "PASSED"
            for contract in found.contract_verification_results
            for check in contract.check_results
            if check.outcome.name in ("PASSED", "FAILED")
        }
    )
)
