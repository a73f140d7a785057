"""``hanse maintain``."""

from __future__ import annotations

from datetime import timedelta

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened, products_argument
from hanse.cli.render import Document, count, print_json, print_problem, say, say_status, size
from hanse.cli.run import progress


@click.command("maintain")
@products_argument
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="HOURS",
    help="How long the files of expired releases stay for those who are reading them.",
)
@json_option
@click.pass_context
def command_maintain(
    context: click.Context, products: tuple[str, ...], dry_run: bool, grace: float, as_json: bool
) -> int:
    """Expire old releases by their retention, join small files, remove what nobody needs.

    Safe beside readers and runs; made to be called by cron.
    """
    mesh = opened(context)
    with progress(quiet=as_json) as listener:
        document = mesh.maintain(products or None, dry_run=dry_run, grace=timedelta(hours=grace), listener=listener)
    if as_json:
        print_json(document)
    else:
        for product in document["products"]:
            _print(product, dry_run)
        fetched = document["fetched"]
        if fetched["removed"]:
            would = "would remove" if dry_run else "removed"
            say_status("succeeded", f"copies of inputs  {would} {count(fetched['removed'], 'file')}")
        if not document["products"]:
            say("no tables yet: there is nothing to maintain")
    return Exit.FAILED if any(p["error"] for p in document["products"]) else Exit.OK


def _print(product: Document, dry_run: bool) -> None:
    if product["error"]:
        say_status("failed", f"{product['product']}  was left as it is")
        print_problem(product["error"])
        return
    told = []
    if product["expired"]:
        told.append(f"{count(len(product['expired']), 'release')} expired")
    for table, files in product["compacted"].items():
        told.append(f"{table}: {files['before']} files joined to {files['after']}")
    if product["snapshots"]:
        told.append(f"{count(product['snapshots'], 'snapshot')} forgotten")
    if product["removed"]:
        told.append(f"{count(product['removed'], 'file')} removed ({size(product['bytes'])})")
    if not told:
        say_status("unchanged", f"{product['product']}  nothing to do")
        return
    would = "would: " if dry_run else ""
    say_status("succeeded", f"{product['product']}  {would}{'; '.join(told)}")
