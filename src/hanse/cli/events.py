"""``hanse events`` and ``hanse events verify``."""

from __future__ import annotations

import click

from hanse.cli.exits import Exit
from hanse.cli.options import json_option, opened
from hanse.cli.render import count, moment, print_json, say, say_status
from hanse.cli.tables import Column, print_table


@click.group("events", invoke_without_command=True)
@click.option("--subject", metavar="ADDRESS", help="Only events about this product.")
@click.option("--type", "type_prefix", metavar="PREFIX", help="Only types that begin like this: hanse.release")
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="N", help="Only events after number N.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N events, the oldest first.")
@json_option
@click.pass_context
def command_events(
    context: click.Context, subject: str | None, type_prefix: str | None, after: int, limit: int | None, as_json: bool
) -> int:
    """Show the event log: every change of state, in order, each entry sealed by the hash of the one before."""
    if context.invoked_subcommand:
        return Exit.OK
    document = opened(context).events(after=after, subject=subject, type_prefix=type_prefix, limit=limit)
    if as_json:
        print_json(document)
        return Exit.OK
    if not document["events"]:
        say("no such events")
        return Exit.OK
    print_table(
        (Column("#", right=True), "time", "type", Column("subject", prose=True), Column("hash", rank=1)),
        [(e["sequence"], moment(e["time"]), e["type"], e["subject"], e["hash"][:12]) for e in document["events"]],
    )
    return Exit.OK


@command_events.command("verify")
@click.option("--head", metavar="HASH", help="The newest hash that you kept elsewhere: finds a log cut short.")
@json_option
@click.pass_context
def command_verify(context: click.Context, head: str | None, as_json: bool) -> int:
    """Walk the chain of hashes and say whether anything was changed."""
    verdict = opened(context).verify_events(expected_head=head)
    if as_json:
        print_json(verdict)
    elif verdict["ok"]:
        say_status("ok", f"{count(verdict['count'], 'event')}, chain intact, head {verdict['head']}")
    else:
        say_status("failed", f"the chain is broken: {verdict['broken']['detail']}")
    return Exit.OK if verdict["ok"] else Exit.FAILED
