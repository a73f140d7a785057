"""Everything that is wrong with contracts, found without any data, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hanse.app.contract.reading import Found, read_contracts
from hanse.base import Problem, Severity

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
    return list(dict.fromkeys(problems))


def _placed(problem: Problem, path: str) -> Document:
    where = problem.where
    file, line, column = (where.path, where.line, where.column) if where else (path, 0, 0)
    return {**problem.as_document(), "file": file, "line": line or None, "column": column or None}
