"""``hanse list`` and ``hanse show``."""

from __future__ import annotations

import click

from hanse.cli.exits import Exit
from hanse.cli.options import complete_products, json_option, opened
from hanse.cli.render import Document, count, grouped, moment, print_json, say, say_field, say_status, short_id, size
from hanse.cli.run import print_checks
from hanse.cli.tables import Column, print_sample, print_table

_NUMBERS = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL")
_SHOWN_RANGES = 3


@click.command("list")
@json_option
@click.pass_context
def command_list(context: click.Context, as_json: bool) -> int:
    """List products with their owners, releases and sizes."""
    document = opened(context).list_products()
    if as_json:
        print_json(document)
        return Exit.OK
    if document["products"]:
        print_products(document["products"])
    else:
        say("no products were applied yet")
    for name in document["not_applied"]:
        say(f"· {name} is in the folder and not applied: `hanse plan`")
    return Exit.OK


def print_products(products: list[Document]) -> None:
    """Print products, one line each."""
    print_table(
        (
            "product",
            Column("about", prose=True),
            Column("owner", prose=True, rank=1),
            Column("status", rank=2),
            Column("version", rank=3),
            Column("tables", right=True, rank=4),
            Column("rows", right=True),
            "released",
        ),
        [
            (
                p["product"],
                _short(p["title"] or p["description"]),
                p["owner"],
                p["status"],
                p["version"],
                p["tables_count"],
                grouped(p["rows"]),
                moment(p["released_at"], "minutes") if p["released_at"] else "not yet",
            )
            for p in products
        ],
    )


@click.command("show")
@click.argument("address", shell_complete=complete_products)
@click.option("--no-sample", is_flag=True, help="Read no sample rows.")
@json_option
@click.pass_context
def command_show(context: click.Context, address: str, no_sample: bool, as_json: bool) -> int:
    """Explain a product (domain.product) or one table (domain.product.table)."""
    document = opened(context).show(address, sample=not no_sample)
    if as_json:
        print_json(document)
        return Exit.OK
    _print_head(document)
    _print_ports(document)
    for table in document["tables"]:
        _print_table(table)
    return Exit.OK


def _print_head(product: Document) -> None:
    title = f" - {product['title']}" if product["title"] else ""
    say(f"{product['product']}{title}", style="bold")
    for label in ("purpose", "usage", "limitations"):
        if product.get(label):
            say_field(label, product[label])
    say_field("owner", f"{product['owner'] or '-'} (domain {product['domain']['title'] or product['domain']['name']})")
    say_field("status", f"{product['status']}, version {product['version']}")
    say_field("address", product["address"])
    release = product["release"]
    if release:
        what = f"{count(release['rows'], 'row')}, {size(release['bytes'])}"
        say_field("release", f"{release['sequence']} of {moment(release['created_at'])}: {what}")
    else:
        say_field("release", f"none yet: `hanse run {product['product']}`")
    run = product["last_run"]
    if run and (not release or run["id"] != release["run"]):
        say_field("last run", f"{run['status']} at {moment(run['started_at'])}: `hanse runs {short_id(run['id'])}`")
    for query in product["queries"]:
        what = (query.get("description") or query["sql"]).removeprefix("--")
        say_field("query", f"{query['name']}: {_short(what)}")


def _print_ports(product: Document) -> None:
    lineage = product["lineage"]
    for source in lineage["reads"]:
        say_field("reads", source)
    for file in lineage["files"]:
        say_field("reads", f"file input {file}")
    for reader in lineage["read_by"]:
        say_field("read by", reader)
    for port in product["ports"]:
        if port["direction"] == "output":
            say_field("port", f"{port['name']}@{port['major']}: contract {port['contract']} ({port['standard']})")


def _print_table(table: Document) -> None:
    say()
    rows = count(table["rows"], "row") if table["rows"] is not None else "no release yet"
    say(f"{table['table']}  {rows}", style="bold")
    for label in ("description", "granularity"):
        if table.get(label):
            say_field(label, table[label])
    if table["coverage"]:
        say_field("covers", _coverage(table["coverage"]))
    _print_checks(table["checks"])
    say_field("query", table["how_to_query"]["cli"], prose=False)
    say()
    print_table(
        ("column", "type", "key", "null", Column("meaning", prose=True)),
        [(c["name"], _type(c), _key(c), "no" if c.get("required") else "yes", _meaning(c)) for c in table["columns"]],
    )
    _print_sample(table)


def _coverage(coverage: Document) -> str:
    built = [f"{start} to {end}" for start, end in coverage["built"]]
    more = f" and {len(built) - _SHOWN_RANGES} more ranges" if len(built) > _SHOWN_RANGES else ""
    return f"{coverage['column']} from {', '.join(built[:_SHOWN_RANGES])}{more}" if built else "nothing yet"


def _print_checks(report: Document) -> None:
    if not report["results"]:
        return
    # What was released broke no check of severity error; whatever is not as it should be is a warning.
    totals = report["totals"]
    warnings = totals["failed"] + totals["warned"] + totals["error"]
    told = [count(totals["passed"], "check") + " passed"]
    told += [count(warnings, "warning")] if warnings else []
    told += [f"{totals['manual']} for a person to judge"] if totals["manual"] else []
    told += [f"{totals['not_applicable']} not applicable"] if totals["not_applicable"] else []
    say_field("checks", ", ".join(told))
    print_checks(report)


def _print_sample(table: Document) -> None:
    sample = table["sample"]
    if not sample:
        return
    say()
    if sample.get("error"):
        say_status("warning", f"no sample rows: {sample['error']['what']}")
    elif not sample["rows"]:
        say("no sample rows: the table is empty")
    else:
        print_sample(sample["columns"], sample["rows"], right=_numbers(table["columns"]))


def _numbers(columns: list[Document]) -> list[str]:
    return [c["name"] for c in columns if c["type"].startswith(_NUMBERS)]


def _type(column: Document) -> str:
    return str(column["type"]).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def _key(column: Document) -> str:
    if column.get("primary_key"):
        return f"pk{column['primary_key']}"
    return "unique" if column.get("unique") else ""


def _meaning(column: Document) -> str:
    parts = [column.get("business_name"), column.get("description")]
    text = ": ".join(" ".join(p.split()) for p in parts if p) or "Not described."
    if column.get("classification"):
        text = f"[{column['classification']}] {text}"
    if column.get("required"):
        return text
    return f"{text} Null: {' '.join((column.get('null_meaning') or 'not described.').split())}"


def _short(text: str | None, limit: int = 60) -> str | None:
    if not text:
        return None
    first = text.strip().splitlines()[0]
    return first if len(first) <= limit else first[: limit - 1].rstrip() + "…"
