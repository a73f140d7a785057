"""One big table, 26 checks: Hanse beside two limits and the tools that people use today."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import environments
from benchmarks import lineitem as deliveries
from benchmarks.contracts import checks, folders
from benchmarks.contracts.peers import PEERS, Peer
from benchmarks.processes import Usage, alternate, cpu, peak, program, wall
from benchmarks.report import Listing, Result, Row, Target

LIMIT, PLANNED = "contract_limit", "contract_planned"


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure ``hanse contract test`` of the whole table beside limits and peers."""
    scale, rounds = (0.01, 1) if quick else (1.0, 5)
    verified = verify_checks(folder)
    place = folder / "clean"
    rows = folders.make(place, scale)
    for peer in PEERS:
        peer.prepare(place, rows)
    found = alternate(sides(place), rounds)
    for name in ("limit", "planned"):
        require_equal(found["hanse"][0], found[name][0])
    mixed = folder / "mixed"
    folders.make(mixed, scale, lineitem=deliveries.make_data(scale) / "shuffled.parquet")
    again = alternate({n: s for n, s in sides(mixed).items() if n in ("hanse", "limit")}, max(1, rounds // 2))
    require_equal(again["hanse"][0], again["limit"][0])
    extra = folders.promised(found["hanse"][0])
    fastest = min((p.name for p in PEERS), key=lambda name: cpu(found[name]))
    limit = "one scan, one group-by, one anti-join"
    what, ours = f"{rows:,} rows, 26 checks", found["hanse"]
    return Result(
        f"A contract of 26 checks, TPC-H lineitem, scale factor {scale:g}",
        "`hanse contract test` as a process, in an environment that holds Hanse alone, on a Parquet file: 8 columns "
        "not null, a composite key, 3 enums, 4 ranges, 2 patterns, number of rows, age of the newest day, a reference "
        "to `orders`, a length, a share of nulls, and 3 statements in SQL. Beside it a bare script that counts the "
        "same in one scan, one group-by and one anti-join (the limit); a script that takes from the file's footer "
        "and from distinct values whatever these settle (the planned limit); and other tools, each in an environment "
        "of its own with the same version of DuckDB, given the same 26 checks in its own words. A check counts as "
        "verified if the tool passes it on the clean table and fails it on a table where every check is broken. "
        "Hanse knows from the first rows that the key rises, and needs no group-by then; the same table in no order "
        "stands in rows of its own.",
        (
            Row(what, "CPU s", cpu(ours), limit, cpu(found["limit"]), Target(1.0, "ratio")),
            Row(what, "CPU s", cpu(ours), "the planned limit", cpu(found["planned"])),
            Row(f"{what}, peak memory", "MiB", peak(ours), limit, peak(found["limit"]), Target(700)),
            Row(f"{what}, wall clock", "s", wall(ours), limit, wall(found["limit"])),
            Row(what, "CPU s", cpu(ours), f"the fastest tool, {fastest}", cpu(found[fastest]), Target(1.0, "ratio")),
            Row("the same in no order", "CPU s", cpu(again["hanse"]), limit, cpu(again["limit"]), Target(1.0, "ratio")),
            Row("the same in no order, peak memory", "MiB", peak(again["hanse"]), limit, peak(again["limit"])),
        ),
        (
            "Hanse and both limits count the same per check",
            f"Hanse verifies {extra} clauses more, types above all",
            "where all 26 checks are broken, Hanse and the limit count the same rows",
        ),
        comparison(found, verified),
    )


def sides(place: Path) -> dict[str, Callable[[], Usage]]:
    """Return every measurement of a folder that keeps its contract."""
    files = (place / "orders.parquet", place / "lineitem.parquet")
    found: dict[str, Callable[[], Usage]] = {
        "hanse": partial(folders.verify, place),
        "limit": partial(program, LIMIT, *files),
        "planned": partial(program, PLANNED, *files),
    }
    return found | {peer.name: partial(_usage, peer, place) for peer in PEERS}


def comparison(found: dict[str, list[Usage]], verified: dict[str, tuple[int, int]]) -> Listing:
    """Return all sides in one table."""
    titles = {"hanse": "`hanse contract test`", "limit": "the limit, by hand", "planned": "the planned limit, by hand"}
    titles |= {peer.name: f"{peer.title} ({environments.version(peer.name)})" for peer in PEERS}
    bare = cpu(found["limit"])
    return Listing(
        (
            "tool",
            "verified, of 26",
            "asked besides, not verified",
            "CPU s",
            "times the limit",
            "wall s",
            "peak MiB",
        ),
        [
            (
                title,
                verified[name][0] if name in verified else 26,
                verified[name][1] if name in verified else 0,
                cpu(found[name]),
                cpu(found[name]) / bare,
                wall(found[name]),
                peak(found[name]),
            )
            for name, title in titles.items()
        ],
    )


def verify_checks(folder: Path) -> dict[str, tuple[int, int]]:
    """Run every side on clean and on faulty data, in small.

    Returns:
        Peer → how many of the 26 checks it verifies, and how much else it was asked and did not verify.

    Raises:
        AssertionError: Hanse and the limit count differently, or a check is not broken.
    """
    clean, faulty = folder / "small", folder / "faulty"
    rows = folders.make(clean, 0.01)
    folders.make(faulty, 0.01, faulty=True)
    require_broken(clean, faulty)
    found = {}
    for peer in PEERS:
        for place in (clean, faulty):
            peer.prepare(place, rows)
        _, holds = peer.verify(clean, True)
        _, breaks = peer.verify(faulty, False)
        sound = sum(holds.get(name) is True and breaks.get(name) is False for name in checks.CLAUSES)
        others = sum(verdict is None for name, verdict in holds.items() if name not in checks.CLAUSES)
        found[peer.name] = (sound, others)
    return found


def require_broken(clean: Path, faulty: Path) -> folders.Counts:
    """Require that Hanse and the limit count the same in both folders, and that each check counts something else.

    Returns:
        What was counted in the faulty one.
    """
    right = require_equal(folders.verify(clean), _limit(clean))
    wrong = require_equal(folders.verify(faulty, keeps=False), _limit(faulty))
    same = [name for name, count in wrong.items() if count == right[name]]
    if same:
        raise AssertionError(f"not broken: {', '.join(same)}")
    return wrong


def require_equal(ours: Usage, theirs: Usage) -> folders.Counts:
    """Require that Hanse and a limit counted the same; return it."""
    found, wanted = folders.counts(ours), json.loads(theirs.output)
    if found != wanted:
        differ = {name: (found.get(name), wanted.get(name)) for name in wanted if found.get(name) != wanted[name]}
        raise AssertionError(f"the sides differ (Hanse, limit): {differ}")
    return found


def _limit(place: Path) -> Usage:
    return program(LIMIT, place / "orders.parquet", place / "lineitem.parquet")


def _usage(peer: Peer, place: Path) -> Usage:
    usage, verdicts = peer.verify(place, True)
    wrong = [name for name in checks.CLAUSES if verdicts.get(name) is False]
    if wrong:
        raise AssertionError(f"{peer.name} finds faults in clean data: {', '.join(wrong)}")
    return usage
