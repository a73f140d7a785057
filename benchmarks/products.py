"""Many products, unchanged: what looking at a whole mesh costs when there is nothing to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.folders import Folder
from benchmarks.processes import Usage, alternate, cpu, hanse, program
from benchmarks.report import Result, Row, Target

_TARGETS = {1_000: Target(0.8), 5_000: Target(3.0)}
_PER_DOMAIN = 50
_COLUMNS: dict[str, dict[str, Any]] = {
    "id": {"logicalType": "integer", "primaryKey": True, "description": "Number of the entry."},
    "name": {"logicalType": "string", "required": True, "description": "What people call it."},
    "amount": {"logicalType": "number", "physicalType": "DECIMAL(12,2)", "logicalTypeOptions": {"minimum": 0}},
    "day": {"logicalType": "date", "required": True, "description": "Day of the entry."},
}


def measure(folder: Path, *, quick: bool) -> Result:
    """Measure ``hanse check`` and ``hanse plan`` of applied products, with the content cache and without."""
    sizes, rounds = ((20, 40), 1) if quick else ((1_000, 5_000), 5)
    rows: list[Row] = []
    warm: dict[int, float] = {}
    for size in sizes:
        mesh = folder / str(size)
        make(mesh, size)
        sides = {"both": lambda mesh=mesh: look(mesh), "read": lambda mesh=mesh: (program("files_hash", mesh),)}
        cold = [look(mesh, cold=True) for _ in range(max(1, rounds // 2))]
        alternate(sides, 1)
        found = alternate(sides, rounds)
        warm[size] = cpu([total(both) for both in found["both"]])
        limit = cpu([usages[0] for usages in found["read"]])
        what = f"`check` and `plan`, {size:,} products"
        rows.append(Row(what, "CPU s", warm[size], "read and hash all files", limit, _TARGETS.get(size)))
        rows.append(Row(f"{what}, without the cache", "CPU s", cpu([total(both) for both in cold]), "", None))
    few, many = sizes
    rows.append(
        Row(
            f"{many:,} products per {few:,}",
            "times the CPU",
            warm[many] / warm[few],
            "times the products",
            many / few,
            Target(1.1, "ratio"),
        )
    )
    return Result(
        "Unchanged products",
        "Each product has a descriptor, a contract of four columns, one transform and one file; all were applied. Both "
        "commands together, as two processes. The content cache knows files by their hash, so every file is still "
        "read. Beside it a script that reads and hashes the same files and does nothing else.",
        rows,
        ("neither command finds a problem or anything to do",),
    )


def make(folder: Path, size: int) -> None:
    """Write a mesh of so many products and apply it."""
    mesh = Folder(folder)
    for number in range(size):
        mesh.product(
            f"area_{number // _PER_DOMAIN:03}.product_{number:05}",
            {"entries": _COLUMNS},
            transforms={"entries": "SELECT id, trim(name) AS name, amount, day\nFROM raw\nWHERE id IS NOT NULL\n"},
            data={"raw.csv": "id,name,amount,day\n1,first,10.50,2024-01-01\n"},
        )
    hanse(folder, "apply", "--yes")


def look(mesh: Path, *, cold: bool = False) -> tuple[Usage, Usage]:
    """Run both commands; cold: as on the first day, without the content cache.

    Raises:
        AssertionError: there is something to do, or something is wrong.
    """
    if cold:
        (mesh / ".hanse" / "cache.json").unlink(missing_ok=True)
    check = hanse(mesh, "check", "--json")
    if cold:
        (mesh / ".hanse" / "cache.json").unlink(missing_ok=True)
    plan = hanse(mesh, "plan", "--json")
    if json.loads(check.output)["problems"] or json.loads(plan.output)["steps"]:
        raise AssertionError(check.output[:2000] + plan.output[:2000])
    return check, plan


def total(usages: tuple[Usage, ...]) -> Usage:
    """Return several processes as one."""
    return Usage(sum(u.cpu for u in usages), sum(u.wall for u in usages), max(u.peak for u in usages))
