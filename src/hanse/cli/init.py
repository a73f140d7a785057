"""``hanse init``."""

from __future__ import annotations

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option
from hanse.cli.render import print_json, say, say_status


@click.command("init")
@click.argument("folder", default=".", type=click.Path(file_okay=False))
@json_option
def command_init(folder: str, as_json: bool) -> int:
    """Write a new mesh into FOLDER (default: here): mesh.yaml and one small product that works, to start from."""
    from hanse import blueprints

    document = blueprints.init(folder)
    if as_json:
        print_json(document)
        return Exit.OK
    for path in document["written"]:
        say(f"  {path}")
    say_status("ok", f"wrote {len(document['written'])} files to {document['folder']}")
    for line in document["next"]:
        say(f"  {line}")
    return Exit.OK
