"""``hanse doctor``."""

from __future__ import annotations

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened
from hanse.cli.render import lines_of, print_json, say, say_field, say_status

_NAMES = 9


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
            first, *rest = lines_of(finding["detail"], room=_NAMES + 3)
            say_status(finding["status"], f"{finding['name']:<{_NAMES}} {first}")
            for line in rest:
                say(f"  {'':<{_NAMES}} {line}")
            if finding.get("fix"):
                say_field("fix", finding["fix"], room=_NAMES, prose=False)
    return Exit.OK if document["healthy"] else Exit.FAILED
