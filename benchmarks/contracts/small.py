"""Small tables: what starting costs, alone and for a hundred of them in one process; and many checks."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from benchmarks import environments
from benchmarks.contracts import checks, folders
from benchmarks.contracts.lineitem import LIMIT, sides
from benchmarks.contracts.peers import PEERS
from benchmarks.processes import alternate, cpu, program, wall
from benchmarks.report import Result, Row, Target

_SCALE = 0.01  # 60,175 rows
_COLUMNS = 50


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure one small contract, a hundred of them, and 200 checks beside 25."""
    rounds, number = (1, 5) if quick else (15, 100)
    return Result(
        "Small contracts",
        "The 26 checks on 60,175 rows of lineitem, whole processes, import included, beside the limit and each of the "
        f"other tools. Then {number} contracts with the 26 checks, each with a file of its own of as many rows, in one "
        "process: `hanse contract test` with all of them on its command line, a script that does the work of the limit "
        "for each, and datacontract-cli as a library. Last, a table of 50 columns and a million rows with 200 checks "
        "in its contract, beside the same table with 25 of them.",
        (*_one(folder / "one", rounds), *_hundred(folder / "many", number, rounds), *_wide(folder / "wide", rounds)),
        ("every check of every contract is verified and passes",),
    )


def _one(place: Path, rounds: int) -> list[Row]:
    rows = folders.make(place, _SCALE)
    for peer in PEERS:
        peer.prepare(place, rows)
    ours = {name: side for name, side in sides(place).items() if name in ("hanse", "limit")}
    peers = {name: side for name, side in sides(place).items() if name not in ("hanse", "limit", "planned")}
    alternate(ours, 1)
    found = alternate(ours, rounds) | alternate(peers, max(1, rounds // 5))
    what, usages = f"{rows:,} rows, 26 checks", found["hanse"]
    titles = {"limit": "the limit", **{p.name: f"{p.name} {environments.version(p.name)}" for p in PEERS}}
    clock = Row(f"{what}, wall clock", "s", wall(usages), "the limit", wall(found["limit"]), Target(0.4))
    return [clock, *(Row(what, "CPU s", cpu(usages), title, cpu(found[n])) for n, title in titles.items())]


def _hundred(place: Path, number: int, rounds: int) -> list[Row]:
    rows = folders.make(place, _SCALE)
    names = [f"product_{n:03}" for n in range(number)]
    contracts = [checks.write(place / f"{name}.odcs.yaml", rows, place, name) for name in names]
    for name in names:
        os.link(place / "lineitem.parquet", place / f"{name}.parquet")
    found = alternate(
        {
            "hanse": partial(folders.run_test, contracts, place),
            "limit": partial(program, LIMIT, place / "orders.parquet", *(place / f"{n}.parquet" for n in names)),
        },
        max(1, rounds // 3),
    ) | alternate(
        {
            "datacontract": partial(
                program, "contract_datacontract", *contracts, python=environments.peer("datacontract") / "python"
            )
        },
        1,
    )
    what = f"{number} contracts of 26 checks, one process"
    return [
        Row(what, "CPU s", cpu(found["hanse"]), "the limit for each", cpu(found["limit"]), Target(6)),
        Row(what, "CPU s", cpu(found["hanse"]), "datacontract-cli as a library", cpu(found["datacontract"])),
        Row(f"{what}, wall clock", "s", wall(found["hanse"]), "the limit for each", wall(found["limit"])),
    ]


def _wide(place: Path, rounds: int) -> list[Row]:
    place.mkdir(parents=True, exist_ok=True)
    program("contract_wide", str(1_000_000), place / "wide.parquet", str(_COLUMNS))
    few = _wide_contract(place / "few.odcs.yaml", _COLUMNS // 2, 1)
    many = _wide_contract(place / "many.odcs.yaml", _COLUMNS, 4)
    ours = {name: partial(folders.run_test, [file], place) for name, file in (("many", many), ("few", few))}
    found = alternate(ours, max(1, rounds // 3))
    what = f"200 checks on {_COLUMNS} columns, 1,000,000 rows"
    return [Row(what, "CPU s", cpu(found["many"]), "25 checks", cpu(found["few"]), Target(2, "ratio"))]


def _wide_contract(file: Path, columns: int, each: int) -> Path:
    """Write a contract of a table whose columns are, in turn, integers, amounts, texts of few and of many values."""
    kinds: list[tuple[dict[str, Any], list[tuple[str, Any]]]] = [
        ({"logicalType": "integer"}, [("multipleOf", 1), ("minimum", 0), ("maximum", 999_999)]),
        ({"logicalType": "number"}, [("maximum", 1_000_000), ("minimum", 0), ("exclusiveMinimum", -1)]),
        ({"logicalType": "string"}, [("pattern", "^[a-z]+$"), ("minLength", 3), ("maxLength", 9)]),
        ({"logicalType": "string"}, [("pattern", "^[0-9a-f]{12}$"), ("minLength", 12), ("maxLength", 12)]),
        (
            {"logicalType": "date"},
            [("minimum", "2000-01-01"), ("maximum", "2030-12-31"), ("exclusiveMinimum", "1999-01-01")],
        ),
    ]
    properties = []
    for number in range(_COLUMNS):
        kind, options = kinds[number % len(kinds)]
        stated: dict[str, Any] = {"name": f"c{number:02}", **kind}
        if number < columns:
            stated["logicalTypeOptions"] = dict(options[: min(each, 3)])
            stated |= {"required": True} if each > 3 else {}
        properties.append(stated)
    contract = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": file.name.partition(".")[0],
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "wide", "logicalType": "object", "properties": properties}],
    }
    file.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
    return file
