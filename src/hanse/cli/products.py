"""``hanse list`` and ``hanse show``."""

from __future__ import annotations

import click

from hanse.cli.exits import Exit
from hanse.cli.options import complete_products, json_option, opened
from hanse.cli.render import Document, count, moment, print_json, print_table, say, say_status, size


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
        ("product", "status", "version", "owner", "tables", "rows", "released", "about"),
        [
            (
                p["product"],
                p["status"],
                p["version"],
                p["owner"],
                p["tables_count"],
                None if p["rows"] is None else f"{p['rows']:,}",
                moment(p["released_at"]),
                _short(p["title"] or p["description"]),
            )
            for p in products
        ],
        right=("tables", "rows"),
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
            _field(label, product[label])
    _field("owner", f"{product['owner'] or '-'} (domain {product['domain']['title'] or product['domain']['name']})")
    _field("status", f"{product['status']}, version {product['version']}")
    _field("address", product["address"])
    release = product["release"]
    if release:
        checks = f"{count(release['checks_passed'], 'check')} passed, {count(release['warnings'], 'warning')}"
        _field(
            "release",
            f"{release['sequence']} of {moment(release['created_at'])}: {count(release['rows'], 'row')}, "
            f"{size(release['bytes'])}; {checks}",
        )
    else:
        _field("release", f"none yet: `hanse run {product['product']}`")
    run = product["last_run"]
    if run and (not release or run["id"] != release["run"]):
        _field("last run", f"{run['status']} at {moment(run['started_at'])}: `hanse runs {run['id']}`")
    for query in product["queries"]:
        _field("query", f"{query['name']}: {_short(query.get('description') or query['sql'])}")


def _print_ports(product: Document) -> None:
    lineage = product["lineage"]
    for source in lineage["reads"]:
        _field("reads", source)
    for file in lineage["files"]:
        _field("reads", f"file input {file}")
    for reader in lineage["read_by"]:
        _field("read by", reader)
    for port in product["ports"]:
        if port["direction"] == "output":
            _field("port", f"{port['name']}@{port['major']}: contract {port['contract']} ({port['standard']})")


def _print_table(table: Document) -> None:
    say()
    rows = count(table["rows"], "row") if table["rows"] is not None else "no release yet"
    say(f"{table['table']}  {rows}", style="bold")
    for label in ("description", "granularity"):
        if table.get(label):
            _field(label, table[label])
    say()
    print_table(
        ("column", "type", "key", "null", "meaning"),
        [(c["name"], c["type"], _key(c), _null(c), _meaning(c)) for c in table["columns"]],
    )
    _print_checks(table)
    _print_sample(table)
    _field("query", table["how_to_query"]["cli"])


def _print_checks(table: Document) -> None:
    from hanse.cli.run import print_checks

    totals = table["checks"]["totals"]
    if table["checks"]["results"]:
        told = ", ".join(f"{number} {status}" for status, number in totals.items() if number)
        say_status("failed" if totals["failed"] or totals["error"] else "passed", f"checks: {told}")
        print_checks(table["checks"])


def _print_sample(table: Document) -> None:
    sample = table["sample"]
    if not sample:
        return
    if sample.get("error"):
        say_status("warning", f"no sample: {sample['error']['what']}")
        return
    say()
    print_table(sample["columns"], sample["rows"])


def _field(label: str, text: str) -> None:
    first, *rest = str(text).strip().splitlines() or [""]
    say(f"  {label:<11} {first}")
    for line in rest:
        say(f"  {'':<11} {line}")


def _key(column: Document) -> str:
    if column.get("primary_key"):
        return f"pk{column['primary_key']}"
    return "unique" if column.get("unique") else ""


def _null(column: Document) -> str:
    if column.get("required"):
        return "never"
    return column.get("null_meaning") or "possible, meaning not described"


def _meaning(column: Document) -> str:
    parts = [column.get("business_name"), column.get("description")]
    text = ": ".join(p.strip() for p in parts if p)
    return f"[{column['classification']}] {text}" if column.get("classification") else text


def _short(text: str | None, limit: int = 60) -> str | None:
    if not text:
        return None
    first = text.strip().splitlines()[0]
    return first if len(first) <= limit else first[: limit - 1].rstrip() + "…"
