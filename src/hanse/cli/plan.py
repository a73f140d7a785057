"""``hanse plan`` and ``hanse apply``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from hanse.base import Problem
from hanse.cli.codes import NOBODY_TO_ASK
from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened, products_argument
from hanse.cli.render import (
    Document,
    count,
    is_terminal,
    print_json,
    print_problem,
    print_problems,
    print_tree,
    say,
    say_status,
)
from hanse.cli.run import progress

_STYLES = {"create": "green", "alter": "yellow", "breaking": "red", "metadata": "cyan", "keep": "dim"}
_SIGNS = {"create": "+", "alter": "~", "breaking": "!", "metadata": "~", "unchanged": "=", "keep": "·"}

_FEW = 4
_EFFECTS = {
    "breaks": "✗ breaks",
    "may break": "? may break",
    "misreads": "≠ misreads",
    "waits": "… waits",
    "changes": "→ changes",
}
WAYS = {
    "direct": "copied",
    "derived": "computed",
    "python": "read by Python",
    "order": "ordered",
    "group": "grouped",
    "join": "joined",
    "filter": "filtered",
    "unnest": "unnested",
    "rows": "as there are rows",
}
"""How a column reaches another table, in words."""

full_option = click.option(
    "--full", is_flag=True, help="Show every column of new tables, and where each change stands."
)


@click.command("plan")
@products_argument
@full_option
@json_option
@click.pass_context
def command_plan(context: click.Context, products: tuple[str, ...], full: bool, as_json: bool) -> int:
    """Show what apply would do, and why. Changes nothing."""
    document = opened(context).plan(products or None)
    if as_json:
        print_json(document)
    else:
        print_plan(document, full=full)
    return Exit.FAILED if document["refusals"] else Exit.OK


@click.command("apply")
@products_argument
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@full_option
@json_option
@click.pass_context
def command_apply(context: click.Context, products: tuple[str, ...], yes: bool, full: bool, as_json: bool) -> int:
    """Show the plan, ask, and carry it out; consumers see nothing of it before the next run."""
    nobody = as_json or not is_terminal(sys.stdin)

    def confirm(plan: Document) -> bool:
        if not as_json:
            print_plan(plan, full=full)
        return yes or (not nobody and click.confirm("\nApply this?", default=False))

    with progress(quiet=as_json) as listener:
        document = opened(context).apply(products or None, confirm=confirm, listener=listener)
    if as_json:
        print_json(document)
    elif document["applied"]:
        _print_applied(document)
    if document["applied"]:
        return Exit.OK
    if nobody:
        print_problems([_nobody_to_ask()], as_json=as_json)
        return Exit.USAGE
    say("nothing was applied", err=True)
    return Exit.FAILED


def _nobody_to_ask() -> Problem:
    return Problem(
        NOBODY_TO_ASK, "nothing was applied: there is nobody to ask whether to go on", fix="`hanse apply --yes`"
    )


def _print_applied(document: Document) -> None:
    if document["steps"]:
        say()
        say_status("ok", f"applied {count(document['steps'], 'step')}; `hanse run` builds what is out of date")
    else:
        say_status("ok", document["plan"]["summary"])
        _print_around(document["plan"])


def print_plan(document: Document, *, full: bool = False) -> None:
    """Print a plan: a tree of what changes, then what stands against it, what to know, and the totals."""
    for child in document["tree"]:
        print_tree(_drawn(child, full=full))
    _print_around(document)
    if any(document[part] for part in ("tree", "refusals", "warnings", "notes")):
        say()
    sign = "refused" if document["verdict"] == "refused" else "ok" if not document["tree"] else "plan"
    say_status(sign, document["summary"])


def _print_around(document: Document) -> None:
    sys.stdout.flush()  # problems go to standard error, and stay below the tree
    for problem in [*document["refusals"], *document["warnings"]]:
        print_problem(problem)
    for note in document["notes"]:
        say(f"· {note}")


def _drawn(node: Document, *, full: bool) -> dict[str, Any]:
    """Return a node as it is drawn: what it is and what becomes of it; below it why, and its parts."""
    action = node["action"]
    kind = "" if node["kind"] == "column" else f"{node['kind']} "
    detail = f"  {node['detail']}" if node["detail"] else ""
    refused = "  refused" if node["refused"] else ""
    collapsed = node["kind"] == "table" and action == "create" and not full
    parts = [] if collapsed else [_drawn(c, full=full) for c in node["children"]]
    return {
        "label": f"{_SIGNS.get(action, ' ')} {kind}{node['label']}{detail}{refused}",
        "style": _STYLES.get(action),
        "children": [*_reasons(node, full=full), *(drawn_use(t, full=full) for t in node["touches"]), *parts],
    }


def drawn_use(touched: Document, *, full: bool) -> dict[str, Any]:
    """Return a table downstream as it is drawn: what becomes of it, and by which of its columns."""
    parts = [f"{c['name']} ({_ways(c['how'])})" for c in touched["columns"]]
    if len(parts) > _FEW and not full:
        parts[_FEW:] = [f"{count(len(parts) - _FEW, 'more column')}"]
    if touched["rows"]:
        parts.append(f"its rows ({_ways(touched['rows'])})")
    words = f"{_EFFECTS[touched['effect']]} {touched['table']}" + (f": {', '.join(parts)}" if parts else "")
    style = {"breaks": "red", "may break": "yellow", "misreads": "red"}.get(touched["effect"], "dim")
    return {"label": words, "style": style, "children": [drawn_use(r, full=full) for r in touched["readers"]]}


def _ways(ways: list[str]) -> str:
    return ", ".join(WAYS.get(way, way) for way in ways)


def _reasons(node: Document, *, full: bool) -> Iterator[dict[str, Any]]:
    """Say what changed; in full with every why and where, else without what is said elsewhere or changes nothing."""
    graver = [c for c in node["changes"] if c["kind"] != "cosmetic"]
    for change in node["changes"] if full else graver or node["changes"]:
        breaking = change["kind"] == "breaking"
        words = f"breaking: {change['what']}" if breaking else change["what"]
        # Why something is refused is said below the tree, with its place and a fix.
        if full or not (node["refused"] or change["kind"] == "cosmetic"):
            words += f"; {change['why']}"
        if full and change["where"]:
            words += f"  ({change['where']})"
        yield {"label": words, "style": _STYLES["breaking"] if breaking else "dim", "children": []}
