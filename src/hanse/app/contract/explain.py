"""How a test of contracts would look at the data, or, without data, at data that is just as promised."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hanse.app.contract.options import Options, Paths, data_of
from hanse.app.contract.places import Place
from hanse.app.contract.reading import Found, read_contracts
from hanse.app.contract.tables import bound_tables, in_databases, relations_of
from hanse.app.contract.verify import located_tables
from hanse.base import HanseError, Problem

if TYPE_CHECKING:
    from hanse.app.contract.files import Bound, FileData
    from hanse.spec.contract import Contract, Table

Document = dict[str, Any]


def explain_contracts(
    contracts: Paths,
    *,
    data: Paths | Mapping[str, Paths] | None = None,
    server: str | None = None,
    allow: Iterable[str] = (),
    variables: Iterable[str] = (),
    tables: Iterable[str] = (),
) -> Document:
    """Tell how contracts would be verified; see :func:`hanse.app.contract.verify.verify_contracts`.

    Returns:
        Per contract and table the ``passes``: ``method``, ``column``, ``sql`` and the ``checks`` that it answers; of
        tables in databases also ``where`` (``database`` or ``engine``) and ``why`` it is the engine.
        Without data, ``data`` is None and the passes are those that the contract alone lets expect.
    """
    found = (contracts,) if isinstance(contracts, str | os.PathLike) else tuple(contracts)
    options = Options(data_of(data), server, tuple(allow), tuple(variables), tuple(tables))
    return plan_of([os.fspath(path) for path in found], options)


def plan_of(paths: Sequence[str], options: Options) -> Document:
    """Tell how every contract that paths name would be verified; see :func:`explain_contracts`."""
    return {"contracts": [_contract(found, options) for found in read_contracts(paths)]}


def _contract(found: Found, options: Options) -> Document:
    contract = found.contract
    if contract is None:
        return {"path": found.path, "contract": None, "problems": _shown(found.problems), "tables": []}
    wanted = [t for t in contract.tables if not options.tables or t.name in options.tables]
    if options.data or options.server:
        located, problems = located_tables(found, contract, wanted, options)
        with bound_tables(contract, located, options) as (data, bound):
            hosted = _in_databases(contract, wanted, in_databases(located), options)
            entries = [
                hosted.get(table.name) or _table(contract, table, located[table.name], bound, data) for table in wanted
            ]
    else:
        from hanse.quality.explain import foresee

        problems = []
        entries = [_entry(table, None, foresee(table, contract)) for table in wanted]
    return {
        "path": found.path,
        "contract": {"id": contract.id, "name": contract.name, "version": contract.version},
        "problems": _shown(problems),
        "tables": entries,
    }


def _in_databases(
    contract: Contract, tables: Sequence[Table], located: Mapping[str, Place], options: Options
) -> dict[str, Document]:
    if not located:
        return {}
    from hanse.app.contract.databases import explain_databases

    found = explain_databases(contract, tables, located, options)
    return {
        table.name: _entry(table, located[table.name].shown, [], one)
        if isinstance(one := found[table.name], Problem)
        else _entry(table, located[table.name].shown, one)
        for table in tables
        if table.name in located
    }


def _table(
    contract: Contract,
    table: Table,
    place: Place | Problem,
    bound: Mapping[str, Bound | Problem],
    data: FileData | None,
) -> Document:
    from hanse.quality.explain import explain

    if isinstance(place, Problem) or data is None:
        return _entry(table, None, [], place if isinstance(place, Problem) else None)
    one = bound[table.name]
    if isinstance(one, Problem):
        return _entry(table, place.shown, [], one)
    try:
        passes = explain(
            data.session,
            table,
            contract,
            one.relation,
            one.files,
            relations_of(contract, bound),
            columns=one.columns,
            shape=one.shape,
        )
    except HanseError as error:
        return _entry(table, place.shown, [], error.problem)
    return _entry(table, place.shown, passes)


def _entry(table: Table, shown: str | None, passes: Sequence[Document], problem: Problem | None = None) -> Document:
    return {
        "table": table.name,
        "data": shown,
        "problem": problem.as_document() if problem else None,
        "passes": list(passes),
    }


def _shown(problems: Iterable[Problem]) -> list[Document]:
    return [problem.as_document() for problem in problems]
