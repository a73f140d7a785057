"""``hanse contract lint``."""

from __future__ import annotations

import click

from hanse.cli.contract.options import contracts_argument
from hanse.cli.exits import Exit
from hanse.cli.options import json_option
from hanse.cli.render import count, print_json, print_problem, say, say_status


@click.command("lint")
@contracts_argument
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option("--ignore", metavar="CODE", multiple=True, help="Leave out warnings of this code. Repeatable.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    show_default=True,
    help="Text for people, or annotations that GitHub shows beside the lines of a pull request.",
)
@json_option
def command_lint(contracts: tuple[str, ...], strict: bool, ignore: tuple[str, ...], form: str, as_json: bool) -> int:
    """Look at contracts without any data, and report all problems at once, each with its place.

    CONTRACT: ODCS files, patterns, or folders of files *.odcs.yaml. Exit code 0: no errors; 1: errors, or warnings with
    --strict.
    """
    from hanse.app.contract.lint import lint_contracts

    document = lint_contracts(contracts, ignore=ignore)
    problems = [problem for contract in document["contracts"] for problem in contract["problems"]]
    if as_json:
        print_json(document)
    elif form == "github":
        from hanse.cli.contract.github import print_annotations

        print_annotations(problems)
    else:
        for problem in problems:
            print_problem(problem)
        if problems:
            say(err=True)
        status = "failed" if document["errors"] else "warning" if document["warnings"] else "ok"
        numbers = f"{count(document['errors'], 'error')}, {count(document['warnings'], 'warning')}"
        say_status(status, f"{count(len(document['contracts']), 'contract')}: {numbers}")
    return Exit.FAILED if document["errors"] or (strict and document["warnings"]) else Exit.OK
