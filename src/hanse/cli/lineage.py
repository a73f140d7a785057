"""``hanse lineage``."""

from __future__ import annotations

from typing import Any

import click

from hanse.cli.exits import Exit
from hanse.cli.options import complete_products, json_option, opened
from hanse.cli.plan import WAYS
from hanse.cli.render import Document, print_json, print_tree, say, say_status


@click.command("lineage")
@click.argument("address", shell_complete=complete_products)
@click.option("--up", "way", flag_value="up", help="Only where it comes from.")
@click.option("--down", "way", flag_value="down", help="Only what is made of it.")
@json_option
@click.pass_context
def command_lineage(context: click.Context, address: str, way: str | None, as_json: bool) -> int:
    """Show where a product, a table or a column comes from, and what is made of it.

    ADDRESS is domain.product, domain.product.table or domain.product.table.column, as last applied.
    """
    document = opened(context).lineage(address)
    if as_json:
        left_out = {"up": ("down",), "down": ("up", "rows")}.get(way or "", ())
        print_json({key: value for key, value in document.items() if key not in left_out})
        return Exit.OK
    parts = [_branch("comes from", document["up"]), _branch("its table's rows depend on", document.get("rows", []))]
    if way == "down":
        parts = []
    if way != "up":
        parts.append(_branch("is used by", document["down"]))
    drawn = [part for part in parts if part["children"]]
    print_tree({"label": document["address"], "style": "bold", "children": drawn})
    if not drawn:
        say("· nothing that was applied")
    if document["unknown"]:
        say_status("warning", "some of it could not be resolved: what is named may be too much")
    return Exit.OK


def _branch(label: str, nodes: list[Document]) -> dict[str, Any]:
    return {"label": label, "style": "dim", "children": [_drawn(node) for node in nodes]}


def _drawn(node: Document) -> dict[str, Any]:
    ways = ", ".join([*(WAYS.get(how, how) for how in node["how"]), *(["unknown"] if node["unknown"] else [])])
    name = node["name"] if node["column"] is None else _column(node["name"], node["column"])
    label = f"{name}  {ways}".rstrip() + ("  (above)" if node["seen"] else "  …" if node["cut"] else "")
    return {
        "label": label,
        "style": "yellow" if node["unknown"] else None,
        "children": list(map(_drawn, node["nodes"])),
    }


def _column(table: str, column: str) -> str:
    if table.startswith("file:"):
        return f"{column} of {table.replace('file:', 'file ', 1)}"
    return f"{table}.{column}"
