"""``hanse demo``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option
from hanse.cli.products import print_products
from hanse.cli.render import print_json, say, say_status
from hanse.cli.run import print_run, progress
from hanse.cli.tables import print_data


@click.command("demo")
@click.argument("folder", default="hanse-demo", type=click.Path(file_okay=False))
@click.option("--example", default="flights", help="flights (real data) or orders (generated).  [default: flights]")
@click.option("--size", type=int, help="Of generated data: orders of a year.  [default: 10000]")
@click.option("--seed", type=int, help="Of generated data.  [default: 1]")
@click.option("--no-serve", is_flag=True, help="Only build; this version has no server to start.")
@json_option
def command_demo(folder: str, example: str, size: int | None, seed: int | None, no_serve: bool, as_json: bool) -> int:
    """Build an example mesh in FOLDER and ask it a first question.

    The examples: flights, New York City's of 2013; orders, a mail-order company's, made up.
    """
    del no_serve  # accepted already, so that scripts written now still hold when there is a server
    from hanse import blueprints
    from hanse.app import open_mesh
    from hanse.query import rows_of

    written = blueprints.demo(folder, example=example, size=size, seed=seed)
    question = written["question"]
    with open_mesh(written["folder"]) as mesh:
        if not as_json:
            say_status("ok", f"wrote the example to {written['folder']}")
        mesh.apply()
        with progress(quiet=as_json) as listener:
            runs = mesh.run(listener=listener)
        products = mesh.list_products()["products"]
        with mesh.query(question) as result:
            columns, rows, _ = rows_of(result, 5)
    if as_json:
        print_json({"folder": written["folder"], "run": runs, "products": products, "query": question, "rows": rows})
        return Exit.OK if not runs["failed"] + runs["blocked"] + runs["refused"] else Exit.FAILED
    for run in runs["runs"]:
        print_run(run)
    say()
    print_products(products)
    say()
    say(f"hanse query '{question}'")
    say()
    print_data(columns, rows)
    say()
    for line in [*_on_the_path(), *written["next"]]:
        say(line)
    return Exit.OK if not runs["failed"] + runs["blocked"] + runs["refused"] else Exit.FAILED


def _on_the_path() -> Iterator[str]:
    """Yield the command without which a shell does not find `hanse`, if it does not: after `make demo`, for example."""
    activate = Path(sys.prefix, "bin", "activate")
    if shutil.which("hanse") is None and activate.exists():
        yield f". {activate}"
