"""``hanse contract infer``."""

from __future__ import annotations

import os

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option
from hanse.cli.render import Document, count, print_json, say, say_status


@click.command("infer")
@click.argument("data", nargs=-1, required=True, metavar="[TABLE=]DATA...")
@click.option("--output", "-o", metavar="FILE", help="Write the contract to a file, and a summary to the screen.")
@click.option("--force", is_flag=True, help="Write over the file if there is one.")
@click.option("--name", metavar="ID", help="The contract's id.  [default: the first table]")
@click.option("--null", "null_values", metavar="TEXT", multiple=True, help="A text that means nothing, such as NA.")
@click.option("--no-header", is_flag=True, help="The first line of CSV files holds values, not names.")
@json_option
def command_infer(
    data: tuple[str, ...],
    output: str | None,
    force: bool,
    name: str | None,
    null_values: tuple[str, ...],
    no_header: bool,
    as_json: bool,
) -> int:
    """Draft a contract from DATA: files of CSV, NDJSON, JSON, Parquet, Excel or Avro, or folders of them.

    Each file becomes a table. The draft is what the data tells of itself; what only people know is marked TODO, and
    `hanse contract lint` lists it. The data keeps the draft: `hanse contract test` passes.
    """
    from hanse.app.contract.infer import infer_contract
    from hanse.cli.contract.options import split_data

    if output is not None and os.path.lexists(output) and not force:
        raise click.UsageError(f"`{output}` is there already; add --force to write over it")
    document = infer_contract([split_data(d) for d in data], name=name, null_values=null_values, header=not no_header)
    if output is not None:
        with open(output, "w", encoding="utf-8") as file:
            file.write(document["contract"])
    if as_json:
        print_json(document)
    elif output is None:
        click.echo(document["contract"], nl=False)
    else:
        _print_summary(document, output)
    return Exit.OK


def _print_summary(document: Document, output: str) -> None:
    say_status("ok", f"{output}  {count(len(document['tables']), 'table')}")
    for table in document["tables"]:
        key = "key " + ", ".join(table["primary_key"]) if table["primary_key"] else "no key found"
        columns = f"{count(len(table['columns']), 'column')} of {count(table['rows'], 'row')}"
        say(f"  {table['name']}  {columns}, {key}")
    for reference in document["references"]:
        own, other = (", ".join(reference[key]) for key in ("columns", "to_columns"))
        say(f"  {reference['table']} ({own}) refers to {reference['to_table']} ({other})")
    say(f"  hanse contract lint {output}")
