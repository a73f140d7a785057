"""Contracts against data: every clause gets a verdict, and all of them are one document."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hanse.app.contract.options import Options, Paths, data_of
from hanse.app.contract.places import Place, no_table, places
from hanse.app.contract.reading import Found, read_contracts
from hanse.app.contract.servers import default_server, server_places
from hanse.app.contract.tables import Tested, verify_tables
from hanse.base import Problem, SystemClock, TableName
from hanse.quality.report import report
from hanse.quality.verdict import Verdict
from hanse.quality.whole import verify_contract
from hanse.registry.records import CheckResult
from hanse.spec.contract import Contract, Table

Document = dict[str, Any]
_WORST_FIRST = ("error", "failed", "warned", "passed")


def verify_contracts(
    contracts: Paths,
    *,
    data: Paths | Mapping[str, Paths] | None = None,
    server: str | None = None,
    allow: Iterable[str] = (),
    variables: Iterable[str] = (),
    tables: Iterable[str] = (),
    rows: int = 5,
    seconds: float | None = None,
    memory: int | None = None,
) -> Document:
    """Verify contracts against data, without a mesh: ``hanse.test_contract``.

    Args:
        contracts: files, or folders of files ``*.odcs.yaml``.
        data: where the data is: a path, a pattern, a folder or an address; or one of these for each table.
        server: name of the entry of the contract's ``servers`` that says where the data is.
        allow: beginnings of addresses that entries of ``servers`` may lead to.
        variables: names of environment variables that entries of ``servers`` may use.
        tables: names of the tables to verify, empty: all.
        rows: failing rows to fetch per check.
        seconds: how long one look at the data may take.
        memory: bytes that the engine may use before it spills.

    Returns:
        A document: ``status`` (``passed``, ``warned``, ``failed``, ``error``), ``counts`` over all, and ``contracts``.
        Each has under ``contract`` the ``checks`` about no single table, and ``tables`` with theirs. One that cannot be
        used has ``problems``; a table whose data cannot be read has a ``problem``, and its checks are errors.
    """
    found = (contracts,) if isinstance(contracts, str | os.PathLike) else tuple(contracts)
    options = Options(data_of(data), server, tuple(allow), tuple(variables), tuple(tables), rows, seconds, memory)
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
        return _document(found, found.problems, ())
    wanted = [t for t in contract.tables if not options.tables or t.name in options.tables]
    located, problems = located_tables(found, contract, wanted, options)
    tested = verify_tables(contract, wanted, located, options)
    whole = verify_contract(contract, run_id="", name=TableName("", "", ""), now=SystemClock().now())
    return _document(found, problems, tested, whole)


def located_tables(
    found: Found, contract: Contract, wanted: Sequence[Table], options: Options
) -> tuple[dict[str, Place | Problem], list[Problem]]:
    """Return where the data of tables is, by what was asked for or by the contract; and what was named in vain."""
    server = options.server or (None if options.data else default_server(contract))
    there = server_places(contract, contract.tables, server, found.folder, options) if server else {}
    located, problems = places(contract, wanted, options.data)
    others = [table for table in contract.tables if table not in wanted]
    if others and None in options.data:  # references and SQL may lead there
        beside, _ = places(contract, others, {None: options.data[None]})
        located = {**{name: place for name, place in beside.items() if isinstance(place, Place)}, **located}
    known = {t.name for t in contract.tables}
    problems += [no_table(contract, name) for name in options.tables if name not in known]
    return {**located, **there, **{n: p for n, p in located.items() if n in options.data}}, problems


def _document(
    found: Found, problems: Sequence[Problem], tested: Sequence[Tested], whole: Sequence[CheckResult] = ()
) -> Document:
    results = [*whole, *(r for one in tested for r in one.verdict.results)]
    document = report(results, [f for one in tested for f in one.verdict.failed_rows])
    by_table = {entry["table"]: entry for entry in document["tables"]}
    for one in tested:
        if one.verdict.results:
            entry = by_table[str(one.verdict.results[0].table)]
            entry["key"] = _key(found.contract, entry["table"])
            entry["data"] = one.shown
            entry["problem"] = one.problem.as_document() if one.problem else None
    return {
        "path": found.path,
        "status": _status(problems, tested, whole),
        "problems": [p.as_document() for p in problems],
        **document,
        "contract": _identity(found.contract, document.get("contract")),
    }


def _key(contract: Contract | None, name: str) -> list[str]:
    """Return the names of a table's primary key, by which a failing row can be found."""
    table = contract.table(name) if contract else None
    return list(table.primary_key) if table else []


def _identity(contract: Contract | None, about: Document | None) -> Document | None:
    """Return which contract it is, and what was found about it as a whole; None if it cannot be read."""
    if contract is None:
        return None
    return {"id": contract.id, "name": contract.name, "version": contract.version, **(about or {})}


def _status(problems: Sequence[Problem], tested: Sequence[Tested], whole: Sequence[CheckResult]) -> str:
    verdicts = [Verdict(tuple(whole)), *(one.verdict for one in tested)]
    if problems or any(one.problem for one in tested):
        return "error"
    if any(verdict.blocked for verdict in verdicts):
        return "failed"
    return "warned" if any(verdict.warnings for verdict in verdicts) else "passed"


def _worst(statuses: Iterable[str]) -> str:
    return min(statuses, key=_WORST_FIRST.index, default="error")
