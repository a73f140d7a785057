"""``hanse new``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened
from hanse.cli.render import count, print_json, say, say_status


@click.group("new")
def command_new() -> None:
    """Draft something new, to be completed by hand."""


@command_new.command("product")
@click.argument("product", metavar="DOMAIN.PRODUCT")
@click.option(
    "--from",
    "files",
    metavar="[TABLE=]FILE",
    multiple=True,
    required=True,
    help="A CSV or JSON file (also .gz or .zip), a Parquet, Excel or Avro file, or the address of one; each becomes a "
    "table. Repeatable.",
)
@click.option(
    "--copy/--link", "copy", default=True, help="Copy the files into the product, or read them where they are."
)
@click.option("--null", "null_values", metavar="TEXT", multiple=True, help="A text that means nothing, such as NA.")
@click.option("--no-header", is_flag=True, help="The first line of CSV files holds values, not names.")
@click.option("--new-domain", is_flag=True, help="Make a new domain although one has nearly the same name.")
@json_option
@click.pass_context
def command_new_product(
    context: click.Context,
    product: str,
    files: tuple[str, ...],
    copy: bool,
    null_values: tuple[str, ...],
    no_header: bool,
    new_domain: bool,
    as_json: bool,
) -> int:
    """Draft a product from data: its descriptor, its contract, and a domain if it is new.

    The draft can be applied and run at once. Nothing that exists is overwritten.
    """
    document = opened(context).new_product(
        product, files, link=not copy, null_values=null_values, header=not no_header, new_domain=new_domain
    )
    if as_json:
        print_json(document)
        return Exit.OK
    for path in document["written"]:
        say(f"  {path}")
    for table in document["tables"]:
        say_status("ok", f"{document['product']}.{table['name']}: {_summary(table)}")
        if table["header_looks_like_data"]:
            say_status(
                "warning", "its first line looks like data: is there a header? If not, add --no-header", indent=2
            )
        for column in table["columns"]:
            if column["note"]:
                say(f"  {column['name']} stays text: {column['note']}")
    for line in document["next"]:
        say(f"  {line}")
    return Exit.OK


def _summary(table: dict[str, Any]) -> str:
    return ", ".join(_parts(table))


def _parts(table: dict[str, Any]) -> Iterator[str]:
    yield f"{count(len(table['columns']), 'column')} of {count(table['rows'], 'row')}"
    yield "key " + ", ".join(table["primary_key"]) if table["primary_key"] else "no key found"
    empty = sum(column["nulls"] > 0 for column in table["columns"])
    if empty:
        yield f"{count(empty, 'column')} with empty values to explain"
