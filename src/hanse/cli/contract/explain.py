"""``hanse contract explain``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from hanse.cli.contract.options import contracts_argument, data_options
from hanse.cli.exits import Exit
from hanse.cli.options import json_option
from hanse.cli.render import Document, count, print_json, print_problem, say, say_status

if TYPE_CHECKING:
    from hanse.app.contract.options import Options

_WORDS = {
    "none": "nothing is looked at",
    "contract": "the contract's own values",
    "schema": "the columns and their types",
    "statistics": "what the files' footers tell",
    "distinct": "the distinct values of a column",
    "scan": "one scan of all rows",
    "order": "one pass that compares each key with the one before",
    "group": "rows grouped by a key",
    "reference": "keys looked up in another table",
    "sql": "the contract's own query",
}


@click.command("explain")
@contracts_argument
@data_options
@json_option
def command_explain(contracts: tuple[str, ...], options: Options, as_json: bool) -> int:
    """Tell how the data would be looked at: which pass answers which checks of CONTRACT, and its SQL.

    Without --data and --server, by the contract alone: the data may let footers of files answer more, and cheaper.
    """
    from hanse.app.contract.explain import plan_of

    document = plan_of(contracts, options)
    if as_json:
        print_json(document)
    else:
        for contract in document["contracts"]:
            _print_contract(contract)
    bad = any(c["problems"] or any(t["problem"] for t in c["tables"]) for c in document["contracts"])
    return Exit.FAILED if bad else Exit.OK


def _print_contract(contract: Document) -> None:
    found = contract["contract"]
    name = f"{found['name'] or found['id']} {found['version']}  " if found else ""
    say_status("plan" if found else "error", name + contract["path"])
    sys.stdout.flush()  # problems go to standard error, and stay below this line
    for problem in contract["problems"]:
        print_problem(problem)
    for table in contract["tables"]:
        _print_table(table)


def _print_table(table: Document) -> None:
    where = f"  {table['data']}" if table["data"] else ""
    checks = sum(len(one["checks"]) for one in table["passes"])
    passes = count(len(table["passes"]), "pass", "passes")
    say(f"  {table['table']}{where}: {count(checks, 'check')} in {passes}")
    if table["problem"]:
        sys.stdout.flush()
        print_problem(table["problem"])
    for one in table["passes"]:
        of = f" `{one['column']}`" if one["column"] else ""
        there = (
            f" ({one['where']}: {one['why']})" if one.get("why") else ", in the database" if one.get("where") else ""
        )
        say(f"    {one['method']}{of}: {_WORDS.get(one['method'], '')}{there}")
        for check in one["checks"]:
            say(f"      {check}")
        for line in (one["sql"] or "").strip().splitlines():
            say(f"      │ {line}")


def _place(one: Document) -> str:
    """Say where a pass over a database's table happens, and why it does not happen there."""
    if one.get("why"):
        return f" (in Hanse's engine: {one['why']})" if one["where"] else ""
    return ", in the database" if one.get("where") else ""
