"""``hanse doctor``."""

from __future__ import annotations

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened
from hanse.cli.render import print_json, say, say_status


@click.command("doctor")
@json_option
@click.pass_context
def command_doctor(context: click.Context, as_json: bool) -> int:
    """Look at everything that the mesh needs to work, and say how to mend what is wrong."""
    document = opened(context).doctor()
    if as_json:
        print_json(document)
    else:
        for finding in document["findings"]:
            say_status(finding["status"], f"{finding['name']:<9} {finding['detail']}")
            if finding.get("fix"):
                say(f"  fix       {finding['fix']}")
    return Exit.OK if document["healthy"] else Exit.FAILED
