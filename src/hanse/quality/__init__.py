"""Floor 8: contract to checks to verdicts.

Everything is importable from here; what plans and runs checks is loaded when first used, and sqlglot with it.
"""

from hanse.quality.checks import checks_of, is_row_wise, key_check, lint
from hanse.quality.examine import examine
from hanse.quality.explain import explain
from hanse.quality.plan import Evidence, Method, Pass, plan
from hanse.quality.records import Check
from hanse.quality.report import counts, report, worst_first
from hanse.quality.run import look, verify
from hanse.quality.verdict import Outcome, Verdict

__all__ = [
    "Check",
    "Evidence",
    "Method",
    "Outcome",
    "Pass",
    "Verdict",
    "checks_of",
    "counts",
    "examine",
    "explain",
    "is_row_wise",
    "key_check",
    "lint",
    "look",
    "plan",
    "report",
    "verify",
    "worst_first",
]
