"""Everything that is wrong with a contract's file, at once and without any data."""

from __future__ import annotations

from hanse.base import Problem
from hanse.quality.checks import lint, lint_contract
from hanse.quality.codes import INCOMPLETE_RULE
from hanse.spec.contract import Contract


def examine(data: bytes, path: str) -> tuple[Contract | None, tuple[Problem, ...]]:
    """Read a contract, and find all that is wrong with it: its YAML, its standard, its meaning and its checks.

    Args:
        data: the file's bytes.
        path: how messages shall name the file.

    Returns:
        The contract, None when the file has an error that keeps it from being read as a whole; and every problem, in
        the order of the file. A clause that could not be verified is a problem that leaves the contract readable.
    """
    from hanse.spec.odcs import read_in_part  # with YAML, which those who only check need not load

    reading = read_in_part(data, path)
    problems = list(reading.problems)
    reported = {p.where for p in problems}
    contract = reading.contract
    if contract:
        clauses = (p for table in contract.tables for p in lint(contract, table))
        for problem in (*lint_contract(contract), *clauses):
            said = problem.code is INCOMPLETE_RULE and problem.where in reported
            if reading.damage.spares(problem.where) and not said:
                problems.append(problem)
    problems.sort(key=lambda p: (p.where.line, p.where.column) if p.where else (0, 0))
    return contract if reading.is_sound else None, tuple(problems)
