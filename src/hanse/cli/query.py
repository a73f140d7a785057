"""``hanse query``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened
from hanse.cli.render import count, is_terminal, say
from hanse.cli.tables import print_data

if TYPE_CHECKING:
    from hanse.query import Result

_FORMATS = ("table", "csv", "json", "ndjson", "parquet", "arrow")
_BINARY = {"parquet", "arrow"}


@click.command("query")
@click.argument("sql", required=False)
@click.option(
    "-f", "--file", type=click.File(encoding="utf-8"), help="Read the statement from a file; - is standard input."
)
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="[default: table on a terminal, else csv]")
@click.option("-o", "--output", type=click.Path(dir_okay=False, writable=True), help="Write to a file.")
@click.option("--at", metavar="TIME|RELEASE", help="Read as of a time (UTC), or in a release: its number, or its id.")
@json_option
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Rows shown as a table.")
@click.pass_context
def command_query(
    context: click.Context,
    sql: str | None,
    file: IO[str] | None,
    format_: str | None,
    output: str | None,
    at: str | None,
    as_json: bool,
    limit: int,
) -> int:
    """Run one SELECT over released tables: domain.product.table, and mesh.catalog.products about the mesh itself."""
    if (sql is None) == (file is None):
        raise click.UsageError('give one statement: hanse query "SELECT …", or --file query.sql')
    text = sql if sql is not None else _read(file)
    format_ = "json" if as_json else format_ or ("table" if is_terminal() and not output else "csv")
    if format_ in _BINARY and not output and is_terminal():
        raise click.UsageError(f"{format_} is no text: add --output FILE, or send it to a pipe")
    if output and not Path(output).absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder `{Path(output).parent}`", param_hint="'--output'")
    with opened(context).query(text, at=at) as result:
        if format_ == "table":
            _print_table(result, limit)
        elif output:
            _write_file(result, format_, Path(output))
        else:
            from hanse.query import write

            sys.stdout.flush()
            write(result, sys.stdout.buffer, format_)
            sys.stdout.buffer.flush()
    return Exit.OK


def _read(file: IO[str] | None) -> str:
    assert file is not None
    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"`{file.name}` is no text in UTF-8", param_hint="'--file'") from error


def _write_file(result: Result, format_: str, path: Path) -> None:
    from hanse.query import write

    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            write(result, file, format_)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _print_table(result: Result, limit: int) -> None:
    from hanse.query import rows_of

    columns, rows, more = rows_of(result, limit)
    print_data(columns, rows, right=_numbers(result))
    if more:
        say(f"the first {count(limit, 'row')}; --limit N shows more, --format csv all")
    else:
        say(count(len(rows), "row"))


def _numbers(result: Result) -> list[str]:
    kinds = ("int", "uint", "float", "double", "decimal")
    return [f.name for f in result.schema if str(f.type).startswith(kinds)]
