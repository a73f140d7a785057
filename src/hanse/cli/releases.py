"""``hanse releases``, ``hanse rollback`` and ``hanse resume``."""

from __future__ import annotations

import sys
from typing import Any

import click

from hanse.base import Problem
from hanse.cli.codes import NOBODY_TO_ASK
from hanse.cli.exits import Exit
from hanse.cli.options import complete_products, json_option, opened
from hanse.cli.render import (
    Document,
    count,
    grouped,
    is_terminal,
    moment,
    print_json,
    print_problems,
    say,
    say_status,
    short_id,
    size,
)
from hanse.cli.tables import Column, print_table

_SIGNS = {"same": "=", "changes": "~", "appears": "+", "disappears": "-"}
_STYLES = {"same": "dim", "changes": "yellow", "appears": "green", "disappears": "red"}

product_argument = click.argument("product", metavar="PRODUCT", shell_complete=complete_products)


@click.command("releases")
@click.argument("product", required=False, metavar="[PRODUCT]", shell_complete=complete_products)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most N releases.")
@json_option
@click.pass_context
def command_releases(context: click.Context, product: str | None, limit: int, as_json: bool) -> int:
    """List releases, newest first: what readers see now, and what they saw before.

    The number is what `AT (VERSION => …)` in a query and `rollback --to` take.
    """
    document = opened(context).releases(product, limit=limit)
    if as_json:
        print_json(document)
    elif not document["releases"]:
        say(f"no releases of {product} yet" if product else "no releases yet: `hanse run` makes the first")
    else:
        _print_releases(document["releases"], named=product is not None)
        for name, pause in document["paused"].items():
            say(f"· {name} is paused since {moment(pause['since'])}: `hanse resume {name}` lets it run again")
    return Exit.OK


def _print_releases(releases: list[Document], *, named: bool) -> None:
    columns = (
        "#",
        *(() if named else ("product",)),
        "kind",
        "made",
        "rows",
        "size",
        "checks",
        "warnings",
        "state",
        "id",
    )
    right = {"#", "rows", "size", "checks", "warnings"}
    ranks = {"id": 3, "size": 2, "checks": 1}
    print_table(
        [Column(c, right=c in right, rank=ranks.get(c, 0)) for c in columns],
        [
            (
                r["sequence"],
                *(() if named else (r["product"],)),
                r["kind"],
                moment(r["created_at"]),
                grouped(r["rows"]),
                size(r["bytes"]),
                r["checks_passed"],
                r["warnings"],
                "visible" if r["state"] == "visible" else "expired" if r["state"] == "expired" else "",
                short_id(r["id"]),
            )
            for r in releases
        ],
    )


@click.command("rollback")
@product_argument
@click.option("--to", metavar="RELEASE", help="A release's number or id, or a time.  [default: the one before]")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def command_rollback(context: click.Context, product: str, to: str | None, yes: bool, as_json: bool) -> int:
    """Show what readers would see again, ask, and make it visible as a new release.

    Runs of the product are paused until `hanse resume PRODUCT`, so that none of them brings the new data back.
    """
    nobody = as_json or not is_terminal(sys.stdin)

    def confirm(preview: Document) -> bool:
        if not as_json:
            _print_preview(preview)
        return yes or (not nobody and click.confirm("\nGo back?", default=False))

    document = opened(context).rollback(product, to, confirm=confirm)
    if as_json:
        print_json(document)
    elif document["rolled_back"]:
        say()
        made = document["release"]
        say_status("ok", f"{product}  release {made['sequence']} is release {document['to']['sequence']} again")
        say(f"  runs of {product} are paused: mend what was wrong, then `hanse resume {product}`")
    if document["rolled_back"]:
        return Exit.OK
    if nobody:
        what = "nothing was changed: there is nobody to ask whether to go back"
        print_problems([Problem(NOBODY_TO_ASK, what, fix=f"`hanse rollback {product} --yes`")], as_json=as_json)
        return Exit.USAGE
    say("nothing was changed", err=True)
    return Exit.FAILED


def _print_preview(preview: Document) -> None:
    before, after = preview["from"], preview["to"]
    say(
        f"{preview['product']}  release {before['sequence']} ({moment(before['created_at'])}) → "
        f"release {after['sequence']} ({moment(after['created_at'])})",
        style="bold",
    )
    for table in preview["tables"]:
        say(f"  {_SIGNS[table['change']]} {table['table']}  {_change(table)}", style=_STYLES[table["change"]])
        for column in table["columns"]:
            say(f"      {column}")


def _change(table: dict[str, Any]) -> str:
    now, then = table["from"], table["to"]
    if now is None or then is None:
        return f"{table['change']}, {count((now or then)['rows'], 'row')}"
    rows = count(then["rows"], "row")
    words = [rows if now["rows"] == then["rows"] else f"{grouped(now['rows'])} → {rows}"]
    if table["change"] == "same":
        words.insert(0, "same data")
    if now["contract"] != then["contract"]:
        words.append(f"contract {now['contract']} → {then['contract']}")
    return ", ".join(words)


@click.command("resume")
@product_argument
@json_option
@click.pass_context
def command_resume(context: click.Context, product: str, as_json: bool) -> int:
    """Let a product run again that a rollback has paused. Nothing is run by this."""
    document = opened(context).resume(product)
    if as_json:
        print_json(document)
    elif document["resumed"]:
        say_status("ok", f"{document['product']} is no longer paused: `hanse run` builds what is out of date")
    else:
        say_status("unchanged", f"{document['product']} was not paused")
    return Exit.OK
