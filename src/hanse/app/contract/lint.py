"""Everything that is wrong with contracts, found without any data, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hanse.app.contract.reading import Found, read_contracts
from hanse.base import Problem, Severity

if TYPE_CHECKING:
    from hanse.spec.contract import Contract

Document = dict[str, Any]


def lint_contracts(paths: Sequence[str], *, ignore: Iterable[str] = ()) -> Document:
    """Look at contracts: what cannot be read, what cannot be verified, what is doubtful.

    Args:
        paths: files, patterns, or folders of files ``*.odcs.yaml``.
        ignore: codes of warnings to leave out; errors are never left out.

    Returns:
        ``errors`` and ``warnings`` in numbers, and ``contracts``: each with its ``path``, ``contract`` (its id),
        ``version`` and ``problems`` by line, every one with ``file``, ``line`` and ``column`` beside ``where``.
    """
    unwanted = frozenset(ignore)
    documents = [_contract(found, unwanted) for found in read_contracts(paths)]
    found = [problem["severity"] for document in documents for problem in document["problems"]]
    return {"errors": found.count("error"), "warnings": found.count("warning"), "contracts": documents}


def _contract(found: Found, unwanted: frozenset[str]) -> Document:
    problems = [p for p in _problems(found) if p.severity is Severity.ERROR or p.code.id not in unwanted]
    problems.sort(key=lambda p: ((p.where.line, p.where.column) if p.where else (0, 0), p.code.id))
    contract = found.contract
    return {
        "path": found.path,
        "contract": contract.id if contract else None,
        "version": contract.version if contract else None,
        "problems": [_placed(p, found.path) for p in problems],
    }


def _problems(found: Found) -> list[Problem]:
    if found.data is None:
        return list(found.problems)
    from hanse.quality.examine import examine

    problems = list(examine(found.data, found.path)[1])
    if found.contract is not None:
        from hanse.quality.advice import advise

        problems += advise(found.contract)
        problems += _trials(found.contract)
    return list(dict.fromkeys(problems))


def _trials(contract: Contract) -> Iterator[Problem]:
    """Yield the contract's own values that break its clauses: they are tried on the engine, as data would be."""
    from hanse.quality.checks import checks_of
    from hanse.quality.codes import BAD_EXAMPLE
    from hanse.quality.records import Tried

    stated = [(table, check) for table in contract.tables for check in checks_of(contract, table)]
    wanted = [(t, c, c.measure) for t, c in stated if isinstance(c.measure, Tried) and c.measure.tests]
    if not wanted:
        return
    from hanse.drivers.duckdb import DuckDBEngine
    from hanse.quality.trials import broken_clauses

    with DuckDBEngine().open(readable=()) as session:
        for table, check, measure in wanted:
            for words in broken_clauses(session, measure):
                what = f"{check.clause}: {words} (table `{table.name}`)"
                yield Problem(BAD_EXAMPLE, what, check.location, severity=check.severity)


def _placed(problem: Problem, path: str) -> Document:
    where = problem.where
    file, line, column = (where.path, where.line, where.column) if where else (path, 0, 0)
    return {**problem.as_document(), "file": file, "line": line or None, "column": column or None}
