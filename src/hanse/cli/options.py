"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from hanse.app import Mesh

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Add ``--json``: the document that the text is made of."""
    help_ = "Print the document as JSON, and problems too."
    return click.option("--json", "as_json", is_flag=True, callback=_remember_json, help=help_)(command)


def _remember_json(context: click.Context, _: click.Parameter, value: bool) -> bool:
    from hanse.cli.main import AS_JSON

    context.meta[AS_JSON] = context.meta.get(AS_JSON, False) or value
    return value


def products_argument(command: Command) -> Command:
    """Add addresses of products, none meaning all."""
    return click.argument("products", nargs=-1, metavar="[PRODUCT]...", shell_complete=complete_products)(command)


def opened(context: click.Context) -> Mesh:
    """Open the mesh that the command line points at; it is closed when the command ends."""
    from hanse.app import open_mesh

    mesh = open_mesh(context.find_root().obj or ".")
    context.find_root().call_on_close(mesh.close)
    return mesh


def complete_products(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete addresses of products from the folders; says nothing when there is no mesh."""
    from hanse.base import HanseError

    try:
        return [name for name in opened(context).product_names() if name.startswith(incomplete)]
    except HanseError:
        return []
