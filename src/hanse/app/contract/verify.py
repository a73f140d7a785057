"""Contracts against data: every clause gets a verdict, and all of them are one document."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hanse.app.contract.options import Options, Paths, data_of
from hanse.app.contract.places import places
from hanse.app.contract.reading import Found, read_contracts
from hanse.app.contract.tables import Tested, verify_tables
from hanse.base import Problem
from hanse.quality.report import report

Document = dict[str, Any]
_WORST_FIRST = ("error", "failed", "warned", "passed")


def verify_contracts(
    contracts: Paths,
    *,
    data: Paths | Mapping[str, Paths] | None = None,
    tables: Iterable[str] = (),
    rows: int = 5,
    seconds: float | None = None,
    memory: int | None = None,
) -> Document:
    """Verify contracts against data, without a mesh: ``hanse.test_contract``.

    Args:
        contracts: files, or folders of files ``*.odcs.yaml``.
        data: where the data is: a path, a pattern, a folder or an address; or one of these for each table.
        tables: names of the tables to verify, empty: all.
        rows: failing rows to fetch per check.
        seconds: how long one look at the data may take.
        memory: bytes that the engine may use before it spills.

    Returns:
        A document: ``status`` (``passed``, ``warned``, ``failed``, ``error``), ``counts`` over all, and ``contracts``.
        A contract that cannot be used has ``problems``; a table whose data cannot be read has a ``problem``, and its
        checks are errors.
    """
    found = (contracts,) if isinstance(contracts, str | os.PathLike) else tuple(contracts)
    options = Options(data_of(data), tuple(tables), rows, seconds, memory)
    return document_of([os.fspath(path) for path in found], options)


def document_of(paths: Sequence[str], options: Options) -> Document:
    """Verify every contract that paths name; see :func:`verify_contracts`."""
    documents = [_contract(found, options) for found in read_contracts(paths)]
    totals: dict[str, int] = {}
    for document in documents:
        for key, number in document["counts"].items():
            totals[key] = totals.get(key, 0) + number
    return {"status": _worst(d["status"] for d in documents), "counts": totals, "contracts": documents}


def _contract(found: Found, options: Options) -> Document:
    contract = found.contract
    if contract is None:
        return _document(found, None, None, found.problems, ())
    wanted = [t for t in contract.tables if not options.tables or t.name in options.tables]
    located, problems = places(contract, wanted, options.data)
    tested = verify_tables(contract, wanted, located, options)
    return _document(found, contract.id, contract.version, problems, tested)


def _document(
    found: Found, id_: str | None, version: str | None, problems: Sequence[Problem], tested: Sequence[Tested]
) -> Document:
    results = [r for one in tested for r in one.verdict.results]
    document = report(results, [f for one in tested for f in one.verdict.failed_rows])
    by_table = {entry["table"]: entry for entry in document["tables"]}
    for one in tested:
        if one.verdict.results:
            entry = by_table[str(one.verdict.results[0].table)]
            entry["data"] = one.shown
            entry["problem"] = one.problem.as_document() if one.problem else None
    return {
        "contract": id_,
        "version": version,
        "path": found.path,
        "status": _status(problems, tested),
        "problems": [p.as_document() for p in problems],
        **document,
    }


def _status(problems: Sequence[Problem], tested: Sequence[Tested]) -> str:
    if problems or any(one.problem for one in tested):
        return "error"
    if any(one.verdict.blocked for one in tested):
        return "failed"
    return "warned" if any(one.verdict.warnings for one in tested) else "passed"


def _worst(statuses: Iterable[str]) -> str:
    return min(statuses, key=_WORST_FIRST.index, default="error")
