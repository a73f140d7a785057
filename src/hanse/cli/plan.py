"""``hanse plan`` and ``hanse apply``."""

from __future__ import annotations

import sys

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened, products_argument
from hanse.cli.render import Document, count, is_terminal, print_json, print_problem, print_tree, say, say_status
from hanse.cli.run import progress

_STYLES = {"create": "green", "alter": "yellow", "breaking": "red", "metadata": "cyan", "keep": "dim"}
_SIGNS = {"create": "+", "alter": "~", "breaking": "!", "metadata": "~", "unchanged": "=", "keep": "·"}


@click.command("plan")
@products_argument
@json_option
@click.pass_context
def command_plan(context: click.Context, products: tuple[str, ...], as_json: bool) -> int:
    """Show what apply would do, and why. Changes nothing."""
    document = opened(context).plan(products or None)
    if as_json:
        print_json(document)
    else:
        print_plan(document)
    return Exit.FAILED if document["refusals"] else Exit.OK


@click.command("apply")
@products_argument
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def command_apply(context: click.Context, products: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Carry out the plan; consumers see nothing of it before the next run."""
    mesh = opened(context)

    def confirm(document: Document) -> bool:
        print_plan(document)
        if not is_terminal(sys.stdin):
            say("nothing was applied: there is nobody to ask; add --yes", err=True)
            return False
        return click.confirm("\nApply this?", default=False)

    with progress(quiet=as_json) as listener:
        document = mesh.apply(products or None, confirm=None if yes or as_json else confirm, listener=listener)
    if as_json:
        print_json(document)
    elif document["applied"]:
        done = f"applied {count(document['steps'], 'step')}" if document["steps"] else "nothing to do"
        say_status("ok", f"{done}; `hanse run` builds what is out of date")
    return Exit.OK if document["applied"] else Exit.FAILED


def print_plan(document: Document) -> None:
    """Print a plan as a tree, refusals and warnings below it, totals last."""
    for child in document["tree"]:
        print_tree(_styled(child))
    for problem in [*document["refusals"], *document["warnings"]]:
        print_problem(problem)
    for note in document["notes"]:
        say(f"· {note}")
    say(document["summary"])


def _styled(node: Document) -> Document:
    action = node["action"]
    detail = f"  {node['detail']}" if node.get("detail") else ""
    why = f"  ({node['why']})" if node.get("why") else ""
    return {
        "label": f"{_SIGNS.get(action, ' ')} {node['label']}{detail}{why}",
        "style": _STYLES.get(action),
        "children": [_styled(c) for c in node.get("children") or []],
    }
