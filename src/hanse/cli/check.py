"""``hanse check``."""

from __future__ import annotations

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened
from hanse.cli.render import count, print_json, print_problem, say, say_status


@click.command("check")
@json_option
@click.pass_context
def command_check(context: click.Context, as_json: bool) -> int:
    """Look at every file of the mesh and report all problems at once."""
    document = opened(context).check()
    if as_json:
        print_json(document)
    else:
        for problem in document["problems"]:
            print_problem(problem)
        if document["problems"]:
            say(err=True)
        status = "failed" if document["errors"] else "warning" if document["warnings"] else "ok"
        say_status(
            status,
            f"{count(document['products'], 'product')} in {count(document['domains'], 'domain')}: "
            f"{count(document['errors'], 'error')}, {count(document['warnings'], 'warning')}",
        )
        if not document["domains"]:
            say("no products: they are folders `domains/<domain>/<product>/` beside mesh.yaml")
    return Exit.FAILED if document["errors"] else Exit.OK
