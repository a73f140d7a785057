"""``hanse contract diff``."""

from __future__ import annotations

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option
from hanse.cli.render import Document, count, print_json, say, say_status

_STATUS = {"breaking": "failed", "additive": "ok", "cosmetic": "unchanged"}


@click.command("diff")
@click.argument("contracts", nargs=-1, required=True, metavar="OLD NEW")
@click.option(
    "--since", metavar="REVISION", help="Compare every contract named, or in a folder, with what it was at this commit."
)
@click.option("--strict", is_flag=True, help="A version that was raised too little fails, whatever has changed.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
    help="How to say it.",
)
@json_option
def command_diff(contracts: tuple[str, ...], since: str | None, strict: bool, form: str, as_json: bool) -> int:
    """Say what became of a contract, for whom it breaks, and which version it calls for.

    OLD and NEW are files, or files at a revision of git: `main:contracts/orders.odcs.yaml`. Exit code 6: it breaks
    readers, and its major version was not raised.
    """
    from hanse.app.contract.diff import diff_files, diff_since

    if since is None and len(contracts) != 2:
        raise click.UsageError("name two files, or `--since REVISION` and any number of contracts")
    document = diff_since(since, contracts) if since is not None else diff_files(*contracts)
    if as_json:
        print_json(document)
    elif form == "markdown":
        from hanse.quality.reports.changelog import to_markdown

        click.echo(to_markdown(document), nl=False)
    else:
        for contract in document["contracts"]:
            _print(contract)
    too_little = any(c["promised"] and not c["version"]["enough"] for c in document["contracts"])
    return Exit.BREAKING if document["status"] == "breaking" or (strict and too_little) else Exit.OK


def _print(contract: Document) -> None:
    new, old = contract["new"], contract["old"]
    if old is None:
        say_status("ok", f"{new['path']}  new, {new['version']}")
        return
    for change in contract["changes"]:
        concerns = f"  ({' and '.join(change['concerns'])})" if change["concerns"] else ""
        say_status(_STATUS[change["kind"]], f"{change['subject']}  {change['what']}{concerns}")
        say(f"    why  {change['why']}")
        if change["where"] and change["kind"] == "breaking":
            say(f"    at   {change['where']}")
    say_status({"breaking": "failed", "compatible": "ok", "same": "unchanged"}[contract["status"]], verdict(contract))


def verdict(contract: Document) -> str:
    """Return the last line about a contract: how much has changed, and whether its version says so."""
    version, counts = contract["version"], contract["counts"]
    head = f"{contract['new']['path']}  {contract['old']['version']} → {contract['new']['version']}"
    if not contract["changes"]:
        return f"{head}: nothing has changed that a reader could notice"
    told = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
    said = f"{head}: {count(len(contract['changes']), 'change')} ({told})"
    if version["enough"]:
        return f"{said}; the version says so"
    if not contract["promised"]:
        return f"{said}; it was a draft, which may change freely"
    return f"{said}; that calls for {version['suggested']}"
