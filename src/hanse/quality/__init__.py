"""Floor 8: contract to checks to verdicts.

Everything is importable from here; what plans and runs checks is loaded when first used, and sqlglot with it.
"""

from hanse.quality.checks import checks_of, contract_checks, is_row_wise, key_check, lint, lint_contract
from hanse.quality.evidence import look
from hanse.quality.examine import examine
from hanse.quality.explain import explain
from hanse.quality.plan import Evidence, Method, Pass, plan
from hanse.quality.records import Check
from hanse.quality.report import counts, report, worst_first
from hanse.quality.run import verify
from hanse.quality.verdict import Outcome, Verdict
from hanse.quality.whole import Deliveries, Ended, needs_records, verify_contract

__all__ = [
    "Check",
    "Deliveries",
    "Ended",
    "Evidence",
    "Method",
    "Outcome",
    "Pass",
    "Verdict",
    "checks_of",
    "contract_checks",
    "counts",
    "examine",
    "explain",
    "is_row_wise",
    "key_check",
    "lint",
    "lint_contract",
    "look",
    "needs_records",
    "plan",
    "report",
    "verify",
    "verify_contract",
    "worst_first",
]
