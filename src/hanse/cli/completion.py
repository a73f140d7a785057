"""``hanse completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from hanse.cli.exits import Exit
from hanse.cli.main import cli


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command_completion(shell: str) -> int:
    """Print the script that completes commands; for bash: eval "$(hanse completion bash)"."""
    kind = get_completion_class(shell)
    assert kind is not None  # the choices are click's own
    click.echo(kind(cli, {}, "hanse", "_HANSE_COMPLETE").source())
    return Exit.OK
