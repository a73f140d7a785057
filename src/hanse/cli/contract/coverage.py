"""``hanse contract coverage``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli.contract.options import contracts_argument, data_options
from hanse.cli.exits import Exit
from hanse.cli.options import json_option
from hanse.cli.render import Document, count, print_json, print_problem, say, say_status

if TYPE_CHECKING:
    from hanse.app.contract.options import Options

_EXITS = {"listed": Exit.OK, "passed": Exit.OK, "warned": Exit.OK, "failed": Exit.BLOCKED, "error": Exit.FAILED}
_WORDS = {"manual": "for a person", "not_applicable": "not applicable", "error": "could not run"}


@click.command("coverage")
@contracts_argument
@data_options
@json_option
def command_coverage(contracts: tuple[str, ...], options: Options, as_json: bool) -> int:
    """List every clause of CONTRACT, and how it is verified; with data, its verdict, too.

    Without data, what the data would add is not known: numbers that its files' footers tell, and columns with few
    values. Exit code as of `hanse contract test`.
    """
    from hanse.app.contract.coverage import coverage_of

    document = coverage_of(contracts, options)
    if as_json:
        print_json(document)
    else:
        for contract in document["contracts"]:
            _print(contract)
    return _EXITS[document["status"]]


def _print(contract: Document) -> None:
    name = f"{contract['contract']} {contract['version']}  " if contract["contract"] else ""
    say(f"{name}{contract['path']}")
    for problem in contract["problems"]:
        print_problem(problem)
    widest = max((len(clause["method"] or "") for clause in contract["clauses"]), default=0)
    for clause in contract["clauses"]:
        place = clause["table"] or "contract"
        why = f": {clause['message']}" if clause["message"] and clause["verdict"] not in ("passed", "manual") else ""
        text = f"{clause['method'] or '':<{widest}}  {place}  {clause['clause']}{why}"
        say_status(clause["verdict"] or "to verify", text, indent=2)
    if contract["contract"]:
        _print_totals(contract)


def _print_totals(contract: Document) -> None:
    totals = contract["totals"]
    verdicts = _listed({_WORDS.get(word, word): number for word, number in totals["verdicts"].items()})
    say(f"  {count(totals['clauses'], 'clause')}: {verdicts}")
    say(f"  by method: {_listed(totals['methods'])}")
    fields = contract["fields"]
    say(f"  {count(sum(fields.values()), 'key')} in the file: {_listed(fields)}")


def _listed(numbers: Document) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in numbers.items())
