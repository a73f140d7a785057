"""``hanse contract test``."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from hanse.cli.contract.options import contracts_argument, data_options
from hanse.cli.exits import Exit
from hanse.cli.options import json_option
from hanse.cli.render import Document, count, print_json, print_problem, say, say_status

if TYPE_CHECKING:
    from hanse.app.contract.options import Options

_SHOWN_ROWS = 5
_BY_ENDING = {".json": "json", ".xml": "junit", ".md": "markdown", ".html": "html"}


@click.command("test")
@contracts_argument
@data_options
@click.option(
    "--rows", type=click.IntRange(min=0), default=_SHOWN_ROWS, show_default=True, help="Failing rows per check."
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="At most so long for one look.")
@click.option("--memory", metavar="SIZE", help="At most so much memory before spilling, such as 2GB.")
@click.option("--all", "everything", is_flag=True, help="Show what passed, too.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "junit", "markdown", "html"]),
    default="text",
    help="How the verdicts are written.",
)
@click.option(
    "--output",
    "outputs",
    metavar="FILE",
    multiple=True,
    help="Write them there, and a summary here; .json, .xml, .md and .html tell the format. Repeatable.",
)
@json_option
def command_test(
    contracts: tuple[str, ...],
    options: Options,
    rows: int,
    seconds: float | None,
    memory: str | None,
    everything: bool,
    format_: str,
    outputs: tuple[str, ...],
    as_json: bool,
) -> int:
    """Verify data against every clause of CONTRACT: ODCS files, or folders of files *.odcs.yaml.

    The data stays where it is. Exit code 0: it keeps its contracts; 3: it breaks one; 1: something could not be read.
    """
    from hanse.app.contract.verify import document_of

    document = document_of(contracts, replace(options, rows=rows, seconds=seconds, memory=_bytes(memory)))
    format_ = "json" if as_json else format_
    for output in outputs:
        write_to(output, document, _BY_ENDING.get(os.path.splitext(output.lower())[1], format_))
    write(document, "text" if outputs else format_, everything=everything)
    return _EXITS[document["status"]]


def write(document: Document, format_: str, *, everything: bool = False) -> None:
    """Write the document to standard output in a format."""
    if format_ == "json":
        print_json(document)
    elif format_ == "text":
        print_document(document, everything=everything)
    else:
        from hanse.quality.reports import FORMATS

        sys.stdout.write(FORMATS[format_](document))


def write_to(path: str, document: Document, format_: str) -> None:
    """Write the document to a file in a format; as text, it is what a terminal shows."""
    with (
        open(path, "w", encoding="utf-8", newline="\n") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        write(document, format_)


_EXITS = {"passed": Exit.OK, "warned": Exit.OK, "failed": Exit.BLOCKED, "error": Exit.FAILED}
_SIGNS = {"passed": "passed", "warned": "warning", "failed": "failed", "error": "error"}


def print_document(document: Document, *, everything: bool = False) -> None:
    """Print verdicts: one line per contract and per check that needs attention, totals last."""
    for contract in document["contracts"]:
        _print_contract(contract, everything=everything)
    if len(document["contracts"]) > 1:
        found = [c["status"] for c in document["contracts"]]
        numbers = {word: found.count(word) for word in ("passed", "warned", "failed", "error")}
        words = {"passed": "passed", "warned": "passed with warnings", "failed": "failed", "error": "could not be read"}
        told = ", ".join(f"{number} {words[word]}" for word, number in numbers.items() if number)
        say_status(
            _SIGNS[document["status"]], f"{count(len(found), 'contract')}: {told}; {_totals(document['counts'])}"
        )


def _print_contract(contract: Document, *, everything: bool) -> None:
    found = contract["contract"]
    name = f"{found['name'] or found['id']} {found['version']}  " if found else ""
    say_status(_SIGNS[contract["status"]], name + contract["path"])
    sys.stdout.flush()  # problems go to standard error, and stay below this line
    for problem in contract["problems"]:
        print_problem(problem)
    for check in (contract["contract"] or {}).get("checks", ()):
        calm = check["verdict"] in {"passed", "manual", "not_applicable"}
        if not calm or everything:
            _print_check("contract", check, (), calm=calm)
    for table in contract["tables"]:
        _print_table(table, everything=everything)
    if found:
        say(f"  {_totals(contract['counts'])}")


def _print_table(table: Document, *, everything: bool) -> None:
    if table["problem"]:
        say_status("error", f"{table['table']}: {count(len(table['checks']), 'check')} could not run", indent=2)
        sys.stdout.flush()
        print_problem(table["problem"])
        return
    said: set[str] = set()
    for check in table["checks"]:
        calm = check["verdict"] in {"passed", "manual", "not_applicable"}
        reason = _reason(check) if check["status"] == "error" else ""
        if reason in said:  # a column that is missing ends all its checks alike
            say_status("error", f"{table['table']}  {check['clause']}: could not run either", indent=2)
        elif not calm or everything:
            _print_check(table["table"], check, table["key"], calm=calm)
        said |= {reason} - {""}


def _print_check(table: str, check: Document, key: Sequence[str], *, calm: bool) -> None:
    sign = "warning" if check["verdict"] == "warned" else check["verdict"]
    say_status(sign, f"{table}  {_verdict(check)}", indent=2)
    if calm:
        return
    if check["where"]:
        say(f"    at   {check['where']}")
    if check["status"] == "error" and check["message"]:
        say(f"    fix  {check['message']}")
    reasons: dict[str, int] = {}
    for row in check["rows"]:
        reason = row["reason"] + _which(row, key)
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, times in reasons.items():
        say(f"    row  {reason}" + (f"  ({count(times, 'row')})" if times > 1 else ""))


def _which(row: Document, key: Sequence[str]) -> str:
    """Return which row it is, by those columns of its key that the reason does not name."""
    values = {
        name: "null" if row["row"][name] is None else row["row"][name]
        for name in key
        if name in row["row"] and name not in row["reason"]
    }
    return f"  [{', '.join(f'{n} {v}' for n, v in values.items())}]" if values else ""


def _verdict(check: Document) -> str:
    match check["status"]:
        case "error":
            return f"{check['clause']}: could not run: {_reason(check)}"
        case "manual":
            return f"{check['clause']}: for a person to judge"
        case "failed" if check["failed_rows"] is not None and check["total_rows"] is not None:
            return f"{check['clause']}: {check['failed_rows']:,} of {count(check['total_rows'], 'row')}"
        case "failed" | "not_applicable" if check["message"]:
            return f"{check['clause']}: {check['message']}"
        case _:
            return str(check["clause"])


def _reason(check: Document) -> str:
    """Return why a check could not run, without its clause, which stands before it."""
    code, _, what = str(check["error"]).partition(": ")
    return f"{code}: {what.removeprefix(check['clause'] + ': ')}"


def _totals(counts: Document) -> str:
    words = (
        ("passed", "passed"),
        ("failed", "failed"),
        ("errors", "could not run"),
        ("warnings", "warned"),
        ("manual", "for a person"),
        ("not_applicable", "not applicable"),
    )
    told = ", ".join(f"{counts[key]:,} {word}" for key, word in words if counts[key])
    return f"{count(counts['checks'], 'check')}: {told}" if told else count(counts["checks"], "check")


def _bytes(size: str | None) -> int | None:
    from hanse.spec.sizes import parse_size

    if size is None:
        return None
    try:
        return parse_size(size)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--memory") from error
