"""The ``hanse`` command. Commands are loaded when they are used, so that help and completion stay quick."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from hanse import __version__
from hanse.base import HanseError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("hanse.cli.init", "Write a new mesh with one small product to start from."),
    "demo": ("hanse.cli.demo", "Build the example mesh on real data."),
    "new": ("hanse.cli.new", "Draft a product from data."),
    "check": ("hanse.cli.check", "Look at every file and report all problems at once."),
    "plan": ("hanse.cli.plan", "Show what apply would do, and why."),
    "apply": ("hanse.cli.plan", "Carry out the plan; consumers see no change before a run."),
    "run": ("hanse.cli.run", "Build, check and publish products."),
    "query": ("hanse.cli.query", "Run one SELECT over released tables."),
    "list": ("hanse.cli.products", "List products."),
    "show": ("hanse.cli.products", "Explain a product or a table."),
    "lineage": ("hanse.cli.lineage", "Show where data comes from, and what is made of it."),
    "runs": ("hanse.cli.run", "List runs, or show one with its steps and checks."),
    "releases": ("hanse.cli.releases", "List releases: what readers see, and what they saw before."),
    "rollback": ("hanse.cli.releases", "Make an earlier release visible again."),
    "resume": ("hanse.cli.releases", "Let a product run again that a rollback has paused."),
    "maintain": ("hanse.cli.maintain", "Expire old releases, join small files, remove what nobody needs."),
    "contract": ("hanse.cli.contract", "Verify data against contracts, without a mesh."),
    "events": ("hanse.cli.events", "Show the event log, or verify that nobody changed it."),
    "doctor": ("hanse.cli.doctor", "Look at everything that the mesh needs to work."),
    "completion": ("hanse.cli.completion", "Print the script that completes commands in your shell."),
}
"""Name → module that holds it as ``command_<name>``, and its one-line help."""

AS_JSON = "hanse.json"
"""Key in a context's ``meta``: the command shall print JSON, its problems too."""

_OBJECTS_BETWEEN_COLLECTIONS = 50_000


class LazyCommands(click.Group):
    """A group that knows its commands' names and help without loading them.

    Attributes:
        known: name → module that holds it as ``command_<name>``, and its one-line help.
    """

    known: Mapping[str, tuple[str, str]] = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of a product's life."""
        return list(self.known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load a command, or return None if there is none of this name."""
        if cmd_name not in self.known:
            return None
        command = getattr(import_module(self.known[cmd_name][0]), f"command_{cmd_name}")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command when there is none of this name."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.known:
            from hanse.base.suggest import did_you_mean

            ctx.fail(f"no command `{name}`; {did_you_mean(name, self.known) or f'see {ctx.command_path} --help'}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and report its problems: as JSON if its document was asked for as JSON."""
        try:
            return super().invoke(ctx)
        except HanseError as error:
            from hanse.cli.exits import exit_of
            from hanse.cli.render import print_problems

            print_problems(error.problems, as_json=ctx.meta.get(AS_JSON, False))
            return exit_of(error)
        except BrokenPipeError:
            return _nobody_reads()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in self.known.items()])


@click.command(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hanse", message="%(prog)s %(version)s")
@click.option("-C", "--mesh", "mesh", metavar="DIR", default=".", help="A folder of the mesh.  [default: here]")
@click.pass_context
def cli(context: click.Context, mesh: str) -> None:
    """Describe, plan, build, check, publish and query data products.

    A first product in five commands: init, check, apply, run, query.
    """
    context.obj = mesh


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    # A command loads tens of thousands of objects that stay; collecting every 700 of them takes a tenth of its time.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # numpy comes with Arrow; its linear algebra, which nothing here uses, would start threads that only spin.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    code = run(arguments)
    gc.freeze()  # the interpreter would look at all of them once more before it ends
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A stream that cannot write ✓ gets it as an escape instead of an exception.
            stream.reconfigure(errors="backslashreplace")
    try:
        result: Any = cli.main(args=arguments, prog_name="hanse", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        return 130
    except BrokenPipeError:
        return _nobody_reads()
    except OSError as error:
        return _refused(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported whole
        return _unforeseen(error)
    return int(result or 0)


def _refused(error: OSError) -> int:
    from hanse.base import Problem
    from hanse.cli.codes import CANNOT_WRITE
    from hanse.cli.render import print_problems

    what = f"`{error.filename}`: {error.strerror}" if error.filename else error.strerror or str(error)
    print_problems([Problem(CANNOT_WRITE, what)])
    return 1


def _unforeseen(error: Exception) -> int:
    import traceback

    from hanse.base import Problem
    from hanse.cli.codes import UNFORESEEN
    from hanse.cli.render import print_problems

    traceback.print_exception(error)
    fix = "report it with the lines above: it is a defect of Hanse"
    print_problems([Problem(UNFORESEEN, f"{type(error).__name__}, which Hanse did not foresee", fix=fix)])
    return 1


def _nobody_reads() -> int:
    """End as programs do whose reader (head, less) has seen enough, and keep the interpreter from complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
