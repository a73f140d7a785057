"""``hanse run`` and ``hanse runs``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from hanse.cli.exits import Exit
from hanse.cli.options import complete_products, json_option, opened, products_argument
from hanse.cli.render import (
    Document,
    count,
    grouped,
    is_terminal,
    moment,
    print_json,
    print_problem,
    say,
    say_status,
    short_id,
    size,
)
from hanse.cli.tables import Column, print_table

_SHOWN_REASONS = 5


@click.command("run")
@products_argument
@click.option("--force", is_flag=True, help="Build even if nothing changed.")
@click.option(
    "--from",
    "start",
    metavar="BOUND",
    help="Of tables with a window: build again what begins here.",
)
@click.option("--to", "end", metavar="BOUND", help="Build again what ends before: a date, a time in UTC or a key.")
@json_option
@click.pass_context
def command_run(
    context: click.Context, products: tuple[str, ...], force: bool, start: str | None, end: str | None, as_json: bool
) -> int:
    """Build, check and publish products, each after those that it reads.

    Consumers see the new tables only if every check of severity error passed. A range (--from, --to) is built only of
    products that are named, and all of them need a table with a window.
    """
    mesh = opened(context)
    with progress(quiet=as_json) as listener:
        document = mesh.run(products or None, force=force, start=start, end=end, listener=listener)
    if as_json:
        print_json(document)
    else:
        for run in document["runs"]:
            print_run(run)
        if not document["runs"]:
            say("no products: `hanse list` shows what there is")
    return _exit_of(document)


@click.command("runs")
@click.argument("run_id", required=False, metavar="[RUN]")
@click.option("--product", metavar="PRODUCT", shell_complete=complete_products, help="Only runs of this product.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most N runs.")
@json_option
@click.pass_context
def command_runs(context: click.Context, run_id: str | None, product: str | None, limit: int, as_json: bool) -> int:
    """List runs, newest first; or show RUN (an id, its beginning, or `last`) with its steps and checks."""
    mesh = opened(context)
    document = mesh.run_details(run_id) if run_id else mesh.runs(product, limit=limit)
    if as_json:
        print_json(document)
    elif run_id:
        _print_details(document)
    elif not document["runs"]:
        say("no runs yet: `hanse run` builds, checks and publishes")
    else:
        print_table(
            ("run", "product", "status", "started", Column("seconds", right=True), "error"),
            [
                (
                    short_id(r["id"]),
                    r["product"],
                    r["status"],
                    moment(r["started_at"]),
                    None if r["seconds"] is None else f"{r['seconds']:.2f}",
                    r["error"]["code"] if r["error"] else None,
                )
                for r in document["runs"]
            ],
        )
    return Exit.OK


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Callable[[str, str, int, int], None]]:
    """Yield a listener that writes to standard error: a bar on a terminal, plain lines elsewhere; quiet: nothing."""
    if quiet:
        yield lambda _phase, _name, _done, _total: None
    elif is_terminal(sys.stderr):
        with _bar() as listener:
            yield listener
    else:
        yield _plain


def _plain(phase: str, name: str, done: int, total: int) -> None:
    """Say what product is under way, in one line; steps within a product are for the bar."""
    if phase == "run":
        say(f"run {name} ({done + 1}/{total})", err=True)


@contextmanager
def _bar() -> Iterator[Callable[[str, str, int, int], None]]:
    """Yield a listener that draws a bar from the first word on: before it, a question may be asked."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.fields[product]}", style="bold", markup=False),
        TextColumn("{task.fields[phase]}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True, highlight=False), transient=True)
    task = bar.add_task("", total=None, product="", phase="")

    def listen(phase: str, name: str, done: int, total: int) -> None:
        if phase == "run":
            bar.update(task, product=name, phase="", description="", completed=0, total=None)
        else:
            bar.update(task, phase=phase, description=name, completed=done, total=total)
        bar.start()

    try:
        yield listen
    finally:
        bar.stop()


def print_run(run: Document) -> None:
    """Print the outcome of one product's run: one line, details only where something needs attention."""
    match run["status"]:
        case "succeeded":
            _print_published(run)
        case "unchanged":
            say_status("unchanged", f"{run['product']}  nothing to do: inputs and code are those of its release")
        case _:
            kept = "consumers keep the last release" if run.get("release") else "nothing was published"
            say_status(run["status"], f"{run['product']}  {run['status']}; {kept}")
            sys.stdout.flush()  # the problem goes to standard error, and stays below this line
            for problem in run.get("problems") or [run["error"]]:
                print_problem(problem)
    if "checks" in run:
        print_checks(run["checks"])


def print_checks(report: Document, *, everything: bool = False) -> None:
    """Print verdicts: those that need attention with a sample of failing rows; all of them if asked."""
    for result in report["results"]:
        calm = result["verdict"] in {"passed", "manual", "not_applicable"}
        if calm and not everything:
            continue
        say_status(result["verdict"], _verdict(result), indent=2)
        if not calm and result["where"]:
            say(f"    at   {result['where']}")
        if result["status"] == "error" and result["message"]:
            say(f"    fix  {result['message']}")
        _print_failing_rows(result["sample"])


def _print_failing_rows(sample: list[Document]) -> None:
    """Print why the sampled rows fail; the same reason once."""
    reasons = Counter(row["reason"] for row in sample)
    for reason, times in list(reasons.items())[:_SHOWN_REASONS]:
        say(f"    row  {reason}" + (f"  ({count(times, 'row')})" if times > 1 else ""))
    hidden = sum(list(reasons.values())[_SHOWN_REASONS:])
    if hidden:
        say(
            f"         … and {count(hidden, 'more sampled row')}: `hanse runs last --json`, or mesh.catalog.failed_rows"
        )


def _verdict(result: Document) -> str:
    place = result["table"].split(".")
    text = f"{place[2] if len(place) > 2 else 'contract'}  {result['check']}"
    if result["status"] == "error":
        return f"{text}: could not run: {result['error']}"
    if result["status"] == "manual":
        return f"{text}: for a person to judge"
    if result["status"] == "not_applicable":
        return f"{text}: not applicable: {result['message']}"
    if result["status"] != "failed":
        return text
    if result["failed_rows"] is not None:
        if result["total_rows"] is None:
            return f"{text}: {result['message']}"
        return f"{text}: {result['failed_rows']:,} of {count(result['total_rows'], 'row')}"
    if isinstance(result["measured"], int) and not isinstance(result["measured"], bool):
        return f"{text}: measured {result['measured']:,}"
    return f"{text}: {result['message']}" if result["message"] else text


def _print_published(run: Document) -> None:
    release = run["release"]
    built = f"built {count(len(run['built']), 'table')}" if run["built"] else "same data, new descriptors"
    passed = run["checks"]["totals"]["passed"]
    warnings = f", {count(release['warnings'], 'warning')}" if release["warnings"] else ""
    say_status(
        "warning" if release["warnings"] else "succeeded",
        f"{run['product']}  release {release['sequence']}: {built}, {count(release['rows'], 'row')}, "
        f"{size(release['bytes'])}, {count(passed, 'check')} passed{warnings}, {run['seconds']:.2f} s",
    )


def _print_details(run: Document) -> None:
    say_status(run["status"], f"run {run['id']} of {run['product']}: {run['status']}")
    say(f"  started   {moment(run['started_at'])}, {run['trigger']}")
    if run["seconds"] is not None:
        say(f"  took      {run['seconds']:.2f} s")
    if run["release"]:
        say(f"  release   {run['release']}")
    for item in run["inputs"]:
        say(f"  input     {item['name']}: {_input(item)}")
    if run["error"]:
        print_problem(run["error"])
    if run["steps"]:
        say()
        print_table(
            ("step", "status", *(Column(c, right=True) for c in ("rows", "bytes", "seconds"))),
            [
                (s["name"], s["status"], grouped(s["rows"]), size(s["bytes"]), f"{s['seconds']:.3f}")
                for s in run["steps"]
            ],
        )
    if run["checks"]["results"]:
        say()
        print_checks(run["checks"], everything=True)


def _input(item: Document) -> str:
    match item["kind"]:
        case "file":
            return f"sha256 {item['sha256'][:12]}…, {size(item['bytes'])}"
        case "range":
            return f"{item['from'] or 'the start'} to {item['to'] or 'the end'}, by itself"
        case "table":
            return str(item["table"])
    return f"release {item['sequence']} ({item['release']})"


def _exit_of(document: dict[str, Any]) -> Exit:
    from hanse.pipelines.codes import BUSY

    busy = sum(run["status"] == "refused" and run["error"]["code"] == BUSY.id for run in document["runs"])
    if document["failed"] or document["refused"] > busy:
        return Exit.FAILED
    if document["blocked"]:
        return Exit.BLOCKED
    return Exit.CONFLICT if busy else Exit.OK
