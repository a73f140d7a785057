"""Options that several commands about contracts share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def contracts_argument(command: Command) -> Command:
    """Add the contracts: files, or folders that are looked through for them."""
    return click.argument("contracts", nargs=-1, required=True, metavar="CONTRACT...")(command)


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says where the data is; the command gets it as its argument ``options``."""
    data = click.option(
        "--data",
        "-d",
        multiple=True,
        metavar="[TABLE=]PATH",
        help="A file, a pattern, a folder or an address that holds the data, of TABLE if there are several.",
    )
    server = click.option("--server", metavar="NAME", help="The data is where this entry of `servers` says.")
    allow = click.option(
        "--allow", multiple=True, metavar="ADDRESS", help="Entries of `servers` may lead to what begins like this."
    )
    variable = click.option(
        "--variable", "variables", multiple=True, metavar="NAME", help="Entries of `servers` may use this variable."
    )
    table = click.option("--table", "-t", "tables", multiple=True, metavar="TABLE", help="Only this table.")

    @wraps(command)
    def collected(
        *arguments: Any,
        data: tuple[str, ...],
        server: str | None,
        allow: tuple[str, ...],
        variables: tuple[str, ...],
        tables: tuple[str, ...],
        **more: Any,
    ) -> Any:
        from hanse.app.contract.options import Options

        return command(*arguments, options=Options(data_by_table(data), server, allow, variables, tables), **more)

    return data(server(allow(variable(table(collected)))))


def data_by_table(given: Iterable[str]) -> dict[str | None, tuple[str, ...]]:
    """Return the values of ``--data`` by table; a path with `=` in it that is there needs no table."""
    found: dict[str | None, tuple[str, ...]] = {}
    for entry in given:
        table, path = split_data(entry)
        found[table] = (*found.get(table, ()), path)
    return found


def split_data(entry: str) -> tuple[str | None, str]:
    """Return the table that a path is said to be the data of, and the path."""
    from os.path import lexists

    table, equals, path = entry.partition("=")
    if not equals or lexists(entry) or "/" in table:
        return None, entry
    return table, path
