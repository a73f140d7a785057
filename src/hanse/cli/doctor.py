"""``hanse doctor``."""

from __future__ import annotations

import sys

import click

from hanse.base import Problem
from hanse.cli.codes import NOBODY_TO_ASK
from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened
from hanse.cli.render import (
    Document,
    is_terminal,
    lines_of,
    print_json,
    print_problem,
    print_problems,
    say,
    say_field,
    say_status,
)
from hanse.cli.run import progress

_NAMES = 9


@click.command("doctor")
@click.option("--deep", is_flag=True, help="Read every byte of the data of every release.")
@click.option("--repair", is_flag=True, help="Mend what can be mended: show how, ask, and do it.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def command_doctor(context: click.Context, deep: bool, repair: bool, yes: bool, as_json: bool) -> int:
    """Look at everything that the mesh needs to work, and say how to mend what is wrong.

    `--repair` brings metadata back from copies, and builds tables anew that lost files. It never rolls back.
    """
    if repair:
        return _repair(context, deep=deep, yes=yes, as_json=as_json)
    document = opened(context).doctor(deep=deep)
    if as_json:
        print_json(document)
    else:
        for finding in document["findings"]:
            _print(finding)
    return Exit.OK if document["healthy"] else Exit.FAILED


def _print(finding: Document) -> None:
    first, *rest = lines_of(finding["detail"], room=_NAMES + 3)
    say_status(finding["status"], f"{finding['name']:<{_NAMES}} {first}")
    for line in rest:
        say(f"  {'':<{_NAMES}} {line}")
    if finding.get("means"):
        say_field("means", finding["means"], room=_NAMES)
    if finding.get("fix"):
        say_field("fix", finding["fix"], room=_NAMES, prose=False)


def _repair(context: click.Context, *, deep: bool, yes: bool, as_json: bool) -> int:
    nobody = as_json or not is_terminal(sys.stdin)

    def confirm(document: Document) -> bool:
        if not as_json:
            _print_steps(document)
        return yes or (not nobody and click.confirm("\nRepair this?", default=False))

    with progress(quiet=as_json) as listener:
        document = opened(context).repair(deep=deep, confirm=confirm, listener=listener)
    if as_json:
        print_json(document)
    elif document["repaired"] or not document["steps"]:
        _print_repaired(document)
    if document["steps"] and not document["repaired"]:
        if nobody:
            what = "nothing was changed: there is nobody to ask whether to repair this"
            print_problems([Problem(NOBODY_TO_ASK, what, fix="`hanse doctor --repair --yes`")], as_json=as_json)
            return Exit.USAGE
        say("nothing was changed", err=True)
        return Exit.FAILED
    left = any(finding["status"] == "problem" for finding in document["cannot"])
    whole = not left and all(step["done"] for step in document["steps"])
    return Exit.OK if whole else Exit.FAILED


def _print_steps(document: Document) -> None:
    for step in document["steps"]:
        say_status("plan", f"{step['subject'] or 'catalog'}  {step['what']}")
        say_field("mend", step["does"], room=_NAMES)
    for finding in document["cannot"]:
        _print({**finding, "name": "left"})


def _print_repaired(document: Document) -> None:
    for step in document["steps"]:
        say_status("ok" if step["done"] else "failed", f"{step['subject'] or 'catalog'}  {step['does']}")
        if step["error"]:
            print_problem(step["error"])
    for finding in document["cannot"]:
        _print({**finding, "name": "left"})
    if not document["steps"] and not document["cannot"]:
        say_status("unchanged", "there is nothing to repair")
